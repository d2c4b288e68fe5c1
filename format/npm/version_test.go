package npm

import (
	"slices"
	"strings"
	"testing"
)

func TestParseVersionTakesStrictSemVerOnly(t *testing.T) {
	for text, want := range map[string]bool{
		"1.0.0": true, "0.0.0": true, "10.20.30": true, "1.0.0-alpha": true, "1.0.0-alpha.1": true, "1.0.0-0.3.7": true,
		"1.0.0-x-y-z.--": true, "1.0.0+build.1": true, "1.0.0-beta+exp.sha.5114f85": true, "1.0.0+001": true,
		"9007199254740991.0.0": true, "1.0.0-0a": true, "1.0.0-9007199254740993": true,
		"": false, "1": false, "1.0": false, "1.0.0.0": false, "v1.0.0": false, " 1.0.0": false, "=1.0.0": false,
		"01.0.0": false, "1.0.0-01": false, "1.0.0-": false, "1.0.0+": false, "1.0.0-a..b": false, "1.0.0-ä": false,
		"1.0.0+a+b": false, "1.x.0": false, "latest": false, "__proto__": false, "-1.0.0": false,
		"9007199254740992.0.0": false, "1.0.0-" + strings.Repeat("a", 300): false, "1.0.0\n": false,
	} {
		if _, err := parseVersion(text); (err == nil) != want {
			t.Errorf("parseVersion(%.40q): got error %v, want valid %v", text, err, want)
		}
	}
}

func TestCompareOrdersBySemVerPrecedence(t *testing.T) {
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

func TestATagIsNeverARangeNorAPath(t *testing.T) {
	for tag, want := range map[string]bool{
		"latest": true, "beta": true, "next-11": true, "release-1.x": true, "v": true, "canary": true, "legacy_7": true,
		"": false, "1": false, "1.x": false, "v1": false, "1.0.0": false, "v1.0.0": false, "*": false, "x": false,
		">1": false, "^1.0.0": false,
		"~1": false, "1 - 2": false, "1.0.0-beta": false, "a/b": false, "a b": false, "__proto__": false,
		"constructor": false, "a%b": false, "ä": false, ".a": false, strings.Repeat("a", 215): false,
	} {
		if err := checkTag(tag); (err == nil) != want {
			t.Errorf("checkTag(%.40q): got %v, want valid %v", tag, err, want)
		}
	}
}
