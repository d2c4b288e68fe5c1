package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"entrepot/artifact"
)

// Getter reads small documents whose addresses are not the operator's but those of an account's administrators, or of what such
// a document points to: the keys of an identity provider. So it goes to public addresses over https, and elsewhere only where
// the operator said so. It follows no redirect, keeps nothing and sends no credential. Several goroutines may use one.
type Getter struct {
	private []*url.URL
	agent   string
	trusted *http.Transport // to what the operator configured
	guarded *http.Transport
	longest time.Duration // of one request
}

// NewGetter makes a getter. private are bases the operator has configured: what is at their scheme, host and port may be at any
// address, and without TLS. Of the options those count that say how connections are made and how long one request may take.
func NewGetter(o Options, private []*url.URL) *Getter {
	o.fill()
	trusted := newTransport(&o, dialer(&o), o.Proxy)
	guarded := newTransport(&o, guardedDialer(&o, guard{lookup: o.Lookup}), nil)
	return &Getter{private, o.UserAgent, trusted, guarded, o.Patience}
}

// PublicTransport makes connections to public addresses only.
type PublicTransport struct{ guarded *http.Transport }

// NewPublicTransport makes one. Of the options those count that say how connections are made.
func NewPublicTransport(o Options) *PublicTransport {
	o.fill()
	return &PublicTransport{newTransport(&o, guardedDialer(&o, guard{lookup: o.Lookup}), nil)}
}

// RoundTrip follows http.RoundTripper. That an address is not public is all that is told of it: what a name stands for in the
// operator's network is not for who gives the name.
func (t *PublicTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.guarded.RoundTrip(r)
	if errors.Is(err, errNotPublic) {
		err = errNotPublic
	}
	return resp, err
}

// Close ends idle connections.
func (t *PublicTransport) Close() error {
	t.guarded.CloseIdleConnections()
	return nil
}

// Get reads the document at an address, of at most limit bytes. Errors are Unavailable and say what is wrong with the address or
// the answer.
func (g *Getter) Get(ctx context.Context, address string, limit int64) ([]byte, error) {
	refuse := func(why string, cause error) ([]byte, error) {
		return nil, artifact.Errorf(artifact.Unavailable, "The document at %.200q cannot be had: %s.", address, why).Causing(cause)
	}
	u, err := url.Parse(address)
	if err != nil || len(address) > maxURL || u.User != nil || u.Hostname() == "" || u.Opaque != "" || !validPort(u) || u.Fragment != "" {
		return refuse("that is no URL of a document", err)
	}
	transport := g.trusted
	if !g.IsPrivate(u) {
		if u.Scheme != "https" {
			return refuse("only https is spoken to those that the operator has not configured", nil)
		}
		transport = g.guarded
	}
	ctx, cancel := context.WithTimeoutCause(ctx, g.longest, errSlow)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return refuse("it cannot be asked for", err)
	}
	r.Header.Set("User-Agent", g.agent)
	r.Header.Set("Accept", "application/json")
	resp, err := transport.RoundTrip(r)
	if errors.Is(err, errNotPublic) {
		return refuse("it is at an address that is not public, and the operator has not configured it", err)
	}
	if err != nil {
		return refuse("its host does not answer", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Encoding") != "" {
		return refuse(fmt.Sprintf("the answer has status %d", resp.StatusCode), nil)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return refuse("the answer broke off", err)
	}
	if int64(len(body)) > limit {
		return refuse(fmt.Sprintf("it has more than %d bytes", limit), nil)
	}
	return body, nil
}

// IsPrivate reports whether the operator has configured the scheme, host and port.
func (g *Getter) IsPrivate(u *url.URL) bool {
	return slices.ContainsFunc(g.private, func(base *url.URL) bool {
		return base.Scheme == u.Scheme && strings.EqualFold(base.Hostname(), u.Hostname()) && portOf(base) == portOf(u)
	})
}

// Close ends idle connections.
func (g *Getter) Close() error {
	g.trusted.CloseIdleConnections()
	g.guarded.CloseIdleConnections()
	return nil
}
