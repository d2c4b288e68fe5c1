package upstream_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"entrepot/artifact"
	"entrepot/upstream"
	"entrepot/upstream/upstreamtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const npmjs = "public:npmjs"

// A clock stands still until it is told to go on.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// A registry is a scripted upstream on loopback. Its script may be replaced at any time.
type registry struct {
	*httptest.Server
	script   atomic.Pointer[http.HandlerFunc]
	requests atomic.Int64
}

func newRegistry(t *testing.T, script http.HandlerFunc) *registry {
	t.Helper()
	r := new(registry)
	r.act(script)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.requests.Add(1)
		(*r.script.Load())(w, req)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *registry) act(script http.HandlerFunc) { r.script.Store(&script) }

func (r *registry) wantRequests(t *testing.T, want int64) {
	t.Helper()
	if got := r.requests.Load(); got != want {
		t.Errorf("the upstream was asked %d times, want %d", got, want)
	}
}

// A canary is a listener that nothing may ever connect to.
type canary struct {
	net.Listener
	touched atomic.Int64
}

func newCanary(t *testing.T) *canary {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &canary{Listener: l}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.touched.Add(1)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
		if n := c.touched.Load(); n != 0 {
			t.Errorf("the canary was touched %d times", n)
		}
	})
	return c
}

func (c *canary) url() string { return "http://" + c.Addr().String() }

// rig is a client before one registry.
type rig struct {
	*upstream.Client
	*registry
	clock *clock
	cache *upstreamtest.Cache
	log   *syncBuffer
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func newRig(t *testing.T, script http.HandlerFunc, change ...func(*upstream.Options, *upstream.Origin)) *rig {
	t.Helper()
	r := &rig{registry: newRegistry(t, script), clock: newClock(), cache: new(upstreamtest.Cache), log: new(syncBuffer)}
	origin, err := upstream.ParseOrigin("npmjs", r.URL+"/registry/")
	if err != nil {
		t.Fatal(err)
	}
	o := upstream.Options{Cache: r.cache, Now: r.clock.now, Logger: slog.New(slog.NewTextHandler(r.log, nil)),
		RetryBase: time.Millisecond, RetryMax: 10 * time.Millisecond, Linger: -1, Retries: -1,
		StaleWait: time.Minute} // so that an old document is answered for its reason and not because the machine is slow
	for _, f := range change {
		f(&o, &origin)
	}
	o.Origins = upstream.NewOrigins(origin)
	r.Client, err = upstream.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Client.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if n := r.cache.Drafts(); n != 0 {
			t.Errorf("%d spools were never discarded", n)
		}
	})
	return r
}

// Close of the rig's registry is registered before; this one keeps the two Closes apart.
func (r *rig) Close() { r.registry.Close() }

// copyForm is a Regenerate that writes what it reads.
func copyForm(dst io.Writer, src io.Reader) error {
	_, err := io.Copy(dst, src)
	return err
}

func document(path string) upstream.DocumentRequest {
	return upstream.DocumentRequest{Connection: npmjs, Path: path, Accept: "application/json", Regenerate: copyForm,
		RegenerateVersion: "1"}
}

func (r *rig) wantDocument(t *testing.T, want string) upstream.Document {
	t.Helper()
	d, err := r.Document(t.Context(), document("left"))
	if err != nil {
		t.Fatalf("Document: %v", err)
	}
	if got := read(t, d); got != want {
		t.Errorf("got document %q, want %q", got, want)
	}
	return d
}

func read(t *testing.T, d upstream.Document) string {
	t.Helper()
	body, err := d.Open(t.Context())
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	defer func() { _ = body.Close() }()
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return string(text)
}

// eventually waits for something that another goroutine is about to do.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("it did not come about that %s", what)
}

func wantKind(t *testing.T, err error, want artifact.Kind) {
	t.Helper()
	if err == nil || artifact.KindOf(err) != want {
		t.Errorf("got error %v, want kind %v", err, want)
	}
}

// say answers 200 with an ETag made of the body, and 304 to that tag.
func say(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.Sum256([]byte(body))
		tag := `"` + hex.EncodeToString(sum[:4]) + `"`
		w.Header().Set("ETag", tag)
		w.Header().Set("Last-Modified", "Sun, 01 Mar 2026 11:00:00 GMT")
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// store is where assets are kept in these tests.
type store struct {
	mu     sync.Mutex
	opened int
	kept   [][]byte
	each   int
	spools []*upstreamtest.Spool
	refuse error
}

func (s *store) request(path, flight string, want upstream.Want) upstream.AssetRequest {
	return upstream.AssetRequest{Connection: npmjs, Path: path, Flight: flight, Want: want,
		Open: func(context.Context) (upstream.Spool, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.opened++
			s.spools = append(s.spools, new(upstreamtest.Spool))
			return s.spools[len(s.spools)-1], nil
		},
		Keep: func(_ context.Context, spool upstream.Spool, _ artifact.Digests, size int64) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.refuse != nil {
				return s.refuse
			}
			content := make([]byte, size)
			if _, err := spool.ReadAt(content, 0); err != nil && err != io.EOF {
				return err
			}
			s.kept = append(s.kept, content)
			return nil
		},
		Each: func(context.Context, upstream.Spool, artifact.Digests, int64) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.each++
			return nil
		},
	}
}

func (s *store) counts() (opened, kept, each int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opened, len(s.kept), s.each
}

func (s *store) wantAllDiscarded(t *testing.T) {
	t.Helper()
	eventually(t, "every spool is discarded", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, spool := range s.spools {
			if !spool.Discarded() {
				return false
			}
		}
		return true
	})
}

// noise returns n bytes that are the same every time and not compressible.
func noise(n int) []byte {
	out := make([]byte, 0, n+sha256.Size)
	block := sha256.Sum256([]byte("noise"))
	for len(out) < n {
		out = append(out, block[:]...)
		block = sha256.Sum256(block[:])
	}
	return out[:n]
}

func sha256Of(p []byte) []byte {
	sum := sha256.Sum256(p)
	return sum[:]
}
