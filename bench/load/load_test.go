package load

import (
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// serve starts a server on loopback and returns its address.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func get(address string, want Want) func(int) []Call {
	wire := Request("GET", address, "/", []Header{{"Accept", "*/*"}}, nil)
	return func(int) []Call { return []Call{{wire, want}} }
}

func wantBody(body string) Want {
	sum := sha256.Sum256([]byte(body))
	return Want{Status: 200, Length: int64(len(body)), SHA256: &sum}
}

func TestRunStopsAfterTheWantedNumberOfRequests(t *testing.T) {
	var served atomic.Int64
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		served.Add(1)
		_, _ = io.WriteString(w, "hello")
	})
	got, err := Run(t.Context(), Plan{Address: address, Connections: 4, Requests: 100,
		Next: get(address, wantBody("hello"))})
	if err != nil {
		t.Fatal(err)
	}
	if got.Requests() != 100 || served.Load() != 100 || got.Bytes != 500 {
		t.Errorf("got %d requests, %d served, %d bytes, want 100, 100, 500", got.Requests(), served.Load(), got.Bytes)
	}
	if !slices.IsSorted(got.Latencies) || got.Latencies[0] <= 0 || len(got.FirstBytes) != 100 {
		t.Errorf("latencies are not 100 sorted positive times")
	}
}

func TestRunStopsAfterItsTime(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "hello") })
	start := time.Now()
	got, err := Run(t.Context(), Plan{Address: address, Connections: 2, Duration: 100 * time.Millisecond, Warm: true,
		Next: get(address, wantBody("hello"))})
	if err != nil {
		t.Fatal(err)
	}
	if got.Requests() == 0 || got.Elapsed < 100*time.Millisecond || time.Since(start) > 20*time.Second {
		t.Errorf("got %d requests in %s", got.Requests(), got.Elapsed)
	}
}

func TestRunReadsChunkedBodies(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for range 3 {
			_, _ = io.WriteString(w, strings.Repeat("x", 5000))
			_ = http.NewResponseController(w).Flush()
		}
	})
	got, err := Run(t.Context(), Plan{Address: address, Connections: 1, Requests: 3,
		Next: get(address, wantBody(strings.Repeat("x", 15000)))})
	if err != nil {
		t.Fatal(err)
	}
	if got.Bytes != 45000 {
		t.Errorf("got %d bytes, want 45000", got.Bytes)
	}
}

func TestCallsThatBelongTogetherAreSentInTheirOrderAndCountAsOne(t *testing.T) {
	var last atomic.Value
	last.Store("")
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		wanted := map[string]string{"/first": "/second", "/second": "/first"}[r.URL.Path]
		if before := last.Swap(r.URL.Path).(string); before != wanted && before+r.URL.Path != "/first" {
			http.Error(w, "out of order", http.StatusConflict)
			return
		}
		_, _ = io.WriteString(w, r.URL.Path)
	})
	call := func(target string) Call { return Call{Request("GET", address, target, nil, nil), wantBody(target)} }
	both := []Call{call("/first"), call("/second")}
	got, err := Run(t.Context(), Plan{Address: address, Connections: 1, Requests: 5, Next: func(int) []Call { return both }})
	if err != nil {
		t.Fatal(err)
	}
	if want := int64(5 * len("/first/second")); got.Requests() != 5 || got.Bytes != want {
		t.Errorf("got %d requests and %d bytes, want 5 and %d", got.Requests(), got.Bytes, want)
	}
	both[1].Want.Status = http.StatusNotModified
	_, err = Run(t.Context(), Plan{Address: address, Connections: 1, Requests: 5, Next: func(int) []Call { return both }})
	if err == nil || !strings.Contains(err.Error(), "call 2 of 2: status 200 instead of 304") {
		t.Errorf("got %v, want an error about the second call", err)
	}
}

func TestOpenLoopKeepsItsRateAndCountsTheWait(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(50 * time.Millisecond)
		_, _ = io.WriteString(w, "slow")
	})
	// One connection answers 20 a second, 100 are due: the last of 10 waits for the nine before it.
	got, err := Run(t.Context(), Plan{Address: address, Connections: 1, Requests: 10, Rate: 100,
		Next: get(address, wantBody("slow"))})
	if err != nil {
		t.Fatal(err)
	}
	if last := got.Latencies[9]; last < 300*time.Millisecond {
		t.Errorf("the last request took %s after it was due, want more than 300ms", last)
	}
}

