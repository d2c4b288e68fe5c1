package nuget

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"entrepot/artifact"
)

// wide writes a text in UTF-16.
func wide(text string, order binary.AppendByteOrder) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + strings.TrimPrefix(text, "\ufeff"))) {
		out = order.AppendUint16(out, unit)
	}
	return out
}

func TestANuspecSaysWhatItSaysInEveryShape(t *testing.T) {
	const whole = `<authors>ignored</authors>`
	plain := nuspec{ID: "Acme", Version: "1.0", Authors: "Ada, Grace", Description: "What it is for.", MinClientVersion: "2.12"}
	with := func(change func(*nuspec)) nuspec {
		n := plain
		change(&n)
		return n
	}
	text := nuspecText("Acme", "1.0")
	for name, c := range map[string]struct {
		text string
		want nuspec
	}{
		"as dotnet pack writes it":     {text, plain},
		"without a byte order mark":    {strings.TrimPrefix(text, "\ufeff"), plain},
		"without a namespace":          {strings.Replace(text, ` xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"`, "", 1), plain},
		"in UTF-16, the lower first":   {string(wide(strings.Replace(text, "utf-8", "utf-16", 1), binary.LittleEndian)), plain},
		"in UTF-16, the higher first":  {string(wide(strings.Replace(text, "utf-8", "utf-16", 1), binary.BigEndian)), plain},
		"with two of what people read": {nuspecText("Acme", "1.0", whole), plain},
		"with a licence, a readme, a repository and types": {nuspecText("Acme", "1.0",
			`<license type="expression">MIT OR Apache-2.0</license>`, `<licenseUrl>https://licenses.example.test/MIT</licenseUrl>`,
			`<readme>docs\a.md</readme>`, `<repository type="git" url="https://code.example.test/acme"/>`,
			`<packageTypes><packageType name="DotnetTool"/><packageType name="X" version="1.0"/></packageTypes>`,
			`<requireLicenseAcceptance>True</requireLicenseAcceptance>`, `<developmentDependency>true</developmentDependency>`,
			`<title>T &amp; T</title>`, `<summary>S</summary>`, `<tags> a b </tags>`, `<projectUrl>https://acme.example.test</projectUrl>`,
			`<iconUrl>https://acme.example.test/i.png</iconUrl>`, `<language>en</language>`, `<copyright>©</copyright>`, `<owners>Ada</owners>`),
			with(func(n *nuspec) {
				n.LicenseExpression, n.LicenseURL, n.Readme = "MIT OR Apache-2.0", "https://licenses.example.test/MIT", `docs\a.md`
				n.RepositoryURL, n.PackageTypes = "https://code.example.test/acme", []packageType{{"DotnetTool", ""}, {"X", "1.0"}}
				n.RequireLicenseAcceptance, n.DevelopmentDependency, n.Title, n.Summary, n.Tags = true, true, "T & T", "S", "a b"
				n.ProjectURL, n.IconURL, n.Language, n.Copyright =
					"https://acme.example.test", "https://acme.example.test/i.png", "en", "©"
			})},
		"with a licence in a file": {nuspecText("Acme", "1.0", `<license type="file">LICENSE.txt</license>`),
			with(func(n *nuspec) { n.LicenseFile = "LICENSE.txt" })},
		"with loose dependencies": {nuspecText("Acme", "1.0", `<dependencies><dependency id="Left" version="[1.0,2.0)"/><dependency id="Right"/></dependencies>`),
			with(func(n *nuspec) {
				n.Groups = []dependencyGroup{{"", []dependency{{"Left", "[1.0,2.0)"}, {"Right", ""}}}}
			})},
		"with groups of dependencies": {nuspecText("Acme", "1.0", `<dependencies><dependency id="Passed.Over" version="1"/>`+
			`<group><dependency id="Left" version="1.0"/></group><group targetFramework="net45"/></dependencies>`),
			with(func(n *nuspec) {
				n.Groups = []dependencyGroup{{"", []dependency{{"Left", "1.0"}}}, {"net45", nil}}
			})},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseNuspec([]byte(c.text))
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("%v, the nuspec differs (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestANuspecThatTwoReadersReadInTwoWaysIsRefused(t *testing.T) {
	text := nuspecText("Acme", "1.0")
	for name, c := range map[string]struct{ text, says string }{
		"a document type":      {strings.Replace(text, "<package", `<!DOCTYPE package [<!ENTITY e "x">]><package`, 1), "document type"},
		"an entity":            {nuspecText("&e;", "1.0"), "entity"},
		"two ids":              {nuspecText("Acme", "1.0", "<id>Evil</id>"), "2 elements <id>"},
		"two versions":         {nuspecText("Acme", "1.0", "<version>2.0</version>"), "2 elements <version>"},
		"two dependencies":     {nuspecText("Acme", "1.0", "<dependencies/>", "<dependencies/>"), "2 elements <dependencies>"},
		"no metadata":          {"<package/>", "0 elements <metadata>"},
		"two metadata":         {strings.Replace(text, "</metadata>", "</metadata><metadata/>", 1), "2 elements <metadata>"},
		"another root":         {"<nuspec/>", "expected element type <package>"},
		"another encoding":     {strings.Replace(strings.TrimPrefix(text, "\ufeff"), "utf-8", "windows-1252", 1), "windows-1252"},
		"UTF-16 that is none":  {strings.Replace(strings.TrimPrefix(text, "\ufeff"), "utf-8", "utf-16", 1), "utf-16"},
		"more than one root":   {text + "<package/>", "more than one root"},
		"cut off":              {text[:len(text)-20], "cannot be read"},
		"too deep":             {nuspecText("Acme", "1.0", strings.Repeat("<a>", maxNuspecDepth)), "in each other"},
		"too large":            {nuspecText("Acme", "1.0", "<tags>"+strings.Repeat("a ", maxNuspec/2)+"</tags>"), "larger than"},
		"too many elements":    {nuspecText("Acme", "1.0", strings.Repeat("<a/>", maxNuspecParts/2)), "too many elements"},
		"nothing":              {"", "cannot be read"},
		"not well-formed UTF8": {nuspecText("Ac\xffme", "1.0"), "invalid UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseNuspec([]byte(c.text))
			if !artifact.Is(err, artifact.Invalid) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

func TestAManifestIsForClientsThatCanUseIt(t *testing.T) {
	n := nuspec{ID: "Acme", Version: "1.0", Groups: []dependencyGroup{{"net45", []dependency{{"Left", "1.0"}, {"left", "1.0.0"}}},
		{"", []dependency{{"Right", "[1.0,2.0-a.1)"}}}}, Tags: "a, b;c", LicenseExpression: "MIT", ProjectURL: "javascript:alert(1)"}
	m, err := manifestOf(n)
	if err != nil || !m.SemVer2 || m.Version != "1.0.0" || m.ProjectURL != "" || len(m.Tags) != 3 {
		t.Errorf("got %+v, %v", m, err)
	}
	want := artifact.Details{DisplayName: "Acme", Licenses: []artifact.License{{Name: "MIT"}}, Dependencies: []artifact.Dependency{
		{Package: "left", Requirement: "[1.0.0, )"}, {Package: "right", Requirement: "[1.0.0, 2.0.0-a.1)"}}}
	if diff := cmp.Diff(want, m.details()); diff != "" {
		t.Errorf("the details differ (-want +got):\n%s", diff)
	}
	n.LicenseExpression, n.LicenseURL, n.LicenseFile = "", "https://licenses.example.test/deprecated", "docs/LICENSE.txt"
	if m, err = manifestOf(n); err != nil {
		t.Fatal(err)
	}
	got := detailsOf(m, packageFile{nuspec: n}).Licenses
	if want := []artifact.License{{Name: "docs/LICENSE.txt"}}; !slices.Equal(got, want) {
		t.Errorf("a licence in a file: got %v, want %v", got, want)
	}
	for name, bad := range map[string]nuspec{
		"an id that is none": {ID: "a/b", Version: "1.0"}, "a version that is none": {ID: "a", Version: "x"},
		"a dependency without an id": {ID: "a", Version: "1", Groups: []dependencyGroup{{"", []dependency{{"", "1.0"}}}}},
		"a floating version":         {ID: "a", Version: "1", Groups: []dependencyGroup{{"", []dependency{{"b", "1.*"}}}}},
	} {
		if m, err := manifestOf(bad); !artifact.Is(err, artifact.Invalid) {
			t.Errorf("%s: got %+v, %v", name, m, err)
		}
	}
}

func FuzzNuspec(f *testing.F) {
	f.Add([]byte(nuspecText("Acme", "1.0", `<dependencies><group targetFramework="net45"><dependency id="a" version="1"/></group></dependencies>`)))
	f.Add(wide(strings.Replace(nuspecText("Acme", "1.0"), "utf-8", "utf-16", 1), binary.LittleEndian))
	f.Add([]byte(`<!DOCTYPE a><package><metadata><id>a</id><version>1</version></metadata></package>`))
	f.Add([]byte("\xff\xfe<"))
	f.Fuzz(func(t *testing.T, text []byte) {
		n, err := parseNuspec(text)
		if err != nil {
			return
		}
		m, err := manifestOf(n)
		if err != nil {
			return
		}
		again, err := readManifest(m.encode())
		if diff := cmp.Diff(m, again); err != nil || diff != "" {
			t.Errorf("%v, what is read differs from what was written (-want +got):\n%s", err, diff)
		}
		if v := m.key(); !artifact.ValidCoordinate(v.Name) || !artifact.ValidCoordinate(v.Version) || canonical(v) != v {
			t.Errorf("the key is %q", v)
		}
	})
}
