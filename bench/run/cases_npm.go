package main

import (
	"encoding/json"
	"fmt"
	"net/http"

	"entrepot/bench/fixture"
	"entrepot/bench/load"
)

var npm = protocol{
	name: "npm", connection: "npmjs", authorize: bearer,
	fixtures: npmFixtures, served: npmServed, publication: npmPublication, absent: npmAbsent, cases: npmCases,
}

// tarball and packument are the packages behind the items.
type (
	tarball struct {
		pkg, name string // name is that of the case
		size      int    // bytes
	}
	packument struct {
		pkg      string
		versions int
	}
)

var tarballs = []tarball{{"asset-10k", "10 KB", 10 << 10}, {"asset-100k", "100 KB", 100 << 10}, {"asset-1m", "1 MB", 1 << 20}}

func (s settings) packuments() []packument {
	return []packument{{"small", 4}, {"medium", 180}, {"huge", s.versions}}
}

// Accept values of clients that want the one form or the other (npm 6 to 9, pnpm and bun; npm 10 and later).
const (
	abbreviated = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*"
	full        = "application/json"
)

func (t tarball) file() string              { return t.pkg + ".tgz" }
func (p packument) full() string            { return p.pkg + ".json" }
func (p packument) abbreviatedGzip() string { return p.pkg + ".abbreviated.json.gz" }
func (t tarball) release() fixture.Release  { return npmRelease(release{t.pkg, "1.0.0", t.size}) }
func npmRelease(r release) fixture.Release {
	return fixture.Release{Name: r.name, Version: r.version, Tarball: fixture.Tarball(r.name, r.version, r.size)}
}

// releases are all versions of the package, oldest first; their tarballs are as small as they can be.
func (p packument) releases() []fixture.Release {
	all := make([]fixture.Release, p.versions)
	for i := range all {
		all[i] = npmRelease(release{p.pkg, fixture.Version(i), 0})
	}
	return all
}

func npmCases(s *section) []testCase {
	var all []testCase
	for _, t := range tarballs {
		all = append(all, testCase{"tarball " + t.name, everybody, s.warm(t.file())})
	}
	first := tarballs[0]
	paced := fmt.Sprintf("tarball %s, %d/s", first.name, openRate)
	all = append(all, testCase{paced, everybody, s.asking(first.file(), false, openRate)})
	for _, p := range s.packuments() {
		name := fmt.Sprintf("packument of %d versions, ", p.versions)
		all = append(all,
			testCase{name + "full", everybody, s.warm(p.full())},
			testCase{name + "abbreviated gzip", everybody, s.warm(p.abbreviatedGzip())},
			testCase{name + "304", everybody, s.revalidating(p.full())},
		)
	}
	return append(all,
		testCase{"publish 10 KB, 1 writer", publishers, s.publishing(1)},
		testCase{"publish 10 KB, 8 writers", publishers, s.publishing(8)},
		testCase{"cold packument, 16 clients", proxies, s.coldDocuments},
		testCase{"cold tarball 10 KB, 16 clients", proxies, s.coldFiles(true)},
		testCase{"cold, 200 clients on one packument", proxies, s.crowdOnDocument},
		testCase{"cold, 200 clients on one 5 MB tarball", proxies, s.crowdOnFile},
	)
}

func npmFixtures(s *section) []load.Call {
	var all []fixture.Release
	for _, t := range tarballs {
		all = append(all, t.release())
	}
	for _, p := range s.packuments() {
		all = append(all, p.releases()...)
	}
	calls := make([]load.Call, len(all))
	for i, r := range all {
		calls[i] = s.npmPublish(s.contenders[ours], s.team, r)
	}
	return calls
}

func npmServed(s *section) []*item {
	var all []*item
	for _, t := range tarballs {
		r := t.release()
		all = append(all, &item{file: t.file(), path: r.Path(), check: same(r.Tarball)})
	}
	for _, p := range s.packuments() {
		check := func(content []byte) error { return checkPackument(content, p.releases()) }
		all = append(all, &item{file: p.full(), path: p.pkg, accept: full, check: check},
			&item{file: p.abbreviatedGzip(), path: p.pkg, accept: abbreviated, gzip: true, check: check})
	}
	return all
}

// checkPackument requires a document to list exactly the releases, each with its own integrity.
func checkPackument(content []byte, releases []fixture.Release) error {
	var doc struct {
		Versions map[string]struct{ Dist fixture.Dist }
	}
	if err := json.Unmarshal(content, &doc); err != nil {
		return err
	}
	if len(doc.Versions) != len(releases) {
		return fmt.Errorf("it lists %d versions, %d were published", len(doc.Versions), len(releases))
	}
	for _, r := range releases {
		if got, want := doc.Versions[r.Version].Dist.Integrity, r.Dist("").Integrity; got != want {
			return fmt.Errorf("version %s has integrity %q instead of %q", r.Version, got, want)
		}
	}
	return nil
}

// npmPublish is the publish request of a release.
func (s *section) npmPublish(c *contender, base string, r fixture.Release) load.Call {
	header := s.header(load.Header{Name: "Content-Type", Value: "application/json"}, load.Header{Name: "Accept", Value: "*/*"})
	return load.Call{
		Wire: load.Request("PUT", c.address, base+r.Name, header, fixture.Publication(r)),
		Want: load.Want{Status: http.StatusCreated, Length: -1},
	}
}

func npmPublication(s *section, c *contender, base string, r release) publication {
	made := npmRelease(r)
	return publication{[]load.Call{s.npmPublish(c, base, made)}, made.Path(), wantOf(made.Tarball)}
}

func npmAbsent(s *section, c *contender, r release) (document, file load.Call) {
	made, base := npmRelease(r), s.coldBase(c)
	return s.get(c, base+r.name, wantDocument, load.Header{Name: "Accept", Value: full}),
		s.get(c, base+made.Path(), wantOf(made.Tarball))
}
