package upstream_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"

	"entrepot/artifact"
	"entrepot/upstream"
)

func TestPublic(t *testing.T) {
	for _, test := range []struct {
		name, address string
		want          bool
	}{
		{"an ordinary address", "11.22.33.44", true},
		{"an ordinary IPv6 address", "2a00:1450::1", true},
		{"an ordinary address in IPv6 clothes", "::ffff:11.22.33.44", true},
		{"loopback", "127.0.0.1", false},
		{"the far end of loopback", "127.255.255.254", false},
		{"loopback in IPv6 clothes", "::ffff:127.0.0.1", false},
		{"loopback in deprecated IPv6 clothes", "::127.0.0.1", false},
		{"loopback, translated", "::ffff:0:127.0.0.1", false},
		{"loopback IPv6", "::1", false},
		{"unspecified", "0.0.0.0", false},
		{"this network", "0.1.2.3", false},
		{"unspecified IPv6", "::", false},
		{"private 10", "10.0.0.1", false},
		{"private 172", "172.31.255.255", false},
		{"private 192", "192.168.1.1", false},
		{"private in IPv6 clothes", "::ffff:10.0.0.1", false},
		{"unique local", "fd00::1", false},
		{"metadata of a cloud", "169.254.169.254", false},
		{"metadata of a cloud IPv6", "fd00:ec2::254", false},
		{"host agent of a cloud", "168.63.129.16", false},
		{"link-local IPv6", "fe80::1", false},
		{"link-local IPv6 with zone", "fe80::1%eth0", false},
		{"site-local", "fec0::1", false},
		{"multicast", "224.0.0.1", false},
		{"multicast IPv6", "ff02::1", false},
		{"broadcast", "255.255.255.255", false},
		{"reserved", "240.0.0.1", false},
		{"carrier-grade NAT", "100.64.0.1", false},
		{"just below carrier-grade NAT", "100.63.255.255", true},
		{"just above carrier-grade NAT", "100.128.0.0", true},
		{"benchmark", "198.19.255.255", false},
		{"documentation", "203.0.113.9", false},
		{"documentation IPv6", "2001:db8::1", false},
		{"NAT64 of loopback", "64:ff9b::7f00:1", false},
		{"local NAT64", "64:ff9b:1::1", false},
		{"6to4 of a private address", "2002:a00:1::1", false},
		{"Teredo", "2001:0:1::1", false},
		{"discard", "100::1", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := upstream.Public(netip.MustParseAddr(test.address)); got != test.want {
				t.Errorf("Public(%s): got %v, want %v", test.address, got, test.want)
			}
		})
	}
}

// dialMap sends names to listeners and says that they were found at a public address, or at another one.
type dialMap struct {
	to   map[string]string // host:port as asked for → address of a listener
	from string            // what the other end's address looks like
	mu   sync.Mutex
	seen []string
}

func (d *dialMap) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d.mu.Lock()
	d.seen = append(d.seen, address)
	d.mu.Unlock()
	real, ok := d.to[address]
	if !ok {
		return nil, fmt.Errorf("no route to %s in this test", address)
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, real)
	if err != nil {
		return nil, err
	}
	return disguised{conn, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(d.from))}, nil
}

type disguised struct {
	net.Conn
	remote net.Addr
}

func (d disguised) RemoteAddr() net.Addr { return d.remote }

func hostOf(rawurl string) string {
	u, err := url.Parse(rawurl)
	if err != nil {
		panic(err)
	}
	return u.Host
}

