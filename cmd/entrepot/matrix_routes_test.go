package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format"
)

const (
	reads     = "ReadFromRepository"
	publishes = "PublishPackageVersion"
	annotates = "PutPackageMetadata"
	moves     = "UpdatePackageVersionsStatus"
)

// routesByAction names for every route of every format the actions that it is judged on, in the order in which they are
// asked. What follows a # tells apart two requests of a route that are judged differently.
var routesByAction = map[artifact.Format]map[string]string{
	"npm": {
		reads: `
			GET /{package}
			GET /{package}/{selector}
			GET /{package}/-/{file}
			GET /-/package/{package}/dist-tags
			GET /{$}
			GET /-/ping
			GET /-/whoami
			GET /-/v1/search
			GET /-/npm/v1/attestations/{spec}
			GET /-/package/{package}/visibility
			PUT /{package}/-rev/{rev}
			DELETE /{package}/-rev/{rev}
			DELETE /{package}/-/{file}/-rev/{rev}
			DELETE /{package}/-/{file}
			DELETE /npm/{repository}/{package}/-/{file}/-rev/{rev}
			DELETE /{domain}/npm/{repository}/{package}/-/{file}/-rev/{rev}
			DELETE /{package}
			POST /-/v1/login
			GET /-/user/{user}
			PUT /-/user/{user}
			PUT /-/user/{user}/-rev/{rev}
			DELETE /-/user/token/{token}
			POST /-/npm/v1/security/advisories/bulk
			POST /-/npm/v1/security/audits/quick
			POST /-/npm/v1/security/audits
			GET /-/npm/v1/keys
			GET /-/npm/v1/tokens
			PUT /-/npm/v1/tokens
			POST /-/npm/v1/tokens
			DELETE /-/npm/v1/tokens
			DELETE /-/npm/v1/tokens/token/{token}
			GET /-/npm/v1/user
			PUT /-/npm/v1/user
			POST /-/npm/v1/user
			DELETE /-/npm/v1/user
			GET /-/npm/v1/hooks
			POST /-/npm/v1/hooks
			GET /-/npm/v1/hooks/hook/{hook}
			PUT /-/npm/v1/hooks/hook/{hook}
			POST /-/npm/v1/hooks/hook/{hook}
			DELETE /-/npm/v1/hooks/hook/{hook}
			GET /-/org/{rest...}
			PUT /-/org/{rest...}
			POST /-/org/{rest...}
			DELETE /-/org/{rest...}
			GET /-/team/{rest...}
			PUT /-/team/{rest...}
			POST /-/team/{rest...}
			DELETE /-/team/{rest...}
			GET /-/package/{package}/access
			PUT /-/package/{package}/access
			POST /-/package/{package}/access
			DELETE /-/package/{package}/access
			GET /-/package/{package}/collaborators
			PUT /-/package/{package}/collaborators
			POST /-/package/{package}/collaborators
			DELETE /-/package/{package}/collaborators
			GET /-/package/{package}/trust
			PUT /-/package/{package}/trust
			POST /-/package/{package}/trust
			DELETE /-/package/{package}/trust
			GET /-/stage/{rest...}
			PUT /-/stage/{rest...}
			POST /-/stage/{rest...}
			DELETE /-/stage/{rest...}
			POST /-/npm/v1/oidc/token/exchange/package/{package}
			PUT /-/package/{package}/dist-tags
			POST /-/package/{package}/dist-tags
			GET /-/all
			GET /-/by-user/{user}
			GET /-/_view/{view}
		`,
		publishes: `
			PUT /{package}
		`,
		reads + " " + annotates: `
			PUT /{package} # deprecation
		`,
		annotates: `
			PUT /-/package/{package}/dist-tags/{tag}
			POST /-/package/{package}/dist-tags/{tag}
			DELETE /-/package/{package}/dist-tags/{tag}
		`,
	},
	"pypi": {
		reads: `
			GET /simple/{project}/{$}
			GET /simple/{project}
			GET /simple/{project}/{version}/{file}
			GET /simple/{$}
			GET /simple
			GET /pypi/{project}/json
			GET /pypi/{project}/{version}/json
			POST /simple/{$}
		`,
		publishes: `
			POST /{$}
		`,
	},
	"maven": {
		reads: `
			GET /{path...}
		`,
		publishes: `
			PUT /{path...}
		`,
		publishes + " " + annotates: `
			PUT /{path...} # listing
		`,
	},
	"nuget": {
		reads: `
			GET /v3/index.json
			GET /v3/flatcontainer/{id}/index.json
			GET /v3/flatcontainer/{id}/{version}/{file}
			GET /v3/readme/{id}/{version}
			GET /v3/catalog/{id}/{file}
			GET /v3/query
			GET /v3/autocomplete
			GET /v2
			GET /v2/{$}
			GET /v2/{call}
			GET /v2/{call}/$count
			GET /v2/package/{id}/{version}
			GET /v3/registrations/{id}/index.json
			GET /v3/registrations/{id}/page/{lower}/{upper}
			GET /v3/registrations/{id}/{file}
			GET /v3/registrations-semver2/{id}/index.json
			GET /v3/registrations-semver2/{id}/page/{lower}/{upper}
			GET /v3/registrations-semver2/{id}/{file}
			PUT /v3/symbolpackage
			PUT /v3/symbolpackage/{$}
			GET /{$}
			GET /v3/{$}
			GET /v3
			GET /FindPackagesById()
			GET /v3/FindPackagesById()
			GET /Packages()
			GET /Search()
			GET /$metadata
			PUT /{$}
			PUT /v3/{$}
			PUT /v3/index.json
			PUT /v3/index.json/{$}
			DELETE /{id}/{version}
			DELETE /v3/index.json/{id}/{version}
		`,
		publishes: `
			PUT /v3/package
			PUT /v3/package/{$}
			PUT /v2
			PUT /v2/{$}
			PUT /v2/package
			PUT /v2/package/{$}
		`,
		moves: `
			DELETE /v3/package/{id}/{version}
			POST /v3/package/{id}/{version}
			DELETE /v2/package/{id}/{version}
			POST /v2/package/{id}/{version}
			DELETE /v2/{id}/{version}
			POST /v2/{id}/{version}
		`,
	},
	"ruby": {
		reads: `
			GET /{$}
			GET /versions
			GET /info/{name}
			GET /names
			GET /gems/{file}
			GET /quick/Marshal.4.8/{file}
			GET /specs.4.8.gz
			GET /latest_specs.4.8.gz
			GET /prerelease_specs.4.8.gz
			GET /api/v1/dependencies
			GET /api/v1/gems/{name}/owners.yaml
			POST /api/v1/gems/{name}/owners
			DELETE /api/v1/gems/{name}/owners
			GET /api/v1/api_key
			POST /api/v1/api_key
			GET /api/v1/profile/me.yaml
		`,
		publishes: `
			POST /api/v1/gems
		`,
		reads + " " + moves: `
			DELETE /api/v1/gems/yank
			PUT /api/v1/gems/unyank
		`,
	},
	"cargo": {
		reads: `
			GET /config.json
			GET /{first}/{crate}
			GET /{first}/{second}/{crate}
			GET /api/v1/crates/{crate}/{version}/download
			GET /api/v1/crates
			GET /me
			GET /api/v1/crates/{crate}/owners
			PUT /api/v1/crates/{crate}/owners
			DELETE /api/v1/crates/{crate}/owners
		`,
		publishes: `
			PUT /api/v1/crates/new
		`,
		moves: `
			DELETE /api/v1/crates/{crate}/{version}/yank
			PUT /api/v1/crates/{crate}/{version}/unyank
		`,
	},
	"swift": {
		reads: `
			GET /{scope}/{name}
			GET /{scope}/{name}/{version}
			GET /{scope}/{name}/{version}/Package.swift
			GET /identifiers
			GET /availability
			POST /login
		`,
		publishes: `
			PUT /{scope}/{name}/{version}
		`,
	},
}

