package e2e

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entrepot/e2e/fakenpm"
	"entrepot/e2e/fakeregistry"
)

func TestATerminatedServerFinishesTheDownloadsItHasBegun(t *testing.T) {
	f := newFixture(t)
	want := f.offer("slow", "1.0.0", 1<<20)
	f.registry.Fail(fakeregistry.Trickle(2 * time.Second))
	type outcome struct {
		status int
		body   []byte
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		status, body, err := f.fetch(t.Context(), f.tarballURL("my-repo", "slow", "1.0.0"))
		done <- outcome{status, body, err}
	}()
	for f.registry.Asked()["GET /slow/-/slow-1.0.0.tgz"] == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	f.must(f.signal())
	f.must(f.wait())
	if got := <-done; got.err != nil || got.status != http.StatusOK || !bytes.Equal(got.body, want) {
		t.Errorf("got status %d with %d bytes (%v), want the whole %d", got.status, len(got.body), got.err, len(want))
	}
	// What a client has was kept.
	f.registry.Fail(fakenpm.Faults["down"])
	f.must(f.open())
	status, body, err := f.fetch(t.Context(), f.tarballURL("my-repo", "slow", "1.0.0"))
	if err != nil || !bytes.Equal(body, want) {
		t.Errorf("got status %d with %d bytes (%v) after the restart, want what was kept", status, len(body), err)
	}
}

// watched is a context for one request that notes when it goes out on a connection that an answer has come on before, or when
// its own answer begins.
func watched(t *testing.T, begun *bool) context.Context {
	return httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		GetConn:              func(string) { *begun = false }, // also when it is tried again
		GotConn:              func(c httptrace.GotConnInfo) { *begun = c.Reused },
		GotFirstResponseByte: func() { *begun = true },
	})
}

func TestATerminatedServerCutsNoRequestUnderLoad(t *testing.T) {
	f := newFixture(t)
	want := f.offer("busy", "1.0.0", 64<<10)
	url := f.tarballURL("my-repo", "busy", "1.0.0")
	if status, _, err := f.fetch(t.Context(), url); err != nil || status != http.StatusOK {
		t.Fatalf("got status %d (%v) for a healthy download", status, err)
	}
	var whole atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for {
				begun := false
				status, body, err := f.fetch(watched(t, &begun), url)
				if err != nil && !begun {
					return // refused, or reset before it was accepted: nobody listens any more
				}
				if err != nil || status != http.StatusOK || !bytes.Equal(body, want) {
					t.Errorf("got status %d with %d bytes (%v) while the server ended, want whole answers", status, len(body), err)
					return
				}
				whole.Add(1)
			}
		})
	}
	for whole.Load() < 100 {
		time.Sleep(time.Millisecond)
	}
	f.must(f.signal())
	err := f.wait()
	all.Wait()
	f.must(err)
	t.Logf("%d whole answers, none cut", whole.Load())
}
