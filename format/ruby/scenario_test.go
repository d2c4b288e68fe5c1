package ruby

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format/formattest"
)

func TestScenario(t *testing.T) {
	formattest.RunScenario(t, formattest.Scenario{
		Format:     Format(),
		Connection: publicOne,
		Name:       func(n int) string { return fmt.Sprintf("acme_widget-%d", n) },
		Key:        func(name, version string) artifact.VersionKey { return gem{name: name, version: version}.key() },
		Make: func(t testing.TB, name, version string, payload []byte) formattest.Release {
			content := gemWith(t, metadataText(name, version, ""), string(payload))
			return formattest.Release{Name: name, Version: version,
				Files: []formattest.ReleaseFile{{Asset: name + "-" + version + gemEnding, Content: []byte(content)}}}
		},
		Publish: func(_ testing.TB, r formattest.Release) []formattest.Request {
			return []formattest.Request{formattest.NewRequest(http.MethodPost, "api/v1/gems", string(r.Files[0].Content),
				"Content-Type", octets)}
		},
		Path: func(_, _, asset string) string { return "gems/" + asset },
		Index: func(name string) formattest.Request {
			return formattest.Request{Method: http.MethodGet, Path: "info/" + name}
		},
		Listed: func(_ testing.TB, index []byte) []string {
			var versions []string
			for line := range strings.Lines(strings.TrimPrefix(string(index), separator)) {
				version, _, _ := strings.Cut(line, " ")
				versions = append(versions, version)
			}
			return versions
		},
		Packages: func() formattest.Request { return formattest.Request{Method: http.MethodGet, Path: "names"} },
		Named: func(_ testing.TB, names []byte) []string {
			return strings.Fields(strings.TrimPrefix(string(names), separator))
		},
		Offer:  offerOf,
		SignIn: "entrepot login --tool gem",
	})
}

// offerOf is what a registry has of a name: its info file and the gems.
func offerOf(t testing.TB, _ string, releases []formattest.Release) []formattest.Offered {
	t.Helper()
	info := separator
	var all []formattest.Offered
	for _, r := range releases {
		f := r.Files[0]
		info += lineOf(specification{gem: gem{r.Name, r.Version, anyPlatform}}, string(f.Content))
		all = append(all, formattest.Offered{Path: "gems/" + f.Asset, ContentType: octets, Body: f.Content, Asset: f.Asset})
	}
	return append(all, formattest.Offered{Path: "info/" + releases[0].Name, ContentType: plainText, Body: []byte(info)})
}
