package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"

	"entrepot/bench/fixture"
	"entrepot/bench/load"
)

var ruby = protocol{
	name: "ruby", connection: "ruby-gems-org", authorize: password,
	fixtures: rubyFixtures, served: rubyServed, publication: rubyPublication, absent: rubyAbsent, cases: rubyCases,
}

// gem and info are what is behind the items.
type (
	gem struct {
		gem, name string // name is that of the case
		size      int    // bytes
	}
	info struct {
		gem      string
		versions int
	}
)

var gems = []gem{{"gem-10k", "10 KB", 10 << 10}, {"gem-1m", "1 MB", 1 << 20}}

// infos are the info files; the large one has a fifth of what the largest documents of other formats have.
func (s settings) infos() []info { return []info{{"info-small", 20}, {"info-large", s.versions / 5}} }

func (g gem) file() string      { return g.gem + ".gem" }
func (g gem) made() fixture.Gem { return fixture.NewGem(g.gem, "1.0.0", g.size) }
func (i info) file() string     { return i.gem + ".info.gz" }

func (i info) gems() []fixture.Gem {
	all := make([]fixture.Gem, i.versions)
	for n := range all {
		all[n] = fixture.NewGem(i.gem, fixture.Version(n), 0)
	}
	return all
}

// The other items: the list of all versions, whole and from its last bytes on, the list in Ruby's own form, and a gem that the
// registry lacks.
const (
	versionsFile = "versions.gz"
	specsPath    = "specs.4.8.gz"
	specsFile    = "specs" // compressed in itself: the name must not say that a client is to unpack it
	missingGem   = "missing.gem"
)

func rubyCases(s *section) []testCase {
	var all []testCase
	for _, g := range gems {
		all = append(all, testCase{"gem " + g.name, everybody, s.warm(g.file())})
	}
	all = append(all, testCase{"404 of a gem known to be missing", everybody, s.warm(missingGem)})
	for _, i := range s.infos() {
		name := fmt.Sprintf("info of %d versions, gzip", i.versions)
		all = append(all, testCase{name, everybody, s.warm(i.file())}, testCase{name + ", 304", everybody, s.revalidating(i.file())})
	}
	return append(all,
		testCase{"versions, gzip", everybody, s.warm(versionsFile)},
		testCase{"versions, 304", everybody, s.revalidating(versionsFile)},
		testCase{"specs.4.8.gz", everybody, s.warm(specsFile)},
		testCase{"push 10 KB, 1 writer", publishers, s.publishing(1)},
		testCase{"push 10 KB, 8 writers", publishers, s.publishing(8)},
		testCase{"cold info, 16 clients", proxies, s.coldDocuments},
		testCase{"cold gem 10 KB, 16 clients", proxies, s.coldFiles(true)},
		testCase{"cold, 200 clients on one 5 MB gem", proxies, s.crowdOnFile},
	)
}

func rubyFixtures(s *section) []load.Call {
	c := s.contenders[ours]
	var calls []load.Call
	for _, g := range gems {
		calls = append(calls, s.rubyPush(c, s.team, g.made()))
	}
	for _, i := range s.infos() {
		for _, g := range i.gems() {
			calls = append(calls, s.rubyPush(c, s.team, g))
		}
	}
	return calls
}

// rubyPush is what gem push sends.
func (s *section) rubyPush(c *contender, base string, g fixture.Gem) load.Call {
	header := s.header(load.Header{Name: "Content-Type", Value: "application/octet-stream"})
	return load.Call{
		Wire: load.Request("POST", c.address, base+"api/v1/gems", header, g.Content),
		Want: load.Want{Status: http.StatusOK, Length: -1},
	}
}

func rubyPath(g fixture.Gem) string { return "gems/" + g.File() }

func rubyServed(s *section) []*item {
	var all []*item
	for _, g := range gems {
		made := g.made()
		all = append(all, &item{file: g.file(), path: rubyPath(made), check: same(made.Content)})
	}
	for _, i := range s.infos() {
		all = append(all, &item{file: i.file(), path: "info/" + i.gem, gzip: true,
			check: func(content []byte) error { return checkLines(content, i.gems()) }})
	}
	return append(all,
		&item{file: missingGem, mirrored: true, missing: true, path: "gems/missing-2.0.0.gem"},
		&item{file: versionsFile, path: "versions", gzip: true, check: func(content []byte) error {
			for _, i := range s.infos() {
				if !bytes.Contains(content, []byte("\n"+i.gem+" ")) {
					return fmt.Errorf("it does not list %s", i.gem)
				}
			}
			return nil
		}},
		&item{file: specsFile, path: specsPath, check: func(content []byte) error {
			if !bytes.HasPrefix(content, []byte{0x1f, 0x8b}) {
				return errors.New("it is no gzip stream")
			}
			return nil
		}},
	)
}

// checkLines requires an info file to list exactly the gems, each with its digest.
func checkLines(content []byte, want []fixture.Gem) error {
	if n := bytes.Count(content, []byte("|checksum:")); n != len(want) {
		return fmt.Errorf("it lists %d gems, %d were pushed", n, len(want))
	}
	for _, g := range want {
		if !bytes.Contains(content, []byte("\n"+g.Version+" |checksum:"+g.SHA256())) {
			return fmt.Errorf("it does not list %s with its digest", g.File())
		}
	}
	return nil
}

func rubyPublication(s *section, c *contender, base string, r release) publication {
	g := fixture.NewGem(r.name, r.version, r.size)
	return publication{[]load.Call{s.rubyPush(c, base, g)}, rubyPath(g), wantOf(g.Content)}
}

func rubyAbsent(s *section, c *contender, r release) (document, file load.Call) {
	g, base := fixture.NewGem(r.name, r.version, r.size), s.coldBase(c)
	return s.get(c, base+"info/"+r.name, wantDocument), s.get(c, base+rubyPath(g), wantOf(g.Content))
}
