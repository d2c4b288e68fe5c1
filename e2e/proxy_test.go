package e2e

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// openProxy has programs led to the server where they ask AWS's hosts, as an operator's DNS or hosts file would lead them:
// what they are given is a proxy that knows no other hosts.
func openProxy(ts *testscript.TestScript, neg bool, _ []string) {
	s := of(ts, neg)
	proxy := httptest.NewServer(http.HandlerFunc(s.tunnel))
	ts.Defer(func() {
		proxy.CloseClientConnections()
		proxy.Close()
	})
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
		ts.Setenv(name, proxy.URL)
	}
	ts.Setenv("NO_PROXY", "127.0.0.1")
	ts.Setenv("no_proxy", "127.0.0.1")
}

// tunnel answers CONNECT (RFC 9110 §9.3.6) for AWS's hosts with a tunnel to the server, whatever it is that goes through.
func (s *session) tunnel(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect || !strings.HasSuffix(r.Host, ".amazonaws.com:443") {
		http.Error(w, "this proxy leads to AWS's hosts alone", http.StatusForbidden)
		return
	}
	server, err := net.Dial("tcp", strings.TrimPrefix(s.instance.url, "https://"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer server.Close()
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // the client has gone
	}
	defer client.Close()
	if _, err := io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(server, buffered)
		_ = server.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(client, server)
}
