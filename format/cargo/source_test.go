package cargo

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"entrepot/artifact"
)

// offer has the registry serve an index file with the lines, and crates under the dl.
func (s *site) offer(path string, lines ...string) {
	s.T.Helper()
	s.Registry(cratesIO).Put(path, "text/plain", []byte(strings.Join(lines, "\n")+"\n"))
}

func (s *site) configure(dl string) {
	s.T.Helper()
	s.Registry(cratesIO).Put("config.json", jsonType, []byte(jsonOf(s.T, object{"dl": dl})))
}

func TestCratesComeThroughFromTheRegistry(t *testing.T) {
	s := newSite(t)
	crate := packaged(t, "Inflector", "0.11.4", "homepage = \"https://inflector.example.test\"\n[dependencies]\nbase = \"1\"\n")
	s.configure(s.Registry(cratesIO).URL + "crates")
	s.offer("in/fl/inflector", offeredLine(t, "Inflector", "0.11.4", crate, false))
	s.Registry(cratesIO).Put("crates/Inflector/0.11.4/download", "application/gzip", crate)
	if got := s.lines("in/fl/inflector")[0]; got["name"] != "Inflector" || got["pubtime"] != "2024-05-06T07:08:09Z" {
		t.Errorf("got %v", got)
	}
	if got := s.Get("api/v1/crates/Inflector/0.11.4/download"); got != string(crate) {
		t.Errorf("got %d bytes, want %d", len(got), len(crate))
	}
	v, err := s.Shelf(shelf, artifact.Cargo).Held(t.Context(), key("inflector").At("0.11.4"))
	if err != nil {
		t.Fatal(err)
	}
	if d := v.Details; d.DisplayName != "Inflector" || d.HomePage != "https://inflector.example.test" || d.Readme != "# Inflector" ||
		len(d.Dependencies) != 1 || d.Dependencies[0] != (artifact.Dependency{Package: "base", Type: "regular", Requirement: "1"}) {
		t.Errorf("got the details %+v", d)
	}
	if got := s.Get("api/v1/crates?q=inflector"); !strings.Contains(got, `"name":"Inflector","max_version":"0.11.4","description":"A crate."`) {
		t.Errorf("got %s", got)
	}
}

// What is kept of a line is all that clients read of it, as it was.
func TestLinesComeThroughAsTheyAre(t *testing.T) {
	s := newSite(t)
	line := `{"name":"bar","vers":"1.0.0","deps":[{"name":"a","req":"^1","features":[],"optional":false,"default_features":true,` +
		`"target":null,"kind":"dev","registry":null,"public":true}],"cksum":"` + strings.Repeat("ab", 32) + `","features":{},` +
		`"features2":{"x":["dep:a"]},"v":2,"rust_version":null,"new":[1]`
	s.offer("3/b/bar", line+`,"yanked":false}`, strings.Replace(line, "1.0.0", "1.1.0", 1)+`,"yanked":true}`)
	if got, want := s.Get("3/b/bar"), line+`,"yanked":false}`+"\n"+strings.Replace(line, "1.0.0", "1.1.0", 1)+`,"yanked":true}`+"\n"; got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

func TestLinesThatNoClientCouldUseAreLeftOut(t *testing.T) {
	good := offeredLine(t, "bar", "1.0.0", nil, false)
	with := func(from, to string) string {
		return strings.Replace(strings.Replace(good, "1.0.0", "2.0.0", 1), from, to, 1)
	}
	for name, line := range map[string]string{
		"text":                    "hello",
		"cut off":                 good[:len(good)-2],
		"another crate":           with(`"bar"`, `"baz"`),
		"a version that is none":  with("2.0.0", "2.0"),
		"a checksum that is none": with(`"cksum":"`, `"cksum":"x`),
		"no list of dependencies": with(`"deps":[]`, `"deps":null`),
		"a dependency of text":    with(`"deps":[]`, `"deps":["a"]`),
		"a dependency on nothing": with(`"deps":[]`, `"deps":[{"name":"a"}]`),
		"a key twice":             with(`"deps":[]`, `"deps":[],"deps":[]`),
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			left, err := regenerate(&out, strings.NewReader(line+"\n\n"+good), key("bar"))
			if err != nil {
				t.Fatal(err)
			}
			if page := pageOf(t, out.Bytes()); left.Count != 1 || len(page.Head().Index) != 1 || page.Head().Index[0].Version != "1.0.0" {
				t.Errorf("got %+v and left out %+v", page.Head().Index, left)
			}
		})
	}
	t.Run("a time that cargo cannot read", func(t *testing.T) {
		var out bytes.Buffer
		if left, err := regenerate(&out, strings.NewReader(with("07:08:09Z", "07:08:09.5Z")), key("bar")); err != nil || left.Count > 0 {
			t.Fatalf("got %v, %v", left, err)
		}
		if bytes.Contains(out.Bytes(), []byte("pubtime")) {
			t.Errorf("got %s", out.Bytes())
		}
	})
	t.Run("of a version that comes twice the last line counts", func(t *testing.T) {
		var out bytes.Buffer
		if _, err := regenerate(&out, strings.NewReader(good+"\n"+strings.Replace(good, `"yanked":false`, `"yanked":true`, 1)), key("bar")); err != nil {
			t.Fatal(err)
		}
		if page := pageOf(t, out.Bytes()); len(page.Head().Index) != 1 || page.Status("1.0.0") != artifact.Unlisted {
			t.Errorf("got %+v", page.Head().Index)
		}
	})
	t.Run("a file with a line without end is refused", func(t *testing.T) {
		if _, err := regenerate(&bytes.Buffer{}, strings.NewReader(strings.Repeat(" ", maxLine+1)), key("bar")); err == nil {
			t.Error("it was taken")
		}
	})
}

