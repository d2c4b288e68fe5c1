package ruby

import (
	"slices"
	"testing"
)

// ordered are versions in Gem::Version's order; those in one row are equal to it. The expectations are what Ruby 3.1 prints.
var ordered = [][]string{
	{"0.a"}, {"0.b"}, {"0", "0.0", "00", "0.0.0"}, {"0.0.1"}, {"1.0.a", "1.a"}, {"1.0.a1", "1.a.1", "1.0.a.1"}, {"1.0.a.2"}, {"1.0.b1", "1.b1"},
	{"1.0.pre.2"}, {"1.0.pre.10"}, {"1.0.rc1", "1.rc1.0"}, {"1", "1.0", "1.0.0", "01.0"}, {"1.0.1.pre"}, {"1.0.1"}, {"1.2"},
	{"1.10"}, {"2.0.0.beta"}, {"2"}, {"20260101"}, {"100000000000000000000"}, {"100000000000000000001"},
}

func TestVersionsAreOrderedAsGemDoes(t *testing.T) {
	for i, row := range ordered {
		for _, a := range row {
			for j, other := range ordered {
				for _, b := range other {
					if got := compareVersions(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
						t.Errorf("%s and %s: got %d", a, b, got)
					}
					if same := foldVersion(a) == foldVersion(b); same != (i == j) {
						t.Errorf("%s and %s fold to %s and %s", a, b, foldVersion(a), foldVersion(b))
					}
				}
			}
		}
	}
}

func TestPrereleasesHaveALetter(t *testing.T) {
	for version, want := range map[string]bool{"1.0": false, "1.0.a": true, "1.0rc1": true, "20": false} {
		if got := prerelease(version); got != want {
			t.Errorf("%s: got %t", version, got)
		}
	}
}

func TestWhatIsNoVersionIsRefused(t *testing.T) {
	for _, text := range []string{"", ".", "1.", ".1", "a", "1..2", "1-2", "1.0-rc1", "1 0", "1,0", "1:0", "1|0", "1&0", "1\n", "v1", "1.0_1"} {
		if checkVersion(text) == nil {
			t.Errorf("%q is taken for a version", text)
		}
	}
}

func TestGemsAreReadFromTheNamesOfTheirFiles(t *testing.T) {
	for full, want := range map[string]gem{
		"demo-1.0":                        {"demo", "1.0", "ruby"},
		"demo-1.0-x86_64-linux":           {"demo", "1.0", "x86_64-linux"},
		"demo-1.0.rc1-java":               {"demo", "1.0.rc1", "java"},
		"demo-beta-1.0.2-x86_64-linux":    {"demo-beta", "1.0.2", "x86_64-linux"},
		"demo-1.0-x86-mswin32-60":         {"demo", "1.0", "x86-mswin32-60"},
		"demo-1.0-universal-darwin-20":    {"demo", "1.0", "universal-darwin-20"},
		"demo-1.0-x86_64-linux-musl":      {"demo", "1.0", "x86_64-linux-musl"},
		"demo-1.0-arm64-darwin":           {"demo", "1.0", "arm64-darwin"},
		"demo-1.0-x64-mingw-ucrt":         {"demo", "1.0", "x64-mingw-ucrt"},
		"demo-1.0-sparc-solaris2.8":       {"demo", "1.0", "sparc-solaris2.8"},
		"demo-1.0-mswin32":                {"demo", "1.0", "mswin32"},
		"demo-2-bar-1.0":                  {"demo-2-bar", "1.0", "ruby"},
		"demo-2-1.0-java":                 {"demo-2", "1.0", "java"},
		"demo-1.0-odd":                    {"demo", "1.0", "odd"},
		"1a-1.0":                          {"1a", "1.0", "ruby"},
		"a.b_c-0.1":                       {"a.b_c", "0.1", "ruby"},
		"demo-1.0-odd-2":                  {"demo-1.0-odd", "2", "ruby"},
		"net-ssh-7.0.1-2":                 {"net-ssh-7.0.1", "2", "ruby"},
		"gem-with-1-in-the-middle-0.1.0":  {"gem-with-1-in-the-middle", "0.1.0", "ruby"},
		"gem-with-1-in-it-0.1.0-java":     {"gem-with-1-in-it", "0.1.0", "java"},
		"platform-3.0-x86_64-linux-gnu-2": {"platform", "3.0", "x86_64-linux-gnu-2"},
	} {
		if got, err := splitFullName(full); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", full, got, err, want)
		} else if got.fullName() != full {
			t.Errorf("%s: is called %s", full, got.fullName())
		}
	}
	for _, full := range []string{"", "demo", "1.0", "-1.0", "demo-", "demo-a", "_demo-1.0", "demo 1.0", "demo-1.0-", "7-1.0"} {
		if got, err := splitFullName(full); err == nil {
			t.Errorf("%q is read as %v", full, got)
		}
	}
	odd := gem{"demo", "1.0", "odd-2"}
	if odd.isReadAsItself() {
		t.Errorf("%s can be told from another", odd.fullName())
	}
}

func TestRequirementsAreReadAsGemDoes(t *testing.T) {
	for text, want := range map[string]requirement{
		">= 1.0":       {{">=", "1.0"}},
		">= 1.0&< 3":   {{">=", "1.0"}, {"<", "3"}},
		"~>2":          {{"~>", "2"}},
		"1.0.rc1":      {{"=", "1.0.rc1"}},
		"!= 1&  > 0.a": {{"!=", "1"}, {">", "0.a"}},
	} {
		if got, err := parseRequirement(text, "&"); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "=> 1", ">= ", ">= a", ">= 1,< 2", ">= 1|", "~> 1 2", ">>= 1"} {
		if got, err := parseRequirement(text, "&"); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}
