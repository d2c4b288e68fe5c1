package server

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// hurried makes clients that keep the server waiting lose soon.
func hurried(o *Options) {
	o.Limits.HeadTime = 300 * time.Millisecond
	o.Limits.Pace = Pace{Patience: 300 * time.Millisecond, Rate: 1 << 20}
}

// endsWithin reads until the connection ends and fails if that takes too long.
func endsWithin(t *testing.T, c net.Conn, limit time.Duration) string {
	t.Helper()
	start := time.Now()
	_ = c.SetReadDeadline(start.Add(limit + 5*time.Second))
	all, _ := io.ReadAll(c)
	if took := time.Since(start); took > limit {
		t.Errorf("the connection was held for %v, want at most %v", took.Round(time.Millisecond), limit)
	}
	return string(all)
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
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
	f := newFixture(t, hurried)
	address, _ := f.start(t, nil, Drain{Time: time.Second})
	t.Run("a head that drips", func(t *testing.T) {
		c := dial(t, address)
		_, _ = io.WriteString(c, "GET /")
		drip(t, c, 50*time.Millisecond)
		endsWithin(t, c, 2*time.Second)
	})
	t.Run("the head of a second request that drips", func(t *testing.T) {
		c := dial(t, address)
		_, _ = io.WriteString(c, "GET /healthz HTTP/1.1\r\n"+hostLine+"\r\nGET /")
		drip(t, c, 50*time.Millisecond)
		if got := endsWithin(t, c, 2*time.Second); !strings.Contains(got, "ok\n") {
			t.Errorf("the first request was not answered: %q", got)
		}
	})
	t.Run("a body that never comes", func(t *testing.T) {
		c := dial(t, address)
		_, _ = io.WriteString(c, "PUT "+base+"/pkg HTTP/1.1\r\n"+hostLine+bearer+"Content-Length: 1000\r\n\r\n")
		if got := endsWithin(t, c, 3*time.Second); !strings.HasPrefix(got, "HTTP/1.1 400 ") {
			t.Errorf("got %q, want 400", got)
		}
	})
	t.Run("a body that drips", func(t *testing.T) {
		c := dial(t, address)
		_, _ = io.WriteString(c, "PUT "+base+"/pkg HTTP/1.1\r\n"+hostLine+bearer+"Content-Length: 1000\r\n\r\n")
		drip(t, c, 50*time.Millisecond)
		if got := endsWithin(t, c, 3*time.Second); !strings.HasPrefix(got, "HTTP/1.1 400 ") {
			t.Errorf("got %q, want 400", got)
		}
	})
	t.Run("an answer that is not read", func(t *testing.T) {
		c := dial(t, address)
		_, _ = io.WriteString(c, "GET "+base+"/-/big HTTP/1.1\r\n"+hostLine+bearer+"\r\n")
		if _, err := io.ReadFull(c, make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
		for start := time.Now(); f.active.Load() > 0; time.Sleep(10 * time.Millisecond) {
			if time.Since(start) > 5*time.Second {
				t.Fatal("the handler still waits for a client that does not read")
			}
		}
	})
}

func TestSteadyClientsMayTakeTheirTime(t *testing.T) {
	f := newFixture(t, func(o *Options) {
		hurried(o)
		o.Limits.Pace.Rate = 1 << 10
	})
	address, _ := f.start(t, nil, Drain{Time: time.Second})
	c := dial(t, address)
	const pieces, piece = 12, 512
	_, _ = fmt.Fprintf(c, "PUT %s/pkg HTTP/1.1\r\n%s%sContent-Length: %d\r\nConnection: close\r\n\r\n", base, hostLine,
		bearer, pieces*piece)
	for range pieces { // 0.6 s in all, twice the patience
		time.Sleep(50 * time.Millisecond)
		if _, err := c.Write(make([]byte, piece)); err != nil {
			t.Fatal(err)
		}
	}
	if got := endsWithin(t, c, 5*time.Second); !strings.Contains(got, "stored 6144 bytes") {
		t.Errorf("got %q", got)
	}
}

func TestSlowHandlersAreNotTakenForSlowClients(t *testing.T) {
	f := newFixture(t, func(o *Options) {
		hurried(o)
		o.Limits.HeadTime, o.Limits.Pace.Patience = 50*time.Millisecond, 50*time.Millisecond // the handler takes 200
	})
	address, _ := f.start(t, nil, Drain{Time: time.Second})
	for _, request := range []string{"GET " + base + "/-/slow HTTP/1.1\r\n" + hostLine + bearer + "\r\n",
		"PUT " + base + "/-/slow HTTP/1.1\r\n" + hostLine + bearer + "Content-Length: 3\r\n\r\nabc"} {
		answer, body, _ := send(t, address, request)
		if answer.StatusCode != 200 || body != "at last" {
			t.Errorf("%.4s: got %s %q, want 200", request, answer.Status, body)
		}
	}
}

func TestHalfAnswersBreakTheConnection(t *testing.T) {
	f := newFixture(t, nil)
	address, _ := f.start(t, nil, Drain{Time: time.Second})
	for _, version := range []string{"1.0", "1.1"} {
		c := dial(t, address)
		_, _ = io.WriteString(c, "GET "+base+"/-/half HTTP/"+version+"\r\n"+hostLine+bearer+"\r\n")
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			continue // broken before anything was sent
		}
		if body, err := io.ReadAll(answer.Body); err == nil && answer.StatusCode == 200 {
			t.Errorf("HTTP/%s: half an answer, %q, looks whole", version, body)
		}
	}
	waitFor(t, func() bool { return strings.Contains(f.log.String(), "the other half is missing") })
}

