package upstream_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/upstream"
)

func TestConnections(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range upstream.Connections() {
		if !strings.HasPrefix(c.Name, "public:") || !c.Format.Valid() || seen[c.Env()] {
			t.Errorf("bad or double connection %+v", c.Name)
		}
		seen[c.Env()] = true
	}
	if len(seen) != 10 || !seen["ENTREPOT_UPSTREAM_MAVEN_CENTRAL"] || !seen["ENTREPOT_UPSTREAM_NPMJS"] {
		t.Errorf("got %v", seen)
	}
}

func TestLookup(t *testing.T) {
	origin, err := upstream.ParseOrigin("npmjs", "https://registry.example.test/")
	if err != nil {
		t.Fatal(err)
	}
	origins := upstream.NewOrigins(origin)
	if got, err := origins.Lookup("public:npmjs"); err != nil || got.Base.Host != "registry.example.test" {
		t.Errorf("got %v and %v", got.Base, err)
	}
	for connection, words := range map[string][]string{
		"public:maven-central": {"upstreams: {maven-central: URL}", "ENTREPOT_UPSTREAM_MAVEN_CENTRAL=URL", "--upstream maven-central=URL"},
		"public:nothing":       {"no external connection", "public:npmjs", "public:crates-io"},
	} {
		_, err := origins.Lookup(connection)
		wantKind(t, err, artifact.Unavailable)
		for _, word := range words {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("%s: got %v, want a word about %q", connection, err, word)
			}
		}
	}
}

func TestParseOrigin(t *testing.T) {
	for _, test := range []struct{ name, address, want string }{
		{"plain", "https://registry.example.test", "https://registry.example.test"},
		{"with path and port", "http://h.example.test:8080/a/b/", "http://h.example.test:8080/a/b/"},
		{"a user becomes the credential", "https://u:hush@h.example.test/", "https://h.example.test/"},
		{"no scheme", "registry.example.test", ""},
		{"no host", "https:///x", ""},
		{"only a port", "https://:80/", ""},
		{"a port too high", "https://h.example.test:70000/", ""},
		{"another scheme", "ftp://h.example.test/", ""},
		{"a query", "https://h.example.test/?token=hush", ""},
		{"a fragment", "https://h.example.test/#hush", ""},
		{"not a URL", "https://h.example.test/%zz?hush", ""},
		{"too long", "https://h.example.test/" + strings.Repeat("x", 9000), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			o, err := upstream.ParseOrigin("npmjs", test.address)
			if test.want == "" {
				wantKind(t, err, artifact.Invalid)
				if strings.Contains(fmt.Sprint(err), "hush") {
					t.Errorf("the error repeats the address: %v", err)
				}
				return
			}
			if err != nil || o.Base.String() != test.want {
				t.Errorf("got %v and %v, want %s", o.Base, err, test.want)
			}
			if strings.Contains(fmt.Sprintf("%+v", o), "hush") {
				t.Error("the password can be printed")
			}
			if strings.Contains(test.address, "hush") && o.Credential.Password.Reveal() != "hush" {
				t.Error("the password is lost")
			}
		})
	}
}

func TestPathsStayBelowTheOrigin(t *testing.T) {
	for _, test := range []struct{ name, base, path, want string }{
		{"escapes are kept", "https://h.example.test/r/", "@a%2fb", "https://h.example.test/r/@a%2fb"},
		{"the base needs no slash", "https://h.example.test/r", "x/", "https://h.example.test/r/x/"},
		{"no path is the base", "https://h.example.test/r/index.json", "", "https://h.example.test/r/index.json"},
		{"a query is kept", "https://h.example.test", "q?x=a/../b", "https://h.example.test/q?x=a/../b"},
		{"a colon is no scheme", "https://h.example.test", "a:b/c", "https://h.example.test/a:b/c"},
		{"a URL is only a path", "https://h.example.test/r", "http://x/", "https://h.example.test/r/http://x/"},
		{"absolute", "https://h.example.test/r", "/x", ""},
		{"another host", "https://h.example.test/r", "//x.example.test/", ""},
		{"dots", "https://h.example.test/r", "a/../../x", ""},
		{"escaped dots", "https://h.example.test/r", "%2e%2e/x", ""},
		{"escaped dots and slash", "https://h.example.test/r", "%2e%2e%2Fx", ""},
		{"dots between escaped slashes", "https://h.example.test/r", "@a%2f..%2fb", ""},
		{"one escaped dot", "https://h.example.test/r", ".%2e/x", ""},
		{"a backslash", "https://h.example.test/r", `a\b`, ""},
		{"an escaped backslash", "https://h.example.test/r", "a%5cb", ""},
		{"NUL", "https://h.example.test/r", "a%00", ""},
		{"a line end", "https://h.example.test/r", "a%0d%0aHost:x", ""},
		{"a bare space", "https://h.example.test/r", "a b", ""},
		{"a fragment", "https://h.example.test/r", "a#b", ""},
		{"a broken escape", "https://h.example.test/r", "a%2", ""},
		{"too long", "https://h.example.test/r", strings.Repeat("x", 9000), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			base, err := url.Parse(test.base)
			if err != nil {
				t.Fatal(err)
			}
			got, err := upstream.Origin{Name: "npmjs", Base: base}.Below(test.path)
			if test.want == "" {
				wantKind(t, err, artifact.Invalid)
			} else if err != nil || got != test.want {
				t.Errorf("got %s and %v, want %s", got, err, test.want)
			}
		})
	}
}

func FuzzPathsStayBelowTheOrigin(f *testing.F) {
	for _, seed := range []string{"@a%2fb", "../x", "%2e%2e/x", "//x/", "a?b=c", `\x`, "a:b"} {
		f.Add(seed)
	}
	base := &url.URL{Scheme: "https", Host: "h.example.test", Path: "/r/"}
	f.Fuzz(func(t *testing.T, path string) {
		got, err := upstream.Origin{Name: "npmjs", Base: base}.Below(path)
		if err != nil {
			return
		}
		u, err := url.Parse(got)
		if err != nil || u.Host != base.Host || u.User != nil || !strings.HasPrefix(u.Path, "/r/") {
			t.Errorf("%q leads to %s", path, got)
		}
		if joined := u.JoinPath(); !strings.HasPrefix(joined.Path, "/r/") && joined.Path != "/r" {
			t.Errorf("%q leaves the base once cleaned: %s", path, joined)
		}
	})
}
