package npm

import (
	"bytes"
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/format/formattest"
	"entrepot/repository"
)

const shelfURL = formattest.Base + "npm/shelf/"

func TestTheFullDocumentHasWhatClientsReadFromIt(t *testing.T) {
	s := newSite(t)
	s.publish("@acme/bar", "1.0.0", "latest", object{"homepage": "https://h.example.test", "keywords": []string{"k"},
		"scripts": object{"install": "x"}, "peerDependenciesMeta": object{"a": object{"optional": true}}})
	w := s.Do("GET", "@acme%2fbar", "")
	doc := s.json(w)
	for _, row := range []struct {
		want any
		path []string
	}{
		{"@acme/bar", []string{"_id"}},
		{"@acme/bar", []string{"name"}},
		{"d", []string{"description"}},
		{"MIT", []string{"license"}},
		{"# read me", []string{"readme"}},
		{"https://h.example.test", []string{"homepage"}},
		{"1.0.0", []string{"dist-tags", "latest"}},
		{"2026-03-01T12:00:00.000Z", []string{"time", "1.0.0"}},
		{"2026-03-01T12:00:00.000Z", []string{"time", "created"}},
		{"2026-03-01T12:00:00.000Z", []string{"time", "modified"}},
		{"@acme/bar@1.0.0", []string{"versions", "1.0.0", "_id"}},
		{"22.1.0", []string{"versions", "1.0.0", "_nodeVersion"}},
		{true, []string{"versions", "1.0.0", "hasInstallScript"}},
		{shelfURL + "@acme/bar/-/bar-1.0.0.tgz", []string{"versions", "1.0.0", "dist", "tarball"}},
		{2.0, []string{"versions", "1.0.0", "dist", "fileCount"}},
		{nil, []string{"versions", "1.0.0", "readme"}},
		{nil, []string{"modified"}},
	} {
		if got := dig(doc, row.path...); got != row.want {
			t.Errorf("%s: got %v, want %v", strings.Join(row.path, "."), got, row.want)
		}
	}
	if rev, _ := doc["_rev"].(string); !strings.HasPrefix(rev, "1-") {
		t.Errorf("got _rev %q", rev)
	}
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("got Content-Type %q", got)
	}
}

func TestTheAbbreviatedDocumentHasExactlyItsFields(t *testing.T) {
	s := newSite(t)
	s.publish("bar", "1.0.0", "latest", object{"homepage": "h", "main": "x", "funding": "f", "libc": []string{"musl"},
		"peerDependenciesMeta": object{}, "engines": object{"node": ">1"}, "bin": "./cli.js"})
	w := s.Do("GET", "bar", "", "Accept", abbreviatedForm.contentType+"; q=1.0, application/json; q=0.8, */*")
	doc := s.json(w)
	if got, want := keysOf(doc), "dist-tags modified name time versions"; got != want {
		t.Errorf("got top level %s, want %s", got, want)
	}
	v := dig(doc, "versions", "1.0.0")
	want := "_hasShrinkwrap bin dist engines funding libc name peerDependenciesMeta version"
	if got := keysOf(v); got != want {
		t.Errorf("got version %s, want %s", got, want)
	}
	if got := dig(v, "bin", "bar"); got != "cli.js" {
		t.Errorf("got bin %v", got)
	}
	if _, ok := doc["modified"].(string); !ok {
		t.Errorf("got modified %v", doc["modified"])
	}
	full := s.Do("GET", "bar", "")
	if full.Header().Get("Etag") == w.Header().Get("Etag") {
		t.Error("both forms have one ETag")
	}
	if got := w.Header().Get("Content-Type"); got != abbreviatedForm.contentType {
		t.Errorf("got Content-Type %q", got)
	}
}

func keysOf(v any) string {
	o, _ := v.(object)
	var keys []string
	for key := range o {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return strings.Join(keys, " ")
}

func TestAcceptChoosesTheForm(t *testing.T) {
	const abbreviated = "application/vnd.npm.install-v1+json"
	for _, row := range []struct {
		name, accept string
		want         form
	}{
		{"npm 6 to 9", abbreviated + "; q=1.0, application/json; q=0.8, */*", abbreviatedForm},
		{"npm 10 and later", "application/json", fullForm},
		{"pnpm full", "application/json; q=1.0, */*", fullForm},
		{"yarn 4", "", fullForm},
		{"dist-tag", "*/*", fullForm},
		{"only the abbreviated", abbreviated, abbreviatedForm},
		{"the full one preferred", abbreviated + ";q=0.5, application/json", fullForm},
		{"the abbreviated refused", abbreviated + ";q=0", fullForm},
		{"nonsense", abbreviated + ";q=x", fullForm},
		{"capitals", "Application/VND.npm.install-v1+JSON", abbreviatedForm},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := formFor(row.accept); got != row.want {
				t.Errorf("got %s, want %s", got.variant, row.want.variant)
			}
		})
	}
}

