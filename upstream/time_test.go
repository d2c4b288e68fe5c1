package upstream_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"entrepot/artifact"
	"entrepot/nettest"
	"entrepot/upstream"
	"entrepot/upstream/upstreamtest"
)

// bubble runs body with a client before a scripted upstream, in a time of its own.
func bubble(t *testing.T, script http.HandlerFunc, change func(*upstream.Options),
	body func(t *testing.T, c *upstream.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		network := nettest.NewHost(&net.TCPAddr{})
		server := &http.Server{Handler: script}
		go func() { _ = server.Serve(network) }()
		defer func() { _ = server.Close() }()
		dial := func(ctx context.Context, _, _ string) (net.Conn, error) { return network.Dial(ctx) }
		o := upstream.Options{Cache: new(upstreamtest.Cache), Dial: dial,
			Logger: slog.New(slog.DiscardHandler), Origins: upstream.NewOrigins(upstream.Origin{
				Name: "npmjs", Base: &url.URL{Scheme: "http", Host: "registry.example.test"}})}
		o = o.WithRandom(func() float64 { return 1 })
		if change != nil {
			change(&o)
		}
		c, err := upstream.New(o)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		body(t, c)
	})
}

func fetchAll(t *testing.T, c *upstream.Client) (int, error) {
	t.Helper()
	return fetchPath(t, c, "a")
}

func fetchPath(t *testing.T, c *upstream.Client, path string) (int, error) {
	t.Helper()
	transfer, err := c.Asset(t.Context(), new(store).request(path, "f", upstream.Want{}))
	if err != nil {
		return 0, err
	}
	defer func() { _ = transfer.Close() }()
	n, err := io.Copy(io.Discard, transfer)
	return int(n), err
}

func TestSlowUpstreams(t *testing.T) {
	drip := func(every time.Duration, piece, pieces int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for range pieces {
				if _, err := w.Write(make([]byte, piece)); err != nil {
					return
				}
				w.(http.Flusher).Flush()
				select {
				case <-time.After(every):
				case <-r.Context().Done():
					return
				}
			}
		}
	}
	for _, test := range []struct {
		name   string
		script http.HandlerFunc
		ok     bool
		within time.Duration
	}{
		{"a black hole is left after the header timeout", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			false, 16 * time.Second},
		{"ten seconds of silence are borne", drip(10*time.Second, 1<<20, 4), true, 41 * time.Second},
		{"a body that stalls is left", drip(time.Hour, 1<<20, 2), false, 16 * time.Second},
		{"a kilobyte a second is left soon after the patience", drip(time.Second, 1<<10, 100_000), false, 22 * time.Second},
		{"a megabyte a minute has its time", drip(10*time.Second, 170<<10, 60), true, 601 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, test.script, func(o *upstream.Options) { o.Retries = -1 },
				func(t *testing.T, c *upstream.Client) {
					began := time.Now()
					_, err := fetchAll(t, c)
					if test.ok != (err == nil) {
						t.Errorf("got %v", err)
					}
					if err != nil {
						wantKind(t, err, artifact.Unavailable)
					}
					if took := time.Since(began); took > test.within {
						t.Errorf("it took %v, want at most %v", took, test.within)
					}
				})
		})
	}
}

