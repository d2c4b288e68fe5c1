package pypi

import (
	"testing"

	"entrepot/artifact"
)

func TestNamesAreKeptNormalised(t *testing.T) {
	for written, want := range map[string]string{
		"My_Pkg": "my-pkg", "my.pkg": "my-pkg", "my-pkg": "my-pkg", "A-_-.B": "a-b", "zope.interface": "zope-interface",
		"Requests": "requests", "-": "-",
	} {
		got := canonical(artifact.PackageKey{Format: artifact.PyPI, Name: written}.At("1.0.POST1"))
		if got.Name != want || got.Version != "1.0.POST1" {
			t.Errorf("%q: got %q %q, want %q and the version as written", written, got.Name, got.Version, want)
		}
	}
}
