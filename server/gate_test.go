package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	hostLine = "Host: packages.example.test:8090\r\n"
	bearer   = "Authorization: Bearer " + goodToken + "\r\n"
)

// send writes bytes to the server as they are and reads one answer and what follows it until the connection ends.
func send(t testing.TB, address, raw string) (answer *http.Response, body, rest string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return exchangeOn(t, c, raw)
}

// exchangeOn is send on a connection of the test's own, which it closes.
func exchangeOn(t testing.TB, c net.Conn, raw string) (answer *http.Response, body, rest string) {
	t.Helper()
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	go func() { _, _ = io.WriteString(c, raw) }()
	in := bufio.NewReader(c)
	method, _, _ := strings.Cut(raw, " ")
	answer, err := http.ReadResponse(in, &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%.200q: no answer: %v", raw, err)
	}
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%.200q: body: %v", raw, err)
	}
	_ = c.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	r, _ := io.ReadAll(in)
	return answer, string(b), string(r)
}

// checkRefused judges what every refusal has in common.
func checkRefused(t *testing.T, what string, answer *http.Response, body string, status int) {
	t.Helper()
	if answer.StatusCode != status {
		t.Errorf("%.200q: got %s %.200q, want %d", what, answer.Status, body, status)
		return
	}
	var problem struct{ Error, Message string }
	if err := json.Unmarshal([]byte(body), &problem); err != nil || problem.Message == "" ||
		problem.Error != problem.Message {
		t.Errorf("%.200q: body %q is not the JSON of a refusal", what, body)
	}
	if answer.Header.Get("X-Amzn-Requestid") == "" || answer.Header.Get("Date") == "" {
		t.Errorf("%.200q: no request id or no date in %v", what, answer.Header)
	}
	if answer.Header.Get("Location") != "" {
		t.Errorf("%.200q: redirected to %s", what, answer.Header.Get("Location"))
	}
	if !answer.Close {
		t.Errorf("%.200q: the connection is kept after a refusal", what)
	}
}

// unclean are path pieces no request may have, wherever they stand.
func unclean() []string {
	var pieces []string
	dots := []string{"..", "%2e%2e", "%2E%2E", ".%2e", "%2e.", ".", "%2e", "..;", "..;x=1", "%2e%2e;a", ".;"}
	for _, d := range dots {
		pieces = append(pieces, d, d+"/", d+"/etc/passwd", "a/"+d, "a/"+d+"/"+d+"/b",
			"a%2f"+d, d+"%2fb", "a%2F"+d+"%2Fb")
	}
	for _, c := range []int{0, 1, 7, 9, 10, 13, 27, 31, 127} {
		pieces = append(pieces, fmt.Sprintf("a%%%02xb", c), fmt.Sprintf("%%%02X", c))
	}
	pieces = append(pieces, "%c2%80", "%c2%9f", "%c2%85x") // C1 controls
	for _, b := range []string{"%5c", "%5C", "\\", "..%5c..", "..\\..", "%2e%2e%5c", "c:%5cwindows", "\\\\host\\share",
		"%5c%5chost%5cshare"} {
		pieces = append(pieces, b, "a/"+b+"/b")
	}
	for _, u := range []string{"%c0%ae%c0%ae", "%c0%af", "%e0%80%ae", "%ff", "%fe", "%80", "%c3", "%ed%a0%80",
		"%f8%88%80%80%80", "%f4%90%80%80"} { // overlong, truncated, surrogate, out of range
		pieces = append(pieces, u, u+"/x", "a"+u)
	}
	for _, e := range []string{"%", "%2", "%zz", "%2g", "a%", "a%u002e", "%%32%65"} {
		pieces = append(pieces, e, "x/"+e+"/y")
	}
	pieces = append(pieces, "/x", "a//b", "a///b", "....//", "x//..//y", "//host/x", "a//", "%2f", "%2fetc%2fpasswd",
		"a%2f", "a%2f%2fb", "%2f%2e%2e", "a%2f/b")
	// Raw bytes that must be escaped.
	pieces = append(pieces, "\xff", "a\xc0\xae", "ü", "a\tb", "a\x00b", "a\x7fb", "a#b", "#")
	slices.Sort(pieces)
	return slices.Compact(pieces)
}

