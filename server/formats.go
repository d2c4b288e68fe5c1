package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/format"
	"entrepot/iam"
)

// mount is one format with its routes, as the server serves it below every repository.
type mount struct {
	format.Format
	routes *http.ServeMux
}

// newMount builds the routes of a format. The error names a pattern that cannot be registered.
func newMount(f format.Format) (m *mount, err error) {
	m = &mount{f, http.NewServeMux()}
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

// serveFormat answers a request below a repository's base.
func (s *Server) serveFormat(x *exchange, r *http.Request, at endpoint) {
	x.door = "format"
	m, known := s.mounts[at.format]
	if !known {
		writeProblem(x.w, http.StatusNotFound, fmt.Sprintf("No format called %.40q is served here.", at.format))
		return
	}
	x.format = m.Name
	x.fail = func(err error) { s.failFormat(x, r, m, err, at.RepositoryKey) }
	caller, err := s.authenticate(x, r, func() (iam.Caller, error) { return s.authenticator.Bearer(r, at.DomainKey()) })
	if err != nil {
		x.fail(err)
		return
	}
	x.repository = at.Domain + "/" + at.Name
	if !artifact.ValidRepositoryName(at.Name) {
		x.repository = ""
		x.fail(artifact.Errorf(artifact.NotFound, "No repository can have this name.").
			About(artifact.RepositoryResource, ""))
		return
	}
	x.shelf = s.shelves(caller, at.RepositoryKey, m.Name)
	path := at.rest
	if m.Rewrite != nil {
		path = m.Rewrite(path)
	}
	below, err := rebase(r, path)
	if err != nil {
		x.fail(artifact.Errorf(artifact.Invalid, "The path cannot be read.").Causing(err))
		return
	}
	other := &aside{header: http.Header{}}
	m.routes.ServeHTTP(other, below)
	switch {
	case other.status == 0: // a route answered
	case other.header.Get("Allow") != "":
		x.w.Header().Set("Allow", other.header.Get("Allow"))
		writeProblem(x.w, http.StatusMethodNotAllowed, "This method is not served at this path.")
	default:
		x.fail(artifact.Errorf(artifact.NotFound, "Nothing is served at this path."))
	}
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

// challengeFor is the double challenge the service itself sends (control-plane notes §5.2). A name that no repository
// can have is left out, so that the quotes hold whatever was asked for.
func challengeFor(key artifact.RepositoryKey) string {
	realm := key.Domain
	if artifact.ValidRepositoryName(key.Name) {
		realm += "/" + key.Name
	}
	quoted := strconv.Quote(realm)
	return "Bearer realm=" + quoted + ", Basic realm=" + quoted
}

// failFormat answers err in the words of the package manager, once: after the answer has begun, all that is left is to
// break the connection, so that nobody takes half an answer for a whole one.
func (s *Server) failFormat(x *exchange, r *http.Request, m *mount, err error, at artifact.RepositoryKey) {
	if errors.Is(err, http.ErrAbortHandler) || x.w.status != 0 {
		x.noteBroken(err)
		panic(http.ErrAbortHandler)
	}
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return
	}
	x.note(err)
	m.Fail(x.w, r, err, challengeFor(at))
}

// noteBroken keeps why an answer broke off for the log, if bytes of ours are damaged or a registry failed: a client
// that went away is no error.
func (x *exchange) noteBroken(err error) {
	if errors.Is(err, blob.ErrCorrupt) || artifact.KindOf(err) == artifact.Unavailable {
		x.err = err
		return
	}
	x.note(err)
}

// note keeps an error for the log if it is ours or that of somebody we depend on.
func (x *exchange) note(err error) {
	if errors.Is(err, http.ErrAbortHandler) || errors.Is(err, context.Canceled) {
		return
	}
	if k := artifact.KindOf(err); k == artifact.Internal || k == artifact.Unavailable {
		x.err = err
	}
}
