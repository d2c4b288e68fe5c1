package npm

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/format/formattest"
	"entrepot/iam"
)

func TestOneVersionIsFoundByNumberAndByTag(t *testing.T) {
	s := newSite(t)
	s.publish("@acme/bar", "1.0.0", "latest")
	s.publish("@acme/bar", "2.0.0-rc.1", "next")
	for selector, want := range map[string]string{"1.0.0": "1.0.0", "latest": "1.0.0", "next": "2.0.0-rc.1"} {
		v := s.json(s.Do("GET", "@acme/bar/"+selector, ""))
		if v["version"] != want || dig(v, "dist", "tarball") != shelfURL+"@acme/bar/-/bar-"+want+".tgz" {
			t.Errorf("%s: got %s", selector, text(t, v))
		}
	}
	for _, selector := range []string{"3.0.0", "beta", "1", "^1.0.0"} {
		s.Must(http.StatusNotFound, s.Do("GET", "@acme/bar/"+selector, ""))
	}
	s.Must(http.StatusNotFound, s.Do("GET", "other/latest", ""))
	s.SetStatus(shelf, key("@acme/bar").At("1.0.0"), artifact.Unlisted)
	s.Must(http.StatusNotFound, s.Do("GET", "@acme/bar/1.0.0", ""))
}

func TestATarballIsServedUnderItsOwnNameOnly(t *testing.T) {
	s := newSite(t)
	s.publish("bar", "1.0.0", "latest")
	s.Must(http.StatusOK, s.Do("GET", "bar/-/bar-1.0.0.tgz", ""))
	for _, path := range []string{"bar/-/bar-1.0.1.tgz", "bar/-/baz-1.0.0.tgz", "bar/-/bar.tgz", "bar/-/package.tgz",
		"baz/-/baz-1.0.0.tgz"} {
		s.Must(http.StatusNotFound, s.Do("GET", path, ""))
	}
}

func TestWhoamiTellsTheCaller(t *testing.T) {
	for _, row := range []struct {
		name, want string
		principal  iam.Principal
	}{
		{"user", "ada", iam.Principal{Name: "ada", ARN: "arn:aws:iam::123456789012:user/team/ada"}},
		{"role", "assumed-role/ci/build-7", iam.Principal{ARN: "arn:aws:sts::123456789012:assumed-role/ci/build-7"}},
		{"root", "root", iam.Principal{ARN: "arn:aws:iam::123456789012:root"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t)
			caller := formattest.Caller("ada", "ReadFromRepository")
			caller.Principal.Name, caller.Principal.ARN = row.principal.Name, row.principal.ARN
			s.by(caller)
			if got := s.json(s.Do("GET", "-/whoami", ""))["username"]; got != row.want {
				t.Errorf("got %v, want %s", got, row.want)
			}
		})
	}
}

func TestAnErrorIsOneTextUnderTwoKeys(t *testing.T) {
	s := newSite(t)
	w := s.Must(http.StatusNotFound, s.Do("GET", "unknown", ""))
	if w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("got %q", w.Header().Get("Content-Type"))
	}
	body := w.Body.String()
	if !strings.HasPrefix(body, `{"error":"`) || !strings.Contains(body, `","message":"`) {
		t.Errorf("got %s", body)
	}
}

func TestNPMGetsNoChallenge(t *testing.T) {
	for _, row := range []struct {
		name      string
		header    [2]string
		challenge bool
	}{
		{"npm", [2]string{"User-Agent", "npm/11.0.0 node/v22 linux x64"}, false},
		{"npm with its command", [2]string{"Npm-Command", "install"}, false},
		{"curl", [2]string{"User-Agent", "curl/8"}, true},
		{"yarn", [2]string{"User-Agent", "got"}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t)
			s.serve(formattest.Refusing{Err: artifact.Errorf(artifact.Unauthenticated, "The token has expired.")})
			w := s.Must(http.StatusUnauthorized, s.Do("GET", "bar", "", row.header[0], row.header[1]))
			if got := w.Header().Get("WWW-Authenticate") == formattest.Challenge; got != row.challenge {
				t.Errorf("got %q", w.Header().Get("WWW-Authenticate"))
			}
			for _, words := range []string{"The token has expired.", "aws codeartifact login --tool npm"} {
				if !strings.Contains(w.Body.String(), words) {
					t.Errorf("got %s, want %q", w.Body, words)
				}
			}
		})
	}
}

