package server

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"entrepot/format"
)

// phrased has a format's errors in the status line as well.
func phrased(o *Options) {
	o.Formats[0].Fail = func(w http.ResponseWriter, r *http.Request, err error, _ string) {
		f := format.FailureOf(err)
		f.Phrased = true
		f.Write(w, r, "text/plain", []byte(f.Text))
	}
}

func TestAnErrorIsInTheStatusLineOfItsAnswerAndOfNoOther(t *testing.T) {
	f := newFixture(t, phrased)
	address, _ := f.start(t, nil, Drain{Time: time.Second})
	get := func(path, version string) string {
		return "GET " + base + path + " HTTP/" + version + "\r\n" + hostLine + bearer + "\r\n"
	}
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	raw := get("/-/fail/denied", "1.1") + get("/one", "1.1") + get("/-/fail/internal", "1.1") + get("/-/nowhere/at/all", "1.1") +
		"PUT " + base + "/-/nowhere/at/all HTTP/1.1\r\n" + hostLine + bearer + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"
	if _, err := io.WriteString(c, raw); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(c)
	for n, want := range []string{"403 Forbidden. not you", "200 OK", "500 Internal Server Error. The server failed. Its log says why.",
		"404 Not Found. Nothing is served at this path.", "404 Not Found. Nothing is served at this path."} {
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("answer %d: %v", n, err)
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.Status != want {
			t.Errorf("answer %d: got %q (%v), want %q", n, answer.Status, err, want)
		}
	}
}

// HTTP/1.1 inside TLS has status lines; HTTP/2 has none, and the status and body it has.
func TestAnErrorOverTLSHasAPhraseWhereThereIsAStatusLine(t *testing.T) {
	f := newFixture(t, phrased)
	certFile, keyFile := certify(t, t.TempDir(), 1)
	certificate, err := NewCertificate(certFile, keyFile, f.Server.log)
	if err != nil {
		t.Fatal(err)
	}
	address, _ := f.start(t, certificate.GetCertificate, Drain{Time: time.Second})
	for protocol, want := range map[string]string{"http/1.1": "403 Forbidden. not you", "h2": "403 Forbidden"} {
		transport := &http.Transport{Protocols: new(http.Protocols), TLSClientConfig: &tls.Config{InsecureSkipVerify: true,
			ServerName: "packages.example.test"}}
		transport.Protocols.SetHTTP1(protocol == "http/1.1")
		transport.Protocols.SetHTTP2(protocol == "h2")
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+address+base+"/-/fail/denied", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "packages.example.test:8090"
		r.Header.Set("Authorization", "Bearer "+goodToken)
		answer, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.Status != want || string(body) != "not you" {
			t.Errorf("%s: got %q %q, want %q", protocol, answer.Status, body, want)
		}
		transport.CloseIdleConnections()
	}
}

func TestAStatusLineIsRephrased(t *testing.T) {
	line := &statusLine{404, "Not Found. It is not there."}
	for _, test := range []struct{ name, in, want string }{
		{"of 1.1", "HTTP/1.1 404 Not Found\r\nA: b\r\n\r\nbody", "HTTP/1.1 404 Not Found. It is not there.\r\nA: b\r\n\r\nbody"},
		{"of 1.0", "HTTP/1.0 404 Not Found\r\n\r\n", "HTTP/1.0 404 Not Found. It is not there.\r\n\r\n"},
		{"of another status", "HTTP/1.1 100 Continue\r\n\r\n", ""},
		{"in the middle of an answer", "body HTTP/1.1 404 Not Found\r\n", ""},
		{"that is not whole", "HTTP/1.1 404 Not", ""},
	} {
		got, ok := line.in([]byte(test.in))
		if string(got) != test.want || ok != (test.want != "") {
			t.Errorf("%s: got %q, %v, want %q", test.name, got, ok, test.want)
		}
	}
	sent := &outgoing{}
	wire := newWireConn(sent, headLimits{}, 0)
	wire.phrase.Store(line)
	const standard = "HTTP/1.1 404 Not Found\r\n\r\n"
	for range 2 {
		if n, err := wire.Write([]byte(standard)); n != len(standard) || err != nil {
			t.Errorf("got %d, %v", n, err)
		}
	}
	if want := "HTTP/1.1 404 Not Found. It is not there.\r\n\r\n" + standard; sent.String() != want {
		t.Errorf("the next answer: got %q, want %q", sent.String(), want)
	}
	if phrase := format.Line("Not Found. \x1b[31mé\r\nX: y"+strings.Repeat("z", 2000), 40); phrase != "Not Found. ?[31m???X: yzzzzzzzzzzzzzzzzz" {
		t.Errorf("got %q", phrase)
	}
}

// outgoing is a connection that keeps what is sent.
type outgoing struct {
	net.Conn
	strings.Builder
}

func (o *outgoing) Write(p []byte) (int, error) { return o.Builder.Write(p) }
