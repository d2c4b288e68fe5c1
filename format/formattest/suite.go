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

// shelf is the repository that the suite works in.
const shelf = "shelf"

// empty opens a domain with an empty repository.
func (s suite) empty(t *testing.T) *Domain {
	t.Helper()
	d := Open(t, Options{Formats: []format.Format{s.format}})
	d.Repository(shelf)
	return d
}

// handler serves the repository as the domain's caller sees it.
func (s suite) handler(d *Domain) http.Handler {
	return Handler(s.format, d.Shelf(shelf, s.format.Name))
}

// stocked opens a domain on whose repository Publish has been done.
func (s suite) stocked(t *testing.T) (*Domain, http.Handler) {
	t.Helper()
	d := s.empty(t)
	h := s.handler(d)
	for _, q := range s.fixture.Publish {
		if w := q.Do(h); w.Code/100 != 2 {
			t.Fatalf("%s %s: got %d %s, want success", q.Method, q.Path, w.Code, w.Body)
		}
	}
	return d, h
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
	d, _ := s.stocked(t)
	staged, changes := d.Staged(), d.Changes()
	refuse := func(kind artifact.Kind) http.Handler {
		return Handler(s.format, Refusing{d.Shelf(shelf, s.format.Name), artifact.Errorf(kind, "refused by the shelf")})
	}
	for _, row := range []struct {
		name   string
		h      http.Handler
		status int
	}{
		{"a caller who is not known", refuse(artifact.Unauthenticated), http.StatusUnauthorized},
		{"a repository that is not there", refuse(artifact.NotFound), http.StatusNotFound},
		{"a caller who may do nothing", s.handler(d.As(Caller("eve"))), http.StatusForbidden},
	} {
		for _, q := range s.requests() {
			if w := q.Do(row.h); w.Code != row.status {
				t.Errorf("%s: %s %s: got %d %s, want %d", row.name, q.Method, q.Path, w.Code, w.Body, row.status)
			}
		}
	}
	if d.Changes() != changes || d.Staged() != staged {
		t.Errorf("%d versions were changed and %d uploads begun", d.Changes()-changes, d.Staged()-staged)
	}
}

// unstaged: bytes of a caller who may read but not publish are not taken in, not even for a while; somebody's own
// version sent again is no exception. Each request leaves one refusal on record.
func (s suite) unstaged(t *testing.T) {
	full, _ := s.stocked(t)
	for name, d := range map[string]*Domain{"an empty shelf": s.empty(t), "a shelf that has it": full} {
		staged, changes, refusals := d.Staged(), d.Changes(), d.Refusals()
		h := s.handler(d.As(Caller("reader", "ReadFromRepository")))
		for _, q := range s.fixture.Publish {
			if w := q.Do(h); w.Code != http.StatusForbidden {
				t.Errorf("%s: %s %s: got %d %s, want %d", name, q.Method, q.Path, w.Code, w.Body, http.StatusForbidden)
			}
		}
		if d.Changes() != changes || d.Staged() != staged {
			t.Errorf("%s: %d versions were changed and %d uploads begun", name, d.Changes()-changes, d.Staged()-staged)
		}
		if got, want := d.Refusals()-refusals, len(s.fixture.Publish); got != want {
			t.Errorf("%s: %d refusals are on record, want %d", name, got, want)
		}
	}
}

func (s suite) drafts(t *testing.T) {
	d := s.empty(t)
	for n, q := range s.fixture.Publish {
		for cut := len(q.Body); cut > 0; cut /= 2 {
			name := fmt.Sprintf("shelf-%d-%d", n, cut)
			d.Repository(name)
			part := q
			part.Body = q.Body[:cut-1]
			part.Do(Handler(s.format, d.Shelf(name, s.format.Name)))
			if got := d.Drafts(); got != 0 {
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
	d, h := s.stocked(t)
	changes := d.Changes()
	if changes == 0 {
		t.Fatal("Publish of the fixture publishes nothing")
	}
	for _, q := range s.fixture.Publish {
		if w := q.Do(h); w.Code/100 != 2 {
			t.Errorf("%s %s: got %d %s, want success", q.Method, q.Path, w.Code, w.Body)
		}
	}
	if got := d.Changes() - changes; got != 0 {
		t.Errorf("publishing again changed versions %d times", got)
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
	d, h := s.stocked(t)
	changes := d.Changes()
	for _, q := range s.fixture.Unclean {
		if w := q.Do(h); w.Code/100 != 4 {
			t.Errorf("%s %s: got %d, want a refusal", q.Method, q.Path, w.Code)
		}
		if d.Changes() != changes || d.Drafts() != 0 {
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
	d, _ := s.stocked(t)
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
		var asked format.Shelf = d.Shelf(shelf, s.format.Name)
		if c.refuse != nil {
			asked = Refusing{asked, c.refuse}
		}
		w := c.request.Do(Handler(s.format, asked))
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