func TestErrorsReachClientsThatAreStillSending(t *testing.T) {
	f := newFixture(t, nil)
	address, _ := f.start(t, nil, Drain{Time: time.Second})
	c := dial(t, address)
	const size = 12 << 20
	_, _ = fmt.Fprintf(c, "PUT %s/pkg HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n", base, hostLine, size)
	// Many clients look for an answer only when they have sent everything.
	if n, err := c.Write(make([]byte, size)); err != nil {
		t.Fatalf("after %d bytes: %v", n, err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("instead of an answer: %v", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != 401 {
		t.Errorf("got %s, want 401", answer.Status)
	}
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not happen within 5 s")
		}
	}
}

func TestDrainLosesNoRequest(t *testing.T) {
	for round := range 4 {
		f := newFixture(t, func(o *Options) { o.Log = slog.New(slog.DiscardHandler) })
		address, stop := f.start(t, nil,
			Drain{Notice: time.Duration(round%2) * 50 * time.Millisecond, Time: 10 * time.Second})
		var refused, answered, lost atomic.Int64
		var clients sync.WaitGroup
		for range 8 {
			clients.Go(func() { load(address, &refused, &answered, &lost) })
		}
		waitFor(t, func() bool { return answered.Load() > int64(500*(round+1)) })
		if err := stop(); err != nil {
			t.Errorf("Serve: %v", err)
		}
		clients.Wait()
		if lost.Load() > 0 {
			t.Errorf("round %d: %d of %d requests were lost", round, lost.Load(), answered.Load())
		}
		if f.active.Load() != 0 {
			t.Errorf("round %d: %d requests outlived Serve", round, f.active.Load())
		}
	}
}

// load sends requests, with little pauses, until connections are refused. A request is lost when no whole answer came
// on a connection that had been answered on before: a new one that nobody has accepted yet may be reset as the listener
// closes.
func load(address string, refused, answered, lost *atomic.Int64) {
	var c net.Conn
	var in *bufio.Reader
	kept := false
	for i := 0; ; i++ {
		if c == nil {
			var err error
			if c, err = net.Dial("tcp", address); err != nil {
				refused.Add(1)
				return
			}
			in, kept = bufio.NewReader(c), false
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
			if kept {
				lost.Add(1)
			}
			c.Close()
			c = nil
			continue
		}
		kept = true
		answered.Add(1)
		if answer.Close {
			c.Close()
			c = nil
		}
	}
}

func TestDrainTellsLoadBalancersFirst(t *testing.T) {
	f := newFixture(t, nil)
	address, stop := f.start(t, nil, Drain{Notice: 400 * time.Millisecond, Time: 5 * time.Second})
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	waitFor(t, f.draining.Load)
	answer, _, _ := send(t, address, "GET /readyz HTTP/1.1\r\n"+hostLine+"\r\n")
	if answer.StatusCode != 503 || !answer.Close {
		t.Errorf("readiness while draining: got %s, close %v; want 503 and close", answer.Status, answer.Close)
	}
	answer, _, _ = send(t, address, "GET "+base+"/pkg HTTP/1.1\r\n"+hostLine+bearer+"\r\n")
	if answer.StatusCode != 200 || !answer.Close {
		t.Errorf("a request while draining: got %s, close %v; want 200 and close", answer.Status, answer.Close)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestDrainCutsOffWhatTakesTooLong(t *testing.T) {
	f := newFixture(t, nil)
	address, stop := f.start(t, nil, Drain{Time: 200 * time.Millisecond})
	c := dial(t, address)
	_, _ = io.WriteString(c, "PUT "+base+"/pkg HTTP/1.1\r\n"+hostLine+bearer+"Content-Length: 1000\r\n\r\nabc")
	waitFor(t, func() bool { return f.active.Load() == 1 })
	start := time.Now()
	if err := stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("stopping took %v", took)
	}
	if f.active.Load() != 0 || !strings.Contains(f.log.String(), "some requests were cut off") {
		t.Errorf("%d requests outlived Serve; log: %s", f.active.Load(), f.log)
	}
}

func TestConnectionsAreCounted(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Limits.Connections = 2; o.Limits.HeadTime = 400 * time.Millisecond })
	address, _ := f.start(t, nil, Drain{Time: time.Second})
	dial(t, address)
	dial(t, address)
	// This one waits for the idle to be dropped.
	answer, _, _ := send(t, address, "GET /healthz HTTP/1.1\r\n"+hostLine+"Connection: close\r\n\r\n")
	if answer.StatusCode != 200 {
		t.Errorf("got %s", answer.Status)
	}
}

