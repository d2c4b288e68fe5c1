package server

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/iam"
	"entrepot/queryapi"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	owner     = "123456789012"
	goodToken = "good-token"
	base      = "/team-123456789012/npm/shared"
)

// people is an authenticator that knows one signer, and one token that is good for the domain team.
type people struct{ asked atomic.Int64 }

func (p *people) Signed(r *http.Request, in iam.Circumstances, service string) (iam.Caller, error) {
	p.asked.Add(1)
	if !strings.Contains(r.Header.Get("Authorization"), "/"+service+"/aws4_request") ||
		!strings.Contains(r.Header.Get("Authorization"), "Signature=right") {
		return iam.Caller{}, artifact.Errorf(artifact.Unauthenticated, "wrong signature")
	}
	return alice(in), nil
}

func (p *people) Nobody(in iam.Circumstances) iam.Caller {
	return iam.Caller{Context: in.Keys(), Circumstances: in}
}

func (p *people) Bearer(r *http.Request, in iam.Circumstances, domain artifact.DomainKey) (iam.Caller, error) {
	p.asked.Add(1)
	if r.Header.Get("Authorization") != "Bearer "+goodToken || domain.Name != "team" {
		return iam.Caller{}, artifact.Errorf(artifact.Unauthenticated, "no good token")
	}
	return alice(in), nil
}

func (p *people) Attempts(r *http.Request) bool { return r.Header.Get("Authorization") != "" }

func alice(in iam.Circumstances) iam.Caller {
	return iam.Caller{
		Principal: iam.Principal{Account: owner, ARN: "arn:aws:iam::" + owner + ":user/alice", Name: "alice"},
		Context:   in.Keys(), Circumstances: in,
	}
}

// echo is an API that tells what reached it.
type echo struct {
	name  string
	calls atomic.Int64
}

func (e *echo) Serve(w http.ResponseWriter, r *http.Request, c iam.Caller) {
	e.calls.Add(1)
	_, _ = io.Copy(io.Discard, r.Body)
	fmt.Fprintf(w, "%s %s %s by %s from %s secure %s", e.name, r.Method, r.URL.Path, c.Principal.Name,
		c.Context["aws:sourceip"], c.Context["aws:securetransport"])
}

func (e *echo) Fail(w http.ResponseWriter, _ *http.Request, err error) {
	status := map[artifact.Kind]int{artifact.Unauthenticated: 403, artifact.Throttled: 429}[artifact.KindOf(err)]
	w.WriteHeader(cmp.Or(status, 500))
	fmt.Fprintf(w, "%s failed: %s", e.name, artifact.KindOf(err))
}

// bare is a shelf that only knows where it stands; the handlers of these tests need no more.
type bare struct {
	format.Shelf
	key    artifact.RepositoryKey
	caller iam.Caller
}

func (b bare) Repository() artifact.RepositoryKey { return b.key }
func (b bare) Caller() iam.Caller                 { return b.caller }

// fixture is a server with everything around it.
type fixture struct {
	*Server
	people   *people
	base     atomic.Value // of the last shelf
	api, sts *echo
	log      *lockedBuffer
	registry *prometheus.Registry
	ids      atomic.Int64
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newFixture builds a server that is told to listen on loopback under http://packages.example.test:8090 with domains
// below art.example.test; change may alter its options.
func newFixture(t testing.TB, change func(*Options)) *fixture {
	t.Helper()
	addresses, err := NewAddresses("http://packages.example.test:8090", "art.example.test", "http://127.0.0.1:8090",
		[]string{"extra.example.test"})
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{people: &people{}, api: &echo{name: "codeartifact"}, sts: &echo{name: "sts"}, log: &lockedBuffer{},
		registry: prometheus.NewRegistry()}
	o := Options{
		Addresses: addresses, Authenticator: f.people, API: f.api, Services: map[string]API{"sts": f.sts},
		QueryError: queryapi.WriteError,
		Formats:    []format.Format{testFormat()},
		Shelves: func(c iam.Caller, key artifact.RepositoryKey, base string) format.Shelf {
			f.base.Store(base)
			return bare{key: key, caller: c}
		},
		Log:     slog.New(slog.NewJSONHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Metrics: f.registry, Gatherer: f.registry, Now: time.Now,
		NewID: func() string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", f.ids.Add(1)) },
	}
	if change != nil {
		change(&o)
	}
	if f.Server, err = New(o); err != nil {
		t.Fatal(err)
	}
	return f
}

// do sends a request past the wire.
func (f *fixture) do(method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "packages.example.test:8090"
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(timeless{w}, r)
	return w
}

// timeless is a recorder that takes deadlines, as the writers of net/http do.
type timeless struct{ *httptest.ResponseRecorder }

func (timeless) SetReadDeadline(time.Time) error  { return nil }
func (timeless) SetWriteDeadline(time.Time) error { return nil }

// start serves on a port of loopback until the test ends; stop may be called before, and returns what Serve returned.
func (f *fixture) start(t testing.TB, c GetCertificate, d Drain) (address string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l.Addr().String(), f.serve(t, l, c, d)
}

// serve is start on a listener of the test's own.
func (f *fixture) serve(t testing.TB, l net.Listener, c GetCertificate, d Drain) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Serve(ctx, l, c, d) }()
	stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return stop
}

