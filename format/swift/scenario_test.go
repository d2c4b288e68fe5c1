package swift

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format/formattest"
)

func TestScenario(t *testing.T) {
	key := func(name, version string) artifact.VersionKey {
		scope, base, _ := strings.Cut(name, "/")
		return identity{scope, base}.key().At(version)
	}
	formattest.RunScenario(t, formattest.Scenario{
		Format:     Format(),
		Connection: formattest.Remote,
		Name:       func(n int) string { return fmt.Sprintf("Acme/Widget-%d", n) },
		Key:        key,
		Spellings: func(name string) []string {
			return []string{strings.ToLower(name), strings.ToUpper(name)}
		},
		Make: func(t testing.TB, name, version string, payload []byte) formattest.Release {
			archive := packed(t, archived{"payload", string(payload)})
			return formattest.Release{Name: name, Version: version,
				Files: []formattest.ReleaseFile{{Asset: archiveFile(key(name, version)), Content: []byte(archive)}}}
		},
		Publish: func(t testing.TB, r formattest.Release) []formattest.Request {
			body, contentType := formOf(t, archivePart(string(r.Files[0].Content)))
			return []formattest.Request{formattest.NewRequest(http.MethodPut, r.Name+"/"+r.Version, body, "Content-Type", contentType)}
		},
		Path:  func(name, version, _ string) string { return name + "/" + version + archiveEnding },
		Index: func(name string) formattest.Request { return formattest.NewRequest(http.MethodGet, name, "") },
		Listed: func(t testing.TB, index []byte) []string {
			var read struct{ Releases map[string]any }
			if err := json.Unmarshal(index, &read); err != nil {
				t.Fatalf("%v in %.500s", err, index)
			}
			return slices.Collect(maps.Keys(read.Releases))
		},
		Offer: func(t testing.TB, address string, releases []formattest.Release) []formattest.Offered {
			of := key(releases[0].Name, "").PackageKey
			path := of.Namespace + "/" + of.Name
			var offered []formattest.Offered
			list := object{}
			for _, r := range releases {
				at := path + "/" + r.Version
				list[r.Version] = object{"url": address + at}
				archive := r.Files[0]
				offered = append(offered,
					formattest.Offered{Path: at, ContentType: "application/json", Body: []byte(releaseOffered(t, r.Name, r.Version, archive.Content))},
					formattest.Offered{Path: at + "/" + manifestFile, ContentType: "text/x-swift", Body: []byte(simple("5.5"))},
					formattest.Offered{Path: at + archiveEnding, ContentType: "application/zip", Body: archive.Content, Asset: archive.Asset})
			}
			return append(offered, formattest.Offered{Path: path, ContentType: "application/json",
				Body: []byte(jsonOf(t, object{"releases": list}))})
		},
		SignIn: "aws codeartifact login --tool swift",
	})
}

// releaseOffered is what a registry says of a release.
func releaseOffered(t testing.TB, name, version string, archive []byte) string {
	return jsonOf(t, object{"id": strings.ReplaceAll(name, "/", "."), "version": version, "publishedAt": "2024-05-06T07:08:09.123Z",
		"metadata":  object{"description": "Shapes"},
		"resources": []any{object{"name": sourceArchive, "type": "application/zip", "checksum": sha256Of(string(archive))}}})
}