// matrixRoute is a request of a route.
type matrixRoute struct {
	name    string // the route's pattern, and what tells requests of it apart
	pattern string
	needs   []string
	matrixRequest
}

// matrixRequest is what stands in a request. The zero one has the pattern's own path, with its wildcards filled in.
type matrixRequest struct {
	path        string
	contentType string
	body        []byte
}

// matrixRoutes are the rows of a format.
func matrixRoutes(t *testing.T, f format.Format) []matrixRoute {
	t.Helper()
	requests := matrixRequests(t)[f.Name]
	var rows []matrixRoute
	for needs, lines := range routesByAction[f.Name] {
		for line := range strings.Lines(lines) {
			name := strings.TrimSpace(line)
			if name == "" {
				continue
			}
			row := matrixRoute{name: name, needs: strings.Fields(needs), matrixRequest: requests[name]}
			row.pattern, _, _ = strings.Cut(name, " # ")
			if row.path == "" {
				row.path = filled(row.pattern)
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// methods are those that the route takes.
func (r matrixRoute) methods() []string {
	method, _, _ := strings.Cut(r.pattern, " ")
	if method == http.MethodGet {
		return []string{method, http.MethodHead}
	}
	return []string{method}
}

var (
	wildcard = regexp.MustCompile(`\{([a-z]*)(?:\$|\.\.\.)?\}`)
	fillings = map[string]string{"": "", "version": "1.0.0", "selector": "1.0.0", "lower": "1.0.0", "upper": "1.0.0.json"}
)

// filled is the path of a pattern: versions are 1.0.0, and whatever else it has wildcards for is called lib.
func filled(pattern string) string {
	_, path, _ := strings.Cut(pattern, " ")
	return wildcard.ReplaceAllStringFunc(path, func(w string) string {
		if filling, has := fillings[wildcard.FindStringSubmatch(w)[1]]; has {
			return filling
		}
		return "lib"
	})
}

// matrixRequests are the requests whose path does not follow from the pattern, or that have a body. They are as good as it
// takes to be judged.
func matrixRequests(t *testing.T) map[artifact.Format]map[string]matrixRequest {
	t.Helper()
	at := func(path string) matrixRequest { return matrixRequest{path: path} }
	json := func(body string) matrixRequest {
		return matrixRequest{contentType: "application/json", body: []byte(body)}
	}
	yank := matrixRequest{contentType: "application/x-www-form-urlencoded", body: []byte("gem_name=lib&version=1.0.0")}
	push := matrixRequest{contentType: "application/octet-stream", body: nugetPackage(t)}
	jar := "/com/acme/lib/1.0/lib-1.0.jar"
	return map[artifact.Format]map[string]matrixRequest{
		artifact.NPM: {
			"GET /{package}/-/{file}": at("/lib/-/lib-1.0.0.tgz"),
			"GET /-/v1/search":        at("/-/v1/search?text=lib"),
			"PUT /{package}":          npmPublication(t, "lib"),
			"PUT /{package} # deprecation": {path: "/there", contentType: "application/json",
				body: []byte(`{"name":"there","versions":{"1.0.0":{"deprecated":"x"}}}`)},
			"PUT /-/package/{package}/dist-tags/{tag}":  json(`"1.0.0"`),
			"POST /-/package/{package}/dist-tags/{tag}": json(`"1.0.0"`),
			"GET /-/npm/v1/attestations/{spec}":         at("/-/npm/v1/attestations/lib@1.0.0"),
		},
		artifact.PyPI: {
			"GET /simple/{project}/{version}/{file}": at("/simple/lib/1.0.0/lib-1.0.0.tar.gz"),
			"POST /{$}": form(t, ":action", "file_upload", "metadata_version", "2.1", "name", "lib", "version", "1.0.0",
				"filetype", "sdist", "content", "lib-1.0.0.tar.gz"),
		},
		artifact.Maven: {
			"GET /{path...}":           at(jar),
			"PUT /{path...}":           {path: jar, body: []byte("jar")},
			"PUT /{path...} # listing": {path: "/com/acme/lib/maven-metadata.xml", body: []byte("<metadata/>")},
		},
		artifact.NuGet: {
			"GET /v3/flatcontainer/{id}/{version}/{file}": at("/v3/flatcontainer/lib/1.0.0/lib.1.0.0.nupkg"),
			"GET /v3/catalog/{id}/{file}":                 at("/v3/catalog/lib/1.0.0.json"),
			"GET /v3/registrations/{id}/{file}":           at("/v3/registrations/lib/1.0.0.json"),
			"GET /v3/registrations-semver2/{id}/{file}":   at("/v3/registrations-semver2/lib/1.0.0.json"),
			"GET /v2/{call}":                              at("/v2/FindPackagesById()?id='lib'"),
			"GET /v2/{call}/$count":                       at("/v2/Search()/$count?searchTerm='lib'"),
			"PUT /v3/package":                             push,
			"PUT /v3/package/{$}":                         push,
			"PUT /v2":                                     push,
			"PUT /v2/{$}":                                 push,
			"PUT /v2/package":                             push,
			"PUT /v2/package/{$}":                         push,
		},
		artifact.Ruby: {
			"GET /gems/{file}":              at("/gems/lib-1.0.0.gem"),
			"GET /quick/Marshal.4.8/{file}": at("/quick/Marshal.4.8/lib-1.0.0.gemspec.rz"),
			"GET /api/v1/dependencies":      at("/api/v1/dependencies?gems=lib"),
			"POST /api/v1/gems":             {contentType: "application/octet-stream", body: gem(t)},
			"DELETE /api/v1/gems/yank":      yank,
			"PUT /api/v1/gems/unyank":       yank,
		},
		artifact.Cargo: {
			"GET /{first}/{crate}":          at("/2/ab"),
			"GET /{first}/{second}/{crate}": at("/3/l/lib"),
			"GET /api/v1/crates":            at("/api/v1/crates?q=lib"),
			"PUT /api/v1/crates/new":        {body: crate()},
		},
		artifact.Swift: {
			"PUT /{scope}/{name}/{version}": form(t, "source-archive", "lib.zip"),
			"GET /identifiers":              at("/identifiers?url=https://code.example.test/acme/lib.git"),
		},
	}
}

// npmPublication is what npm publish sends.
func npmPublication(t *testing.T, name string) matrixRequest {
	t.Helper()
	manifest := `{"name":"` + name + `","version":"1.0.0"}`
	tarball := base64.StdEncoding.EncodeToString(zipped(t, tarOf(t, "package/package.json", []byte(manifest))))
	return matrixRequest{path: "/" + name, contentType: "application/json", body: []byte(`{"_id":"` + name + `","name":"` +
		name + `","versions":{"1.0.0":` + manifest + `},"dist-tags":{"latest":"1.0.0"},"_attachments":{"` + name +
		`-1.0.0.tgz":{"data":"` + tarball + `"}}}`)}
}

// form has fields, and as its last one a file of that name.
func form(t *testing.T, pairs ...string) matrixRequest {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	last := len(pairs) - 2
	for n := 0; n < last; n += 2 {
		if err := w.WriteField(pairs[n], pairs[n+1]); err != nil {
			t.Fatal(err)
		}
	}
	file, err := w.CreateFormFile(pairs[last], pairs[last+1])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write([]byte("bytes")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return matrixRequest{contentType: w.FormDataContentType(), body: body.Bytes()}
}

func nugetPackage(t *testing.T) []byte {
	t.Helper()
	var body bytes.Buffer
	w := zip.NewWriter(&body)
	file, err := w.Create("lib.nuspec")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write([]byte("<package><metadata><id>lib</id><version>1.0.0</version><authors>a</authors>" +
		"<description>d</description></metadata></package>")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return body.Bytes()
}

// gem is a whole one, so that there is something to yank.
func gem(t *testing.T) []byte {
	t.Helper()
	metadata := zipped(t, []byte("--- !ruby/object:Gem::Specification\nname: lib\nversion: !ruby/object:Gem::Version\n"+
		"  version: 1.0.0\nplatform: ruby\nauthors:\n- Ada\ndependencies: []\n"))
	data := zipped(t, tarOf(t, "lib/lib.rb", []byte("puts 1\n")))
	checksums := fmt.Sprintf("---\nSHA256:\n  metadata.gz: %x\n  data.tar.gz: %x\n",
		sha256.Sum256(metadata), sha256.Sum256(data))
	return tarOf(t, "metadata.gz", metadata, "data.tar.gz", data, "checksums.yaml.gz", zipped(t, []byte(checksums)))
}

func zipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// tarOf has files, each a name and a content.
func tarOf(t *testing.T, files ...any) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for n := 0; n < len(files); n += 2 {
		content := files[n+1].([]byte)
		if err := w.WriteHeader(&tar.Header{Name: files[n].(string), Size: int64(len(content)), Mode: 0o444}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// crate is a description and an archive, each behind its length.
func crate() []byte {
	var body []byte
	description := `{"name":"lib","vers":"1.0.0","deps":[],"features":{},"authors":[],"description":"d","license":"MIT"}`
	for _, part := range []string{description, "archive"} {
		body = binary.LittleEndian.AppendUint32(body, uint32(len(part)))
		body = append(body, part...)
	}
	return body
}