// stock has the registry offer a packument made by registry, and the tarballs that it names.
func (s *site) stock(name string, document object) {
	s.T.Helper()
	outside, tarballs := s.Registry(npmjs), name+"/-/x-"
	for version := range document["versions"].(object) {
		outside.Put(tarballs+version+".tgz", "application/octet-stream", []byte(version))
	}
	packument := strings.ReplaceAll(text(s.T, document), "https://registry.example.test/"+tarballs, outside.URL+tarballs)
	outside.Put(strings.Replace(name, "/", "%2f", 1), "application/json", []byte(packument))
}

// open lets a package take versions from both sides, before it is there.
func (s *site) open(name string) { s.Control(shelf, key(name), artifact.Allow, artifact.Allow) }

func TestOnlyAddressesChangeInProxiedVersions(t *testing.T) {
	s := newSite(t)
	document := registry("@acme/bar", "1.0.0", "1.1.0")
	dist := dig(document, "versions", "1.1.0", "dist").(object)
	dist["attestations"] = object{"url": "https://registry.example.test/-/npm/v1/attestations/@acme%2fbar@1.1.0",
		"provenance": object{"predicateType": "https://slsa.example.test/v1"}}
	s.stock("@acme/bar", document)
	w := s.Do("GET", "@acme/bar", "")
	doc := s.json(w)
	if strings.Contains(w.Body.String(), "registry.example.test") ||
		strings.Contains(w.Body.String(), s.Registry(npmjs).URL) {
		t.Error("an address of the registry is left")
	}
	got := dig(doc, "versions", "1.1.0", "dist").(object)
	if got["tarball"] != shelfURL+"@acme/bar/-/bar-1.1.0.tgz" {
		t.Errorf("got tarball %v", got["tarball"])
	}
	for _, key := range []string{"integrity", "shasum", "fileCount", "signatures"} {
		if text(t, got[key]) != text(t, dist[key]) {
			t.Errorf("got %s %v, want %v", key, got[key], dist[key])
		}
	}
	if url := dig(got, "attestations", "url"); url != shelfURL+"-/npm/v1/attestations/@acme/bar@1.1.0" {
		t.Errorf("got attestations at %v", url)
	}
	if p := dig(got, "attestations", "provenance", "predicateType"); p != "https://slsa.example.test/v1" {
		t.Errorf("got predicateType %v", p)
	}
	for path, want := range map[string]string{
		"created": "2020-01-01T00:00:00.000Z", "modified": "2024-01-01T00:00:00.000Z", "1.0.0": "2021-01-01T10:00:00.000Z",
	} {
		if got := dig(doc, "time", path); got != want {
			t.Errorf("time.%s: got %v, want %s", path, got, want)
		}
	}
	if doc["readme"] != "# outside" || dig(doc, "versions", "1.0.0", "_npmUser", "name") != "bob" {
		t.Errorf("got readme %v", doc["readme"])
	}
	if dig(doc, "users") != nil {
		t.Error("users were forwarded")
	}
}

func key(name string) artifact.PackageKey {
	p, err := parseName(name)
	if err != nil {
		panic(err)
	}
	return p
}

func TestAViewWithoutVersionsIsNotFound(t *testing.T) {
	err := render(&bytes.Buffer{}, repository.View{PackageKey: key("bar"), Versions: none}, fullForm, below)
	if !artifact.Is(err, artifact.NotFound) {
		t.Errorf("got %v, want not found", err)
	}
}

func none(func(artifact.Version, error) bool) {}

func TestUnknownTimesAreLeftOut(t *testing.T) {
	m := manifest{[]byte(`{"name":"bar"}`), []byte(`{}`), []byte(`{}`), []byte(`{}`), []byte(`{}`)}
	v := artifact.Version{VersionKey: key("bar").At("1.0.0"), Status: artifact.Published, Manifest: m.appendLines(nil)}
	var out bytes.Buffer
	view := repository.View{PackageKey: key("bar"), Versions: only(v), Labels: map[string]string{latestTag: "1.0.0"}}
	if err := render(&out, view, abbreviatedForm, func(p string) string { return "u/" + p }); err != nil {
		t.Fatal(err)
	}
	want := `{"name":"bar","versions":{"1.0.0":{"name":"bar","dist":{"tarball":"u/bar/-/bar-1.0.0.tgz"}}},` +
		`"dist-tags":{"latest":"1.0.0"},"time":{}}`
	if out.String() != want || !json.Valid(out.Bytes()) {
		t.Errorf("got %s\nwant %s", out.String(), want)
	}
}

func only(v artifact.Version) iter.Seq2[artifact.Version, error] {
	return func(yield func(artifact.Version, error) bool) { yield(v, nil) }
}

func TestTimesAreWidenedOverAllSources(t *testing.T) {
	s := newSite(t)
	s.stock("bar", registry("bar", "1.0.0"))
	s.open("bar")
	s.Clock.Pass(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC).Sub(s.Clock.Now()))
	s.publish("bar", "2.0.0", "mine")
	doc := s.json(s.Do("GET", "bar", "", "Accept", abbreviatedForm.contentType))
	if doc["modified"] != "2027-01-01T00:00:00.000Z" || dig(doc, "time", "created") != "2020-01-01T00:00:00.000Z" {
		t.Errorf("got modified %v, time %v", doc["modified"], doc["time"])
	}
}
