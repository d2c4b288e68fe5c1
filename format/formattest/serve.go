package formattest

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
)

// Challenge is the WWW-Authenticate value that Handler offers to Fail.
const Challenge = `Bearer realm="team/shelf", Basic realm="team/shelf"`

// Handler routes requests to the format's handlers as the server does. Paths are those below the repository's base.
// Every document is rendered twice and must come out the same.
func Handler(f format.Format, s format.Shelf) http.Handler {
	s = steady{s}
	mux := Routes(f, func(h format.Handler) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if err := h(w, r, s); errors.Is(err, http.ErrAbortHandler) {
				panic(http.ErrAbortHandler)
			} else if err != nil {
				f.Fail(w, r, err, Challenge)
			}
		}
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.Header != nil {
			f.Header(w.Header(), r)
		}
		r, err := rewritten(f, r)
		if err != nil {
			f.Fail(w, r, artifact.Errorf(artifact.Invalid, "The path is malformed.").Causing(err), Challenge)
			return
		}
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		refused := httptest.NewRecorder()
		mux.ServeHTTP(refused, r)
		if allow := refused.Header().Get("Allow"); allow != "" {
			w.Header().Set("Allow", allow)
			f.Fail(w, r, format.WithStatus(http.StatusMethodNotAllowed,
				artifact.Errorf(artifact.Invalid, "There is no such method.")), Challenge)
			return
		}
		f.Fail(w, r, artifact.Errorf(artifact.NotFound, "There is no such path."), Challenge)
	})
}

// Routes is the format's table as a mux. It panics if two patterns conflict.
func Routes(f format.Format, wrap func(format.Handler) http.HandlerFunc) *http.ServeMux {
	mux := http.NewServeMux()
	for _, route := range f.Routes {
		mux.HandleFunc(route.Pattern, wrap(route.Handler))
	}
	return mux
}

// rewritten returns the request with its path in the form that routes match.
func rewritten(f format.Format, r *http.Request) (*http.Request, error) {
	escaped := r.URL.EscapedPath()
	if f.Rewrite != nil {
		escaped = f.Rewrite(escaped)
	}
	decoded, err := url.PathUnescape(escaped)
	if err != nil {
		return r, err
	}
	u := *r.URL
	u.Path, u.RawPath = decoded, escaped
	next := r.Clone(r.Context())
	next.URL = &u
	return next, nil
}

// Request is one call to a format.
type Request struct {
	Method string
	Path   string // escaped, below the repository's base, without a leading slash; may end in a query
	Header map[string]string
	Body   string
}

// NewRequest makes a request whose header has the names and values that follow, in turn.
func NewRequest(method, path, body string, header ...string) Request {
	q := Request{Method: method, Path: path, Body: body, Header: map[string]string{}}
	for pair := range slices.Chunk(header, 2) {
		q.Header[pair[0]] = pair[1]
	}
	return q
}

// Do sends it to a handler and returns the answer.
func (q Request) Do(h http.Handler) *httptest.ResponseRecorder {
	r := httptest.NewRequest(q.Method, "/"+q.Path, strings.NewReader(q.Body))
	r.Host = "attacker.example.test" // nothing may be built from it
	for key, value := range q.Header {
		r.Header.Set(key, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
