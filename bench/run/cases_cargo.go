package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"entrepot/bench/fixture"
	"entrepot/bench/load"
)

// sparseIndex is where the made-up registry has its index.
const sparseIndex = "index/"

var cargo = protocol{
	name: "cargo", connection: "crates-io", index: sparseIndex, authorize: plainToken,
	fixtures: cargoFixtures, served: cargoServed, publication: cargoPublication, absent: cargoAbsent, cases: cargoCases,
}

// plainToken is how cargo sends a token: as it is.
func plainToken(token string) string { return token }

// crate and indexFile are the packages behind the items.
type (
	crate struct {
		file string // the crate's name, too
		name string // of the case
		size int    // bytes
	}
	indexFile struct {
		file     string // the crate's name, too
		versions int
	}
)

var crates = []crate{{"crate-10k", "10 KB", 10 << 10}, {"crate-1m", "1 MB", 1 << 20}}

func (s settings) indexFiles() []indexFile {
	return []indexFile{{"index-small", 20}, {"index-large", s.versions / 5}}
}

func (c crate) made() fixture.Crate { return fixture.NewCrate(c.file, "1.0.0", c.size) }

// crates are all versions, oldest first, as small as they can be.
func (f indexFile) crates() []fixture.Crate {
	all := make([]fixture.Crate, f.versions)
	for i := range all {
		all[i] = fixture.NewCrate(f.file, fixture.Version(i), 0)
	}
	return all
}

// configFile is the item that is no crate and no index file.
const configFile = "config.json"

// cargoDownload is where a repository has a crate.
func cargoDownload(c fixture.Crate) string { return "api/v1/crates/" + c.Path() }

func cargoCases(s *section) []testCase {
	all := []testCase{{"config.json", everybody, s.warm(configFile)}}
	for _, c := range crates {
		all = append(all, testCase{"crate " + c.name, everybody, s.warm(c.file)})
	}
	for _, f := range s.indexFiles() {
		name := fmt.Sprintf("index file of %d versions, gzip", f.versions)
		all = append(all, testCase{name, everybody, s.warm(f.file + ".gz")}, testCase{name + ", 304", everybody, s.revalidating(f.file + ".gz")})
	}
	return append(all,
		testCase{"404 of a crate known to be missing", everybody, s.warm(fixture.MissingCrate)},
		testCase{"publish 10 KB, 1 writer", publishers, s.publishing(1)},
		testCase{"publish 10 KB, 8 writers", publishers, s.publishing(8)},
		testCase{"cold index file, 16 clients", proxies, s.coldDocuments},
		testCase{"cold crate 10 KB, 16 clients", proxies, s.coldFiles(true)},
		testCase{"cold, 200 clients on one 5 MB crate", proxies, s.crowdOnFile},
	)
}

func cargoFixtures(s *section) []load.Call {
	c := s.contenders[ours]
	var calls []load.Call
	for _, one := range crates {
		calls = append(calls, s.cargoPublish(c, s.team, one.made()))
	}
	for _, f := range s.indexFiles() {
		for _, one := range f.crates() {
			calls = append(calls, s.cargoPublish(c, s.team, one))
		}
	}
	return calls
}

func cargoServed(s *section) []*item {
	all := []*item{
		{file: configFile, path: configFile, check: checkConfig},
		{file: fixture.MissingCrate, mirrored: true, missing: true, path: fixture.IndexPath(fixture.MissingCrate)},
	}
	for _, c := range crates {
		made := c.made()
		all = append(all, &item{file: c.file, path: cargoDownload(made), check: same(made.Content)})
	}
	for _, f := range s.indexFiles() {
		all = append(all, &item{file: f.file + ".gz", path: fixture.IndexPath(f.file), accept: "text/plain", gzip: true,
			check: func(content []byte) error { return checkIndex(content, f.crates()) }})
	}
	return all
}

func checkConfig(content []byte) error {
	var config struct{ DL, API string }
	if err := json.Unmarshal(content, &config); err != nil || config.DL == "" || config.API == "" {
		return errors.Join(err, fmt.Errorf("got %s", content))
	}
	return nil
}

// checkIndex requires a file to list exactly the crates, each with its own digest.
func checkIndex(content []byte, want []fixture.Crate) error {
	sums := map[string]string{}
	for text := range bytes.Lines(content) {
		var line struct{ Vers, Cksum string }
		if err := json.Unmarshal(text, &line); err != nil {
			return err
		}
		sums[line.Vers] = line.Cksum
	}
	if len(sums) != len(want) {
		return fmt.Errorf("it lists %d versions, %d were published", len(sums), len(want))
	}
	for _, c := range want {
		if sums[c.Version] != c.SHA256() {
			return fmt.Errorf("version %s has the digest %q instead of %q", c.Version, sums[c.Version], c.SHA256())
		}
	}
	return nil
}

// cargoPublish is the publication of a crate; newer clients name the type of the body.
func (s *section) cargoPublish(c *contender, base string, made fixture.Crate) load.Call {
	header := s.header(load.Header{Name: "Accept", Value: "application/json"},
		load.Header{Name: "Content-Type", Value: "application/octet-stream"})
	return load.Call{
		Wire: load.Request("PUT", c.address, base+fixture.NewCratePath, header, fixture.CrateUpload(made)),
		Want: load.Want{Status: http.StatusOK, Length: -1},
	}
}

func cargoPublication(s *section, c *contender, base string, r release) publication {
	made := fixture.NewCrate(r.name, r.version, r.size)
	return publication{[]load.Call{s.cargoPublish(c, base, made)}, cargoDownload(made), wantOf(made.Content)}
}

func cargoAbsent(s *section, c *contender, r release) (document, file load.Call) {
	made, base := fixture.NewCrate(r.name, r.version, r.size), s.coldBase(c)
	index, at := fixture.IndexPath(r.name), cargoDownload(made)
	if c.name == direct {
		index, at = sparseIndex+index, "crates/"+made.Path()
	}
	return s.get(c, base+index, wantDocument), s.get(c, base+at, wantOf(made.Content))
}
