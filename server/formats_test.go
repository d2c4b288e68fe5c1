package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// request builds one that passed the wire, for npm's repository shared unless the target says otherwise.
func request(method, target string, header ...string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "packages.example.test:8090"
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func TestEveryAnswerOfAFormatIsInItsWordsWithItsHeaders(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Limits.Body = 1000; o.Limits.FailedLogins = 1 })
	token := "Bearer " + goodToken
	large := request("PUT", base+"/pkg", "Authorization", token)
	large.ContentLength = 1001
	endless := request("PUT", base+"/pkg", "Authorization", token)
	endless.Body, endless.ContentLength = io.NopCloser(strings.NewReader(strings.Repeat("a", 1001))), -1
	for _, c := range []struct {
		name    string
		request *http.Request
		status  int
		words   string
	}{
		{"served", request("GET", base+"/pkg", "Authorization", token), 200, `read package="pkg"`},
		{"no token", request("GET", base+"/pkg"), 401, "npm failed: unauthenticated"},
		{"a bad token", request("GET", base+"/pkg", "Authorization", "Bearer bad"), 401, "npm failed"},
		{"too many bad tokens", request("GET", base+"/pkg", "Authorization", "Bearer bad"), 429, "npm failed"},
		{"no route", request("GET", base+"/a/b/c", "Authorization", token), 404, "npm failed: not found"},
		{"another method", request("POST", base+"/pkg", "Authorization", token), 405, "npm failed: invalid: This method"},
		{"a body announced too large", large, 413, "npm failed: invalid: The request body is larger"},
		{"a body that grows too large", endless, 413, "npm failed: invalid: The request body is larger"},
		{"an empty segment", request("GET", base+"/a//b", "Authorization", token), 400, "The path has an empty segment."},
		{"too many ranges", request("GET", base+"/pkg", "Range", "bytes="+strings.Repeat("0-1,", 40)), 416, "npm failed"},
		{"a panic", request("GET", base+"/-/panic", "Authorization", token), 500, "npm failed: internal"},
	} {
		w := httptest.NewRecorder()
		f.ServeHTTP(timeless{w}, c.request)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.words) {
			t.Errorf("%s: got %d %s, want %d with %s", c.name, w.Code, w.Body, c.status, c.words)
		}
		if got := w.Header().Get("Content-Version"); got != "1" {
			t.Errorf("%s: the format's header is %q", c.name, got)
		}
		if allow := w.Header().Get("Allow"); (allow != "") != (c.status == 405) {
			t.Errorf("%s: Allow is %q", c.name, allow)
		}
	}
}

func TestNoFormatSeesAnUncleanPath(t *testing.T) {
	f := newFixture(t, func(o *Options) {
		o.Formats[0].Rewrite = func(escaped string) string { t.Errorf("Rewrite is asked for %q", escaped); return escaped }
		o.Formats[0].Header = func(http.Header, *http.Request) { t.Error("Header is called") }
	})
	for _, path := range []string{"/..", "/%2e%2e/x", "/a%5cb", "/a%00b", "/a%2f%2fb", "/%ff"} {
		w := f.do("GET", base+path, "Authorization", "Bearer "+goodToken)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Header().Get("Content-Type"), "json") {
			t.Errorf("%s: got %d %s, want 400 in plain JSON", path, w.Code, w.Body)
		}
	}
}

func TestAFormatSaysWhatAnEmptySegmentMeans(t *testing.T) {
	f := newFixture(t, func(o *Options) {
		o.Formats[0].Rewrite = func(escaped string) string { return "/" + strings.TrimLeft(escaped, "/") }
	})
	for target, want := range map[string]struct {
		status int
		body   string
	}{
		base + "//pkg":                          {200, `read package="pkg"`},
		base + "///pkg/-/pkg-1.tgz":             {200, `file="pkg-1.tgz"`},
		base + "//":                             {200, `root`},
		base + "/pkg//-/pkg-1.tgz":              {400, "The path has an empty segment."},
		base + "//pkg//":                        {400, "The path has an empty segment."},
		"/team-" + owner + "/npm//pkg":          {400, "The path has an empty segment."},
		"/team-" + owner + "//npm/shared/pkg":   {400, "The path has an empty segment."},
		"//team-" + owner + "/npm/shared/pkg":   {400, "The path has an empty segment."},
		"/team-" + owner + "/conda/shared//pkg": {400, "The path has an empty segment."},
		"/v1//domain":                           {400, "The path has an empty segment."},
	} {
		r := request("GET", "/", "Authorization", "Bearer "+goodToken)
		r.RequestURI = target
		w := httptest.NewRecorder()
		f.ServeHTTP(timeless{w}, r)
		if w.Code != want.status || !strings.Contains(w.Body.String(), want.body) {
			t.Errorf("%s: got %d %s, want %d with %s", target, w.Code, w.Body, want.status, want.body)
		}
	}
}

func TestAFormatWithoutRoutesSaysWhereItsPackagesAre(t *testing.T) {
	f := newFixture(t, func(o *Options) {
		o.Formats = append(o.Formats, format.Format{Name: artifact.Generic, Traits: repository.Traits{ByAPI: true}})
	})
	token := "Bearer " + goodToken
	generic := "/team-" + owner + "/generic/shared"
	for _, c := range []struct {
		method, path, authorization string
		status                      int
		words                       string
	}{
		{"GET", "/", token, 404, "through the API"},
		{"GET", "/pkg/1.0/file", token, 404, "through the API"},
		{"PUT", "/pkg/1.0/file", token, 404, "through the API"},
		{"GET", "/a//b", token, 400, "empty segment"},
		{"GET", "/pkg", "", 401, "no good token"},
	} {
		w := f.do(c.method, generic+c.path, "Authorization", c.authorization)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.words) ||
			w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: got %d %v %s, want %d with %q as JSON", c.method, c.path, w.Code, w.Header(), w.Body, c.status,
				c.words)
		}
		if challenge := w.Header().Get("WWW-Authenticate"); (challenge != "") != (c.status == 401) {
			t.Errorf("%s %s: the challenge is %q", c.method, c.path, challenge)
		}
	}
}

func TestAFormatThatIsKnownByNameOnlyIsAsOneThatIsNotRegistered(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Formats = append(o.Formats, format.Format{Name: artifact.Cargo}) })
	for _, token := range []string{"Bearer " + goodToken, ""} {
		known := f.do("GET", "/team-"+owner+"/cargo/shared/pkg", "Authorization", token)
		absent := f.do("GET", "/team-"+owner+"/swift/shared/pkg", "Authorization", token)
		if got, want := known.Body.String(), strings.ReplaceAll(absent.Body.String(), "swift", "cargo"); got != want ||
			known.Code != absent.Code || known.Code != http.StatusNotFound {
			t.Errorf("got %d %s, want %d %s", known.Code, got, absent.Code, want)
		}
	}
}

func TestACredentialBehindAnEmptySegmentIsNotLogged(t *testing.T) {
	for _, path := range []string{"/-/user/token/canary", "/-/user/token//canary", "/-/user/Token///canary/x"} {
		read, refused := parseTarget(path)
		if refused != accepted {
			t.Fatalf("%s: refusal %d", path, refused)
		}
		if got := loggable(read); strings.Contains(got, "canary") {
			t.Errorf("%s is logged as %s", path, got)
		}
	}
}
