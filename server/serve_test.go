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
	"testing"
	"time"
)

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
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
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not happen within a minute")
		}
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
	address, stop := f.start(t, certificate.GetCertificate, Drain{Time: 2 * time.Second})
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
