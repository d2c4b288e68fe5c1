package semver

import (
	"slices"
	"strings"
	"testing"
)

func TestParseTakesStrictVersionsOnly(t *testing.T) {
	for text, want := range map[string]bool{
		"1.0.0": true, "0.0.0": true, "10.20.30": true, "1.0.0-alpha": true, "1.0.0-alpha.1": true, "1.0.0-0.3.7": true,
		"1.0.0-x-y-z.--": true, "1.0.0+build.1": true, "1.0.0-beta+exp.sha.5114f85": true, "1.0.0+001": true,
		"99999999999999999999.0.0": true, "1.0.0-0a": true, "1.0.0-9007199254740993": true,
		"": false, "1": false, "1.0": false, "1.0.0.0": false, "v1.0.0": false, " 1.0.0": false, "=1.0.0": false,
		"01.0.0": false, "1.0.0-01": false, "1.0.0-": false, "1.0.0+": false, "1.0.0-a..b": false, "1.0.0-ä": false,
		"1.0.0+a+b": false, "1.x.0": false, "latest": false, "__proto__": false, "-1.0.0": false,
		"1.0.0-" + strings.Repeat("a", 300): false, "1.0.0\n": false,
	} {
		if _, err := Parse(text); (err == nil) != want {
			t.Errorf("Parse(%.40q): got error %v, want valid %v", text, err, want)
		}
	}
}

func TestCompareOrdersByPrecedence(t *testing.T) {
	ascending := []string{"not a version", "x", "0.9.9", "1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1",
		"1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.0+a", "1.0.0+b",
		"1.0.1", "1.9.0", "1.10.0", "2.0.0", "10.0.0"}
	for i, a := range ascending {
		for j, b := range ascending {
			if got := Compare(a, b); got != signOf(i-j) {
				t.Errorf("Compare(%q, %q): got %d, want %d", a, b, got, signOf(i-j))
			}
		}
	}
	shuffled := slices.Clone(ascending)
	slices.Reverse(shuffled)
	slices.SortFunc(shuffled, Compare)
	if !slices.Equal(shuffled, ascending) {
		t.Errorf("got %q, want %q", shuffled, ascending)
	}
}

func signOf(n int) int { return min(1, max(-1, n)) }

func TestAReleaseIsPreferredToAnyPrerelease(t *testing.T) {
	ascending := []string{"x", "1.0.0-a", "2.0.0-a", "1.0.0", "1.0.1"}
	for i, a := range ascending {
		for j, b := range ascending {
			if got := Prefer(a, b); got != signOf(i-j) {
				t.Errorf("Prefer(%q, %q): got %d, want %d", a, b, got, signOf(i-j))
			}
		}
	}
}

func FuzzCompare(f *testing.F) {
	f.Add("1.0.0", "1.0.0-rc.1", "x")
	f.Add("1.0.0+a", "1.0.0+b", "1.0.0")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		for name, compare := range map[string]func(string, string) int{"Compare": Compare, "Prefer": Prefer} {
			if compare(a, b) != -compare(b, a) || (compare(a, b) == 0) != (a == b) {
				t.Fatalf("%s(%q, %q) is %d and %d", name, a, b, compare(a, b), compare(b, a))
			}
			if compare(a, b) < 0 && compare(b, c) < 0 && compare(a, c) >= 0 {
				t.Fatalf("%s: %q < %q < %q", name, a, b, c)
			}
		}
	})
}
