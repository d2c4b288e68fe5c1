package cargo

import (
	"crypto/sha256"
	"encoding/hex"
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
		Connection: cratesIO,
		Name:       func(n int) string { return fmt.Sprintf("acme_widget-%d", n) },
		Key:        func(name, version string) artifact.VersionKey { return key(strings.ToLower(name)).At(version) },
		Spellings:  func(name string) []string { return []string{strings.ToUpper(name)} },
		Make: func(t testing.TB, name, version string, payload []byte) formattest.Release {
			root := name + "-" + version + "/"
			crate := pack(t, file(root+"Cargo.toml", cargoToml(name, version, "")), file(root+"payload", string(payload)))
			return formattest.Release{Name: name, Version: version,
				Files: []formattest.ReleaseFile{{Asset: assetOf(key(strings.ToLower(name)).At(version)), Content: crate}}}
		},
		Publish: func(t testing.TB, r formattest.Release) []formattest.Request {
			body := framed(jsonOf(t, described(r.Name, r.Version)), r.Files[0].Content)
			return []formattest.Request{{Method: http.MethodPut, Path: newCrate, Body: body}}
		},
		Path: func(name, version, _ string) string { return "api/v1/crates/" + name + "/" + version + "/download" },
		Index: func(name string) formattest.Request {
			return formattest.Request{Method: http.MethodGet, Path: indexPath(strings.ToLower(name))}
		},
		// What cargo may choose: of a yanked version it only looks for what is locked.
		Listed: func(t testing.TB, index []byte) []string {
			var versions []string
			for _, line := range linesOf(t, index) {
				if line["yanked"] == false {
					versions = append(versions, line["vers"].(string))
				}
			}
			return versions
		},
		Offer: func(t testing.TB, address string, releases []formattest.Release) []formattest.Offered {
			var index strings.Builder
			offered := []formattest.Offered{{Path: "config.json", ContentType: jsonType,
				Body: []byte(jsonOf(t, object{"dl": address + "dl/{crate}-{version}", "api": address}))}}
			for _, r := range releases {
				crate := r.Files[0].Content
				index.WriteString(offeredLine(t, r.Name, r.Version, crate, r.Discouraged) + "\n")
				offered = append(offered, formattest.Offered{Path: "dl/" + r.Name + "-" + r.Version,
					ContentType: "application/gzip", Body: crate, Asset: r.Files[0].Asset})
			}
			return append(offered, formattest.Offered{Path: indexPath(releases[0].Name), ContentType: "text/plain",
				Body: []byte(index.String())})
		},
		Discouraged: func(t testing.TB, index []byte, version string) bool {
			for _, line := range linesOf(t, index) {
				if line["vers"] == version {
					return line["yanked"] == true
				}
			}
			return false
		},
		Discourage: func(name, version string) formattest.Request {
			return formattest.Request{Method: http.MethodDelete, Path: "api/v1/crates/" + name + "/" + version + "/yank"}
		},
		SignIn: "aws codeartifact get-authorization-token",
	})
}

// offeredLine is a line of a public registry's index.
func offeredLine(t testing.TB, name, version string, crate []byte, yanked bool) string {
	sum := sha256.Sum256(crate)
	return jsonOf(t, object{"name": name, "vers": version, "deps": []any{}, "cksum": hex.EncodeToString(sum[:]),
		"features": object{}, "yanked": yanked, "links": nil, "pubtime": "2024-05-06T07:08:09Z"})
}