func TestGateRefusesUncleanPathsOnEveryDoor(t *testing.T) {
	f := newFixture(t, nil)
	address, _ := f.start(t, nil, Drain{Time: time.Second})
	corpus := unclean()
	if len(corpus) < 180 {
		t.Fatalf("the corpus has %d pieces only", len(corpus))
	}
	prefixes := []string{base + "/", base + "/pkg/-/", "/v1/", "/", "/team-" + owner + "/", "/healthz/"}
	for i, piece := range corpus {
		// Every piece meets every prefix and method over the run of the corpus's two halves; all of them below a
		// repository.
		for j, prefix := range prefixes {
			if j > 0 && (i+j)%3 != 0 {
				continue
			}
			method := []string{"GET", "PUT", "HEAD", "DELETE"}[(i+j)%3]
			target := prefix + piece
			answer, body, rest := send(t, address,
				method+" "+target+" HTTP/1.1\r\n"+hostLine+bearer+"Connection: close\r\n\r\n")
			if method == "HEAD" {
				continue
			}
			checkRefused(t, target, answer, body, http.StatusBadRequest)
			if rest != "" {
				t.Errorf("%q: more came after the refusal: %q", target, rest)
			}
		}
	}
	if n := f.people.asked.Load() + f.api.calls.Load(); n != 0 {
		t.Errorf("%d unclean requests reached a door", n)
	}
}

func TestGateLetsThroughWhatOnlyLooksUnclean(t *testing.T) {
	f := newFixture(t, nil)
	for name, test := range map[string]struct{ target, want string }{
		"scope as one segment":    {base + "/@acme%2fwidget", `package="@acme/widget"`},
		"scope in upper hex":      {base + "/@acme%2Fwidget", `package="@acme/widget"`},
		"second escape stays":     {base + "/%252e%252e", `package="%2e%2e"`},
		"dots inside a name":      {base + "/a..b", `package="a..b"`},
		"three dots":              {base + "/...", `package="..."`},
		"matrix parameter":        {base + "/pkg;a=b", `package="pkg;a=b"`},
		"escaped letter":          {base + "/p%6bg", `package="pkg"`},
		"space and plus":          {base + "/a%20b+c", `package="a b+c"`},
		"not ASCII, escaped":      {base + "/%c3%bc", `package="ü"`},
		"base with slash":         {base + "/", `root package=""`},
		"base without slash":      {base, `root package=""`},
		"escaped repository name": {"/team-" + owner + "/npm/sh%61red/pkg", `in 123456789012/team/shared`},
		"escaped label":           {"/t%65am-" + owner + "/npm/shared/pkg", `in 123456789012/team/shared`},
		"dot segments in a query": {base + "/pkg?path=../../etc", `package="pkg"`},
	} {
		t.Run(name, func(t *testing.T) {
			w := f.do("GET", test.target, "Authorization", "Bearer "+goodToken)
			if w.Code != 200 || !strings.Contains(w.Body.String(), test.want) {
				t.Errorf("got %d %s, want 200 with %s", w.Code, w.Body, test.want)
			}
		})
	}
}

func TestEscapedSlashesAreRefusedWhereNoRepositoryIs(t *testing.T) {
	f := newFixture(t, nil)
	address, _ := f.start(t, nil, Drain{Time: time.Second})
	for _, target := range []string{"/v1/dom%2fain", "/a%2fb", "/team-" + owner + "%2fnpm%2fshared/pkg",
		"/team-" + owner + "/npm%2fshared/x/pkg", "/team-" + owner + "/npm/sha%2fred/pkg", "/healthz%2fx",
		"/console/a%2fb"} {
		answer, body, _ := send(t, address, "GET "+target+" HTTP/1.1\r\n"+hostLine+bearer+"\r\n")
		checkRefused(t, target, answer, body, http.StatusBadRequest)
	}
}

func TestQueriesThatReadersDisagreeAboutAreRefused(t *testing.T) {
	f := newFixture(t, nil)
	address, _ := f.start(t, nil, Drain{Time: time.Second})
	for name, query := range map[string]string{
		"semicolon": "a=b;c=d", "half an escape": "a=%2", "no hex": "a=%zz", "NUL": "a=%00", "invalid UTF-8": "a=%ff",
		"too many": strings.Repeat("a&", maxParameters),
	} {
		t.Run(name, func(t *testing.T) {
			answer, body, _ := send(t, address, "GET "+base+"/pkg?"+query+" HTTP/1.1\r\n"+hostLine+bearer+"\r\n")
			checkRefused(t, query, answer, body, http.StatusBadRequest)
		})
	}
}