func TestWhatMetadataPointsToIsGuarded(t *testing.T) {
	secret := newCanary(t)
	_, port, _ := net.SplitHostPort(secret.Addr().String())
	r := newRig(t, sends(noise(1000), nil))
	for _, address := range []string{
		secret.url() + "/x.tgz",
		"http://localhost:" + port + "/x.tgz",
		"http://127.1:" + port + "/x.tgz",
		"http://0x7f.1:" + port + "/x.tgz",
		"http://2130706433:" + port + "/x.tgz",
		"http://0.0.0.0:" + port + "/x.tgz",
		"http://[::ffff:127.0.0.1]:" + port + "/x.tgz",
		"http://[::]:" + port + "/x.tgz",
		"http://user@" + secret.Addr().String() + "/x.tgz",
		"http://169.254.169.254/latest/meta-data/",
		"file:///etc/passwd",
		"gopher://" + secret.Addr().String() + "/x",
		"unix:///run/x.sock",
		"//" + secret.Addr().String() + "/x.tgz",
		"http:///x.tgz",
		"http:" + secret.Addr().String(),
		"http://" + secret.Addr().String() + ":99999/x",
		"http://h.example.test:99999/x",
		"http://h.example.test:0/x",
		"/relative.tgz",
		"http://%zz/",
		"http://h.example.test/" + strings.Repeat("x", 9000),
	} {
		req := new(store).request("", "flight of "+address, upstream.Want{})
		req.URL = address
		_, err := r.Asset(t.Context(), req)
		wantKind(t, err, artifact.Unavailable)
		doc := document("")
		doc.URL = address
		_, err = r.Document(t.Context(), doc)
		wantKind(t, err, artifact.Unavailable)
	}
	r.wantRequests(t, 0)
}

func TestWhereMetadataMayPoint(t *testing.T) {
	content := noise(1000)
	files := newRegistry(t, sends(content, nil))
	for _, test := range []struct {
		name, url, from string
		hosts           []string
		ok              bool
	}{
		{"a public address", "http://files.example.test/x", "11.22.33.44:80", nil, true},
		{"a name that leads to a private address", "http://files.example.test/x", "10.0.0.2:80", nil, false},
		{"another name of the origin", "http://files.example.test/x", "10.0.0.1:80", nil, true},
		{"another port of the origin's machine", "http://files.example.test:81/x", "10.0.0.1:81", nil, false},
		{"a download host, wherever it is", "http://files.example.test/x", "10.0.0.1:80", []string{"Files.Example.Test"}, true},
		{"a download host at another port", "http://files.example.test:81/x", "10.0.0.1:81", []string{"files.example.test"}, false},
		{"a download host with its port", "http://files.example.test:81/x", "10.0.0.1:81", []string{"files.example.test:81"}, true},
		{"the origin itself", "http://registry.example.test/other/x", "10.0.0.1:80", nil, true},
		{"the origin at another port", "http://registry.example.test:81/x", "10.0.0.1:81", nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			to := files.Listener.Addr().String()
			d := &dialMap{from: test.from, to: map[string]string{
				"files.example.test:80": to, "files.example.test:81": to,
				"registry.example.test:80": to, "registry.example.test:81": to,
			}}
			r := newRig(t, status(http.StatusTeapot), func(o *upstream.Options, origin *upstream.Origin) {
				o.Dial = d.dial
				o.Lookup = func(_ context.Context, host string) ([]netip.Addr, error) {
					if host != "registry.example.test" {
						return nil, fmt.Errorf("no %s in this test", host)
					}
					return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil
				}
				origin.Base = &url.URL{Scheme: "http", Host: "registry.example.test", Path: "/npm/"}
				origin.DownloadHosts = test.hosts
			})
			before := files.requests.Load()
			req := new(store).request("", "f", upstream.Want{})
			req.URL = test.url
			transfer, err := r.Asset(t.Context(), req)
			if test.ok != (err == nil) {
				t.Fatalf("got %v", err)
			}
			if err == nil {
				if got, err := io.ReadAll(transfer); err != nil || len(got) != len(content) {
					t.Errorf("got %d bytes and %v", len(got), err)
				}
				_ = transfer.Close()
			} else if files.requests.Load() != before {
				t.Error("a request went out before the address was judged")
			}
		})
	}
}

