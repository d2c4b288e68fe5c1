package swift

import (
	"testing"

	"entrepot/artifact"
)

func TestScopeAndNameAreKeptInLowerCase(t *testing.T) {
	written := artifact.PackageKey{Format: artifact.Swift, Namespace: "MyScope", Name: "MyPkg"}.At("1.0.0-Beta")
	want := artifact.PackageKey{Format: artifact.Swift, Namespace: "myscope", Name: "mypkg"}.At("1.0.0-Beta")
	if got := canonical(written); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