// testFormat has a route of every shape, and handlers for every way to end.
func testFormat() format.Format {
	say := func(name string) format.Handler {
		return func(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
			_, err := fmt.Fprintf(w, "%s package=%q file=%q in %s by %s", name, r.PathValue("package"),
				r.PathValue("file"),
				s.Repository(), s.Caller().Principal.Name)
			return err
		}
	}
	return format.Format{
		Name: artifact.NPM,
		Routes: []format.Route{
			{Pattern: "GET /{$}", Handler: say("root")},
			{Pattern: "GET /{package}", Handler: say("read")},
			{Pattern: "PUT /{package}", Handler: func(w http.ResponseWriter, r *http.Request, _ format.Shelf) error {
				n, err := io.Copy(io.Discard, r.Body)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(w, "stored %d bytes", n)
				return err
			}},
			{Pattern: "GET /{package}/-/{file}", Handler: say("file")},
			{Pattern: "DELETE /-/user/token/{token}", Handler: say("logout")},
			{Pattern: "GET /-/folder/", Handler: say("folder")},
			{Pattern: "GET /-/panic", Handler: func(http.ResponseWriter, *http.Request, format.Shelf) error {
				panic("a canary-panic")
			}},
			{Pattern: "GET /-/half", Handler: func(w http.ResponseWriter, _ *http.Request, _ format.Shelf) error {
				_, _ = io.WriteString(w, "half of it")
				return artifact.Errorf(artifact.Unavailable, "the other half is missing")
			}},
			{Pattern: "GET /-/fail/{kind}",
				Handler: func(_ http.ResponseWriter, r *http.Request, _ format.Shelf) error {
					return map[string]error{
						"internal": fmt.Errorf("disk on fire"),
						"denied":   artifact.Errorf(artifact.Denied, "not you"),
					}[r.PathValue("kind")]
				}},
			{Pattern: "GET /-/big", Handler: func(w http.ResponseWriter, _ *http.Request, _ format.Shelf) error {
				block := make([]byte, 1<<20)
				for range 256 {
					if _, err := w.Write(block); err != nil {
						return http.ErrAbortHandler
					}
				}
				return nil
			}},
			{Pattern: "PUT /-/slow", Handler: func(w http.ResponseWriter, r *http.Request, _ format.Shelf) error {
				for range 2 { // as decoders do that look for more behind what they wanted
					if _, err := io.Copy(io.Discard, r.Body); err != nil {
						return err
					}
					time.Sleep(20 * time.Millisecond)
				}
				select {
				case <-time.After(200 * time.Millisecond):
				case <-r.Context().Done():
					return r.Context().Err()
				}
				_, err := io.WriteString(w, "at last")
				return err
			}},
			{Pattern: "GET /-/endless", Handler: func(_ http.ResponseWriter, r *http.Request, _ format.Shelf) error {
				<-r.Context().Done()
				return r.Context().Err()
			}},
			{Pattern: "GET /-/slow", Handler: func(w http.ResponseWriter, r *http.Request, _ format.Shelf) error {
				select {
				case <-time.After(200 * time.Millisecond):
				case <-r.Context().Done():
					return r.Context().Err()
				}
				_, err := io.WriteString(w, "at last")
				return err
			}},
		},
		Header: func(h http.Header, _ *http.Request) { h.Set("Content-Version", "1") },
		Fail: func(w http.ResponseWriter, _ *http.Request, err error, challenge string) {
			status, given := format.StatusOf(err)
			message := "npm failed: " + artifact.KindOf(err).String()
			if given {
				message = "npm failed: " + err.Error()
			} else {
				status = map[artifact.Kind]int{artifact.Unauthenticated: 401, artifact.Denied: 403, artifact.NotFound: 404,
					artifact.Invalid: 400, artifact.Throttled: 429, artifact.Unavailable: 502}[artifact.KindOf(err)]
			}
			if status == http.StatusUnauthorized {
				w.Header().Set("WWW-Authenticate", challenge)
			}
			w.WriteHeader(cmp.Or(status, 500))
			fmt.Fprintf(w, `{"error":%q,"message":%[1]q}`, message)
		},
	}
}
