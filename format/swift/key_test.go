package swift

import (
	"strings"
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

func TestNamesAreThoseOfTheSpecification(t *testing.T) {
	long := strings.Repeat("a", 39)
	for written, want := range map[[2]string]bool{
		{"acme", "Geometry"}: true, {"a", "b"}: true, {"mona-1", "Linked_List-2"}: true, {long, long + long + "aaaaaaaaaaaaaaaaaaaaaa"}: true,
		{"", "x"}: false, {"x", ""}: false, {long + "a", "x"}: false, {"x", long + long + "aaaaaaaaaaaaaaaaaaaaaaa"}: false,
		{"-a", "x"}: false, {"a-", "x"}: false, {"a--b", "x"}: false, {"a_b", "x"}: false, {"a.b", "x"}: false, {"é", "x"}: false,
		{"x", "_a"}: false, {"x", "a-_b"}: false, {"x", "a.b"}: false, {"x", "a "}: false, {"x", "a\n"}: false,
	} {
		if _, err := identityOf(written[0], written[1]); (err == nil) != want || err != nil && !artifact.Is(err, artifact.Invalid) {
			t.Errorf("%q: got %v, taken should be %v", written, err, want)
		}
	}
}

func TestWhatClientsAcceptDecidesWhetherTheyAreServed(t *testing.T) {
	for accept, want := range map[string]int{
		"": 0, "*/*": 0, "application/json": 0, "text/html": 0, mediaType: 0, mediaType + ".v1": 0, mediaType + ".v1+json": 0,
		mediaType + ".v1+zip": 0, mediaType + "+swift": 0, "Application/Vnd.Swift.Registry.V1+JSON": 0,
		mediaType + ".v2+json, " + mediaType + ".v1+json;q=0.5": 0, mediaType + ".v2+json;q=0": 0,
		mediaType + ".v2+json": 415, mediaType + ".v10": 415, mediaType + ".v1+xml": 415,
		mediaType + ".vone+json": 400, mediaType + ".1": 400, mediaType + "x": 400, mediaType + ".v": 400, mediaType + ".v1.0": 400,
	} {
		s := newSite(t)
		s.publish("1.0.0")
		got := s.Do("GET", "acme/Geometry", "", "Accept", accept)
		if want == 0 {
			want = 200
		}
		if got.Code != want {
			t.Errorf("Accept %q: got %d %s, want %d", accept, got.Code, got.Body, want)
		}
	}
}
