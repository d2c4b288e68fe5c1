package ruby

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/upstream"
	"entrepot/upstream/upstreamtest"
)

func TestGemsAreBelowTheRegistrysAddressWithOrWithoutASlashAtItsEnd(t *testing.T) {
	for _, end := range []string{"", "/"} {
		asked := ""
		registry := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = r.URL.Path }))
		defer registry.Close()
		origin, err := upstream.ParseOrigin("ruby-gems-org", registry.URL+"/mirror"+end)
		if err != nil {
			t.Fatal(err)
		}
		client, err := upstream.New(upstream.Options{Origins: upstream.NewOrigins(origin), Cache: &upstreamtest.Cache{}})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		facts := gemFacts{SHA256: strings.Repeat("0a", 32)}
		v := artifact.Version{VersionKey: artifact.PackageKey{Format: artifact.Ruby, Name: "left"}.At("1.0"),
			Assets: []artifact.Asset{{Name: "left-1.0.gem", Facts: facts.encode()}}}
		request, err := newSource(client, "public:ruby-gems-org").Asset(t.Context(), v, "left-1.0.gem")
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = client.Exists(t.Context(), upstream.ExistsRequest{Connection: request.Connection, URL: request.URL, Path: request.Path})
		if asked != "/mirror/gems/left-1.0.gem" || err != nil {
			t.Errorf("it was looked for at %q, %v", asked, err)
		}
	}
}
