package suite

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// byHand writes requests from the model, and whatever else may go over the wire.
type byHand struct {
	Endpoint
	http *noter
}

// NewByHand makes a client without an SDK.
func NewByHand(e Endpoint) Client { return byHand{e, newNoter(e.roots)} }

// Name follows Client.
func (byHand) Name() string { return "own" }

// Close follows Client.
func (c byHand) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// Sends follows Client. A query that is not encoded as it should be cannot be signed with AWS's signer, and spaces around a header
// do not arrive.
func (byHand) Sends(r Request) bool {
	if hash, ok := r.Input["assetSHA256"].(string); ok && strings.TrimSpace(hash) != hash {
		return false
	}
	for _, value := range r.Wire.Query {
		if !encoded(value) {
			return false
		}
	}
	return true
}

// Do follows Client.
func (c byHand) Do(ctx context.Context, r Request) (Answer, error) {
	request, err := r.HTTP(c.address())
	if err != nil {
		return Answer{}, err
	}
	hash := request.Header.Get("X-Amz-Content-Sha256")
	if hash == "" {
		body, err := request.GetBody()
		if err != nil {
			return Answer{}, err
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, body); err != nil {
			return Answer{}, err
		}
		hash = hex.EncodeToString(sum.Sum(nil))
	}
	key := c.Keys[r.As]
	credentials := aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret, SessionToken: key.Session}
	if err := v4.NewSigner().SignHTTP(ctx, credentials, request, hash, "codeartifact", c.Region, time.Now()); err != nil {
		return Answer{}, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return Answer{}, err
	}
	return Read(r.Operation, response.StatusCode, response.Header, body)
}

// encoded reports whether a value of a query is read alike by everybody.
func encoded(value string) bool {
	for i := range len(value) {
		if value[i] == '%' && (i+2 >= len(value) || strings.Trim(value[i+1:i+3], "0123456789abcdefABCDEF") != "") {
			return false
		}
	}
	decoded, err := http.NewRequest(http.MethodGet, "http://x/?v="+value, nil)
	return err == nil && strings.ToValidUTF8(decoded.URL.Query().Get("v"), "") == decoded.URL.Query().Get("v")
}

func sha256Of(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}