func TestRedirects(t *testing.T) {
	const secret = "Basic dTpwdw=="
	content := noise(1000)
	origin := upstream.Credential{User: "u", Password: artifact.NewSecret("pw")}

	t.Run("the credential goes to the origin and to nobody else", func(t *testing.T) {
		var seen sync.Map
		files := newRegistry(t, func(w http.ResponseWriter, req *http.Request) {
			seen.Store("files", req.Header.Get("Authorization"))
			sends(content, nil)(w, req)
		})
		r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
			seen.Store(req.URL.Path, req.Header.Get("Authorization"))
			if req.URL.Path == "/registry/a" {
				http.Redirect(w, req, "/registry/b", http.StatusMovedPermanently)
				return
			}
			http.Redirect(w, req, files.URL+"/x", http.StatusFound)
		}, func(_ *upstream.Options, o *upstream.Origin) {
			o.Credential, o.DownloadHosts = origin, []string{hostOf(files.URL)}
		})
		transfer, err := r.Asset(t.Context(), new(store).request("a", "f", upstream.Want{}))
		if err != nil {
			t.Fatal(err)
		}
		_ = transfer.Close()
		for where, want := range map[string]string{"/registry/a": secret, "/registry/b": secret, "files": ""} {
			if got, _ := seen.Load(where); got != want {
				t.Errorf("%s saw authorization %q, want %q", where, got, want)
			}
		}
	})
	t.Run("a bearer token is sent as one", func(t *testing.T) {
		r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
			_, _ = io.WriteString(w, req.Header.Get("Authorization"))
		},
			func(_ *upstream.Options, o *upstream.Origin) { o.Credential.Token = artifact.NewSecret("abc") })
		r.wantDocument(t, "Bearer abc")
	})
	t.Run("none leads to an address that is not public", func(t *testing.T) {
		secret := newCanary(t)
		for _, location := range []string{
			secret.url() + "/x", "//" + secret.Addr().String() + "/x", "file:///etc/passwd",
			"http://u:p@" + secret.Addr().String() + "/", "", "http://%zz", strings.Repeat("x", 9000),
		} {
			r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", location)
				w.WriteHeader(http.StatusFound)
			}, func(_ *upstream.Options, o *upstream.Origin) { o.Credential = origin })
			_, err := r.Asset(t.Context(), new(store).request("a", "f", upstream.Want{}))
			wantKind(t, err, artifact.Unavailable)
			r.wantRequests(t, 1)
		}
	})
	t.Run("five are followed and the sixth is not", func(t *testing.T) {
		var hops int
		r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
			hops++
			http.Redirect(w, req, fmt.Sprintf("/registry/%d", hops), http.StatusTemporaryRedirect)
		})
		_, err := r.Document(t.Context(), document("left"))
		wantKind(t, err, artifact.Unavailable)
		r.wantRequests(t, 6)
	})
	t.Run("https never falls back to http", func(t *testing.T) {
		plain := newRegistry(t, sends(content, nil))
		secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, plain.URL+"/x", http.StatusFound)
		}))
		defer secure.Close()
		roots := x509.NewCertPool()
		roots.AddCert(secure.Certificate())
		r := newRig(t, status(http.StatusOK), func(o *upstream.Options, origin *upstream.Origin) {
			o.TLS = &tls.Config{RootCAs: roots}
			origin.Base, _ = url.Parse(secure.URL)
			origin.DownloadHosts = []string{hostOf(plain.URL)}
		})
		for _, at := range []string{"", plain.URL + "/x"} {
			req := new(store).request("a", "f"+at, upstream.Want{})
			req.URL = at
			_, err := r.Asset(t.Context(), req)
			wantKind(t, err, artifact.Unavailable)
			if err == nil || !strings.Contains(err.Error(), "from https to") {
				t.Errorf("got %v", err)
			}
		}
		plain.wantRequests(t, 0)
	})
}

func TestThroughAProxyOnlyConfiguredHostsAreReached(t *testing.T) {
	proxy := newRegistry(t, say("by proxy"))
	through, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, status(http.StatusTeapot), func(o *upstream.Options, origin *upstream.Origin) {
		o.Proxy = http.ProxyURL(through)
		origin.Base = &url.URL{Scheme: "http", Host: "registry.example.test"}
	})
	r.wantDocument(t, "by proxy")
	req := document("")
	req.URL = "http://elsewhere.example.test/x"
	_, err = r.Document(t.Context(), req)
	wantKind(t, err, artifact.Unavailable)
	proxy.wantRequests(t, 1)
}
