package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"entrepot/nettest"
)

// newHost returns the network that a server in a bubble listens on.
func newHost() *nettest.Host {
	return nettest.NewHost(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8090})
}

// inBubble runs body with a server in a time of its own, which passes while everybody waits and only then.
func inBubble(t *testing.T, change func(*Options), d Drain,
	body func(t *testing.T, f *fixture, host *nettest.Host, stop func() error)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f, host := newFixture(t, change), newHost()
		body(t, f, host, f.serve(t, host, nil, d))
	})
}

func callUp(t *testing.T, host *nettest.Host) net.Conn {
	t.Helper()
	c, err := host.Dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// hurried makes clients that keep the server waiting lose soon.
func hurried(o *Options) {
	o.Limits.HeadTime = 300 * time.Millisecond
	o.Limits.Pace = Pace{Patience: 300 * time.Millisecond, Rate: 1 << 20}
}

// endsWithin reads until the connection ends and fails if that takes too long.
func endsWithin(t *testing.T, c net.Conn, limit time.Duration) string {
	t.Helper()
	start := time.Now()
	_ = c.SetReadDeadline(start.Add(limit + time.Minute))
	all, _ := io.ReadAll(c)
	if took := time.Since(start); took > limit {
		t.Errorf("the connection was held for %v, want at most %v", took.Round(time.Millisecond), limit)
	}
	return string(all)
}

// drip writes a byte at a time until the connection ends or the test does.
func drip(t *testing.T, c net.Conn, every time.Duration) {
	var dripping sync.WaitGroup
	stop := make(chan struct{})
	dripping.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(every):
			}
			if _, err := c.Write([]byte("a")); err != nil {
				return
			}
		}
	})
	t.Cleanup(func() { close(stop); dripping.Wait() })
}

func TestSlowClientsAreLetGo(t *testing.T) {
	const put = "PUT " + base + "/pkg HTTP/1.1\r\n" + hostLine + bearer + "Content-Length: 1000\r\n\r\n"
	for _, row := range []struct {
		name, raw string
		drips     bool
		want      string // in the answer
	}{
		{"a head that drips", "GET /", true, ""},
		{"the head of a second request that drips", "GET /healthz HTTP/1.1\r\n" + hostLine + "\r\nGET /", true, "ok\n"},
		{"a body that never comes", put, false, "HTTP/1.1 400 "},
		{"a body that drips", put, true, "HTTP/1.1 400 "},
	} {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, hurried, Drain{}, func(t *testing.T, _ *fixture, host *nettest.Host, _ func() error) {
				c := callUp(t, host)
				_, _ = io.WriteString(c, row.raw)
				if row.drips {
					drip(t, c, 50*time.Millisecond)
				}
				if got := endsWithin(t, c, 2*time.Second); !strings.Contains(got, row.want) {
					t.Errorf("got %q, want %q in it", got, row.want)
				}
			})
		})
	}
	t.Run("an answer that is not read", func(t *testing.T) {
		inBubble(t, hurried, Drain{}, func(t *testing.T, f *fixture, host *nettest.Host, _ func() error) {
			c := callUp(t, host)
			_, _ = io.WriteString(c, "GET "+base+"/-/big HTTP/1.1\r\n"+hostLine+bearer+"\r\n")
			if _, err := io.ReadFull(c, make([]byte, 1<<20)); err != nil {
				t.Fatal(err)
			}
			if f.active.Load() != 1 {
				t.Fatal("the handler has ended before its answer was read")
			}
			time.Sleep(2 * time.Second)
			if f.active.Load() > 0 {
				t.Error("the handler still waits for a client that does not read")
			}
		})
	})
}

func TestAHandshakeThatNeverComesIsLetGo(t *testing.T) {
	certFile, keyFile := certify(t, t.TempDir(), 1)
	synctest.Test(t, func(t *testing.T) {
		f, host := newFixture(t, hurried), newHost()
		certificate, err := NewCertificate(certFile, keyFile, f.Server.log)
		if err != nil {
			t.Fatal(err)
		}
		f.serve(t, host, certificate.GetCertificate, Drain{})
		endsWithin(t, callUp(t, host), 2*time.Second)
	})
}

