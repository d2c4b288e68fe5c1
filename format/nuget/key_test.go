package nuget

import (
	"testing"

	"entrepot/artifact"
)

func TestKeysAreKeptInNormalForm(t *testing.T) {
	for written, want := range map[string]string{
		"1.00":            "1.0",
		"1.01.1":          "1.1.1",
		"1.00.0.1":        "1.0.0.1",
		"1.0.0.0":         "1.0.0",
		"1.0.01.0":        "1.0.1",
		"1.0.7+r3456":     "1.0.7",
		"12.0.03.0":       "12.0.3",
		"0":               "0",
		"2.0.0-beta.01":   "2.0.0-beta.01",
		"02.0-rc-1+build": "2.0-rc-1",
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
