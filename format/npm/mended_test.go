package npm

import (
	"net/http"
	"strings"
	"testing"
)

// publishRaw publishes a tarball with a package.json as somebody wrote it, under the document that npm makes of it.
func (s *site) publishRaw(number, packageJSON string, document object) {
	s.T.Helper()
	tarball := pack(s.T, file("package/package.json", packageJSON))
	document["name"], document["version"] = "bar", number
	s.Must(http.StatusCreated, s.Do("PUT", "bar", text(s.T, putOf("bar", number, "latest", tarball, document))))
}

func TestPublishTakesAVersionThatTheClientCleaned(t *testing.T) {
	for _, row := range [][2]string{
		{"v1.2.3", "1.2.3"}, {"=1.2.3", "1.2.3"}, {" 1.2.3 ", "1.2.3"}, {"1.2.3+build", "1.2.3"}, {"01.2.3", "1.2.3"},
		{"1.2.3-rc.1+b", "1.2.3-rc.1"}, {"3.0.0rc5", "3.0.0-rc5"},
	} {
		s := newSite(t)
		s.publishRaw(row[1], `{"name":" bar ","version":"`+row[0]+`"}`, object{})
		doc := s.json(s.Do("GET", "bar", ""))
		if got := keysOf(doc["versions"]); got != row[1] || dig(doc, "versions", row[1], "version") != row[1] {
			t.Errorf("%q: got versions %s", row[0], got)
		}
	}
	s := newSite(t)
	tarball := pack(t, file("package/package.json", `{"name":"bar","version":"1.2.3"}`))
	for _, number := range []string{"v1.2.3", "1.2.4"} {
		doc := putOf("bar", number, "latest", tarball, object{"name": "bar", "version": number})
		s.Must(http.StatusBadRequest, s.Do("PUT", "bar", text(t, doc)))
	}
}

