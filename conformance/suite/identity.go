package suite

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// identity asks whose account it is.
func (c *conductor) identity(ctx context.Context) (account string, err error) {
	var said struct {
		Account string `xml:"GetCallerIdentityResult>Account"`
	}
	err = c.sts(ctx, &said, "GetCallerIdentity")
	return said.Account, err
}

// powerless makes temporary credentials that may do nothing. They are over by themselves, and leave nothing behind.
func (c *conductor) powerless(ctx context.Context) (Key, error) {
	var said struct {
		Key struct {
			AccessKeyId, SecretAccessKey, SessionToken string
		} `xml:"GetFederationTokenResult>Credentials"`
	}
	err := c.sts(ctx, &said, "GetFederationToken", "Name", c.prefix, "DurationSeconds", "3600",
		"Policy", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`)
	return Key{said.Key.AccessKeyId, said.Key.SecretAccessKey, said.Key.SessionToken}, err
}

// sts makes a call of the Security Token Service with pairs of parameters, and reads the answer into said.
func (c *conductor) sts(ctx context.Context, said any, action string, pairs ...string) error {
	form := url.Values{"Action": {action}, "Version": {"2011-06-15"}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	body := form.Encode()
	address := or(c.STS, or(c.URL, "https://sts."+c.Region+".amazonaws.com"))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(address, "/")+"/", strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	sum := sha256.Sum256([]byte(body))
	key := aws.Credentials{AccessKeyID: c.Key.ID, SecretAccessKey: c.Key.Secret, SessionToken: c.Key.Session}
	if err := v4.NewSigner().SignHTTP(ctx, key, r, hex.EncodeToString(sum[:]), "sts", c.Region, time.Now()); err != nil {
		return err
	}
	answer, err := newNoter(c.roots).Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: got %s: %.500s", action, answer.Status, text)
	}
	return xml.Unmarshal(text, said)
}
