package formattest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format"
)

// Fixture is what the suite needs to know about a format.
type Fixture struct {
	// Publish is what a client sends to publish one version; the suite sends it to a fresh shelf, in order.
	Publish []Request
	// Reads answer 200 afterwards. One of them should serve an asset.
	Reads []Request
	// Requests hold at least one call for every route that neither Publish nor Reads reaches, well-formed enough to get
	// as far as the shelf.
	Requests []Request
	// Unclean requests name something that no package of the format can be called; they are refused whoever asks.
	Unclean []Request
	// JSON says that clients are told errors as JSON.
	JSON bool
}

// Run tests the duties that all formats share.
func Run(t *testing.T, f format.Format, fixture Fixture) {
	s := suite{f, fixture}
	t.Run("every route is reached by a request of the fixture", s.coverage)
	t.Run("a shelf that refuses everything gives nothing away", s.refusal)
	t.Run("a refused publisher stages nothing", s.unstaged)
	t.Run("a failed publish leaves no draft behind", s.drafts)
	t.Run("what was published can be read", s.reading)
	t.Run("publishing the same again succeeds and changes nothing", s.again)
	t.Run("HEAD answers as GET does, without the body", s.head)
	t.Run("no answer is built from the Host header", s.host)
	t.Run("unclean names are refused", s.unclean)
	t.Run("every kind of error has its status", s.statuses)
	t.Run("what the server answers for the format is in its words", s.server)
	t.Run("the cause of an internal error is not told", s.secrecy)
}

type suite struct {
	format  format.Format
	fixture Fixture
}

func (s suite) requests() []Request {
	return append(append(append([]Request(nil), s.fixture.Publish...), s.fixture.Reads...), s.fixture.Requests...)
}

// stocked returns a shelf on which Publish has been done.
func (s suite) stocked(t *testing.T) (*Shelf, http.Handler) {
	t.Helper()
	shelf := NewShelf(s.format.Name)
	h := Handler(s.format, shelf)
	for _, q := range s.fixture.Publish {
		if w := q.Do(h); w.Code/100 != 2 {
			t.Fatalf("%s %s: got %d %s, want success", q.Method, q.Path, w.Code, w.Body)
		}
	}
	return shelf, h
}

func (s suite) coverage(t *testing.T) {
	reached := make(map[string]bool)
	mux := Routes(s.format, func(format.Handler) http.HandlerFunc { return func(http.ResponseWriter, *http.Request) {} })
	for _, q := range s.requests() {
		r, err := rewritten(s.format, httptest.NewRequest(q.Method, "/"+q.Path, nil))
		if err != nil {
			t.Fatalf("%s %s: %v", q.Method, q.Path, err)
		}
		_, pattern := mux.Handler(r)
		reached[pattern] = true
	}
	for _, route := range s.format.Routes {
		if !reached[route.Pattern] {
			t.Errorf("no request of the fixture reaches %s", route.Pattern)
		}
	}
}

// refusal: the answer is that of the shelf, and nothing is kept.
func (s suite) refusal(t *testing.T) {
	for kind, want := range map[artifact.Kind]int{
		artifact.Unauthenticated: http.StatusUnauthorized,
		artifact.Denied:          http.StatusForbidden,
		artifact.NotFound:        http.StatusNotFound,
	} {
		shelf, h := s.stocked(t)
		staged, published := shelf.Staged(), shelf.Published()
		shelf.Refuse = artifact.Errorf(kind, "refused by the shelf")
		for _, q := range s.requests() {
			w := q.Do(h)
			if w.Code != want {
				t.Errorf("%s: %s %s: got %d %s, want %d", kind, q.Method, q.Path, w.Code, w.Body, want)
			}
		}
		if got := shelf.Published(); got != published {
			t.Errorf("%s: %d versions were published", kind, got-published)
		}
		if got := shelf.Staged(); got != staged {
			t.Errorf("%s: %d uploads were begun", kind, got-staged)
		}
		if got := shelf.Drafts(); got != 0 {
			t.Errorf("%s: %d drafts are left", kind, got)
		}
	}
}

