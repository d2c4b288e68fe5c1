package maven

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"

	"entrepot/artifact"
	"entrepot/format/formattest"
)

func TestScenario(t *testing.T) {
	get := func(path string) formattest.Request { return formattest.Request{Method: http.MethodGet, Path: path} }
	put := func(path, body string) formattest.Request {
		return formattest.Request{Method: http.MethodPut, Path: path, Body: body}
	}
	formattest.RunScenario(t, formattest.Scenario{
		Format:     Format(),
		Connection: central,
		Name:       func(n int) string { return fmt.Sprintf("widget-%d", n) },
		Key:        func(name, version string) artifact.VersionKey { return key(name + ":" + version) },
		Make: func(t testing.TB, name, version string, payload []byte) formattest.Release {
			stem := fileStem(name, version)
			return formattest.Release{Name: name, Version: version, Files: []formattest.ReleaseFile{
				{Asset: stem + ".jar", Content: payload}, {Asset: stem + pomSuffix, Content: []byte(pomOf(name + ":" + version))},
			}}
		},
		Publish: func(t testing.TB, r formattest.Release) []formattest.Request {
			var all []formattest.Request
			for _, f := range r.Files {
				all = append(all, put(assetPath(key(r.Name+":"+r.Version), f.Asset), string(f.Content)))
			}
			return append(all, put(index(r.Name), listingOf(r.Name, r.Version)))
		},
		Path:  func(name, version, asset string) string { return assetPath(key(name+":"+version), asset) },
		Index: func(name string) formattest.Request { return get(index(name)) },
		Listed: func(t testing.TB, document []byte) []string {
			m, err := readMetadata(bytes.NewReader(document))
			if err != nil {
				t.Fatal(err)
			}
			return m.versions
		},
		Offer:  offer,
		SignIn: "aws codeartifact get-authorization-token",
	})
}

// offer is what a registry has of a package: its listing, the files and a checksum of each.
func offer(_ testing.TB, _ string, releases []formattest.Release) []formattest.Offered {
	var all []formattest.Offered
	var versions []string
	name := releases[0].Name
	for _, r := range releases {
		versions = append(versions, r.Version)
		for _, f := range r.Files {
			path := assetPath(key(name+":"+r.Version), f.Asset)
			sum := sumOf(sha1Sum, string(f.Content))
			all = append(all, formattest.Offered{Path: path, ContentType: contentType(path), Body: f.Content, Asset: f.Asset},
				formattest.Offered{Path: path + ".sha1", ContentType: "text/plain", Body: []byte(sum)})
		}
	}
	return append(all, formattest.Offered{Path: index(name), ContentType: metadataType, Body: []byte(listingOf(name, versions...))})
}