func TestWhatWasFetchedFollowsYanksAndNothingElse(t *testing.T) {
	s := newSite(t)
	crate := packaged(t, "bar", "1.0.0", "")
	line := offeredLine(t, "bar", "1.0.0", crate, false)
	s.configure(s.Registry(cratesIO).URL + "{lowerprefix}/{crate}-{sha256-checksum}")
	s.offer("3/b/bar", line)
	sum := line[strings.Index(line, `"cksum":"`)+9:][:64]
	s.Registry(cratesIO).Put("3/b/bar-"+sum, "application/gzip", crate)
	s.Get("api/v1/crates/bar/1.0.0/download")
	s.offer("3/b/bar", offeredLine(t, "bar", "1.0.0", []byte("other"), true))
	got := s.lines("3/b/bar")[0]
	if got["yanked"] != true || got["cksum"] != sum {
		t.Errorf("got %v, want it yanked with the checksum of what is kept", got)
	}
	if got := s.Get("api/v1/crates/bar/1.0.0/download"); got != string(crate) {
		t.Errorf("got %d bytes, want %d", len(got), len(crate))
	}
	s.offer("3/b/bar", line)
	if got := s.lines("3/b/bar")[0]; got["yanked"] != false {
		t.Errorf("got %v, want it back", got)
	}
}

func TestTheStatusesOfMissingFilesAreAnAbsence(t *testing.T) {
	s := newSite(t)
	s.refused(404, "", s.Do("GET", "no/ne/none", ""))
	s.configure("nowhere")
	crate := packaged(t, "bar", "1.0.0", "")
	s.offer("3/b/bar", offeredLine(t, "bar", "1.0.0", crate, false))
	if w := s.Do("GET", "api/v1/crates/bar/1.0.0/download", ""); w.Code/100 != 5 || !strings.Contains(w.Body.String(), "config.json") {
		t.Errorf("got %d %s, want to be told of config.json", w.Code, w.Body)
	}
}

func TestANameThatIsTakenHereIsNotAskedOutside(t *testing.T) {
	s := newSite(t)
	s.publish("demo_crate", "1.0.0")
	s.offer("de/mo/demo-crate", offeredLine(t, "demo-crate", "9.0.0", nil, false))
	before := s.Registry(cratesIO).Asked("")
	for _, path := range []string{"de/mo/demo_crate", "de/mo/demo-crate", "api/v1/crates/demo-crate/9.0.0/download",
		"api/v1/crates/Demo-Crate/9.0.0/download"} {
		w := s.Do("GET", path, "")
		if want := map[bool]int{true: 200, false: http.StatusNotFound}[path == "de/mo/demo_crate"]; w.Code != want {
			t.Errorf("%s: got %d %s, want %d", path, w.Code, w.Body, want)
		}
	}
	if n := s.Registry(cratesIO).Asked("") - before; n != 0 {
		t.Errorf("the registry was asked %d times", n)
	}
}