// unstaged: bytes of a caller who may read but not publish are not taken in, not even for a while; somebody's own
// version sent again is no exception.
func (s suite) unstaged(t *testing.T) {
	full, _ := s.stocked(t)
	for name, shelf := range map[string]*Shelf{"an empty shelf": NewShelf(s.format.Name), "a shelf that has it": full} {
		staged, published := shelf.Staged(), shelf.Published()
		shelf.RefusePublish = artifact.Errorf(artifact.Denied, "refused by the shelf")
		h := Handler(s.format, shelf)
		for _, q := range s.fixture.Publish {
			if w := q.Do(h); w.Code != http.StatusForbidden {
				t.Errorf("%s: %s %s: got %d %s, want %d", name, q.Method, q.Path, w.Code, w.Body, http.StatusForbidden)
			}
		}
		if got := shelf.Staged() - staged; got != 0 {
			t.Errorf("%s: %d uploads were begun", name, got)
		}
		if got := shelf.Published() - published; got != 0 {
			t.Errorf("%s: %d versions were published", name, got)
		}
	}
}

func (s suite) drafts(t *testing.T) {
	for _, q := range s.fixture.Publish {
		for cut := len(q.Body); cut > 0; cut /= 2 {
			shelf := NewShelf(s.format.Name)
			part := q
			part.Body = q.Body[:cut-1]
			part.Do(Handler(s.format, shelf))
			if got := shelf.Drafts(); got != 0 {
				t.Fatalf("%s %s with %d of %d bytes: %d drafts are left", q.Method, q.Path, cut-1, len(q.Body), got)
			}
		}
	}
}

func (s suite) reading(t *testing.T) {
	_, h := s.stocked(t)
	for _, q := range s.fixture.Reads {
		w := q.Do(h)
		if w.Code != http.StatusOK {
			t.Errorf("%s %s: got %d %s, want 200", q.Method, q.Path, w.Code, w.Body)
		}
		if w.Header().Get("Content-Type") == "" {
			t.Errorf("%s %s has no Content-Type", q.Method, q.Path)
		}
	}
}

func (s suite) again(t *testing.T) {
	shelf, h := s.stocked(t)
	published := shelf.Published()
	if published == 0 {
		t.Fatal("Publish of the fixture publishes nothing")
	}
	for _, q := range s.fixture.Publish {
		if w := q.Do(h); w.Code/100 != 2 {
			t.Errorf("%s %s: got %d %s, want success", q.Method, q.Path, w.Code, w.Body)
		}
	}
	if got := shelf.Published(); got != published {
		t.Errorf("got %d versions after publishing twice, want %d", got, published)
	}
}

func (s suite) head(t *testing.T) {
	_, h := s.stocked(t)
	for _, q := range append(s.fixture.Reads, Request{Method: "GET", Path: "no-such-thing-here"}) {
		get := q.Do(h)
		q.Method = http.MethodHead
		head := q.Do(h)
		// net/http drops the body of an answer to HEAD; a document written for nothing is a fault all the same.
		if head.Code != get.Code || head.Code == http.StatusOK && head.Body.Len() != 0 {
			t.Errorf("HEAD %s: got %d and %d bytes, want %d and none", q.Path, head.Code, head.Body.Len(), get.Code)
		}
		for _, key := range []string{"Content-Type", "Content-Length", "Etag", "Cache-Control", "Last-Modified", "Vary"} {
			if got, want := head.Header().Get(key), get.Header().Get(key); got != want {
				t.Errorf("HEAD %s: got %s %q, want %q", q.Path, key, got, want)
			}
		}
	}
}

func (s suite) host(t *testing.T) {
	_, h := s.stocked(t)
	for _, q := range s.requests() {
		w := q.Do(h)
		if answer := fmt.Sprint(w.Header()) + w.Body.String(); strings.Contains(answer, "attacker") {
			t.Errorf("%s %s mentions the Host of the request: %.500s", q.Method, q.Path, answer)
		}
	}
}

