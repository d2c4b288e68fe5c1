package awsclient

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"entrepot/access/sigv4"
	"entrepot/artifact"
)

// roleSeconds is how long a session of a role is asked for: what every role allows.
const roleSeconds = 3600

// As is a client that signs with another access key.
func (c *Client) As(s sigv4.Signer) *Client {
	other := *c
	other.profile.Signer = s
	return &other
}

// AssumeRole calls STS for a session of a role, and says when it ends. externalID is empty if the role's trust asks for none.
func (c *Client) AssumeRole(ctx context.Context, role, session, externalID string) (signer sigv4.Signer, ends time.Time, err error) {
	u, err := securityTokenService(c.profile.Endpoint)
	if err != nil {
		return signer, ends, err
	}
	form := url.Values{"Action": {"AssumeRole"}, "Version": {"2011-06-15"}, "RoleArn": {role}, "RoleSessionName": {session},
		"DurationSeconds": {strconv.Itoa(roleSeconds)}}
	if externalID != "" {
		form.Set("ExternalId", externalID)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u, strings.NewReader(form.Encode()))
	if err != nil {
		return signer, ends, err
	}
	r.Header.Set("User-Agent", c.agent)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if err := c.profile.Signer.Sign(r, sigv4.Scope{Region: c.profile.Region, Service: "sts"}, c.now()); err != nil {
		return signer, ends, err
	}
	response, err := c.http.Do(r)
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return signer, ends, &Unbelieved{"AssumeRole", u}
	}
	if err != nil {
		return signer, ends, fmt.Errorf("AssumeRole: the server at %s does not answer: %w", u, errors.Unwrap(err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = fmt.Errorf("it is longer than %d bytes", maxAnswer)
	}
	if err != nil {
		return signer, ends, fmt.Errorf("AssumeRole: the answer of %s cannot be read: %w", u, err)
	}
	return readSession(response.StatusCode, body)
}

// readSession reads an answer of AssumeRole.
func readSession(status int, body []byte) (signer sigv4.Signer, ends time.Time, err error) {
	var answer struct {
		Credentials struct {
			AccessKeyID     string    `xml:"AccessKeyId"`
			SecretAccessKey string    `xml:"SecretAccessKey"`
			SessionToken    string    `xml:"SessionToken"`
			Expiration      time.Time `xml:"Expiration"`
		} `xml:"AssumeRoleResult>Credentials"`
		Error struct {
			Code    string `xml:"Code"`
			Message string `xml:"Message"`
		} `xml:"Error"`
	}
	err = xml.NewDecoder(bytes.NewReader(body)).Decode(&answer)
	c := answer.Credentials
	switch {
	case status != http.StatusOK && err == nil && answer.Error.Code != "":
		return signer, ends, fmt.Errorf("AssumeRole: %s (%s)", bounded(answer.Error.Message), bounded(answer.Error.Code))
	case status != http.StatusOK || err != nil || c.AccessKeyID == "" || c.SecretAccessKey == "" || c.SessionToken == "" || c.Expiration.IsZero():
		return signer, ends, fmt.Errorf("AssumeRole: the answer, with status %d, is not that of STS", status)
	}
	return sigv4.Signer{KeyID: c.AccessKeyID, Secret: artifact.NewSecret(c.SecretAccessKey), Session: artifact.NewSecret(c.SessionToken)},
		c.Expiration, nil
}

// securityTokenService is where STS is beside an API: at the same address, but for AWS's own.
func securityTokenService(endpoint string) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", fmt.Errorf("%.200q is no address of a server: it begins with http:// or https://", endpoint)
	}
	if rest, ok := strings.CutPrefix(u.Host, "codeartifact."); ok && strings.Contains(rest, ".amazonaws.com") {
		u.Host = "sts." + rest
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + "/"
	return u.String(), nil
}
