package pypi

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entrepot/artifact"
)

func TestWhatTheAPITells(t *testing.T) {
	got := describe(metadata{name: "Demo.Pkg", version: "1.0", summary: "a demo", homePage: "https://demo.example.test",
		licenseExpression: "MIT", description: "# Demo", projectURLs: []string{"Source Code, https://code.example.test/demo"},
		requiresDist: []string{"Zope.Interface[test] (>=5.0)", "six", "typing_extensions>=4; python_version < '3.10'",
			"odd @ https://files.example.test/odd.zip", "-nothing", ""}})
	want := artifact.Details{
		DisplayName: "Demo.Pkg", Summary: "a demo", HomePage: "https://demo.example.test",
		SourceCode: "https://code.example.test/demo", Licenses: []artifact.License{{Name: "MIT"}}, Readme: "# Demo",
		Dependencies: []artifact.Dependency{
			{Package: "zope-interface", Type: "Requires-Dist", Requirement: "[test] (>=5.0)"},
			{Package: "six", Type: "Requires-Dist"},
			{Package: "typing-extensions", Type: "Requires-Dist", Requirement: ">=4; python_version < '3.10'"},
			{Package: "odd", Type: "Requires-Dist", Requirement: "@ https://files.example.test/odd.zip"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAddressesByTheirLabels(t *testing.T) {
	for name, c := range map[string]struct {
		urls         []string
		home, source string
	}{
		"none":                         {nil, "", ""},
		"a home page":                  {[]string{"Homepage, https://a.example.test"}, "https://a.example.test", ""},
		"its label in two words":       {[]string{"Home-Page,https://a.example.test"}, "https://a.example.test", ""},
		"source before code":           {[]string{"Code, https://a.example.test", "Source, https://b.example.test"}, "", "https://b.example.test"},
		"capitals and signs":           {[]string{"SOURCE_CODE!, https://a.example.test"}, "", "https://a.example.test"},
		"the first of two":             {[]string{"Repository, https://a.example.test", "repository, https://b.example.test"}, "", "https://a.example.test"},
		"a comma in the address":       {[]string{"Source, https://a.example.test/?a,b"}, "", "https://a.example.test/?a,b"},
		"no address":                   {[]string{"Source", "Homepage,"}, "", ""},
		"what leads to something else": {[]string{"Source of inspiration, https://a.example.test"}, "", ""},
	} {
		got := describe(metadata{projectURLs: c.urls})
		if got.HomePage != c.home || got.SourceCode != c.source {
			t.Errorf("%s: got %q and %q, want %q and %q", name, got.HomePage, got.SourceCode, c.home, c.source)
		}
	}
}

func TestLicences(t *testing.T) {
	classified := []string{"Programming Language :: Python", "License :: OSI Approved", "License :: OSI Approved :: MIT License"}
	for name, c := range map[string]struct {
		of   metadata
		want string
	}{
		"none":                              {metadata{}, ""},
		"an expression before all others":   {metadata{licenseExpression: "MIT", license: "BSD", classifiers: classified}, "MIT"},
		"a name before classifiers":         {metadata{license: "BSD", classifiers: classified}, "BSD"},
		"a classifier before a whole text":  {metadata{license: "Copyright\n all of it", classifiers: classified}, "MIT License"},
		"a classifier":                      {metadata{classifiers: classified}, "MIT License"},
		"the first line of a text":          {metadata{license: "The Licence\n all of it"}, "The Licence"},
		"none that is too long for anybody": {metadata{license: strings.Repeat("x", artifact.MaxMetadataField+1)}, ""},
	} {
		var got []string
		for _, l := range describe(c.of).Licenses {
			got = append(got, l.Name)
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
