package npm

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format/formattest"
)

func TestScenario(t *testing.T) {
	formattest.RunScenario(t, formattest.Scenario{
		Format:     Format(),
		Connection: npmjs,
		Name:       func(n int) string { return fmt.Sprintf("@acme/widget-%d", n) },
		// Clients write a scope and its name as one segment or as two.
		Spellings: func(name string) []string {
			return []string{strings.Replace(name, "/", "%2f", 1), strings.Replace(name, "/", "%2F", 1)}
		},
		Key: func(name, version string) artifact.VersionKey { return key(spelledOut(name)).At(version) },
		Make: func(t testing.TB, name, version string, payload []byte) formattest.Release {
			tarball := packed(t, object{"name": spelledOut(name), "version": version},
				map[string]string{"payload": string(payload)})
			return formattest.Release{Name: name, Version: version,
				Files: []formattest.ReleaseFile{{Asset: asset, Content: tarball}}}
		},
		Publish: func(t testing.TB, r formattest.Release) []formattest.Request {
			name := spelledOut(r.Name)
			doc := putOf(name, r.Version, latestTag, r.Files[0].Content, object{"name": name, "version": r.Version})
			return []formattest.Request{{Method: http.MethodPut, Path: r.Name, Body: text(t, doc)}}
		},
		Index: func(name string) formattest.Request {
			return formattest.Request{Method: http.MethodGet, Path: name,
				Header: map[string]string{"Accept": abbreviatedForm.contentType}}
		},
		Listed: func(t testing.TB, index []byte) []string {
			return slices.Collect(maps.Keys(versionsOf(t, index)))
		},
		Path: func(name, version, _ string) string {
			_, base, _ := strings.Cut(spelledOut(name), "/")
			return name + "/-/" + base + "-" + version + ".tgz"
		},
		Offer:  offered,
		SignIn: "aws codeartifact login --tool npm",
		Discourage: func(name, version string) formattest.Request {
			return formattest.Request{Method: http.MethodPut, Path: name,
				Body: fmt.Sprintf(`{"name":%q,"versions":{%q:{"deprecated":%q}}}`, name, version, old)}
		},
		Discouraged: func(t testing.TB, index []byte, version string) bool {
			return dig(versionsOf(t, index)[version], "deprecated") == old
		},
	})
}

// old is the advice against a version.
const old = "It is old."

// spelledOut is the name as it stands in documents.
func spelledOut(name string) string {
	plain, err := url.PathUnescape(name)
	if err != nil {
		panic(err)
	}
	return plain
}

func versionsOf(t testing.TB, packument []byte) object {
	t.Helper()
	var document struct {
		Versions object `json:"versions"`
	}
	if err := json.Unmarshal(packument, &document); err != nil {
		t.Fatalf("%v in %.500s", err, packument)
	}
	return document.Versions
}

// offered is what a registry has of a package: its packument and the tarballs.
func offered(t testing.TB, address string, releases []formattest.Release) []formattest.Offered {
	name := releases[0].Name
	versions := object{}
	var all []formattest.Offered
	for _, r := range releases {
		tarball := r.Files[0].Content
		path := name + "/-/" + r.Version + ".tgz"
		version := object{"name": name, "version": r.Version,
			"dist": object{"tarball": address + path, "integrity": sri(tarball), "shasum": shasum(tarball)}}
		if r.Discouraged {
			version["deprecated"] = old
		}
		versions[r.Version] = version
		all = append(all, formattest.Offered{Path: path, ContentType: "application/octet-stream", Body: tarball, Asset: asset})
	}
	packument := text(t, object{"name": name, "versions": versions,
		"dist-tags": object{latestTag: releases[len(releases)-1].Version}})
	return append(all, formattest.Offered{Path: strings.Replace(name, "/", "%2f", 1), ContentType: "application/json",
		Body: []byte(packument)})
}