func TestSteadyClientsMayTakeTheirTime(t *testing.T) {
	inBubble(t, func(o *Options) {
		hurried(o)
		o.Limits.Pace.Rate = 1 << 10
	}, Drain{}, func(t *testing.T, _ *fixture, host *nettest.Host, _ func() error) {
		c := callUp(t, host)
		const pieces, piece = 12, 512
		_, _ = fmt.Fprintf(c, "PUT %s/pkg HTTP/1.1\r\n%s%sContent-Length: %d\r\nConnection: close\r\n\r\n", base, hostLine,
			bearer, pieces*piece)
		for range pieces { // 3 s in all, ten times the patience
			time.Sleep(250 * time.Millisecond)
			if _, err := c.Write(make([]byte, piece)); err != nil {
				t.Fatal(err)
			}
		}
		if got := endsWithin(t, c, 5*time.Second); !strings.Contains(got, "stored 6144 bytes") {
			t.Errorf("got %q", got)
		}
	})
}

func TestSlowHandlersAreNotTakenForSlowClients(t *testing.T) {
	for _, request := range []string{"GET " + base + "/-/slow HTTP/1.1\r\n" + hostLine + bearer + "\r\n",
		"PUT " + base + "/-/slow HTTP/1.1\r\n" + hostLine + bearer + "Content-Length: 3\r\n\r\nabc"} {
		inBubble(t, func(o *Options) {
			hurried(o)
			o.Limits.HeadTime, o.Limits.Pace.Patience = 50*time.Millisecond, 50*time.Millisecond // the handler takes 200
		}, Drain{}, func(t *testing.T, _ *fixture, host *nettest.Host, _ func() error) {
			answer, body, _ := exchangeOn(t, callUp(t, host), request)
			if answer.StatusCode != 200 || body != "at last" {
				t.Errorf("%.4s: got %s %q, want 200", request, answer.Status, body)
			}
		})
	}
}

func TestDeadlinesReachHandlers(t *testing.T) {
	inBubble(t, func(o *Options) { o.Limits.Request = 50 * time.Millisecond }, Drain{},
		func(t *testing.T, f *fixture, _ *nettest.Host, _ func() error) {
			start := time.Now()
			f.do("GET", base+"/-/slow", "Authorization", "Bearer "+goodToken)
			if took := time.Since(start); took != 50*time.Millisecond {
				t.Errorf("the handler was left alone for %v, want 50 ms", took)
			}
		})
}

func TestDrainLosesNoRequest(t *testing.T) {
	for round := range 4 {
		quiet := func(o *Options) { o.Log = slog.New(slog.DiscardHandler) }
		drain := Drain{Notice: time.Duration(round%2) * 50 * time.Millisecond, Time: 10 * time.Second}
		inBubble(t, quiet, drain, func(t *testing.T, f *fixture, host *nettest.Host, stop func() error) {
			var answered, lost atomic.Int64
			var clients sync.WaitGroup
			for range 8 {
				clients.Go(func() { load(host, &answered, &lost) })
			}
			time.Sleep(time.Duration(1000+50*round) * time.Millisecond)
			if err := stop(); err != nil {
				t.Errorf("Serve: %v", err)
			}
			clients.Wait()
			if answered.Load() < 500 || lost.Load() > 0 {
				t.Errorf("round %d: %d of %d requests were lost", round, lost.Load(), answered.Load())
			}
			if f.active.Load() != 0 {
				t.Errorf("round %d: %d requests outlived Serve", round, f.active.Load())
			}
		})
	}
}

