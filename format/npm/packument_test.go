package npm

import (
	"bytes"
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
	"entrepot/format/keptpage"
)

// keep regenerates a registry's document and reads its head.
func keep(t testing.TB, name, document string) ([]byte, *keptpage.Head) {
	t.Helper()
	var out bytes.Buffer
	if _, err := regenerate(&out, strings.NewReader(document), name); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), pageOf(t, name, out.Bytes()).Head()
}

// pageOf is what the source makes of a kept packument.
func pageOf(t testing.TB, name string, kept []byte) *keptpage.Page {
	t.Helper()
	page, err := packuments.Page(t.Context(), key(name), connection, keptpage.Stored{Size: int64(len(kept)),
		Open: func(context.Context) (io.ReadCloser, error) { return seekableBody{bytes.NewReader(kept)}, nil }})
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func numbers(h *keptpage.Head) []string {
	var all []string
	for _, p := range h.Index {
		all = append(all, p.Version)
	}
	return slices.Sorted(slices.Values(all))
}

func TestRegenerateKeepsWhatClientsNeed(t *testing.T) {
	kept, h := keep(t, "@acme/bar", text(t, registry("@acme/bar", "1.0.0", "1.1.0")))
	if got := numbers(h); !slices.Equal(got, []string{"1.0.0", "1.1.0"}) {
		t.Fatalf("got versions %q", got)
	}
	if !maps.Equal(h.Labels, map[string]string{"latest": "1.1.0"}) {
		t.Errorf("got tags %v", h.Labels)
	}
	facts, err := keptpage.ReadManifest[packageFacts](h.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	if facts.Readme != "# outside" || facts.Created.Year() != 2020 || facts.Modified.Year() != 2024 {
		t.Errorf("got %+v", facts)
	}
	if bytes.Contains(kept, []byte("long long")) {
		t.Error("a version's readme was kept")
	}
	for _, p := range h.Index {
		m, err := cutManifest(kept[p.At : p.At+p.Length])
		if err != nil {
			t.Fatal(err)
		}
		if p.Time.IsZero() {
			t.Errorf("%s has no time", p.Version)
		}
		listed := string(m.listed)
		if !strings.Contains(listed, `"left":"^1.0.0"`) || !strings.Contains(listed, `"hasInstallScript":true`) {
			t.Errorf("%s: got line 1 %s", p.Version, listed)
		}
		if rest := string(m.rest); !strings.Contains(rest, `"_npmUser"`) || !strings.Contains(rest, `"scripts"`) {
			t.Errorf("%s: got line 3 %s", p.Version, rest)
		}
		if dist := string(m.dist); strings.Contains(dist, "tarball") || !strings.Contains(dist, `"signatures"`) {
			t.Errorf("%s: got line 2 %s", p.Version, dist)
		}
		if k, err := m.facts(); err != nil || !strings.HasSuffix(k.Tarball, "x-"+p.Version+".tgz") {
			t.Errorf("%s: got kept facts %+v, %v", p.Version, k, err)
		}
	}
}

func TestRegenerateRefusesWhatIsNoPackumentOfThatPackage(t *testing.T) {
	for _, row := range []struct{ name, document string }{
		{"of another package", text(t, registry("right", "1.0.0"))},
		{"of another case", text(t, registry("Left", "1.0.0"))},
		{"an array", `[]`},
		{"a page", `<html></html>`},
		{"truncated", `{"name":"left","versions":{"1.0.0":{"name":"left"`},
		{"two documents", `{"name":"left"}{"name":"left"}`},
		{"two names", `{"name":"left","name":"right"}`},
		{"deep", `{"name":"left","x":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := regenerate(io.Discard, strings.NewReader(row.document), "left"); err == nil {
				t.Error("got no error")
			}
		})
	}
}

func TestRegenerateLeavesOutVersionsNoClientCouldUse(t *testing.T) {
	for _, row := range []struct {
		name   string
		spoil  func(v object)
		number string
	}{
		{"not semver", func(v object) { v["version"] = "1.0" }, "1.0"},
		{"prototype", func(v object) { v["version"] = "__proto__" }, "__proto__"},
		{"another name inside", func(v object) { v["name"] = "right" }, "2.0.0"},
		{"another version inside", func(v object) { v["version"] = "3.0.0" }, "2.0.0"},
		{"no dist", func(v object) { delete(v, "dist") }, "2.0.0"},
		{"no tarball", func(v object) { v["dist"] = object{"shasum": "x"} }, "2.0.0"},
		{"too large", func(v object) { v["x"] = strings.Repeat("x", maxOne) }, "2.0.0"},
	} {
		t.Run(row.name, func(t *testing.T) {
			doc := registry("left", "1.0.0", row.number)
			row.spoil(dig(doc, "versions", row.number).(object))
			_, h := keep(t, "left", text(t, doc))
			if got := numbers(h); !slices.Equal(got, []string{"1.0.0"}) {
				t.Errorf("got versions %q", got)
			}
			if len(h.Labels) != 0 {
				t.Errorf("got tags %v of a version that is not there", h.Labels)
			}
		})
	}
}

func TestOneOddValueDoesNotTakeAPackageAway(t *testing.T) {
	good := text(t, dig(registry("left", "1.0.0"), "versions", "1.0.0"))
	two := text(t, dig(registry("left", "2.0.0"), "versions", "2.0.0"))
	bare := func(members string) string {
		return `{` + members + `"dist":{"tarball":"https://r.example.test/left.tgz","shasum":"` + shasum([]byte("2")) + `"}}`
	}
	for _, row := range []struct{ name, document, versions, tags string }{
		{"no name", `{"versions":{"1.0.0":` + good + `}}`, "1.0.0", ""},
		{"a name of another type", `{"name":null,"versions":{"1.0.0":` + good + `}}`, "1.0.0", ""},
		{"its name twice", `{"name":"left","name":"left","versions":{"1.0.0":` + good + `}}`, "1.0.0", ""},
		{"null for tags and times", `{"name":"left","dist-tags":null,"time":null,"versions":{"1.0.0":` + good + `}}`, "1.0.0", ""},
		{"lists for tags and times", `{"name":"left","dist-tags":[],"time":[],"versions":{"1.0.0":` + good + `}}`, "1.0.0", ""},
		{"null for versions", `{"name":"left","versions":null}`, "", ""},
		{"a list for versions", `{"name":"left","versions":[]}`, "", ""},
		{"null for a version", `{"name":"left","versions":{"1.0.0":` + good + `,"2.0.0":null}}`, "1.0.0", ""},
		{"null for a dist", `{"name":"left","versions":{"1.0.0":` + good + `,"2.0.0":{"name":"left","version":"2.0.0","dist":null}}}`,
			"1.0.0", ""},
		{"null for a tag", `{"name":"left","dist-tags":{"latest":"1.0.0","x":null},"versions":{"1.0.0":` + good + `}}`,
			"1.0.0", "latest"},
		{"a tag twice", `{"name":"left","dist-tags":{"a":"3.0.0","a":"1.0.0"},"versions":{"1.0.0":` + good + `}}`, "1.0.0", "a"},
		{"versions twice", `{"name":"left","versions":{"1.0.0":` + good + `},"versions":{"2.0.0":` + two + `}}`, "2.0.0", ""},
		{"a version twice", `{"name":"left","versions":{"2.0.0":{},"1.0.0":` + good + `,"2.0.0":` + two + `}}`, "1.0.0 2.0.0", ""},
		{"a version twice, of which the last is of no use",
			`{"name":"left","versions":{"2.0.0":` + two + `,"1.0.0":` + good + `,"2.0.0":{}}}`, "1.0.0", ""},
		{"no name in a version", `{"name":"left","versions":{"2.0.0":` + bare("") + `}}`, "2.0.0", ""},
		{"null for the name in a version", `{"name":"left","versions":{"2.0.0":` + bare(`"name":null,"version":2,`) + `}}`, "2.0.0", ""},
		{"an unclean version in a version", `{"name":"left","versions":{"2.0.0":` + bare(`"version":"v2.0.0+x",`) + `}}`, "2.0.0", ""},
		{"a key twice in a version", `{"name":"left","versions":{"2.0.0":` + bare(`"license":"A","license":"B",`) + `}}`, "2.0.0", ""},
		{"people and flags of wrong types", `{"name":"left","versions":{"2.0.0":` +
			bare(`"author":"A <a@b.c>","maintainers":5,"deprecated":true,"bin":[],"dependencies":[],`) + `}}`, "2.0.0", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			kept, h := keep(t, "left", row.document)
			if got := strings.Join(numbers(h), " "); got != row.versions {
				t.Fatalf("got versions %s, want %s", got, row.versions)
			}
			if got := strings.Join(slices.Sorted(maps.Keys(h.Labels)), " "); got != row.tags {
				t.Errorf("got tags %s, want %s", got, row.tags)
			}
			for _, p := range h.Index {
				m, err := cutManifest(kept[p.At : p.At+p.Length])
				if err != nil {
					t.Fatal(err)
				}
				all, err := jsonscan.Split(m.listed)
				name, _ := all.Text("name")
				if number, _ := all.Text("version"); err != nil || name != "left" || number != p.Version {
					t.Errorf("got %s under %s, %v", m.listed, p.Version, err)
				}
			}
		})
	}
}

func TestWhatARegistrySaysIsMended(t *testing.T) {
	kept, h := keep(t, "@acme/bar", `{"name":"@acme/bar","maintainers":"Bob <b@example.test>","versions":{"1.0.0":{`+
		`"author":"Ada","deprecated":true,"hasInstallScript":"yes","scripts":{"install":"x","y":1},"bin":"./c.js",`+
		`"dependencies":{"a":"1","b":null},"engines":"x","keywords":"k","bundledDependencies":true,`+
		`"dist":{"tarball":"https://r.example.test/bar.tgz","fileCount":"3","integrity":null,"shasum":5,"signatures":null}}}}`)
	m, err := cutManifest(kept[h.Index[0].At : h.Index[0].At+h.Index[0].Length])
	if err != nil {
		t.Fatal(err)
	}
	facts, err := keptpage.ReadManifest[packageFacts](h.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, got, want string }{
		{"listed", string(m.listed), `{"deprecated":"this version is deprecated","dependencies":{"a":"1"},"name":"@acme/bar",` +
			`"version":"1.0.0","bundleDependencies":["a"],"bin":{"bar":"c.js"},"hasInstallScript":true}`},
		{"dist", string(m.dist), `{}`},
		{"rest", string(m.rest), `{"author":{"name":"Ada"},"scripts":{"install":"x"},"keywords":["k"]}`},
		{"package", string(facts.Members["maintainers"]), `[{"name":"Bob","email":"b@example.test"}]`},
	} {
		if row.got != row.want {
			t.Errorf("%s: got %s\nwant %s", row.name, row.got, row.want)
		}
	}
}

func TestWhatIsLeftOutIsTold(t *testing.T) {
	left, err := regenerate(io.Discard, strings.NewReader(`{"name":"left","time":null,"versions":{"1.0.0":null,"2.0.0":{}}}`),
		"left")
	if err != nil || left.Count != 3 || left.First != "time is no object" {
		t.Errorf("got %+v, %v", left, err)
	}
}

func TestDigestsComeFromIntegrityAndShasum(t *testing.T) {
	content := []byte("content")
	sum := artifact.NewDigester()
	_, _ = sum.Write(content)
	all, _ := sum.Sum()
	for _, row := range []struct {
		name           string
		dist           object
		sha512, sha1ok bool
	}{
		{"both", object{"integrity": sri(content), "shasum": shasum(content)}, true, true},
		{"old", object{"shasum": shasum(content)}, false, true},
		{"several hashes", object{"integrity": "sha384-AAAA " + sri(content) + "?x"}, true, false},
		{"broken", object{"integrity": "sha512-!!!", "shasum": "xyz"}, false, false},
		{"of other types", object{"integrity": 5, "shasum": nil}, false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			dist, err := jsonscan.Split([]byte(text(t, row.dist)))
			if err != nil {
				t.Fatal(err)
			}
			got := promised(dist)
			if (got.SHA512 == all.SHA512) != row.sha512 || (got.SHA1 == all.SHA1) != row.sha1ok {
				t.Errorf("got %x and %x", got.SHA512, got.SHA1)
			}
		})
	}
}

func TestDescribeReadsEveryShape(t *testing.T) {
	p := artifact.PackageKey{Format: artifact.NPM, Namespace: "acme", Name: "bar"}
	describeJSON := func(v object) artifact.Details {
		t.Helper()
		all, err := jsonscan.Split([]byte(text(t, v)))
		if err != nil {
			t.Fatal(err)
		}
		m, err := compose(all, nil, keptFacts{})
		if err != nil {
			t.Fatal(err)
		}
		d, err := describe(p, m, "# r")
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d := describeJSON(object{
		"description": "s", "homepage": "https://h.example.test", "license": "MIT",
		"repository":           object{"type": "git", "url": "git+https://code.example.test/a.git"},
		"dependencies":         object{"@x/y": "1", "z": "2", "maybe": "3", "odd": 5},
		"devDependencies":      object{"d": "4"},
		"peerDependencies":     object{"p": "5"},
		"optionalDependencies": object{"maybe": "3"},
	})
	want := artifact.Details{
		DisplayName: "@acme/bar", Summary: "s", HomePage: "https://h.example.test",
		SourceCode: "https://code.example.test/a.git", Licenses: []artifact.License{{Name: "MIT"}}, Readme: "# r",
		Dependencies: []artifact.Dependency{
			{Package: "maybe", Type: "optional", Requirement: "3"},
			{Namespace: "x", Package: "y", Type: "regular", Requirement: "1"},
			{Package: "z", Type: "regular", Requirement: "2"},
			{Package: "d", Type: "dev", Requirement: "4"},
			{Package: "p", Type: "peer", Requirement: "5"},
		},
	}
	if text(t, d) != text(t, want) {
		t.Errorf("got %s\nwant %s", text(t, d), text(t, want))
	}
	old := describeJSON(object{
		"licenses": []any{object{"type": "BSD", "url": "https://l.example.test"}, "MIT"}, "repository": "acme/bar",
		"description": strings.Repeat("x", artifact.MaxMetadataField+1), "homepage": []any{}, "dependencies": []any{},
	})
	if len(old.Licenses) != 2 || old.Licenses[0] != (artifact.License{Name: "BSD", URL: "https://l.example.test"}) ||
		old.SourceCode != "acme/bar" || old.Summary != "" || old.HomePage != "" || old.Dependencies != nil {
		t.Errorf("got %+v", old)
	}
}
