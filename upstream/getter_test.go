package upstream_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/upstream"
)

func TestAGetterGoesWhereItMay(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/keys":
			_, _ = w.Write([]byte("0123456789"))
		case "/away":
			http.Redirect(w, r, "/keys", http.StatusFound)
		case "/packed":
			w.Header().Set("Content-Encoding", "gzip")
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	anywhere := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, base.Host)
	}
	for _, row := range []struct{ name, address, want string }{
		{"what the operator configured", server.URL + "/keys", ""},
		{"another path there", server.URL + "/none", "the answer has status 404"},
		{"a redirect", server.URL + "/away", "the answer has status 302"},
		{"an answer that is compressed", server.URL + "/packed", "the answer has status 200"},
		{"another port of that machine", "https://127.0.0.1:1/keys", "not public"},
		{"a public name that leads to this machine", "https://issuer.example.test/keys", "not public"},
		{"without TLS", "http://issuer.example.test/keys", "only https"},
		{"no host", "https:///keys", "no URL"},
		{"a user", "https://u:p@issuer.example.test/", "no URL"},
		{"a file", "file:///etc/passwd", "no URL"},
		{"no port", "https://issuer.example.test:0/", "no URL"},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := upstream.NewGetter(upstream.Options{Dial: anywhere}, []*url.URL{base})
			defer g.Close()
			got, err := g.Get(t.Context(), row.address, 10)
			if row.want == "" {
				if err != nil || string(got) != "0123456789" {
					t.Errorf("got %q, %v", got, err)
				}
				return
			}
			if !artifact.Is(err, artifact.Unavailable) || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

func TestAGetterReadsNoMoreThanItMay(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("0123456789")) }))
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	g := upstream.NewGetter(upstream.Options{}, []*url.URL{base})
	defer g.Close()
	if _, err := g.Get(t.Context(), server.URL, 9); !artifact.Is(err, artifact.Unavailable) {
		t.Errorf("got %v, want that ten bytes are too many for nine", err)
	}
}
