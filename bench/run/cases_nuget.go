package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"entrepot/bench/fixture"
	"entrepot/bench/load"
)

var nuget = protocol{
	name: "nuget", connection: "nuget-org", index: "v3/index.json", authorize: password,
	fixtures: nugetFixtures, served: nugetServed, publication: nugetPublication, absent: nugetAbsent, cases: nugetCases,
}

// nupkg and registered are the packages behind the items.
type (
	nupkg struct {
		id, name string // name is that of the case
		size     int    // bytes
	}
	registered struct {
		id       string
		versions int
	}
)

var nupkgs = []nupkg{{"nupkg-10k", "10 KB", 10 << 10}, {"nupkg-1m", "1 MB", 1 << 20}}

// registrations are the packages of many versions; the larger one has a fifth of what the largest of other formats has, and its
// registration is in pages.
func (s settings) registrations() []registered {
	return []registered{{"registered-small", 20}, {"registered-large", s.versions / 5}}
}

// Paths below a repository's endpoint, and the files of what has no package.
const (
	flatContainer  = "v3/flatcontainer/"
	registrationAt = "v3/registrations-semver2/"
	serviceIndex   = "service-index.json"
	missingVersion = "missing-versions.json"
)

func (n nupkg) file() string            { return n.id + ".nupkg" }
func (n nupkg) made() fixture.Nupkg     { return fixture.NewNupkg(n.id, "1.0.0", n.size) }
func (r registered) index() string      { return r.id + ".registration.json.gz" }
func (r registered) versionsOf() string { return r.id + ".versions.json.gz" }

func nugetCases(s *section) []testCase {
	var all []testCase
	for _, n := range nupkgs {
		all = append(all, testCase{"nupkg " + n.name, everybody, s.warm(n.file())})
	}
	all = append(all, testCase{"service index", everybody, s.warm(serviceIndex)},
		testCase{"404 of the versions of a package known to be missing", everybody, s.warm(missingVersion)})
	for _, r := range s.registrations() {
		versions, index := fmt.Sprintf("list of %d versions, gzip", r.versions), fmt.Sprintf("registration of %d versions, gzip", r.versions)
		all = append(all, testCase{versions, everybody, s.warm(r.versionsOf())}, testCase{index, everybody, s.warm(r.index())},
			testCase{index + ", 304", everybody, s.revalidating(r.index())})
	}
	return append(all,
		testCase{"push 10 KB, 1 writer", publishers, s.publishing(1)},
		testCase{"push 10 KB, 8 writers", publishers, s.publishing(8)},
		testCase{"cold list of versions, 16 clients", proxies, s.coldDocuments},
		testCase{"cold nupkg 10 KB, 16 clients", proxies, s.coldFiles(true)},
		testCase{"cold, 200 clients on one 5 MB nupkg", proxies, s.crowdOnFile},
	)
}

func nugetFixtures(s *section) []load.Call {
	var calls []load.Call
	push := func(n fixture.Nupkg) { calls = append(calls, s.nugetPush(s.contenders[ours], s.team, n)) }
	for _, n := range nupkgs {
		push(n.made())
	}
	for _, r := range s.registrations() {
		for i := range r.versions {
			push(fixture.NewNupkg(r.id, fixture.Version(i), 0))
		}
	}
	return calls
}

func nugetServed(s *section) []*item {
	all := []*item{
		{file: serviceIndex, path: "v3/index.json", check: checkServiceIndex},
		{file: missingVersion, mirrored: true, missing: true, path: flatContainer + "a.b/index.json"},
	}
	for _, n := range nupkgs {
		made := n.made()
		all = append(all, &item{file: n.file(), path: flatContainer + made.Path(), check: same(made.Content)})
	}
	for _, r := range s.registrations() {
		all = append(all,
			&item{file: r.versionsOf(), path: flatContainer + r.id + "/index.json", gzip: true, check: r.checkVersions},
			&item{file: r.index(), path: registrationAt + r.id + "/index.json", gzip: true, check: r.checkRegistration})
	}
	return all
}

func checkServiceIndex(content []byte) error {
	var index struct {
		Version   string
		Resources []any
	}
	if err := json.Unmarshal(content, &index); err != nil {
		return err
	}
	if index.Version != "3.0.0" || len(index.Resources) == 0 {
		return errors.New("it is no service index")
	}
	return nil
}

func (r registered) checkVersions(content []byte) error {
	var list struct{ Versions []string }
	if err := json.Unmarshal(content, &list); err != nil {
		return err
	}
	if len(list.Versions) != r.versions || list.Versions[r.versions-1] != fixture.Version(r.versions-1) {
		return fmt.Errorf("it lists %d versions instead of %d, or in another order", len(list.Versions), r.versions)
	}
	return nil
}

func (r registered) checkRegistration(content []byte) error {
	var index struct{ Items []struct{ Count int } }
	if err := json.Unmarshal(content, &index); err != nil {
		return err
	}
	count := 0
	for _, page := range index.Items {
		count += page.Count
	}
	if count != r.versions {
		return fmt.Errorf("it has %d versions instead of %d", count, r.versions)
	}
	return nil
}

// nugetPush is the push of a package, as dotnet makes it.
func (s *section) nugetPush(c *contender, base string, n fixture.Nupkg) load.Call {
	header := s.header(load.Header{Name: "Content-Type", Value: fixture.PushType}, load.Header{Name: "X-NuGet-ApiKey", Value: "any"})
	return load.Call{
		Wire: load.Request("PUT", c.address, base+"v3/package/", header, fixture.Push(n)),
		Want: load.Want{Status: http.StatusCreated, Length: -1},
	}
}

func nugetPublication(s *section, c *contender, base string, r release) publication {
	n := fixture.NewNupkg(r.name, r.version, r.size)
	return publication{[]load.Call{s.nugetPush(c, base, n)}, flatContainer + n.Path(), wantOf(n.Content)}
}

func nugetAbsent(s *section, c *contender, r release) (document, file load.Call) {
	n, base := fixture.NewNupkg(r.name, r.version, r.size), s.coldBase(c)
	if c.name == direct {
		return s.get(c, base+"registrations/"+r.name+"/index.json", wantDocument), s.get(c, base+"flat/"+n.Path(), wantOf(n.Content))
	}
	return s.get(c, base+flatContainer+r.name+"/index.json", wantDocument), s.get(c, base+flatContainer+n.Path(), wantOf(n.Content))
}
