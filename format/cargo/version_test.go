package cargo

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"entrepot/format/semver"
)

func TestVersionsAreOrderedByPrecedence(t *testing.T) {
	ordered := []string{"0.0.1", "0.1.0-alpha", "0.1.0-alpha.1", "0.1.0-alpha.2", "0.1.0-alpha.10", "0.1.0-alpha.beta", "0.1.0-beta",
		"0.1.0-rc.99999999999999999999", "0.1.0", "0.2.0", "0.10.0", "1.0.0", "1.0.18446744073709551615"}
	mixed := slices.Clone(ordered)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	slices.SortFunc(mixed, func(a, b string) int { return read(t, a).Compare(read(t, b)) })
	if !slices.Equal(mixed, ordered) {
		t.Errorf("got %q, want %q", mixed, ordered)
	}
	if foldVersion("1.0.0+a") != foldVersion("1.0.0+b") || foldVersion("1.0.0+a") != "1.0.0" {
		t.Error("builds of one version are several")
	}
	for _, bad := range []string{"", "1", "1.0", "1.0.0.0", "v1.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0+", "1.0.0 ", "1.0.0-a..b",
		"1.0.18446744073709551616", "1.0.0-" + strings.Repeat("a", maxVersion)} {
		if v, err := parseVersion(bad); err == nil {
			t.Errorf("%.40q is read as %v", bad, v)
		}
	}
}

func read(t *testing.T, text string) semver.Version {
	t.Helper()
	v, err := parseVersion(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRequirementsThatMeanTheSameAreWrittenAlike(t *testing.T) {
	for text, want := range map[string]string{
		"1": "^1", "1.2": "^1.2", "^0.1": "^0.1", "~1.2.3": "~1.2.3", "= 1.0.0-rc.1": "=1.0.0-rc.1", ">= 1.0,<2": ">=1.0, <2",
		"*": "*", "": "*", "1.*": "^1", "^0.*": "^0", "=1.X": "=1", "1.2.x": "~1.2", "1.0.0-x.1": "^1.0.0-x.1", "1.0.0+b": "^1.0.0+b", " 1 ": "^1",
	} {
		if got, ok := plainRequirement(text); !ok || got != want {
			t.Errorf("%q: got %q, %t, want %q", text, got, ok, want)
		}
	}
	for _, bad := range []string{"latest", "1.0 2.0", "1,", ",1", ">", "^^1", "1..2", "v1", "*.1", strings.Repeat("1,", maxComparators) + "1"} {
		if got, ok := plainRequirement(bad); ok {
			t.Errorf("%.40q is read as %.40q", bad, got)
		}
	}
}

func TestWhereAnIndexHasACrate(t *testing.T) {
	for name, want := range map[string]string{"a": "1/a", "ab": "2/ab", "abc": "3/a/abc", "abcd": "ab/cd/abcd", "serde_json": "se/rd/serde_json"} {
		if got := indexPath(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	const sum = "00ff"
	for template, want := range map[string]string{
		"https://dl.example.test/crates":                     "https://dl.example.test/crates/MyCrate/1.0.0/download",
		"https://dl.example.test/{crate}/{version}":          "https://dl.example.test/MyCrate/1.0.0",
		"https://dl.example.test/{prefix}/{lowerprefix}/x":   "https://dl.example.test/My/Cr/my/cr/x",
		"https://dl.example.test/{sha256-checksum}":          "https://dl.example.test/00ff",
		"https://dl.example.test/{crate}/{crate}-{version}.": "https://dl.example.test/MyCrate/MyCrate-1.0.0.",
	} {
		if got := expand(template, "MyCrate", "1.0.0", sum); got != want {
			t.Errorf("%s: got %s, want %s", template, got, want)
		}
	}
}
