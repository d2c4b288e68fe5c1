package server

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
)

// mount is one format with its routes, as the server serves it below every repository.
type mount struct {
	format.Format
	routes *http.ServeMux
}

// newMount builds the routes of a format and fills in what it may leave out. The error names a pattern that cannot be
// registered, or says that nobody words the errors of its routes.
func newMount(f format.Format) (m *mount, err error) {
	if f.Fail == nil && len(f.Routes) > 0 {
		return nil, fmt.Errorf("format %s has routes and no Fail", f.Name)
	}
	m = &mount{f, http.NewServeMux()}
	if m.Fail == nil {
		m.Fail = failPlainly
	}
	if m.Rewrite == nil {
		m.Rewrite = func(escaped string) string { return escaped }
	}
	if m.Header == nil {
		m.Header = func(http.Header, *http.Request) {}
	}
	for _, route := range f.Routes {
		if err := m.register(route); err != nil {
			return nil, fmt.Errorf("format %s: %w", f.Name, err)
		}
	}
	return m, nil
}

// register turns ServeMux's panic over a bad pattern into an error.
func (m *mount) register(route format.Route) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("route %q: %v", route.Pattern, p)
		}
	}()
	m.routes.Handle(route.Pattern, routed{route})
	return nil
}

// routed is a route inside a ServeMux. The mux fills in the path values and calls it; everything else the mux might
// answer goes to a writer that keeps it from the client.
type routed struct{ format.Route }

// ServeHTTP calls the handler with the exchange's own writer.
func (h routed) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	x := exchangeOf(r.Context())
	x.pattern = h.Pattern
	if h.CountAs != nil {
		x.meter.Count = h.CountAs(r)
	}
	if err := h.Handler(x.w, r, x.shelf); err != nil {
		x.fail(err)
	}
}

// aside receives what a ServeMux answers by itself: not found, method not allowed, a redirect.
type aside struct {
	header http.Header
	status int
}

func (a *aside) Header() http.Header         { return a.header }
func (a *aside) Write(p []byte) (int, error) { return len(p), nil }
func (a *aside) WriteHeader(status int)      { a.status = status }

// rewritten returns the escaped path below a repository's base as the routes match it. What a client means by an empty
// segment only the format knows; one that is left after it had its say is refused, because no route can mean it.
func (m *mount) rewritten(path string) (string, refusal) {
	path = m.Rewrite(path)
	if strings.Contains(path, "//") {
		return path, emptySegment
	}
	return path, accepted
}

// nothingHere is the answer to a path that no route matches.
func (m *mount) nothingHere() error {
	if len(m.Routes) == 0 {
		return artifact.Errorf(artifact.NotFound,
			"Packages of format %s are published and read through the API, not under this address.", m.Name)
	}
	return artifact.Errorf(artifact.NotFound, "Nothing is served at this path.")
}

// rebase returns the request as the format's routes see it.
func rebase(r *http.Request, path string) (*http.Request, error) {
	plain, err := url.PathUnescape(path)
	if err != nil {
		return nil, err
	}
	below := *r
	below.URL = &url.URL{Path: plain, RawPath: path, RawQuery: r.URL.RawQuery}
	return &below, nil
}
