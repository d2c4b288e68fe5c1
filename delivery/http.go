package delivery

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"entrepot/artifact"
)

// patience is how long one attempt may take, in all.
const patience = 10 * time.Second

// mostAnswer bounds what is read of an answer, in bytes.
const mostAnswer = 64 << 10

// NewHTTPClient makes the client that targets on the network are told with. It follows no redirect: what the operator
// configured is where events go.
func NewHTTPClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: atOnce, IdleConnTimeout: time.Minute,
			ResponseHeaderTimeout: patience, TLSHandshakeTimeout: patience, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       patience,
	}
}

// Webhook tells by POST of the event as JSON. Every answer of the class 2xx acknowledges it.
type Webhook struct {
	Client *http.Client
	URL    string
	Secret artifact.Secret // that requests are signed with; none if it is zero
	Agent  string
	Now    func() time.Time
}

// SignatureHeader is where a webhook finds who has sent the request: t=SECONDS,v1=HEX, the HMAC-SHA256 of SECONDS, a dot
// and the body under the secret that both sides know.
const SignatureHeader = "Entrepot-Signature"

// Sign returns the value of SignatureHeader for a body that is sent at a time.
func Sign(secret artifact.Secret, at time.Time, body []byte) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	mac.Write([]byte(seconds + "."))
	mac.Write(body)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// Send implements Sender.
func (h *Webhook) Send(ctx context.Context, m Message) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(m.Body))
	if err != nil {
		return unnamed(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", h.Agent)
	r.Header.Set("Entrepot-Event", m.Event.ID)
	if !h.Secret.IsZero() {
		r.Header.Set(SignatureHeader, Sign(h.Secret, h.Now(), m.Body))
	}
	status, _, err := ask(h.Client, r)
	if err == nil && status/100 != 2 {
		err = fmt.Errorf("the webhook answered %d", status)
	}
	return err
}

// ask sends a request and returns status and beginning of the answer.
func ask(c *http.Client, r *http.Request) (status int, body []byte, err error) {
	response, err := c.Do(r)
	if err != nil {
		return 0, nil, unnamed(err)
	}
	defer response.Body.Close()
	if body, err = io.ReadAll(io.LimitReader(response.Body, mostAnswer)); err != nil {
		return 0, nil, fmt.Errorf("the answer breaks off: %w", unnamed(err))
	}
	return response.StatusCode, body, nil
}

// unnamed is an error without the address that it is about: a webhook's may be its secret, and whose rule sends there need not
// know where that is.
func unnamed(err error) error {
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return errors.New("its host cannot be looked up")
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return errors.New("its certificate is not believed")
	}
	if of, ok := errors.AsType[*net.OpError](err); ok {
		return fmt.Errorf("%s: %w", of.Op, of.Err)
	}
	if of, ok := errors.AsType[*url.Error](err); ok {
		return of.Err
	}
	return err
}
