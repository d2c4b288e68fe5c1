package swift

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
)

func TestAPackageIsFoundByWhereItsSourcesAreKept(t *testing.T) {
	s := newSite(t)
	s.publishAs("acme/Geometry/1.0.0", metadataPart(`{"repositoryURLs":["https://code.example.test/acme/geometry","git@old.example.test:Acme/Geometry.git"]}`))
	s.Repository("team", shelf)
	s.serve("team")
	for address, found := range map[string]bool{
		"https://code.example.test/acme/geometry": true, "https://code.example.test/acme/geometry.git": true,
		"https://Code.Example.Test/Acme/Geometry/": true, "http://user@code.example.test:8443/acme/geometry": true,
		"ssh://git@code.example.test/acme/geometry.git": true, "git@code.example.test:acme/geometry.git": true,
		"https://old.example.test/acme/geometry": true, "https%3A%2F%2Fcode.example.test%2Facme%2Fgeometry": true,
		"https://code.example.test/acme/geometry2": false, "https://code.example.test/acme": false,
		"https://evil.example.test/?x=https://code.example.test/acme/geometry": false, "https://code.example.test/c++/a&b=c": false,
	} {
		if !found {
			status := http.StatusNotFound
			if strings.HasPrefix(address, "https://evil") {
				status = http.StatusBadRequest
			}
			s.want(status, "identifiers?url="+address)
			continue
		}
		if got := fmt.Sprint(s.json("identifiers?url=" + address)); got != "map[identifiers:[acme.Geometry]]" {
			t.Errorf("%s: got %s", address, got)
		}
	}
	for _, query := range []string{"", "?url=", "?url=x", "?url=https://%zz", "?scm=https://code.example.test/acme/geometry", "?url=a%09b:c%0a"} {
		s.want(http.StatusBadRequest, "identifiers"+query)
	}
}

func TestWhoSaidFirstWhereSourcesAreKeptStandsFirst(t *testing.T) {
	s := newSite(t)
	said := metadataPart(`{"repositoryURLs":["https://code.example.test/a"]}`)
	s.publishAs("mine/Lib/1.0.0", said)
	s.Clock.Pass(time.Hour)
	s.publishAs("evil/Lib/1.0.0", said)
	s.publishAs("mine/Lib/2.0.0", said)
	s.publishAs("mine/Other/1.0.0")
	asked := func() string { return fmt.Sprint(s.json("identifiers?url=https://code.example.test/a")["identifiers"]) }
	if got := asked(); got != "[mine.Lib evil.Lib]" {
		t.Errorf("got %s", got)
	}
	s.SetStatus(shelf, identity{"evil", "lib"}.key().At("1.0.0"), artifact.Unlisted)
	if got := asked(); got != "[mine.Lib]" {
		t.Errorf("unlisted: got %s", got)
	}
}