func TestWireRefusesAmbiguousFraming(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Limits.Head = 8 << 10; o.Limits.Target = 2 << 10 })
	address, _ := f.start(t, nil, Drain{Time: time.Second})
	get := "GET " + base + "/pkg HTTP/1.1\r\n"
	put := "PUT " + base + "/pkg HTTP/1.1\r\n" + hostLine + bearer
	smuggled := "GET /healthz HTTP/1.1\r\n" + hostLine + "\r\n"
	for name, test := range map[string]struct {
		raw    string
		status int
	}{
		"length and encoding":     {put + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, 400},
		"encoding and length":     {put + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + smuggled, 400},
		"two lengths that agree":  {put + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello" + smuggled, 400},
		"two lengths that differ": {put + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello" + smuggled, 400},
		"a list of lengths":       {put + "Content-Length: 5, 5\r\n\r\nhello" + smuggled, 400},
		"negative length":         {put + "Content-Length: -5\r\n\r\n" + smuggled, 400},
		"length with a plus":      {put + "Content-Length: +5\r\n\r\nhello" + smuggled, 400},
		"length in hex":           {put + "Content-Length: 0x5\r\n\r\nhello" + smuggled, 400},
		"length past 2^63":        {put + "Content-Length: 9223372036854775808\r\n\r\n" + smuggled, 400},
		"empty length":            {put + "Content-Length: \r\n\r\n" + smuggled, 400},
		"unknown encoding":        {put + "Transfer-Encoding: gzip\r\n\r\n", 501},
		"encoding list":           {put + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + smuggled, 501},
		"identity before chunked": {put + "Transfer-Encoding: identity\r\n" +
			"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, 501},
		"encoding with a vertical tab": {put + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + smuggled, 400},
		"space before the colon":       {put + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + smuggled, 400},
		"encoding in HTTP/1.0": {"PUT " + base + "/pkg HTTP/1.0\r\n" + hostLine +
			"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		"folded header":            {get + hostLine + "X-A: b\r\n c\r\n\r\n" + smuggled, 400},
		"folded with a tab":        {get + hostLine + "X-A: b\r\n\tc\r\n\r\n", 400},
		"header before headers":    {get + " X-A: b\r\n" + hostLine + "\r\n", 400},
		"bare line feeds":          {"GET " + base + "/pkg HTTP/1.1\nHost: packages.example.test\n\n" + smuggled, 400},
		"one bare line feed":       {get + "X-A: b\n" + hostLine + "\r\n", 400},
		"bare line feed ends head": {get + hostLine + "\n" + smuggled, 400},
		"bare carriage return":     {get + hostLine + "X-A: b\rX-B: c\r\n\r\n", 400},
		"NUL in a header":          {get + hostLine + "X-A: b\x00c\r\n\r\n", 400},
		"header without colon":     {get + hostLine + "X-A\r\n\r\n", 400},
		"empty header name":        {get + hostLine + ": b\r\n\r\n", 400},
		"no host":                  {get + "\r\n" + smuggled, 400},
		"empty host":               {get + "Host:\r\n\r\n", 400},
		"two hosts":                {get + hostLine + hostLine + "\r\n", 400},
		"host with a path":         {get + "Host: evil/../@packages.example.test\r\n\r\n", 400},
		"foreign host":             {get + "Host: evil.example.test\r\n\r\n" + smuggled, 421},
		"absolute URL, foreign":    {"GET http://evil.example.test/ HTTP/1.1\r\n" + hostLine + "\r\n", 421},
		"absolute URL, ours": {"GET http://packages.example.test:8090" + base + "/pkg HTTP/1.1\r\n" +
			hostLine + bearer + "\r\n", 421},
		"asterisk":                  {"OPTIONS * HTTP/1.1\r\n" + hostLine + "\r\n", 400},
		"authority":                 {"GET packages.example.test:80 HTTP/1.1\r\n" + hostLine + "\r\n", 400},
		"CONNECT":                   {"CONNECT evil.example.test:443 HTTP/1.1\r\nHost: evil.example.test:443\r\n\r\n", 405},
		"TRACE":                     {"TRACE / HTTP/1.1\r\n" + hostLine + "\r\n", 405},
		"method that is no token":   {"G@T / HTTP/1.1\r\n" + hostLine + "\r\n", 400},
		"two spaces":                {"GET  / HTTP/1.1\r\n" + hostLine + "\r\n", 400},
		"space in the URL":          {"GET /a b HTTP/1.1\r\n" + hostLine + "\r\n", 400},
		"HTTP/0.9":                  {"GET /\r\n\r\n", 400},
		"HTTP/2 in plain text":      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
		"HTTP/1.2":                  {"GET / HTTP/1.2\r\n" + hostLine + "\r\n", 505},
		"TLS on a plain port":       {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400},
		"two empty lines before":    {"\r\n\r\n" + get + hostLine + "\r\n", 400},
		"unknown expectation":       {put + "Content-Length: 5\r\nExpect: a-pony\r\n\r\nhello", 417},
		"oversize head":             {get + hostLine + "X-A: " + strings.Repeat("a", 9<<10) + "\r\n\r\n", 431},
		"oversize line without end": {"GET /" + strings.Repeat("a", 64<<10), 431},
		"too many headers":          {get + hostLine + strings.Repeat("X-A: b\r\n", 101) + "\r\n", 431},
		"oversize URL":              {"GET /" + strings.Repeat("a", 3<<10) + " HTTP/1.1\r\n" + hostLine + "\r\n", 414},
		"body announced too large":  {put + "Content-Length: 99999999999\r\n\r\n", 413},
		"forged refusal":            {get + hostLine + bearer + "X-Wire-Refusal: 250\r\n\r\n", 400},
		"too many ranges":           {get + hostLine + bearer + "Range: bytes=" + strings.Repeat("0-1,", 40) + "0-1\r\n\r\n", 416},
		"two Range headers":         {get + hostLine + bearer + "Range: bytes=0-1\r\nRange: bytes=2-3\r\n\r\n", 400},
	} {
		t.Run(name, func(t *testing.T) {
			answer, body, rest := send(t, address, test.raw)
			checkRefused(t, name, answer, body, test.status)
			if rest != "" {
				t.Errorf("something was answered after the refusal: %q", rest)
			}
		})
	}
	if n := f.people.asked.Load(); n != 0 {
		t.Errorf("%d of them reached a door", n)
	}
}

func TestWireKeepsCleanRequestsApart(t *testing.T) {
	f := newFixture(t, nil)
	address, _ := f.start(t, nil, Drain{Time: time.Second})
	put := "PUT " + base + "/pkg HTTP/1.1\r\n" + hostLine + bearer
	raw := "\r\nGET " + base + "/one HTTP/1.1\r\n" + hostLine + bearer + "\r\n" +
		put + "Content-Length: 5\r\n\r\nhello" +
		put + "Transfer-Encoding: Chunked\r\n\r\n3;name=\"value\"\r\nabc\r\n1A\r\n" +
		strings.Repeat("x", 26) + "\r\n0\r\n\r\n" +
		"HEAD " + base + "/two HTTP/1.1\r\n" + hostLine + bearer + "\r\n" +
		"GET " + base + "/three HTTP/1.1\r\n" + hostLine + bearer +
		"X-HTTP-Method-Override: DELETE\r\nConnection: close\r\n\r\n"
	want := []string{`package="one"`, "stored 5 bytes", "stored 29 bytes", "", `read package="three"`}
	for _, step := range []int{len(raw), 1, 7} { // however it is cut into packets
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(time.Minute))
		go func() {
			for rest := []byte(raw); len(rest) > 0; rest = rest[min(step, len(rest)):] {
				if _, err := c.Write(rest[:min(step, len(rest))]); err != nil {
					return
				}
			}
		}()
		in := bufio.NewReader(c)
		for i, text := range want {
			method := "GET"
			if i == 3 {
				method = "HEAD"
			}
			answer, err := http.ReadResponse(in, &http.Request{Method: method})
			if err != nil {
				t.Fatalf("step %d, answer %d: %v", step, i, err)
			}
			body, _ := io.ReadAll(answer.Body)
			if answer.StatusCode != 200 || !strings.Contains(string(body), text) {
				t.Errorf("step %d, answer %d: got %s %q, want %q", step, i, answer.Status, body, text)
			}
		}
		c.Close()
	}
}

func TestBodiesThatAreNotFramedRightEndTheConnection(t *testing.T) {
	f := newFixture(t, nil)
	address, _ := f.start(t, nil, Drain{Time: time.Second})
	smuggled := "GET /healthz HTTP/1.1\r\n" + hostLine + "\r\n"
	for name, body := range map[string]string{
		"bare line feed after size":   "3\nabc\r\n0\r\n\r\n",
		"bare line feed in extension": "3;a\nb\r\nabc\r\n0\r\n\r\n",
		"bare line feed after chunk":  "3\r\nabc\n0\r\n\r\n",
		"chunk longer than announced": "3\r\nabcd\r\n0\r\n\r\n",
		"size that is no number":      "3g\r\nabc\r\n0\r\n\r\n",
		"size with a sign":            "+3\r\nabc\r\n0\r\n\r\n",
		"size with a space":           "3 \r\nabc\r\n0\r\n\r\n",
		"size past 2^63":              "8000000000000000\r\nabc\r\n0\r\n\r\n",
		"empty size":                  "\r\n0\r\n\r\n",
		"size line without end":       strings.Repeat("0", 300) + "3\r\nabc\r\n0\r\n\r\n",
		"trailer":                     "3\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n",
		"bare line feed at the end":   "3\r\nabc\r\n0\r\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			c, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(time.Minute))
			_, _ = io.WriteString(c,
				"PUT "+base+"/pkg HTTP/1.1\r\n"+hostLine+bearer+"Transfer-Encoding: chunked\r\n\r\n"+body+smuggled)
			all, _ := io.ReadAll(c)
			if strings.Contains(string(all), "stored") || strings.Contains(string(all), "\r\n\r\nok") {
				t.Errorf("the body or what follows it was taken: %q", all)
			}
			if !strings.HasPrefix(string(all), "HTTP/1.1 400 ") {
				t.Errorf("got %q, want the sender to be told with 400", all)
			}
		})
	}
	f.wantNobodysFailure(t)
}

