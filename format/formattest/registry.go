package formattest

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Registry is an external registry on loopback: what is put under a path is answered there. After every change so much
// time has passed that nothing known from before is fresh any more.
type Registry struct {
	URL string // ends in a slash

	clock *Clock
	mu    sync.Mutex
	kept  map[string]served
	down  bool
	from  http.Handler             // answers in its place; nil for what is kept
	held  map[string]chan struct{} // bodies of these paths wait until theirs is closed
	asked []string                 // the paths, in order
	// fetched counts those of asked whose answer has a body, by path.
	fetched map[string]int
}

type served struct {
	header http.Header
	body   []byte
}

// forgetting is longer than any default of package upstream for how long an answer, an absence or a failure counts.
const forgetting = 2 * time.Minute

func newRegistry(t testing.TB, clock *Clock) *Registry {
	r := &Registry{clock: clock, kept: map[string]served{}, held: map[string]chan struct{}{}, fetched: map[string]int{}}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.URL = server.URL + "/"
	return r
}

// Put answers the body under an escaped path below the registry's address.
func (r *Registry) Put(path, contentType string, body []byte) {
	r.PutWith(path, http.Header{"Content-Type": {contentType}}, body)
}

// PutWith is Put with a header of the test's own.
func (r *Registry) PutWith(path string, header http.Header, body []byte) {
	r.change(func() { r.kept[path] = served{header, body} })
}

// Replace changes the body under a path, and no time passes: what is known from before is as fresh as it was.
func (r *Registry) Replace(path string, body []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept[path] = served{r.kept[path].header, body}
}

// Remove has the registry lack what was under the path.
func (r *Registry) Remove(path string) { r.change(func() { delete(r.kept, path) }) }

// Fail has the registry answer that it is out of service, until Recover.
func (r *Registry) Fail() { r.change(func() { r.down = true }) }

// ServeFrom has everything answered by another handler, such as that of a repository.
func (r *Registry) ServeFrom(h http.Handler) { r.change(func() { r.from = h }) }

// Recover ends Fail.
func (r *Registry) Recover() { r.change(func() { r.down = false }) }

// Hold has the registry wait between head and body of what is under the path, until the function that it returns is
// called.
func (r *Registry) Hold(path string) (release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	held := make(chan struct{})
	r.held[path] = held
	return sync.OnceFunc(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.held, path)
		close(held)
	})
}

func (r *Registry) change(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	do()
	r.clock.Pass(forgetting)
}

// Asked counts the requests for paths that begin so.
func (r *Registry) Asked(prefix string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, path := range r.asked {
		if strings.HasPrefix(path, prefix) {
			n++
		}
	}
	return n
}

// Fetched counts the requests for the content of what is under the path.
func (r *Registry) Fetched(path string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fetched[path]
}

// ServeHTTP answers what is there, or that it is not modified.
func (r *Registry) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	path := strings.TrimPrefix(request.URL.EscapedPath(), "/")
	r.mu.Lock()
	r.asked = append(r.asked, path)
	if request.Method == http.MethodGet {
		r.fetched[path]++
	}
	found, ok := r.kept[path]
	down, held, from := r.down, r.held[path], r.from
	r.mu.Unlock()
	switch {
	case down:
		http.Error(w, "out of service", http.StatusServiceUnavailable)
		return
	case from != nil:
		from.ServeHTTP(w, request)
		return
	case !ok:
		http.Error(w, "not here", http.StatusNotFound)
		return
	}
	sum := sha256.Sum256(found.body)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	w.Header().Set("Etag", tag)
	if request.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	maps.Copy(w.Header(), found.header)
	if held != nil {
		_ = http.NewResponseController(w).Flush()
		<-held
	}
	_, _ = w.Write(found.body)
}
