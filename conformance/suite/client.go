package suite

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// Client sends requests and reads answers. It judges nothing.
type Client interface {
	// Name is short, and part of the names of what the client makes.
	Name() string
	// Sends reports whether the client has a way to send the request as it is.
	Sends(r Request) bool
	// Do sends a request. An error is of the client itself, or of an answer that it could not read.
	Do(ctx context.Context, r Request) (Answer, error)
	// Close ends it.
	Close() error
}

// Endpoint is where the API is, and who calls it.
type Endpoint struct {
	URL    string // such as https://packages.example.test; empty for AWS's own
	Region string
	Keys   map[string]Key // by who has them
	Bundle string         // file of certificates that are believed in place of the system's; empty for those
	roots  *x509.CertPool // what is in it
}

// Key signs requests. Session is empty but for temporary credentials.
type Key struct {
	ID      string `json:"id"`
	Secret  string `json:"secret"`
	Session string `json:"session"`
}

// Those who call.
const (
	administrator = "administrator" // may do everything, and is whom the suite is run by
	nobody        = "nobody"        // may do nothing
	forger        = "forger"        // has the administrator's key id and another secret
)

// address is where requests go.
func (e Endpoint) address() string {
	if e.URL == "" {
		return "https://codeartifact." + e.Region + ".amazonaws.com"
	}
	return strings.TrimSuffix(e.URL, "/")
}

// certificates reads a bundle; nil for none.
func certificates(bundle string) (*x509.CertPool, error) {
	if bundle == "" {
		return nil, nil
	}
	text, err := os.ReadFile(bundle)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", bundle)
	}
	return roots, nil
}

// environment is this process's, less what would change where or how AWS's tools call, and with nothing read from files.
func (e Endpoint) environment() (kept []string) {
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "AWS_") {
			kept = append(kept, variable)
		}
	}
	kept = append(kept, "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_MAX_ATTEMPTS=1", "AWS_PAGER=", "NO_COLOR=1")
	if e.Bundle != "" {
		kept = append(kept, "AWS_CA_BUNDLE="+e.Bundle)
	}
	return kept
}

// noted is the key under which a context has the answer that is to be filled in.
type noted struct{}

// noter is an HTTP client that notes each answer as it came, and waits no longer than a few minutes for it.
type noter struct{ http.Client }

func newNoter(roots *x509.CertPool) *noter {
	return &noter{http.Client{Timeout: 5 * time.Minute,
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 16, DisableCompression: true,
			TLSClientConfig: &tls.Config{RootCAs: roots}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Do follows the SDK's HTTPClient.
func (n *noter) Do(r *http.Request) (*http.Response, error) {
	response, err := n.Client.Do(r)
	if err != nil {
		return response, err
	}
	a, ok := r.Context().Value(noted{}).(*Answer)
	if !ok {
		return response, nil
	}
	a.Status, a.Header = response.StatusCode, map[string]string{}
	for name := range response.Header {
		a.Header[strings.ToLower(name)] = response.Header.Get(name)
	}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") {
		body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
		if err != nil {
			return nil, err
		}
		if err := response.Body.Close(); err != nil {
			return nil, err
		}
		a.Body, response.Body = string(body), io.NopCloser(strings.NewReader(string(body)))
	}
	return response, nil
}

// maxAnswer is far above what a thousand entries of a list take.
const maxAnswer = 16 << 20
