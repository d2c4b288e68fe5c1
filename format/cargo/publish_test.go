package cargo

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"entrepot/artifact"
)

// dependencyTOML is the end of a Cargo.toml with a dependency of every kind, withDependencies what cargo says of it.
const dependencyTOML = `rust-version = "1.70"
links = "z"

[features]
x = ["dep:base", "b?/std"]

[dependencies.b]
version = "0.1, <0.3"
package = "base"
optional = true
default-features = false
features = ["std"]
registry-index = "sparse+https://packages.example.test/team-123456789012/cargo/shelf/"

[target.'cfg(any(unix,))'.build-dependencies.tool]
version = "1.*"

[dev-dependencies.other]
version = "=2.0.0-rc.1"
registry-index = "sparse+https://other.example.test/index/"
`

func withDependencies(doc object) {
	doc["rust_version"], doc["links"] = "1.70", "z"
	doc["features"] = object{"x": []any{"dep:base", "b?/std"}}
	needs(object{"name": "base", "explicit_name_in_toml": "b", "version_req": "^0.1, <0.3", "optional": true,
		"default_features": false, "features": []any{"std"},
		"registry": "sparse+https://packages.example.test/team-123456789012/cargo/shelf/"})(doc)
	needs(object{"name": "tool", "version_req": "1.*", "kind": "build", "target": "cfg(any(unix))"})(doc)
	needs(object{"name": "other", "version_req": "=2.0.0-rc.1", "kind": "dev", "registry": "sparse+https://other.example.test/index/"})(doc)
}

