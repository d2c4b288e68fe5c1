package nuget

import (
	"strings"
	"testing"

	"entrepot/artifact"
)

// The guide writes 1.00 as 1.0, and clients ask for 1.0.0: what they ask for counts.
func TestKeysAreKeptInNormalForm(t *testing.T) {
	for written, want := range map[string]string{
		"1.00":            "1.0.0",
		"1.01.1":          "1.1.1",
		"1.00.0.1":        "1.0.0.1",
		"1.0.0.0":         "1.0.0",
		"1.0.01.0":        "1.0.1",
		"1.0.7+r3456":     "1.0.7",
		"12.0.03.0":       "12.0.3",
		"0":               "0.0.0",
		"2.0.0-Beta.01":   "2.0.0-beta.01",
		"02.0-rc-1+build": "2.0.0-rc-1",
		"1.0.0.0.0":       "1.0.0.0.0",
		"1..0":            "1..0",
		"latest":          "latest",
		"":                "",
	} {
		key := artifact.PackageKey{Format: artifact.NuGet, Name: "Newtonsoft.JSON"}.At(written)
		got := canonical(key)
		if got.Name != "newtonsoft.json" || got.Version != want {
			t.Errorf("%q: got %s %q, want %q", written, got.Name, got.Version, want)
		}
		if again := canonical(got); again != got {
			t.Errorf("%q: the kept form %q is not its own: %q", written, got.Version, again.Version)
		}
	}
}

func TestIDsHaveAGrammar(t *testing.T) {
	for _, id := range []string{"a", "Newtonsoft.Json", "xunit.runner-core", "_x", "A_1", "7zip", strings.Repeat("a", maxID)} {
		if !validID(id) {
			t.Errorf("%q is refused", id)
		}
	}
	for _, id := range []string{"", ".", "..", "a..b", ".a", "a.", "-a", "a-", "a.-b", "a b", "a/b", `a\b`, "ä", "a\x00", "a#b", "a%2fb", "a*",
		strings.Repeat("a", maxID+1)} {
		if validID(id) {
			t.Errorf("%q is taken", id)
		}
	}
}