func TestGateAnswersForItsNamesOnly(t *testing.T) {
	f := newFixture(t, nil)
	for name, test := range map[string]struct {
		host   string
		status int
	}{
		"public host":              {"packages.example.test:8090", 200},
		"another port":             {"packages.example.test", 200},
		"upper case":               {"PACKAGES.Example.Test", 200},
		"final dot":                {"packages.example.test.", 200},
		"extra name":               {"extra.example.test", 200},
		"loopback name":            {"localhost:8090", 200},
		"loopback address":         {"127.0.0.1:8090", 200},
		"loopback address, IPv6":   {"[::1]:8090", 200},
		"host suffix":              {"art.example.test", 200},
		"stranger":                 {"evil.example.test", 421},
		"ours as a prefix":         {"packages.example.test.evil.test", 421},
		"ours as a suffix":         {"evilpackages.example.test", 421},
		"below the suffix":         {"x.art.example.test", 421},
		"domain label, no account": {"team.d.art.example.test", 421},
		"other address":            {"192.0.2.7", 421},
		"none":                     {"", 400},
	} {
		t.Run(name, func(t *testing.T) {
			w := f.do("GET", base+"/pkg", "Host", test.host, "Authorization", "Bearer "+goodToken,
				"X-Forwarded-Host", "packages.example.test", "Forwarded", "host=packages.example.test")
			if w.Code != test.status {
				t.Errorf("got %d %s, want %d", w.Code, w.Body, test.status)
			}
		})
	}
	if w := f.do("GET", "/healthz", "Host", "10.1.2.3:9"); w.Code != 200 {
		t.Errorf("a load balancer that knows an address only gets %d, want 200", w.Code)
	}
}