func TestWhatIsPublishedBecomesALineOfTheIndex(t *testing.T) {
	s := newSite(t)
	crate := packaged(t, "Demo_Crate", "1.0.0+a", dependencyTOML)
	answer := s.Must(200, s.Do("PUT", newCrate, framed(jsonOf(t, described("Demo_Crate", "1.0.0+a", withDependencies)), crate)))
	if got := answer.Body.String(); got != `{"warnings":{"invalid_badges":[],"invalid_categories":[],"other":[]}}` {
		t.Errorf("got %s", got)
	}
	got := s.Get("de/mo/demo_crate")
	v, err := s.Shelf(shelf, artifact.Cargo).Held(t.Context(), key("demo_crate").At("1.0.0+a"))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"name":"Demo_Crate","vers":"1.0.0+a","deps":[` +
		`{"name":"b","req":"^0.1, <0.3","features":["std"],"optional":true,"default_features":false,"target":null,"kind":"normal",` +
		`"registry":null,"package":"base"},` +
		`{"name":"tool","req":"1.*","features":[],"optional":false,"default_features":true,"target":"cfg(any(unix))","kind":"build",` +
		`"registry":null},` +
		`{"name":"other","req":"=2.0.0-rc.1","features":[],"optional":false,"default_features":true,"target":null,"kind":"dev",` +
		`"registry":"sparse+https://other.example.test/index/"}],` +
		`"cksum":"` + v.Assets[0].SHA256.String() + `","features":{"x":["dep:base","b?/std"]},"links":"z","v":2,"rust_version":"1.70",` +
		`"pubtime":"2026-03-01T12:00:00Z","yanked":false}` + "\n"
	if got != want {
		t.Errorf("got  %swant %s", got, want)
	}
	if got := s.Get("api/v1/crates/Demo_Crate/1.0.0+a/download"); got != string(crate) {
		t.Errorf("got %d bytes of the crate, want %d", len(got), len(crate))
	}
	d := v.Details
	if d.DisplayName != "Demo_Crate" || d.Summary != "A crate." || d.Licenses[0].Name != "MIT" || d.Readme != "# Demo_Crate" ||
		len(d.Dependencies) != 3 ||
		d.Dependencies[0] != (artifact.Dependency{Package: "base", Type: "optional", Requirement: "0.1, <0.3"}) {
		t.Errorf("got the details %+v", d)
	}
}

func TestOfAnOlderCargoTheManifestSaysWhichRustIsNeeded(t *testing.T) {
	s := newSite(t)
	crate := packaged(t, "demo", "1.0.0", "rust-version = \"1.56\"\n")
	s.Must(200, s.Do("PUT", newCrate, framed(jsonOf(t, described("demo", "1.0.0", func(doc object) { delete(doc, "rust_version") })), crate)))
	if got := s.lines("de/mo/demo")[0]["rust_version"]; got != "1.56" {
		t.Errorf("got %v, want 1.56", got)
	}
}

func TestWaysOfWritingTheSameAgree(t *testing.T) {
	s := newSite(t)
	for i, inside := range []string{"\"0.*\"", "{ version = \"^0.*\" }", "\"0\"\n[dev-dependencies]\nunsaid = \"1\""} {
		number := "1.0." + string(rune('0'+i))
		document := jsonOf(t, described("demo", number, needs(object{"version_req": "0.*"})))
		s.Must(200, s.Do("PUT", newCrate, framed(document, packaged(t, "demo", number, "[dependencies]\nbase = "+inside+"\n"))))
	}
}

func TestAPublicationWhoseLengthsDoNotFitIsRefused(t *testing.T) {
	document, crate := jsonOf(t, described("demo", "1.0.0")), packaged(t, "demo", "1.0.0", "")
	whole := framed(document, crate)
	length := func(n uint32) string { return string(binary.LittleEndian.AppendUint32(nil, n)) }
	s := newSite(t)
	for name, row := range map[string]struct {
		body   string
		status int
		words  string
	}{
		"nothing":                        {"", 400, "ends within the length"},
		"half a length":                  {"\x02\x00", 400, "ends within the length"},
		"a document of no bytes":         {length(0) + length(0), 400, "malformed"},
		"a document longer than all":     {length(1<<32-1) + document, 400, "does not fit"},
		"a document that takes it all":   {length(uint32(len(document))) + document, 400, "does not fit"},
		"a document that is too large":   {length(maxMetadata+1) + strings.Repeat(" ", maxMetadata+1+frameLength), 413, "at most 1048576 bytes"},
		"a crate that is cut off":        {whole[:len(whole)-1], 400, "does not fit"},
		"bytes behind the crate":         {whole + "x", 400, "does not fit"},
		"a crate of the largest length":  {length(uint32(len(document))) + document + length(1<<32-1) + "x", 400, "does not fit"},
		"a crate of no bytes":            {framed(document, nil), 400, "not compressed with gzip"},
		"a document that is no object":   {framed("[]", crate), 400, "malformed"},
		"a key twice":                    {framed(`{"name":"demo","name":"demo"}`, crate), 400, "comes twice"},
		"a document of other types":      {framed(`{"name":1}`, crate), 400, "cannot be used"},
		"no name":                        {framed(`{"vers":"1.0.0"}`, crate), 400, "cannot be called"},
		"the document and no more of it": {length(2) + "{}" + length(0), 400, "cannot be called"},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			s.refused(row.status, row.words, s.Do("PUT", newCrate, row.body))
			// Without a length in its header the body says by itself where it ends.
			w := httptest.NewRecorder()
			s.Handler.ServeHTTP(w, httptest.NewRequest("PUT", "/"+newCrate, struct{ io.Reader }{strings.NewReader(row.body)}))
			if w.Code/100 != 4 {
				t.Errorf("in chunks: got %d %s, want a refusal", w.Code, w.Body)
			}
			if s.Changes() != 0 || s.Drafts() != 0 {
				t.Errorf("%d versions were changed, %d drafts are left", s.Changes(), s.Drafts())
			}
		})
	}
}

func TestWhatCargoWouldNotSayIsRefused(t *testing.T) {
	s := newSite(t)
	many := make([]any, maxDependencies+1)
	for name, row := range map[string]struct {
		change func(object)
		words  string
	}{
		"a version that is none":        {func(doc object) { doc["vers"] = "1.0" }, "not a semantic version"},
		"a number of more than 64 bits": {func(doc object) { doc["vers"] = "1.0.18446744073709551616" }, "too large"},
		"a reserved name":               {func(doc object) { doc["name"] = "Proc_Macro" }, "reserved"},
		"a long name":                   {func(doc object) { doc["name"] = strings.Repeat("a", maxName+1) }, "at most 64 bytes"},
		"a needed crate without name":   {needs(object{"name": ""}), "not a name"},
		"an odd alias":                  {needs(object{"explicit_name_in_toml": "a b"}), "not a name"},
		"an odd requirement":            {needs(object{"version_req": "latest"}), "no requirement"},
		"an unknown kind":               {needs(object{"kind": "peer"}), "not normal, dev or build"},
		"a long target":                 {needs(object{"target": strings.Repeat("t", maxTarget+1)}), "for a target"},
		"an odd feature of it":          {needs(object{"features": []any{"a/b"}}), "cannot be one"},
		"an index of no address":        {needs(object{"registry": "elsewhere"}), "not the address of an index"},
		"an index in a file":            {needs(object{"registry": "file:///etc/index"}), "not the address of an index"},
		"an index with a credential":    {needs(object{"registry": "sparse+https://a:b@index.example.test/"}), "not the address"},
		"too many dependencies": {func(doc object) {
			for i := range many {
				many[i] = object{"name": "a", "version_req": "^1", "kind": "normal"}
			}
			doc["deps"] = many
		}, "at most 500 dependencies"},
		"an odd feature":          {func(doc object) { doc["features"] = object{"a/b": []any{}} }, "not a name for a feature"},
		"a feature for nothing":   {func(doc object) { doc["features"] = object{"a": []any{"b c"}} }, "no feature and no dependency"},
		"a Rust of no version":    {func(doc object) { doc["rust_version"] = ">=1" }, "instead of a version like"},
		"a long name of a folder": {func(doc object) { doc["links"] = strings.Repeat("l", maxFeature+1) }, "links may have"},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			document := jsonOf(t, described("demo", "1.0.0", row.change))
			s.refused(400, row.words, s.Do("PUT", newCrate, framed(document, packaged(t, "demo", "1.0.0", ""))))
		})
	}
	if s.Changes() != 0 {
		t.Errorf("versions were changed %d times", s.Changes())
	}
}

func TestWhatCargoSaysHasToBeWhatTheCrateSays(t *testing.T) {
	s := newSite(t)
	for name, row := range map[string]struct {
		change func(object)
		inside string
		words  string
	}{
		"links":                  {func(doc object) { doc["links"] = "y" }, "", "Of links"},
		"the Rust":               {func(doc object) { doc["rust_version"] = "1.71" }, "rust-version = \"1.70\"\n", "Of rust-version"},
		"a Rust of no version":   {func(doc object) { delete(doc, "rust_version") }, "rust-version = \">=1\"\n", "instead of a version like"},
		"a feature":              {func(doc object) { doc["features"] = object{"x": []any{}} }, "", "Of features"},
		"what a feature does":    {func(doc object) { doc["features"] = object{"x": []any{"y"}} }, "[features]\nx = [\"z\"]\n", "Of features"},
		"a dependency more":      {needs(object{}), "", "Of dependencies"},
		"a dependency less":      {func(object) {}, "[dependencies]\nbase = \"1\"\n", "Of dependencies"},
		"another requirement":    {needs(object{}), "[dependencies]\nbase = \"2\"\n", "Of dependencies"},
		"another crate":          {needs(object{}), "[dependencies]\nbase = { version = \"1\", package = \"evil\" }\n", "evil"},
		"another kind":           {needs(object{}), "[dev-dependencies]\nbase = \"1\"\n", "Of dependencies"},
		"another target":         {needs(object{"target": "cfg(unix)"}), "[target.'cfg(windows)'.dependencies]\nbase = \"1\"\n", "cfg(windows)"},
		"a version of it more":   {needs(object{"version_req": "1.2.*"}), "[dependencies]\nbase = \"1.*\"\n", "Of dependencies"},
		"whether it is optional": {needs(object{}), "[dependencies]\nbase = { version = \"1\", optional = true }\n", "optional"},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			document := jsonOf(t, described("demo", "1.0.0", row.change))
			s.refused(400, row.words, s.Do("PUT", newCrate, framed(document, packaged(t, "demo", "1.0.0", row.inside))))
		})
	}
	for name, crate := range map[string][]byte{
		"the name":    pack(t, file("demo-1.0.0/Cargo.toml", cargoToml("Demo", "1.0.0", ""))),
		"the version": pack(t, file("demo-1.0.0/Cargo.toml", cargoToml("demo", "1.0.1", ""))),
	} {
		s.refused(400, "Of "+name, s.Do("PUT", newCrate, framed(jsonOf(t, described("demo", "1.0.0")), crate)))
	}
	if s.Changes() != 0 {
		t.Errorf("versions were changed %d times", s.Changes())
	}
}

func TestACrateMayHaveThousandsOfFeatures(t *testing.T) {
	const many = 2000 // the public registry has crates with nearly as many
	s := newSite(t)
	features, inside := object{}, strings.Builder{}
	var all []any
	for i := range many {
		name := fmt.Sprintf("Feature%d", i)
		features[name] = []any{}
		all = append(all, name)
		fmt.Fprintf(&inside, "%s = []\n", name)
	}
	features["all"] = all
	fmt.Fprintf(&inside, "all = %s\n", jsonOf(t, all))
	document := jsonOf(t, described("demo", "1.0.0", func(doc object) { doc["features"] = features }))
	s.Must(200, s.Do("PUT", newCrate, framed(document, packaged(t, "demo", "1.0.0", "[features]\n"+inside.String()))))
	if got := len(s.lines("de/mo/demo")[0]["features"].(object)); got != many+1 {
		t.Errorf("got %d features, want %d", got, many+1)
	}
}

func TestNamesAndVersionsThatMeanTheSameAreThereOnce(t *testing.T) {
	s := newSite(t)
	s.publish("Demo_Crate", "1.0.0+a")
	for name, row := range map[string]struct{ name, version, words string }{
		"a dash for an underscore": {"Demo-Crate", "2.0.0", "Demo"},
		"another case":             {"demo_crate", "2.0.0", "is called Demo_Crate here"},
		"another build":            {"Demo_Crate", "1.0.0+b", "other contents"},
		"the version without one":  {"Demo_Crate", "1.0.0", "other contents"},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			body := framed(jsonOf(t, described(row.name, row.version)), packaged(t, row.name, row.version, ""))
			s.refused(http.StatusConflict, "", s.Do("PUT", newCrate, body))
		})
	}
	if got := s.lines("de/mo/demo_crate"); len(got) != 1 {
		t.Errorf("got %v", got)
	}
	s.refused(404, "", s.Do("GET", "de/mo/demo-crate", ""))
	s.publish("Demo_Crate", "2.0.0")
}