func TestARegistryThatHangsHoldsItsReadersForThePatienceAtMost(t *testing.T) {
	hang := func(r *http.Request, d time.Duration) {
		select {
		case <-time.After(d):
		case <-r.Context().Done():
		}
	}
	for name, script := range map[string]http.HandlerFunc{
		"before its headers": func(_ http.ResponseWriter, r *http.Request) { hang(r, time.Hour) },
		"after late headers": func(w http.ResponseWriter, r *http.Request) {
			hang(r, 14*time.Second)
			w.(http.Flusher).Flush()
			hang(r, time.Hour)
		},
		"after a late failure": func(w http.ResponseWriter, r *http.Request) {
			hang(r, 9*time.Second)
			w.WriteHeader(http.StatusBadGateway)
		},
		"after it asked for patience": func(w http.ResponseWriter, r *http.Request) {
			hang(r, 8*time.Second)
			w.Header().Set("Retry-After", "5")
			w.WriteHeader(http.StatusServiceUnavailable)
		},
		"in its body": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "the beginning")
			w.(http.Flusher).Flush()
			hang(r, time.Hour)
		},
		"between the bytes of its body": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, "a")
				w.(http.Flusher).Flush()
				hang(r, time.Second)
			}
		},
	} {
		for what, ask := range map[string]func(*testing.T, *upstream.Client) error{
			"a file": func(t *testing.T, c *upstream.Client) error { _, err := fetchAll(t, c); return err },
			"a document": func(t *testing.T, c *upstream.Client) error {
				_, err := c.Document(t.Context(), document("a"))
				return err
			},
		} {
			t.Run(name+", "+what, func(t *testing.T) {
				bubble(t, script, nil, func(t *testing.T, c *upstream.Client) {
					began := time.Now()
					wantKind(t, ask(t, c), artifact.Unavailable)
					// The bubble's time: what is past the patience was earned by bytes, a second for 16 KiB of them.
					if held := time.Since(began); held > 20*time.Second+10*time.Millisecond {
						t.Errorf("it held its reader for %v, want 20 s at most", held)
					}
				})
			})
		}
	}
	t.Run("what moves is not cut", func(t *testing.T) {
		bubble(t, func(w http.ResponseWriter, r *http.Request) {
			for range 20 {
				_, _ = w.Write(make([]byte, 64<<10))
				w.(http.Flusher).Flush()
				hang(r, 3*time.Second)
			}
		}, nil, func(t *testing.T, c *upstream.Client) {
			if n, err := fetchAll(t, c); err != nil || n != 20*64<<10 {
				t.Errorf("got %d bytes, %v", n, err)
			}
		})
	})
}

func TestRetries(t *testing.T) {
	var asked []time.Duration
	var began time.Time
	failing := func(times int, code int, after string) http.HandlerFunc {
		asked, began = nil, time.Time{}
		return func(w http.ResponseWriter, r *http.Request) {
			if began.IsZero() {
				began = time.Now()
			}
			asked = append(asked, time.Since(began))
			if len(asked) <= times {
				if after != "" {
					w.Header().Set("Retry-After", after)
				}
				w.WriteHeader(code)
				return
			}
			_, _ = io.WriteString(w, "content")
		}
	}
	for _, test := range []struct {
		name  string
		times int
		code  int
		after string
		ok    bool
		want  []time.Duration // when requests came; jitter is at its highest
	}{
		{"two server errors are overcome", 2, 503, "", true, []time.Duration{0, 100 * time.Millisecond, 300 * time.Millisecond}},
		{"three are not", 3, 502, "", false, []time.Duration{0, 100 * time.Millisecond, 300 * time.Millisecond}},
		{"the upstream's own wish is waited out", 1, 429, "3", true, []time.Duration{0, 3 * time.Second}},
		{"unless it is too long", 1, 429, "60", false, []time.Duration{0}},
		{"absence is not asked twice", 1, 404, "", false, []time.Duration{0}},
		{"nor is refusal", 1, 403, "", false, []time.Duration{0}},
		{"nor is a status nobody expects", 1, 501, "", false, []time.Duration{0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, failing(test.times, test.code, test.after), nil, func(t *testing.T, c *upstream.Client) {
				_, err := fetchAll(t, c)
				if test.ok != (err == nil) {
					t.Errorf("got %v", err)
				}
				if len(asked) != len(test.want) {
					t.Fatalf("asked at %v, want %v", asked, test.want)
				}
				for i := range asked {
					if asked[i] != test.want[i] {
						t.Errorf("asked at %v, want %v", asked, test.want)
					}
				}
				if e, ok := errors.AsType[*artifact.Error](err); ok && test.after == "60" &&
					e.RetryAfter != time.Minute {
					t.Errorf("the caller is told to come back in %v", e.RetryAfter)
				}
			})
		})
	}
	t.Run("nothing is repeated once bytes have come", func(t *testing.T) {
		count := 0
		bubble(t, func(w http.ResponseWriter, _ *http.Request) {
			count++
			_, _ = w.Write(make([]byte, 100))
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, nil, func(t *testing.T, c *upstream.Client) {
			if _, err := fetchAll(t, c); err == nil || count != 1 {
				t.Errorf("got %v after %d requests", err, count)
			}
		})
	})
}