func TestAddressesInDocumentsAreOfTheNameThatWasAskedIfItIsConfigured(t *testing.T) {
	const path = "/team-" + owner + "/npm/shared/"
	plain, err := NewAddresses("https://packages.example.test", "", "http://127.0.0.1:8090",
		[]string{"extra.example.test", "inside.example.test:9000", "2001:db8::7"})
	if err != nil {
		t.Fatal(err)
	}
	behindTLS, err := NewAddresses("https://localhost:8443", "", "https://127.0.0.1:8443", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		addresses *Addresses // nil: those of the fixture
		host      string
		want      string
	}{
		"the public name":                {nil, "packages.example.test:8090", "http://packages.example.test:8090" + path},
		"with another port":              {nil, "packages.example.test:1", "http://packages.example.test:8090" + path},
		"in capitals, with a final dot":  {nil, "PACKAGES.example.test.", "http://packages.example.test:8090" + path},
		"a further name":                 {nil, "extra.example.test:8090", "http://extra.example.test:8090" + path},
		"a further name, another port":   {nil, "extra.example.test:666", "http://extra.example.test:8090" + path},
		"a loopback name":                {nil, "localhost:8090", "http://localhost:8090" + path},
		"a loopback address":             {nil, "127.0.0.1:8090", "http://127.0.0.1:8090" + path},
		"a loopback address, IPv6":       {nil, "[::1]:8090", "http://[::1]:8090" + path},
		"a path below the suffix's name": {nil, "art.example.test", "http://art.example.test:8090" + path},
		"a domain's own host": {nil, "team-" + owner + ".d.art.example.test",
			"http://team-" + owner + ".d.art.example.test:8090/npm/shared/"},
		"the address of the connection": {nil, "192.0.2.1:8090",
			"http://team-" + owner + ".d.art.example.test:8090/npm/shared/"},
		"public behind a proxy":             {plain, "packages.example.test", "https://packages.example.test" + path},
		"a further name behind it":          {plain, "extra.example.test", "https://extra.example.test" + path},
		"a further name with its port":      {plain, "inside.example.test:9000", "https://inside.example.test:9000" + path},
		"a further address":                 {plain, "[2001:db8::7]", "https://[2001:db8::7]" + path},
		"past the proxy":                    {plain, "localhost:8090", "http://localhost:8090" + path},
		"the address of that connection":    {plain, "192.0.2.1:8090", "https://packages.example.test" + path},
		"the public name is a loopback one": {behindTLS, "localhost:8443", "https://localhost:8443" + path},
		"another loopback one with TLS":     {behindTLS, "127.0.0.1:8443", "https://127.0.0.1:8443" + path},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, func(o *Options) {
				if test.addresses != nil {
					o.Addresses = test.addresses
				}
			})
			target := path + "pkg"
			if strings.Contains(test.host, ".d.") {
				target = "/npm/shared/pkg"
			}
			r := request("GET", target, "Authorization", "Bearer "+goodToken,
				"X-Forwarded-Host", "evil.example.test", "Forwarded", "host=evil.example.test")
			r.Host = test.host
			local := &net.TCPAddr{IP: net.ParseIP("192.0.2.1"), Port: 8090}
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(local)))
			w := httptest.NewRecorder()
			f.ServeHTTP(timeless{w}, r)
			if w.Code != 200 || f.base.Load() != test.want {
				t.Errorf("got %d and URLs below %v, want %s", w.Code, f.base.Load(), test.want)
			}
		})
	}
}

