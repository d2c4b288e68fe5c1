package nuget

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"entrepot/format/formattest"
)

// The versions of a package are read where one document has the listed ones and no others: what restores read has those that are
// not listed too, and a registration has pages.
func TestScenario(t *testing.T) {
	formattest.RunScenario(t, formattest.Scenario{
		Format:     Format(),
		Connection: publicOne,
		Name:       func(n int) string { return fmt.Sprintf("Acme.Widget%d", n) },
		Key:        key,
		Spellings:  func(name string) []string { return []string{strings.ToLower(name), strings.ToUpper(name)} },
		Make: func(t testing.TB, name, version string, payload []byte) formattest.Release {
			content := packedWith(t, nuspecText(name, version), name+".nuspec", archived{"content/payload", string(payload)})
			return formattest.Release{Name: name, Version: version,
				Files: []formattest.ReleaseFile{{Asset: assetOf(key(name, version)), Content: []byte(content)}}}
		},
		Publish: func(_ testing.TB, r formattest.Release) []formattest.Request {
			return []formattest.Request{pushOf(string(r.Files[0].Content))}
		},
		Path: func(name, version, _ string) string {
			return "v3/flatcontainer/" + name + "/" + version + "/" + name + "." + version + ".nupkg"
		},
		Index: func(name string) formattest.Request {
			return formattest.Request{Method: http.MethodGet, Path: "v3/autocomplete?prerelease=true&semVerLevel=2.0.0&id=" + name}
		},
		Listed: func(t testing.TB, index []byte) []string {
			var answer struct{ Data []string }
			if err := json.Unmarshal(index, &answer); err != nil {
				t.Fatalf("%v in %.500s", err, index)
			}
			return answer.Data
		},
		Offer: offered,
		Empty: func(address string) []formattest.Offered {
			return []formattest.Offered{{ContentType: "application/json", Body: jsonOf(t, servicesOf(address))}}
		},
		SignIn: "aws codeartifact login --tool dotnet",
	})
}

// offered is what a registry has of a package: the registration with its pages, the documents about single
// versions and the packages.
func offered(t testing.TB, address string, releases []formattest.Release) []formattest.Offered {
	var all []formattest.Offered
	document := func(path string, v any) {
		all = append(all, formattest.Offered{Path: path, ContentType: "application/json", Body: jsonOf(t, v)})
	}
	var leaves []any
	for _, r := range releases {
		o := offeredVersion{id: r.Name, version: r.Version, content: string(r.Files[0].Content)}
		all = append(all, formattest.Offered{Path: o.path(), ContentType: "application/octet-stream", Body: r.Files[0].Content,
			Asset: r.Files[0].Asset})
		document(o.entryPath(), o.catalogEntry())
		leaves = append(leaves, o.leaf(address))
	}
	if len(leaves) <= inlineUpTo {
		document(indexOf(releases[0].Name), registrationOf(leaves...))
		return all
	}
	var items []any
	for some := range slices.Chunk(leaves, pageSize) {
		path := fmt.Sprintf("pages/%s/%d.json", strings.ToLower(releases[0].Name), len(items))
		document(path, object{"@id": address + path, "count": len(some), "items": some})
		items = append(items, object{"@id": address + path, "count": len(some)})
	}
	document(indexOf(releases[0].Name), object{"count": len(items), "items": items})
	return all
}