func TestWarmingComesBeforeTheClockStarts(t *testing.T) {
	var served, before, after atomic.Int64
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		served.Add(1)
		_, _ = io.WriteString(w, "hello")
	})
	_, err := Run(t.Context(), Plan{Address: address, Connections: 3, Requests: 7, Warm: true,
		Next:  get(address, wantBody("hello")),
		Begin: func() { before.Store(served.Load()) }, End: func() { after.Store(served.Load()) }})
	if err != nil {
		t.Fatal(err)
	}
	if before.Load() != 3 || after.Load() != 10 {
		t.Errorf("served %d before the run and %d after it, want 3 and 10", before.Load(), after.Load())
	}
}

func TestRunFailsOnAnswersThatAreNotWanted(t *testing.T) {
	rows := []struct {
		name   string
		answer http.HandlerFunc
		want   string
	}{
		{"status", func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "no room", http.StatusInsufficientStorage)
		}, "status 507 instead of 200: \"no room"},
		{"length", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "hell") }, "4 bytes instead of 5"},
		{"content", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "hullo") }, "SHA-256"},
		{"cut short", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "5")
			_, _ = io.WriteString(w, "he")
			panic(http.ErrAbortHandler)
		}, "read"},
		{"connection closed", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close")
			_, _ = io.WriteString(w, "hello")
		}, "closes the connection"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			address := serve(t, row.answer)
			for _, warm := range []bool{false, true} {
				_, err := Run(t.Context(), Plan{Address: address, Connections: 2, Requests: 5, Warm: warm,
					Next: get(address, wantBody("hello"))})
				if err == nil || !strings.Contains(err.Error(), row.want) {
					t.Errorf("warm %v: got %v, want an error with %q", warm, err, row.want)
				}
			}
		})
	}
}

func TestConnectionsThatMayBeClosedAreOpenedAnew(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		_, _ = io.WriteString(w, "hello")
	})
	want := wantBody("hello")
	want.MayClose = true
	got, err := Run(t.Context(), Plan{Address: address, Connections: 2, Requests: 9, Warm: true, Next: get(address, want)})
	if err != nil {
		t.Fatal(err)
	}
	if got.Requests() != 9 {
		t.Errorf("got %d requests, want 9", got.Requests())
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	held := make(chan struct{})
	address := serve(t, func(w http.ResponseWriter, r *http.Request) { <-held })
	t.Cleanup(func() { close(held) })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := Run(ctx, Plan{Address: address, Connections: 1, Requests: 1, Next: get(address, Want{})}); err == nil {
		t.Error("got no error from a run whose context ended")
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %s to end", took)
	}
}

func TestPlansOutsideTheirBoundsAreRefused(t *testing.T) {
	next := func(int) []Call { return nil }
	rows := []struct {
		name string
		plan Plan
	}{
		{"no connections", Plan{Requests: 1, Next: next}},
		{"too many connections", Plan{Connections: maxConnections + 1, Requests: 1, Next: next}},
		{"no end", Plan{Connections: 1, Next: next}},
		{"too long", Plan{Connections: 1, Duration: maxDuration + 1, Next: next}},
		{"too many requests", Plan{Connections: 1, Requests: maxRequests + 1, Next: next}},
		{"negative rate", Plan{Connections: 1, Requests: 1, Rate: -1, Next: next}},
		{"nothing to send", Plan{Connections: 1, Requests: 1}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if err := row.plan.check(); err == nil {
				t.Error("got no error")
			}
		})
	}
}

func TestPercentileIsTheNearestRank(t *testing.T) {
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(i+1))
	}
	rows := []struct {
		name   string
		sorted []time.Duration
		p      float64
		want   time.Duration
	}{
		{"nothing", nil, 50, 0},
		{"one", hundred[:1], 99, 1},
		{"median", hundred, 50, 50},
		{"99 of 100", hundred, 99, 99},
		{"all", hundred, 100, 100},
		{"none", hundred, 0, 1},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if got := Percentile(row.sorted, row.p); got != row.want {
				t.Errorf("got %d, want %d", got, row.want)
			}
		})
	}
}
