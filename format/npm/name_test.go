package npm

import (
	"strings"
	"testing"

	"entrepot/artifact"
)

func TestNames(t *testing.T) {
	long := strings.Repeat("a", 214)
	for _, row := range []struct {
		name             string
		read, publish    bool
		namespace, local string
	}{
		{"lodash", true, true, "", "lodash"},
		{"@acme/bar", true, true, "acme", "bar"},
		{"@acme/_bar", true, true, "acme", "_bar"},
		{"@acme/.bar", true, true, "acme", ".bar"},
		{"a.b_c-d~e", true, true, "", "a.b_c-d~e"},
		{"-", true, true, "", "-"},
		{"1", true, true, "", "1"},
		{long, true, true, "", long},
		{"JSONStream", true, true, "", "JSONStream"},
		{"what's(up)*!", true, false, "", "what's(up)*!"},
		{"@wh*t/bar", true, false, "wh*t", "bar"},
		{"@Acme/Bar", true, true, "Acme", "Bar"},
		{long + "a", false, false, "", ""},
		{"", false, false, "", ""},
		{".a", false, false, "", ""},
		{"_a", false, false, "", ""},
		{"@acme", false, false, "", ""},
		{"@acme/", false, false, "", ""},
		{"@/bar", false, false, "", ""},
		{"@acme/..", false, false, "", ""},
		{"@acme/.", false, false, "", ""},
		{"@.acme/bar", false, false, "", ""},
		{"@acme/b/c", false, false, "", ""},
		{"a/b", false, false, "", ""},
		{"a b", false, false, "", ""},
		{"a%2fb", false, false, "", ""},
		{"a#b", false, false, "", ""},
		{"a?b", false, false, "", ""},
		{"a\\b", false, false, "", ""},
		{"a\x00b", false, false, "", ""},
		{"a\n", false, false, "", ""},
		{"ä", false, false, "", ""},
		{"a:b", false, false, "", ""},
		{"node_modules", false, false, "", ""},
		{"favicon.ico", false, false, "", ""},
		{"Node_Modules", false, false, "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, err := parseName(row.name)
			if (err == nil) != row.read {
				t.Fatalf("parseName: got %v, want legal %v", err, row.read)
			}
			if err != nil {
				if !artifact.Is(err, artifact.Invalid) {
					t.Errorf("got %s, want invalid", artifact.KindOf(err))
				}
				return
			}
			if p.Namespace != row.namespace || p.Name != row.local || fullName(p) != row.name {
				t.Errorf("got %q %q", p.Namespace, p.Name)
			}
			if !artifact.ValidCoordinate(p.Name) || p.Namespace != "" && !artifact.ValidCoordinate(p.Namespace) {
				t.Error("the parts are no coordinates")
			}
			if err := checkNewName(p); (err == nil) != row.publish {
				t.Errorf("checkNewName: got %v, want legal %v", err, row.publish)
			}
		})
	}
}

func TestRewriteJoinsScopeAndName(t *testing.T) {
	for path, want := range map[string]string{
		"/lodash":                                "/lodash",
		"/@acme%2fbar":                           "/@acme%2fbar",
		"/@acme%2Fbar":                           "/@acme%2Fbar",
		"/@acme/bar":                             "/@acme%2fbar",
		"/%40acme/bar":                           "/%40acme%2fbar",
		"/@acme/bar/-/bar-1.0.0.tgz":             "/@acme%2fbar/-/bar-1.0.0.tgz",
		"/@acme/bar/-/@acme/bar-1.0.0.tgz":       "/@acme%2fbar/-/@acme%2fbar-1.0.0.tgz",
		"/@acme%2fbar/1.0.0":                     "/@acme%2fbar/1.0.0",
		"/-/package/@acme/bar/dist-tags/beta":    "/-/package/@acme%2fbar/dist-tags/beta",
		"/-/npm/v1/attestations/@acme/bar@1.0.0": "/-/npm/v1/attestations/@acme%2fbar@1.0.0",
		"/@acme":                                 "/@acme",
		"/@acme/":                                "/@acme",
		"//lodash":                               "/lodash",
		"///@acme/bar":                           "/@acme%2fbar",
		"/lodash/":                               "/lodash",
		"/@acme/bar/":                            "/@acme%2fbar",
		"//":                                     "/",
		"/lodash//-/lodash-1.0.0.tgz":            "/lodash//-/lodash-1.0.0.tgz",
		"/@acme//bar":                            "/@acme//bar",
		"/lodash//":                              "/lodash//",
		"/@/x":                                   "/@/x",
		"/":                                      "/",
		"/a/../b":                                "/a/../b",
		"/@acme%252fbar/x":                       "/@acme%252fbar%2fx",
		"/-/package/@acme%2fbar/dist-tags/a%2fb": "/-/package/@acme%2fbar/dist-tags/a%2fb",
		"/-/user/org.couchdb.user:ada/-rev/1-a":  "/-/user/org.couchdb.user:ada/-rev/1-a",
		"/npm/shelf/@a/b/-/b-1.0.0.tgz/-rev/1-a": "/npm/shelf/@a%2fb/-/b-1.0.0.tgz/-rev/1-a",
		"/@acme/bar/-/bar-1.0.0.tgz/-rev/1-0000000": "/@acme%2fbar/-/bar-1.0.0.tgz/-rev/1-0000000",
	} {
		if got := Rewrite(path); got != want {
			t.Errorf("Rewrite(%q): got %q, want %q", path, got, want)
		}
		if again := Rewrite(want); again != want {
			t.Errorf("Rewrite(%q): got %q the second time", path, again)
		}
	}
}

func TestTarballVersionReadsWhatLockfilesHold(t *testing.T) {
	scoped := artifact.PackageKey{Format: artifact.NPM, Namespace: "acme", Name: "bar"}
	plain := artifact.PackageKey{Format: artifact.NPM, Name: "bar-1.0.0"}
	for _, row := range []struct {
		name string
		p    artifact.PackageKey
		file string
		want string // empty: not found
	}{
		{"conventional", scoped, "bar-1.0.0.tgz", "1.0.0"},
		{"with the scope", scoped, "@acme/bar-1.0.0.tgz", "1.0.0"},
		{"prerelease", scoped, "bar-1.0.0-beta-2.tgz", "1.0.0-beta-2"},
		{"build", scoped, "bar-1.0.0+a.tgz", "1.0.0+a"},
		{"a name that looks like a tarball", plain, "bar-1.0.0-2.0.0.tgz", "2.0.0"},
		{"another scope", scoped, "@other/bar-1.0.0.tgz", ""},
		{"another name", scoped, "baz-1.0.0.tgz", ""},
		{"no version", scoped, "bar-.tgz", ""},
		{"a range", scoped, "bar-1.x.tgz", ""},
		{"another suffix", scoped, "bar-1.0.0.tar", ""},
		{"a path", scoped, "../bar-1.0.0.tgz", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := tarballVersion(row.p, row.file)
			if got != row.want || (err == nil) != (row.want != "") {
				t.Errorf("got %q, %v, want %q", got, err, row.want)
			}
		})
	}
}