func (s suite) unclean(t *testing.T) {
	if len(s.fixture.Unclean) == 0 {
		t.Fatal("the fixture has no unclean requests")
	}
	for _, q := range s.fixture.Unclean {
		shelf, h := s.stocked(t)
		published := shelf.Published()
		if w := q.Do(h); w.Code/100 != 4 {
			t.Errorf("%s %s: got %d, want a refusal", q.Method, q.Path, w.Code)
		}
		if shelf.Published() != published || shelf.Drafts() != 0 {
			t.Errorf("%s %s changed the shelf", q.Method, q.Path)
		}
	}
}

func (s suite) statuses(t *testing.T) {
	for kind, want := range map[artifact.Kind][]int{
		artifact.Internal:        {500},
		artifact.Invalid:         {400, 422},
		artifact.Unauthenticated: {401},
		artifact.Denied:          {403},
		artifact.NotFound:        {404},
		artifact.Conflict:        {409},
		artifact.Quota:           {402, 403, 413, 429},
		artifact.Throttled:       {429},
		artifact.Unavailable:     {502, 503, 504},
	} {
		w := httptest.NewRecorder()
		err := fmt.Errorf("wrapped: %w", artifact.Errorf(kind, "the reason"))
		s.format.Fail(w, httptest.NewRequest("GET", "/x", nil), err, Challenge)
		if !contains(want, w.Code) {
			t.Errorf("%s: got %d, want one of %v", kind, w.Code, want)
		}
		if s.fixture.JSON && !strings.Contains(w.Header().Get("Content-Type"), "json") {
			t.Errorf("%s: got Content-Type %q, want JSON", kind, w.Header().Get("Content-Type"))
		}
		if kind != artifact.Internal && !bytes.Contains(w.Body.Bytes(), []byte("the reason")) {
			t.Errorf("%s: the answer does not give the reason: %s", kind, w.Body)
		}
	}
}

// server: a path without a route, a method that a path does not have and a caller who is not known are answered by Fail,
// with whatever the format says on every answer.
func (s suite) server(t *testing.T) {
	marked := make(http.Header)
	if s.format.Header != nil {
		s.format.Header(marked, httptest.NewRequest("GET", "/x", nil))
	}
	read := s.fixture.Reads[0]
	for name, c := range map[string]struct {
		request Request
		refuse  error
		status  int
	}{
		"no such path":   {Request{Method: "GET", Path: "no/such/path/in/any/format/at/all"}, nil, http.StatusNotFound},
		"no such method": {Request{Method: "BREW", Path: read.Path}, nil, http.StatusMethodNotAllowed},
		"unknown caller": {read, artifact.Errorf(artifact.Unauthenticated, "who?"), http.StatusUnauthorized},
		"large body":     {read, format.WithStatus(413, artifact.Errorf(artifact.Invalid, "large")), 413},
	} {
		shelf, h := s.stocked(t)
		shelf.Refuse = c.refuse
		w := c.request.Do(h)
		if w.Code != c.status || s.fixture.JSON && !strings.Contains(w.Header().Get("Content-Type"), "json") {
			t.Errorf("%s: got %d %s, want %d in the format's words", name, w.Code, w.Body, c.status)
		}
		for key, want := range marked {
			if got := w.Header()[key]; strings.Join(got, ",") != strings.Join(want, ",") {
				t.Errorf("%s: got %s %q, want %q", name, key, got, want)
			}
		}
	}
}

func contains(all []int, one int) bool {
	for _, n := range all {
		if n == one {
			return true
		}
	}
	return false
}

func (s suite) secrecy(t *testing.T) {
	for name, err := range map[string]error{
		"plain":  errors.New("canary"),
		"kind":   artifact.Errorf(artifact.Internal, "canary"),
		"caused": artifact.Errorf(artifact.Unavailable, "The upstream fails.").Causing(errors.New("canary")),
	} {
		w := httptest.NewRecorder()
		s.format.Fail(w, httptest.NewRequest("GET", "/x", nil), err, Challenge)
		if answer := fmt.Sprint(w.Header()) + w.Body.String(); strings.Contains(answer, "canary") {
			t.Errorf("%s: the answer tells the cause: %s", name, answer)
		}
	}
}