// certify writes a new self-signed certificate for packages.example.test.
func certify(t *testing.T, folder string, serial int64) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: "packages.example.test"}, DNSNames: []string{"packages.example.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	for file, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: der},
		keyFile:  {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

func TestTLS(t *testing.T) {
	f := newFixture(t, nil)
	folder := t.TempDir()
	certFile, keyFile := certify(t, folder, 1)
	certificate, err := NewCertificate(certFile, keyFile, f.Server.log)
	if err != nil {
		t.Fatal(err)
	}
	address, stop := f.start(t, certificate, Drain{Time: 2 * time.Second})
	client := func(next ...string) *http.Transport {
		protocols := &http.Protocols{}
		protocols.SetHTTP1(true)
		protocols.SetHTTP2(len(next) > 0)
		return &http.Transport{
			Protocols:       protocols,
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true, NextProtos: next},
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, address)
			},
		}
	}
	for name, test := range map[string]struct {
		transport *http.Transport
		major     int
	}{"HTTP/1.1": {client(), 1}, "HTTP/2": {client("h2", "http/1.1"), 2}} {
		t.Run(name, func(t *testing.T) {
			defer test.transport.CloseIdleConnections()
			r, err := http.NewRequest("PUT", "https://packages.example.test"+base+"/@acme%2fwidget",
				strings.NewReader("hello"))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+goodToken)
			answer, err := test.transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			body, _ := io.ReadAll(answer.Body)
			if answer.ProtoMajor != test.major || string(body) != "stored 5 bytes" ||
				answer.Header.Get("X-Amzn-Requestid") == "" {
				t.Errorf("got HTTP/%d %s %q", answer.ProtoMajor, answer.Status, body)
			}
			api, err := http.NewRequest("GET", "https://packages.example.test/v1/x", nil)
			if err != nil {
				t.Fatal(err)
			}
			api.Header.Set("Authorization", signature("codeartifact", "right"))
			answer, err = test.transport.RoundTrip(api)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			if body, _ := io.ReadAll(answer.Body); !strings.Contains(string(body), "secure [true]") {
				t.Errorf("the API was told %q", body)
			}
		})
	}
	t.Run("the wire judges HTTP/1 inside TLS", func(t *testing.T) {
		c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, _ = io.WriteString(c, "PUT "+base+"/pkg HTTP/1.1\r\n"+hostLine+bearer+
			"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		checkRefused(t, "length and encoding", answer, string(body), 400)
	})
	t.Run("unclean paths over HTTP/2", func(t *testing.T) {
		transport := client("h2")
		defer transport.CloseIdleConnections()
		for _, path := range []string{base + "/%2e%2e/x", base + "/a//b", "/v1/a%2fb", base + "/%ff"} {
			r, err := http.NewRequest("GET", "https://packages.example.test"+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.StatusCode != 400 || answer.ProtoMajor != 2 {
				t.Errorf("%s: got HTTP/%d %s, want 400", path, answer.ProtoMajor, answer.Status)
			}
		}
	})
	t.Run("a handshake that never comes", func(t *testing.T) {
		slow := newFixture(t, hurried)
		at, _ := slow.start(t, certificate, Drain{Time: time.Second})
		endsWithin(t, dial(t, at), 2*time.Second)
	})
	t.Run("a certificate that is replaced", func(t *testing.T) {
		serial := func() int64 {
			c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
		}
		certify(t, folder, 2)
		if err := certificate.Reload(); err != nil || serial() != 2 {
			t.Errorf("after Reload: serial %d, error %v", serial(), err)
		}
		if err := os.WriteFile(keyFile, []byte("torn"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := certificate.Reload(); err == nil || !strings.Contains(err.Error(), keyFile) || serial() != 2 {
			t.Errorf("after a torn file: serial %d, error %v", serial(), err)
		}
		certify(t, folder, 33)
		certificate.mu.Lock()
		certificate.looked = time.Time{} // as if a while had passed
		certificate.mu.Unlock()
		if got := serial(); got != 33 {
			t.Errorf("without Reload: serial %d, want 33", got)
		}
	})
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestCertificatesThatCannotBeReadAreAnError(t *testing.T) {
	if _, err := NewCertificate("gone.pem", "gone.key", slog.New(slog.DiscardHandler)); err == nil ||
		!strings.Contains(err.Error(), "gone.pem") {
		t.Errorf("got %v, want an error that names the file", err)
	}
}
