package main

import (
	"encoding/json"
	"fmt"
	"net/http"

	"entrepot/bench/fixture"
	"entrepot/bench/load"
)

// swift has no external connection, and so no cold cases.
var swift = protocol{
	name: "swift", authorize: bearer,
	fixtures: swiftFixtures, served: swiftServed, publication: swiftPublication, cases: swiftCases,
}

// sourceArchive and releaseList are the packages behind the items.
type (
	sourceArchive struct {
		pkg, name string // name is that of the case
		size      int    // bytes
	}
	releaseList struct {
		pkg      string
		versions int
	}
)

var sourceArchives = []sourceArchive{{"archive-10k", "10 KB", 10 << 10}, {"archive-1m", "1 MB", 1 << 20}}

// releaseLists are the lists; the large one has a fifth of what the largest documents of other formats have.
func (s settings) releaseLists() []releaseList {
	return []releaseList{{"list-small", 20}, {"list-large", s.versions / 5}}
}

func (a sourceArchive) made() fixture.SwiftPackage {
	return fixture.NewSwiftPackage(a.pkg, "1.0.0", a.size)
}

func (l releaseList) file() string { return "swift-" + l.pkg + ".json.gz" }

// packages are all versions of the list, as small as they can be.
func (l releaseList) packages() []fixture.SwiftPackage {
	all := make([]fixture.SwiftPackage, l.versions)
	for i := range all {
		all[i] = fixture.NewSwiftPackage(l.pkg, fixture.Version(i), 0)
	}
	return all
}

// The other items, by their files on the bare servers.
const (
	releaseFile    = "swift-release.json.gz"
	manifestFile   = "Package.swift"
	missingArchive = "missing.zip"
)

// registryType is what SwiftPM accepts.
func registryType(form string) string { return "application/vnd.swift.registry.v1+" + form }

func swiftCases(s *section) []testCase {
	var all []testCase
	for _, a := range sourceArchives {
		all = append(all, testCase{"archive " + a.name, everybody, s.warm(a.pkg + ".zip")})
	}
	for _, l := range s.releaseLists() {
		name := fmt.Sprintf("list of %d releases, gzip", l.versions)
		all = append(all, testCase{name, everybody, s.warm(l.file())},
			testCase{name + ", 304", everybody, s.revalidating(l.file())})
	}
	return append(all,
		testCase{"release, gzip", everybody, s.warm(releaseFile)},
		testCase{"manifest", everybody, s.warm(manifestFile)},
		testCase{"404 of an archive", everybody, s.warm(missingArchive)},
		testCase{"publish 10 KB, 1 writer", publishers, s.publishing(1)},
		testCase{"publish 10 KB, 8 writers", publishers, s.publishing(8)},
	)
}

func swiftFixtures(s *section) []load.Call {
	var calls []load.Call
	for _, a := range sourceArchives {
		calls = append(calls, s.swiftPublish(s.contenders[ours], s.team, a.made()))
	}
	for _, l := range s.releaseLists() {
		for _, p := range l.packages() {
			calls = append(calls, s.swiftPublish(s.contenders[ours], s.team, p))
		}
	}
	return calls
}

func swiftServed(s *section) []*item {
	var all []*item
	for _, a := range sourceArchives {
		made := a.made()
		all = append(all, &item{file: a.pkg + ".zip", path: made.Path() + ".zip", accept: registryType("zip"), check: same(made.Archive)})
	}
	first := sourceArchives[0].made()
	all = append(all,
		&item{file: releaseFile, path: first.Path(), accept: registryType("json"), gzip: true,
			check: func(content []byte) error { return checkRelease(content, first) }},
		&item{file: manifestFile, path: first.Path() + "/Package.swift", accept: registryType("swift"), check: same([]byte(fixture.Manifest))},
		&item{file: missingArchive, path: first.Path() + "-missing.zip", accept: registryType("zip"), missing: true},
	)
	for _, l := range s.releaseLists() {
		all = append(all, &item{file: l.file(), path: fixture.SwiftScope + "/" + l.pkg, accept: registryType("json"), gzip: true,
			check: func(content []byte) error { return checkReleases(content, l.packages()) }})
	}
	return all
}

// checkReleases requires a list to have exactly the versions.
func checkReleases(content []byte, want []fixture.SwiftPackage) error {
	var document struct{ Releases map[string]any }
	if err := json.Unmarshal(content, &document); err != nil {
		return err
	}
	if len(document.Releases) != len(want) {
		return fmt.Errorf("it lists %d releases, %d were published", len(document.Releases), len(want))
	}
	for _, p := range want {
		if document.Releases[p.Version] == nil {
			return fmt.Errorf("it does not list %s", p.Version)
		}
	}
	return nil
}

// checkRelease requires what is said of a release to have the digest of its archive.
func checkRelease(content []byte, want fixture.SwiftPackage) error {
	var document struct{ Resources []struct{ Checksum string } }
	if err := json.Unmarshal(content, &document); err != nil {
		return err
	}
	if len(document.Resources) != 1 || document.Resources[0].Checksum != want.SHA256() {
		return fmt.Errorf("it has the resources %v, and not the archive %s", document.Resources, want.SHA256())
	}
	return nil
}

// swiftPublish is what SwiftPM sends to publish a package. It does not wait for 100 Continue as SwiftPM does. Entrepot closes the
// connection behind it, for SwiftPM's sake.
func (s *section) swiftPublish(c *contender, base string, p fixture.SwiftPackage) load.Call {
	header := s.header(load.Header{Name: "Content-Type", Value: fixture.PublishType},
		load.Header{Name: "Accept", Value: registryType("json")}, load.Header{Name: "Prefer", Value: "respond-async"})
	return load.Call{
		Wire: load.Request("PUT", c.address, base+p.Path(), header, fixture.PublishForm(p)),
		Want: load.Want{Status: http.StatusCreated, Length: -1, MayClose: true},
	}
}

func swiftPublication(s *section, c *contender, base string, r release) publication {
	p := fixture.NewSwiftPackage(r.name, r.version, r.size)
	return publication{[]load.Call{s.swiftPublish(c, base, p)}, p.Path() + ".zip", wantOf(p.Archive)}
}