func TestPublishMendsTheManifestInTheTarballAsNpmDoes(t *testing.T) {
	for _, row := range []struct{ name, inside, member, want string }{
		{"a list of no dependencies", `"dependencies":[]`, "dependencies", `{}`},
		{"null for dependencies", `"dependencies":null`, "dependencies", `null`},
		{"dependencies as a list", `"dependencies":["a@1"]`, "dependencies", `{"a":"1"}`},
		{"a range that is none", `"dependencies":{"a":"1","b":5}`, "dependencies", `{"a":"1"}`},
		{"a dependency twice", `"dependencies":{"a":"1","a":"2"}`, "dependencies", `{"a":"2"}`},
		{"dependencies twice", `"dependencies":{"a":"1"},"dependencies":{"b":"2"}`, "dependencies", `{"b":"2"}`},
		{"a dependency in two groups", `"dependencies":{"a":"1"},"devDependencies":{"a":"2"}`, "devDependencies", `{"a":"2"}`},
		{"everything bundled", `"dependencies":{"a":"1"},"bundledDependencies":true`, "bundleDependencies", `["a"]`},
		{"bundled and not required", `"bundleDependencies":["a"]`, "dependencies", `{"a":"*"}`},
		{"a list for bin", `"bin":["./cli.js"]`, "bin", `{"cli.js":"cli.js"}`},
		{"an empty list for bin", `"bin":[]`, "bin", `null`},
		{"null for bin", `"bin":null`, "bin", `null`},
		{"bin with an odd path", `"bin":{"x":"../../x.js"}`, "bin", `{"x":"x.js"}`},
		{"a script twice", `"scripts":{"test":"a","test":"b"}`, "scripts", `{"test":"b"}`},
		{"engines as a list", `"engines":["node >=0.4"]`, "engines", `["node \u003e=0.4"]`},
		{"platform as a text", `"os":"linux"`, "os", `["linux"]`},
		{"an odd main", `"main":["a"]`, "main", `null`},
		{"a text that is not UTF-8", "\"main\":\"caf\xe9.js\"", "main", `"caf` + "\uFFFD" + `.js"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t)
			s.publishRaw("1.0.0", "\uFEFF{\"name\":\"bar\",\"version\":\"1.0.0\","+row.inside+"}", object{})
			if got := text(t, dig(s.json(s.Do("GET", "bar", "")), "versions", "1.0.0", row.member)); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func TestPublishMendsWhatTheDocumentSaysOfPeople(t *testing.T) {
	s := newSite(t)
	s.publishRaw("1.0.0", `{"name":"bar","version":"1.0.0"}`, object{"author": "Ada <a@example.test>", "keywords": "a, b",
		"repository": "acme/bar", "bugs": "b@example.test", "maintainers": "bob", "description": 5})
	doc := s.json(s.Do("GET", "bar", ""))
	for _, at := range []any{doc, dig(doc, "versions", "1.0.0")} {
		for member, want := range map[string]string{
			"author": `{"email":"a@example.test","name":"Ada"}`, "keywords": `["a","b"]`, "description": `null`,
			"repository": `{"type":"git","url":"acme/bar"}`, "bugs": `{"email":"b@example.test"}`, "maintainers": `[{"name":"bob"}]`,
		} {
			if got := text(t, dig(at, member)); got != want {
				t.Errorf("%s: got %s, want %s", member, got, want)
			}
		}
	}
}

// What a client makes of a document has no key twice, so one that has was made to be read in two ways.
func TestAKeyThatComesTwiceAnywhereInAPublishedDocumentIsRefused(t *testing.T) {
	s := newSite(t)
	packageJSON := object{"name": "bar", "version": "1.0.0", "author": object{"name": "a", "url": "b"}}
	doc := text(t, putOf("bar", "1.0.0", "latest", packed(t, packageJSON, nil), packageJSON))
	twice := strings.Replace(doc, `"name":"a","url":"b"`, `"name":"a","name":"b"`, 1)
	if w := s.Do("PUT", "bar", twice); twice == doc || w.Code != http.StatusBadRequest ||
		!strings.Contains(w.Body.String(), "comes twice") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestARepeatedKeyLosesNoInstallScript(t *testing.T) {
	const scripts = `"scripts":{"test":"a","test":"b","postinstall":"node x.js"}`
	s := newSite(t)
	s.publishRaw("1.0.0", `{"name":"bar","version":"1.0.0",`+scripts+`}`, object{})
	doc := s.json(s.Do("GET", "bar", "", "Accept", abbreviatedForm.contentType))
	if got := dig(doc, "versions", "1.0.0", "hasInstallScript"); got != true {
		t.Errorf("published: got hasInstallScript %v", got)
	}
	kept, h := keep(t, "bar", `{"name":"bar","versions":{"1.0.0":{"name":"bar","version":"1.0.0",`+scripts+
		`,"dependencies":{"a":"1","a":"2"},"dist":{"tarball":"https://r.example.test/bar.tgz"}}}}`)
	m, err := cutManifest(kept[h.Index[0].At : h.Index[0].At+h.Index[0].Length])
	if err != nil || !strings.Contains(string(m.listed), `"hasInstallScript":true`) {
		t.Errorf("from a registry: got %s, %v", m.listed, err)
	}
	d, err := describe(key("bar"), m, "")
	if err != nil || len(d.Dependencies) != 1 || d.Dependencies[0].Requirement != "2" {
		t.Errorf("got dependencies %+v, %v, want the last", d.Dependencies, err)
	}
}

func TestWhatCannotBeReadIsNoAnswer(t *testing.T) {
	for _, broken := range []string{`{"a":1,"a":2}`, `{"a"}`} {
		if runs, err := installs([]byte(broken)); err == nil {
			t.Errorf("installs(%s) gives %v", broken, runs)
		}
		m := manifest{listed: []byte(`{"dependencies":` + broken + `}`), rest: []byte(`{}`)}
		if d, err := describe(key("bar"), m, ""); err == nil {
			t.Errorf("describe gives %+v", d)
		}
	}
}