func TestOwnAddressIsAnsweredFor(t *testing.T) {
	f := newFixture(t, nil)
	if !f.addresses.answersFor("192.0.2.7:80", &net.TCPAddr{IP: net.ParseIP("::ffff:192.0.2.7"), Port: 80}) {
		t.Error("the address at which the connection arrived is refused")
	}
	if f.addresses.answersFor("192.0.2.7:80", &net.TCPAddr{IP: net.ParseIP("192.0.2.8"), Port: 80}) {
		t.Error("another address is answered for")
	}
}

// FuzzGate sends every path to a server whose format takes empty segments for nothing, as lenient as a format can be.
func FuzzGate(f *testing.F) {
	fx := newFixture(f, func(o *Options) {
		o.Formats[0].Rewrite = func(escaped string) string { return collapsed.ReplaceAllString(escaped, "/") }
	})
	for _, piece := range unclean() {
		f.Add("/" + piece)
		f.Add(base + "/" + piece)
	}
	f.Add(base + "/@acme%2fwidget?a=b%20c")
	f.Add(base + "//api//v1/gems/")
	f.Fuzz(func(t *testing.T, raw string) {
		d, refused := fx.gate(&http.Request{Method: "GET", RequestURI: raw, URL: &url.URL{}, Host: "packages.example.test"})
		if refused != accepted {
			return
		}
		clean := strings.Split(d.path[1:], "/")
		if d.inRepository {
			clean = strings.Split(d.rest[1:], "/")
		}
		for i, segment := range clean {
			if segment == "" && i < len(clean)-1 {
				t.Fatalf("%q let through an empty segment in %+v", raw, d)
			}
		}
		for _, segment := range d.segments {
			for part := range strings.SplitSeq(segment, "/") {
				if part == "." || part == ".." || part == "" && segment != "" {
					t.Fatalf("%q let through segment %q", raw, segment)
				}
			}
			if strings.ContainsAny(segment, "\\\x00\r\n\x7f") {
				t.Fatalf("%q let through segment %q", raw, segment)
			}
		}
		for n := range len(d.segments) {
			if rest := d.below(n); rest == "" || rest[0] != '/' {
				t.Fatalf("%q below %d is %q", raw, n, rest)
			}
		}
	})
}

