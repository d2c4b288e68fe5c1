package pypi

import (
	"encoding/json"
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
		Name:       func(n int) string { return fmt.Sprintf("acme-widget-%d", n) },
		Key:        func(name, version string) artifact.VersionKey { return key(normalName(name), version) },
		Spellings: func(name string) []string {
			return []string{strings.ToUpper(name), strings.ReplaceAll(name, "-", "_"), strings.ReplaceAll(name, "-", ".-_")}
		},
		Make: func(t testing.TB, name, version string, payload []byte) formattest.Release {
			stem := strings.ReplaceAll(normalName(name), "-", "_")
			wheel := wheelOf(t, stem, version, metadataText(name, version), archived{stem + "/payload", string(payload)})
			return formattest.Release{Name: name, Version: version,
				Files: []formattest.ReleaseFile{{Asset: stem + "-" + version + "-py3-none-any.whl", Content: []byte(wheel)}}}
		},
		Publish: func(t testing.TB, r formattest.Release) []formattest.Request {
			f := r.Files[0]
			body, contentType := formOf(t, f.Asset, string(f.Content), set("name", r.Name))
			return []formattest.Request{{Method: http.MethodPost, Body: body, Header: map[string]string{"Content-Type": contentType}}}
		},
		Path: func(name, version, asset string) string { return "simple/" + name + "/" + version + "/" + asset },
		Index: func(name string) formattest.Request {
			return formattest.Request{Method: http.MethodGet, Path: "simple/" + name + "/", Header: map[string]string{"Accept": jsonType}}
		},
		Listed: func(t testing.TB, index []byte) []string {
			var versions []string
			for _, f := range listedFiles(t, index) {
				versions = append(versions, f.version)
			}
			return versions
		},
		Packages: func() formattest.Request {
			return formattest.Request{Method: http.MethodGet, Path: "simple/", Header: map[string]string{"Accept": jsonType}}
		},
		Named: namesOf,
		Offer: offer,
		Discouraged: func(t testing.TB, index []byte, version string) bool {
			for _, f := range listedFiles(t, index) {
				if f.version == version {
					return f.yanked == old
				}
			}
			return false
		},
		SignIn: "aws codeartifact login --tool pip",
	})
}

// old is why a file was yanked.
const old = "It is old."

// listedFile is what the page about a project says of a file.
type listedFile struct {
	version string
	yanked  any
}

func listedFiles(t testing.TB, page []byte) []listedFile {
	t.Helper()
	var read struct {
		Files []struct {
			Filename string
			Yanked   any
		}
	}
	if err := json.Unmarshal(page, &read); err != nil {
		t.Fatalf("%v in %.500s", err, page)
	}
	var files []listedFile
	for _, f := range read.Files {
		named, err := parseFilename(f.Filename, "")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, listedFile{named.version, f.Yanked})
	}
	return files
}

// namesOf are the projects that the page about all of them has.
func namesOf(t testing.TB, page []byte) []string {
	t.Helper()
	var read struct {
		Projects []struct{ Name string }
	}
	if err := json.Unmarshal(page, &read); err != nil {
		t.Fatalf("%v in %.500s", err, page)
	}
	var names []string
	for _, p := range read.Projects {
		names = append(names, p.Name)
	}
	return names
}

// offer is what a registry has of a project: its page and the files.
func offer(t testing.TB, _ string, releases []formattest.Release) []formattest.Offered {
	var files []offeredFile
	var all []formattest.Offered
	for _, r := range releases {
		f := r.Files[0]
		one := offeredFile{name: f.Asset, content: string(f.Content)}
		if r.Discouraged {
			one.say = object{"yanked": old}
		}
		files = append(files, one)
		all = append(all, formattest.Offered{Path: "files/" + f.Asset, ContentType: "application/octet-stream", Body: f.Content,
			Asset: f.Asset})
	}
	page := pageOfFiles(t, releases[0].Name, files...)
	return append(all, formattest.Offered{Path: releases[0].Name + "/", ContentType: jsonType, Body: page})
}
