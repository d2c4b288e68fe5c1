package awsclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"entrepot/access/sigv4"
	"entrepot/artifact"
)

// Client makes signed calls.
type Client struct {
	profile Profile
	agent   string
	now     func() time.Time
	http    *http.Client
}

const (
	patience  = 30 * time.Second
	maxAnswer = 1 << 20
	maxAfter  = 3600 // seconds
)

// New makes a client of a profile, which calls itself by agent. The error is about the profile's bundle of certificates.
func New(p Profile, agent string, now func() time.Time) (*Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = transport.MaxIdleConns // there is one host
	if p.Bundle != "" {
		text, err := os.ReadFile(p.Bundle)
		if err != nil {
			return nil, fmt.Errorf("read the certificates that are to be believed: %w", err)
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool() // a system without a list has none to add to
		}
		if !pool.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s has no certificate in it", p.Bundle)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &Client{p, agent, now, &http.Client{
		Transport: transport, Timeout: patience,
		// A signature is for one address, and a key is for one server.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Believing has the calls made with this TLS.
func (c *Client) Believing(t *tls.Config) {
	transport := c.http.Transport.(*http.Transport)
	transport.TLSClientConfig = t
}

// Through has the calls made over another transport.
func (c *Client) Through(t http.RoundTripper) { c.http.Transport = t }

// Domain is a domain, and its owner's account; an empty owner is the caller's own.
type Domain struct{ Name, Owner string }

func (d Domain) query() url.Values {
	q := url.Values{"domain": {d.Name}}
	if d.Owner != "" {
		q.Set("domain-owner", d.Owner)
	}
	return q
}

// Token is an authorization token and when it ends.
type Token struct {
	Value   artifact.Secret
	Expires time.Time
}

// Token calls GetAuthorizationToken. Zero seconds ask for the service's default, twelve hours.
func (c *Client) Token(ctx context.Context, d Domain, seconds int) (Token, error) {
	q := d.query()
	if seconds != 0 {
		q.Set("duration", strconv.Itoa(seconds))
	}
	var answer struct {
		AuthorizationToken string  `json:"authorizationToken"`
		Expiration         float64 `json:"expiration"`
	}
	if err := c.call(ctx, "GetAuthorizationToken", "POST", "/v1/authorization-token", q, nil, &answer); err != nil {
		return Token{}, err
	}
	if answer.AuthorizationToken == "" || strings.ContainsAny(answer.AuthorizationToken, " \t\r\n\"'\\/@:%+#") {
		return Token{}, errors.New("GetAuthorizationToken: the answer has no token that a client could be given")
	}
	whole, fraction := math.Modf(answer.Expiration)
	return Token{artifact.NewSecret(answer.AuthorizationToken), time.Unix(int64(whole), int64(fraction*1e9))}, nil
}

// Endpoint calls GetRepositoryEndpoint. The URL ends with a slash.
func (c *Client) Endpoint(ctx context.Context, d Domain, repository string, format artifact.Format) (*url.URL, error) {
	q := d.query()
	q.Set("repository", repository)
	q.Set("format", string(format))
	var answer struct {
		RepositoryEndpoint string `json:"repositoryEndpoint"`
	}
	if err := c.call(ctx, "GetRepositoryEndpoint", "GET", "/v1/repository/endpoint", q, nil, &answer); err != nil {
		return nil, err
	}
	u, err := url.Parse(answer.RepositoryEndpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || !strings.HasSuffix(u.Path, "/") ||
		u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(answer.RepositoryEndpoint, "\"'<>&;#`$\\ ") {
		return nil, fmt.Errorf("GetRepositoryEndpoint: %.200q is no address that a client could be given", answer.RepositoryEndpoint)
	}
	return u, nil
}

// Post calls an operation by its path, with everything in its query, and reads the answer into answer.
func (c *Client) Post(ctx context.Context, operation, path string, q url.Values, answer any) error {
	return c.call(ctx, operation, http.MethodPost, path, q, nil, answer)
}

// Get is Post for an operation that is a GET.
func (c *Client) Get(ctx context.Context, operation, path string, q url.Values, answer any) error {
	return c.call(ctx, operation, http.MethodGet, path, q, nil, answer)
}

// Send is Post with a document in the body, which is written as JSON: for what is not to stand in an address.
func (c *Client) Send(ctx context.Context, operation, path string, q url.Values, document, answer any) error {
	body, err := json.Marshal(document)
	if err != nil {
		return err
	}
	return c.call(ctx, operation, http.MethodPost, path, q, body, answer)
}

// Invoke calls an operation of another service, which speaks JSON 1.1 and is named as in a credential's scope. target is what comes
// before the operation in its header; input is written as JSON.
func (c *Client) Invoke(ctx context.Context, service, target, operation string, input, answer any) error {
	body, err := json.Marshal(input)
	if err != nil {
		return err
	}
	r, err := c.request(ctx, http.MethodPost, "/", nil, body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", target+"."+operation)
	return c.exchange(r, operation, service, answer)
}

// call makes one call. Errors of the service are its own words; others say what the server did.
func (c *Client) call(ctx context.Context, operation, method, path string, q url.Values, body []byte, answer any) error {
	r, err := c.request(ctx, method, path, q, body)
	if err != nil {
		return err
	}
	return c.exchange(r, operation, "codeartifact", answer)
}

// request makes a request for a path of the server.
func (c *Client) request(ctx context.Context, method, path string, q url.Values, body []byte) (*http.Request, error) {
	u, err := url.Parse(c.profile.Endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%.200q is no address of a server: it begins with http:// or https://", c.profile.Endpoint)
	}
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/")+path, ""
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
	r, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err == nil {
		r.Header.Set("User-Agent", c.agent)
	}
	return r, err
}

// exchange signs a request for a service, sends it and reads the answer.
func (c *Client) exchange(r *http.Request, operation, service string, answer any) error {
	if err := c.profile.Signer.Sign(r, sigv4.Scope{Region: c.profile.Region, Service: service}, c.now()); err != nil {
		return err
	}
	response, err := c.http.Do(r)
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return &Unbelieved{operation, c.profile.Endpoint}
	}
	if err != nil {
		return &Silence{fmt.Errorf("%s: the server at %s does not answer: %w", operation, c.profile.Endpoint, errors.Unwrap(err))}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return &Silence{fmt.Errorf("%s: read the answer of %s: %w", operation, c.profile.Endpoint, err)}
	}
	if len(body) > maxAnswer {
		return fmt.Errorf("%s: the answer of %s is longer than %d bytes", operation, c.profile.Endpoint, maxAnswer)
	}
	if response.StatusCode == http.StatusOK {
		if err := json.Unmarshal(body, answer); err != nil {
			return fmt.Errorf("%s: the answer of %s is not the API's: %w", operation, c.profile.Endpoint, err)
		}
		return nil
	}
	return refusal(operation, c.profile.Endpoint, response, body)
}

// Unbelieved is that the server's certificate is of an authority that is not believed.
type Unbelieved struct{ Operation, Endpoint string }

// Error says what somebody at a terminal can do about it.
func (u *Unbelieved) Error() string {
	return fmt.Sprintf("%s: the certificate of %s is of an authority that is not believed: "+
		"set AWS_CA_BUNDLE to its file, as entrepot env does, or name the server's data folder with --data", u.Operation, u.Endpoint)
}

// Refusal is an answer that is not 200.
type Refusal struct {
	Operation string
	Message   string // the API's own sentence, or what the server did
	Exception string // the API's name of the error; empty where something else has answered
	Status    int
	After     time.Duration // after which the server wants the request to be made again; 0 if it does not say
}

// Error words the refusal as AWS's tools do.
func (r *Refusal) Error() string {
	if r.Exception == "" {
		return r.Operation + ": " + r.Message
	}
	return fmt.Sprintf("%s: %s (%s)", r.Operation, r.Message, r.Exception)
}

// Silence is why there was no answer.
type Silence struct{ error }

// Unwrap returns the cause.
func (s *Silence) Unwrap() error { return s.error }

// Waiting is the client with another patience for an answer than the half minute that it has otherwise.
func (c *Client) Waiting(patience time.Duration) *Client {
	waiting, calls := *c, *c.http
	calls.Timeout, waiting.http = patience, &calls
	return &waiting
}

// maxMessage bounds what of an error's words is passed on, in bytes: whoever answers does not say how long our log is.
const maxMessage = 2 << 10

func bounded(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxMessage)], "?")
}

// refusal reads an answer that is not 200.
func refusal(operation, endpoint string, response *http.Response, body []byte) error {
	r := &Refusal{Operation: operation, Status: response.StatusCode}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 && seconds <= maxAfter {
		r.After = time.Duration(seconds) * time.Second
	}
	var told struct {
		Message string `json:"message"`
	}
	kind, _, _ := strings.Cut(response.Header.Get("X-Amzn-Errortype"), ":")
	if json.Unmarshal(body, &told) != nil || told.Message == "" || kind == "" {
		r.Message = fmt.Sprintf("%s answered %.100s, which is not the API's way: is it the server's address?", endpoint, response.Status)
		return r
	}
	r.Message, r.Exception = bounded(told.Message), bounded(kind)
	return r
}