var collapsed = regexp.MustCompile("//+")

// FuzzWire proves that what the wire hands on is read by net/http as exactly what the wire thinks it is: every head
// that comes out parses, and none but the last is a refusal.
func FuzzWire(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n"), uint8(3))
	f.Add([]byte("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: b\r\n\r\n"),
		uint8(1))
	f.Add([]byte("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"), uint8(255))
	f.Add([]byte("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"), uint8(255))
	f.Fuzz(func(t *testing.T, sent []byte, step uint8) {
		c := newWireConn(&scripted{data: sent, step: int(step) + 1},
			headLimits{bytes: 4 << 10, target: 1 << 10, lines: 20}, time.Second)
		out, err := io.ReadAll(c)
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		in := bufio.NewReader(bytes.NewReader(out))
		for refused := false; ; {
			r, err := http.ReadRequest(in)
			if err != nil {
				if rest, _ := io.ReadAll(in); len(rest) > 0 && err != io.EOF {
					t.Fatalf("net/http cannot read what was handed on: %v in %q", err, out)
				}
				return
			}
			if refused {
				t.Fatalf("a request follows a refused one in %q", out)
			}
			refused = r.Header.Get(wireRefusalHeader) != "" && r.Host == "refused"
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				if rest, _ := io.ReadAll(in); len(rest) > 0 {
					t.Fatalf("net/http stops inside a body: %v, before %q", err, rest)
				}
				return
			}
		}
	})
}

// scripted is a connection that delivers data in steps.
type scripted struct {
	net.Conn
	data []byte
	step int
}

func (s *scripted) Read(p []byte) (int, error) {
	if len(s.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), s.step)], s.data)
	s.data = s.data[n:]
	return n, nil
}

func (s *scripted) SetReadDeadline(time.Time) error { return nil }

// BenchmarkWire is the price of judging a request head before net/http reads it.
func BenchmarkWire(b *testing.B) {
	head := "GET " + base + "/@acme%2fwidget/-/widget-1.0.0.tgz HTTP/1.1\r\n" + hostLine + bearer +
		"User-Agent: npm/10.9.2 node/v22.13.0 linux x64 workspaces/false\r\nAccept: */*\r\nConnection: keep-alive\r\n" +
		"Accept-Encoding: gzip,deflate\r\nNpm-Command: install\r\nPacote-Version: 19.0.1\r\n\r\n"
	c := newWireConn(&endless{text: []byte(head)}, headLimits{bytes: 32 << 10, target: 8 << 10, lines: 100}, time.Second)
	p := make([]byte, 4<<10)
	b.ReportAllocs()
	b.SetBytes(int64(len(head)))
	for b.Loop() {
		for left := len(head); left > 0; {
			n, err := c.Read(p)
			if err != nil {
				b.Fatal(err)
			}
			left -= n
		}
	}
}

// endless is a connection on which one text arrives again and again, each at one read.
type endless struct {
	scripted
	text []byte
}

func (e *endless) Read(p []byte) (int, error) { return copy(p, e.text), nil }