// load sends requests, with little pauses, until connections are refused. A request is lost when no whole answer came on a
// connection that had been accepted.
func load(host *nettest.Host, answered, lost *atomic.Int64) {
	var c net.Conn
	var in *bufio.Reader
	for i := 0; ; i++ {
		if c == nil {
			var err error
			if c, err = host.Dial(context.Background()); err != nil {
				return
			}
			in = bufio.NewReader(c)
		}
		time.Sleep(time.Duration(i%5) * 500 * time.Microsecond)
		path := "/@a%2fb"
		if i%100 == 50 {
			path = "/-/slow"
		}
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		_, werr := io.WriteString(c, "GET "+base+path+" HTTP/1.1\r\n"+hostLine+bearer+"\r\n")
		answer, err := http.ReadResponse(in, nil)
		if err == nil {
			_, err = io.Copy(io.Discard, answer.Body)
		}
		if err != nil || werr != nil || answer.StatusCode != 200 {
			lost.Add(1)
			c.Close()
			return
		}
		answered.Add(1)
		if answer.Close {
			c.Close()
			c = nil
		}
	}
}

func TestAConnectionTakenInTheMomentOfADrainIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newHost()
		entry := newDoorway(host, nil, Limits{}.withDefaults())
		client, err := host.Dial(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		synctest.Wait() // taken, and nobody has asked for it yet
		stopped := make(chan error, 1)
		go func() { stopped <- entry.stop() }()
		synctest.Wait()
		if _, err := host.Dial(context.Background()); err == nil {
			t.Error("a drain goes on taking connections")
		}
		served, err := entry.Accept()
		if err != nil {
			t.Fatalf("the connection that was taken is lost: %v", err)
		}
		defer served.Close()
		if _, err := entry.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("there is another one: %v", err)
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

func TestDrainTellsLoadBalancersFirst(t *testing.T) {
	drain := Drain{Notice: time.Minute, Time: 5 * time.Second}
	inBubble(t, nil, drain, func(t *testing.T, f *fixture, host *nettest.Host, stop func() error) {
		stopped := make(chan error, 1)
		go func() { stopped <- stop() }()
		synctest.Wait()
		answer, _, _ := exchangeOn(t, callUp(t, host), "GET /readyz HTTP/1.1\r\n"+hostLine+"\r\n")
		if answer.StatusCode != 503 || !answer.Close {
			t.Errorf("readiness while draining: got %s, close %v; want 503 and close", answer.Status, answer.Close)
		}
		answer, _, _ = exchangeOn(t, callUp(t, host), "GET "+base+"/pkg HTTP/1.1\r\n"+hostLine+bearer+"\r\n")
		if answer.StatusCode != 200 || !answer.Close {
			t.Errorf("a request while draining: got %s, close %v; want 200 and close", answer.Status, answer.Close)
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

func TestDrainCutsOffWhatTakesTooLong(t *testing.T) {
	drain := Drain{Time: 200 * time.Millisecond}
	inBubble(t, nil, drain, func(t *testing.T, f *fixture, host *nettest.Host, stop func() error) {
		c := callUp(t, host)
		_, _ = io.WriteString(c, "PUT "+base+"/pkg HTTP/1.1\r\n"+hostLine+bearer+"Content-Length: 1000\r\n\r\nabc")
		synctest.Wait()
		if n := f.active.Load(); n != 1 {
			t.Fatalf("got %d requests under way, want the one", n)
		}
		start := time.Now()
		if err := stop(); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("stopping took %v", took)
		}
		if f.active.Load() != 0 || !strings.Contains(f.log.String(), "some requests were cut off") {
			t.Errorf("%d requests outlived Serve; log: %s", f.active.Load(), f.log)
		}
	})
}

func TestConnectionsAreCounted(t *testing.T) {
	inBubble(t, func(o *Options) { o.Limits.Connections = 2; o.Limits.HeadTime = 400 * time.Millisecond }, Drain{},
		func(t *testing.T, _ *fixture, host *nettest.Host, _ func() error) {
			start := time.Now()
			callUp(t, host)
			callUp(t, host)
			// This one waits for the idle to be dropped.
			answer, _, _ := exchangeOn(t, callUp(t, host), "GET /healthz HTTP/1.1\r\n"+hostLine+"Connection: close\r\n\r\n")
			if waited := time.Since(start); answer.StatusCode != 200 || waited < 400*time.Millisecond {
				t.Errorf("got %s after %v, want 200 when an idle connection has gone", answer.Status, waited)
			}
		})
}