func TestRetryAfterIsInWholeSeconds(t *testing.T) {
	for _, row := range []struct {
		name   string
		err    error
		status int
		want   string
	}{
		{"throttled", artifact.Errorf(artifact.Throttled, "x"), 429, "5"},
		{"unavailable", &artifact.Error{Kind: artifact.Unavailable, RetryAfter: 1500 * time.Millisecond}, 503, "2"},
		{"quota", artifact.Errorf(artifact.Quota, "x"), 429, "5"},
		{"too large", fmt.Errorf("put: %w", tooLarge("x")), 413, ""},
		{"internal", errors.New("x"), 500, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			fail(w, httptest.NewRequest("GET", "/", nil), row.err, "")
			if w.Code != row.status || w.Header().Get("Retry-After") != row.want {
				t.Errorf("got %d, Retry-After %q, want %d, %q", w.Code, w.Header().Get("Retry-After"), row.status, row.want)
			}
		})
	}
}

func TestSearch(t *testing.T) {
	s := newSite(t)
	for i := range 30 {
		s.publish(fmt.Sprintf("tool-%02d", i), "1.0.0", "latest", object{"keywords": []string{"k"}})
	}
	s.publish("@acme/other", "1.0.0", "latest")
	for _, row := range []struct {
		name, query string
		found       int
		first       string
		total       float64
	}{
		{"twenty at first", "text=tool", 20, "tool-00", 21},
		{"all", "text=tool&size=250&quality=0.6", 30, "tool-00", 30},
		{"more than the most", "text=tool&size=100000", 30, "tool-00", 30},
		{"from", "text=tool&size=2&from=5", 2, "tool-05", 8},
		{"beyond", "text=tool&from=99999", 0, "", 30},
		{"by scope", "text=scope:acme", 1, "@acme/other", 1},
		{"by name with the scope", "text=@acme/other", 1, "@acme/other", 1},
		{"two words", "text=tool+07", 1, "tool-07", 1},
		{"nothing", "text=nothing", 0, "", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			s.T = t
			answer := s.json(s.Do("GET", "-/v1/search?"+row.query, ""))
			objects, _ := answer["objects"].([]any)
			if len(objects) != row.found || answer["total"] != row.total {
				t.Fatalf("got %d of %v, want %d of %v", len(objects), answer["total"], row.found, row.total)
			}
			if row.found > 0 && dig(objects[0], "package", "name") != row.first {
				t.Errorf("got %v first, want %s", dig(objects[0], "package", "name"), row.first)
			}
		})
	}
	s.T = t
	for _, query := range []string{"size=-1", "size=x", "from=1e9", "text=" + strings.Repeat("a", 101),
		"text=" + strings.Repeat("a+", 11)} {
		s.Must(http.StatusBadRequest, s.Do("GET", "-/v1/search?"+query, ""))
	}
}

func TestASearchHitHasTheFieldsThatClientsPrint(t *testing.T) {
	s := newSite(t)
	s.stock("@acme/bar", func() object {
		doc := registry("@acme/bar", "1.0.0")
		v := dig(doc, "versions", "1.0.0").(object)
		v["keywords"], v["homepage"] = []string{"k"}, "https://h.example.test"
		v["maintainers"] = []any{object{"name": "bob", "email": "b@example.test"}}
		return doc
	}())
	s.Must(http.StatusOK, s.Do("GET", "@acme/bar/-/bar-1.0.0.tgz", "")) // what was retained can be found
	hit := dig(s.json(s.Do("GET", "-/v1/search?text=bar", "")), "objects").([]any)[0]
	want := `{"date":"2021-01-01T10:00:00.000Z","description":"from outside","keywords":["k"],` +
		`"links":{"homepage":"https://h.example.test"},"maintainers":[{"email":"b@example.test","username":"bob"}],` +
		`"name":"@acme/bar","publisher":{"username":"bob"},"scope":"acme","version":"1.0.0"}`
	if got := text(t, dig(hit, "package")); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