func TestBreaker(t *testing.T) {
	t.Run("a dead upstream costs nothing, and one probe decides", func(t *testing.T) {
		count, alive := 0, false
		bubble(t, func(w http.ResponseWriter, _ *http.Request) {
			count++
			if !alive {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			_, _ = io.WriteString(w, "content")
		}, func(o *upstream.Options) { o.Retries = -1 }, func(t *testing.T, c *upstream.Client) {
			for range 1000 {
				_, err := fetchAll(t, c)
				wantKind(t, err, artifact.Unavailable)
			}
			if count != 5 {
				t.Errorf("%d requests, want 5", count)
			}
			wantSample(t, c, "entrepot_upstream_breaker_state", "", 2)
			_, err := fetchAll(t, c)
			if e, ok := errors.AsType[*artifact.Error](err); !ok || e.RetryAfter != 5*time.Second {
				t.Errorf("got %v, want to be told to come back in 5 s", err)
			}
			time.Sleep(5 * time.Second)
			for range 100 {
				_, _ = fetchAll(t, c) // one is a probe
			}
			if count != 6 {
				t.Errorf("%d requests after the first pause, want 6", count)
			}
			time.Sleep(9 * time.Second)
			alive = true
			if _, err := fetchAll(t, c); err == nil {
				t.Error("the second pause is not longer than the first")
			}
			time.Sleep(time.Second)
			for range 3 {
				if _, err := fetchAll(t, c); err != nil {
					t.Errorf("after the recovery: %v", err)
				}
				time.Sleep(3 * time.Second) // beyond Linger
			}
			wantSample(t, c, "entrepot_upstream_breaker_state", "", 0)
			if count != 9 {
				t.Errorf("%d requests in all, want 9", count)
			}
		})
	})
	t.Run("it opens too when half of the answers fail", func(t *testing.T) {
		count := 0
		bubble(t, func(w http.ResponseWriter, _ *http.Request) {
			if count++; count%2 == 0 {
				w.WriteHeader(http.StatusNotFound) // an answer
				return
			}
			w.WriteHeader(http.StatusBadGateway)
		}, func(o *upstream.Options) { o.Retries = -1 }, func(t *testing.T, c *upstream.Client) {
			for i := range 100 {
				_, _ = fetchPath(t, c, fmt.Sprint(i)) // one that is not there is not asked for again
			}
			if count != 21 { // the failure that made it ten of the latest twenty
				t.Errorf("%d requests, want 21", count)
			}
		})
	})
	t.Run("it opens too when bodies break off", func(t *testing.T) {
		count := 0
		bubble(t, func(w http.ResponseWriter, _ *http.Request) {
			count++
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "not that much")
		}, nil, func(t *testing.T, c *upstream.Client) {
			for range 100 {
				_, err := fetchAll(t, c)
				wantKind(t, err, artifact.Unavailable)
			}
			if count != 10 { // each counts once for its headers and once for its body
				t.Errorf("%d requests, want 10", count)
			}
		})
	})
	t.Run("only one probe is out at a time", func(t *testing.T) {
		var count atomic.Int64
		bubble(t, func(w http.ResponseWriter, _ *http.Request) {
			count.Add(1)
			time.Sleep(time.Second)
			w.WriteHeader(http.StatusInternalServerError)
		}, func(o *upstream.Options) { o.Retries = -1 }, func(t *testing.T, c *upstream.Client) {
			for range 5 {
				_, _ = fetchAll(t, c)
			}
			time.Sleep(5 * time.Second)
			var wg sync.WaitGroup
			for i := range 100 {
				wg.Go(func() {
					_, err := c.Document(t.Context(), document(strconv.Itoa(i)))
					wantKind(t, err, artifact.Unavailable)
				})
			}
			wg.Wait()
			if got := count.Load(); got != 6 {
				t.Errorf("%d requests, want 6", got)
			}
		})
	})
	t.Run("wrong bytes do not open it", func(t *testing.T) {
		count := 0
		bubble(t, func(w http.ResponseWriter, _ *http.Request) {
			count++
			_, _ = io.WriteString(w, "content")
		}, nil, func(t *testing.T, c *upstream.Client) {
			for range 30 {
				want := upstream.Want{SHA1: make([]byte, 20)}
				transfer, err := c.Asset(t.Context(), new(store).request("a", "f", want))
				if err == nil {
					_, err = io.ReadAll(transfer)
					_ = transfer.Close()
				}
				if !strings.Contains(err.Error(), "sha1") {
					t.Fatalf("got %v", err)
				}
			}
			if count != 30 {
				t.Errorf("%d requests, want 30", count)
			}
			wantSample(t, c, "entrepot_upstream_integrity_failures_total", "", 30)
		})
	})
	t.Run("retries do not multiply a storm", func(t *testing.T) {
		count := 0
		bubble(t, func(w http.ResponseWriter, r *http.Request) {
			if count++; count%3 != 0 {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		}, nil, func(t *testing.T, c *upstream.Client) {
			const calls = 1000
			for range calls {
				_, _ = fetchAll(t, c)
			}
			if most := calls*11/10 + 12; count > most {
				t.Errorf("%d requests for %d calls, want at most %d", count, calls, most)
			}
		})
	})
}

func wantSample(t *testing.T, c *upstream.Client, name, second string, want float64) {
	t.Helper()
	for _, s := range c.Samples() {
		if s.Name == name && (second == "" || s.Labels[1].Value == second) {
			if s.Value != want {
				t.Errorf("%s: got %v, want %v", name, s.Value, want)
			}
			return
		}
	}
	t.Errorf("there is no sample %s", name)
}

func TestSamples(t *testing.T) {
	r := newRig(t, say("one"))
	r.wantDocument(t, "one")
	r.clock.pass(time.Hour)
	r.wantDocument(t, "one")
	r.clock.pass(time.Hour)
	r.act(status(http.StatusBadGateway))
	r.wantDocument(t, "one")
	wantSample(t, r.Client, "entrepot_upstream_requests_total", "ok", 1)
	wantSample(t, r.Client, "entrepot_upstream_requests_total", "not_modified", 1)
	wantSample(t, r.Client, "entrepot_upstream_requests_total", "server_error", 1)
	wantSample(t, r.Client, "entrepot_upstream_received_bytes_total", "", 3)
	wantSample(t, r.Client, "entrepot_upstream_flights_total", "document", 3)
	wantSample(t, r.Client, "entrepot_upstream_stale_total", "", 1)
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(r.Client); err != nil {
		t.Fatal(err)
	}
	gathered, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := 0
	for _, family := range gathered {
		values += len(family.GetMetric())
	}
	if want := len(r.Samples()); values != want {
		t.Errorf("%d values are collected, want %d", values, want)
	}
	for _, s := range r.Samples() {
		for _, l := range s.Labels {
			if strings.Contains(l.Value, "left") || strings.Contains(l.Value, "/") {
				t.Errorf("a label tells what was asked for: %+v", s)
			}
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{
		"", "0", "120", " 7 ", "-1", "99999999999999999999", "Sun, 01 Mar 2026 12:01:00 GMT", "soon",
	} {
		f.Add(seed)
	}
	now := newClock().now()
	f.Fuzz(func(t *testing.T, value string) {
		if d := upstream.RetryAfter(value, now); d < 0 || d > 24*time.Hour {
			t.Errorf("%q means %v", value, d)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := newClock().now()
	for _, test := range []struct {
		name, value string
		want        time.Duration
	}{
		{"seconds", "120", 2 * time.Minute},
		{"a date", "Sun, 01 Mar 2026 12:01:00 GMT", time.Minute},
		{"a date that is past", "Sun, 01 Mar 2026 11:00:00 GMT", 0},
		{"a year", "31536000", 24 * time.Hour},
		{"negative", "-5", 0},
		{"words", "in a while", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := upstream.RetryAfter(test.value, now); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
