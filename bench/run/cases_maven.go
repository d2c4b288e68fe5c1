package main

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"

	"entrepot/bench/fixture"
	"entrepot/bench/load"
)

var maven = protocol{
	name: "maven", connection: "maven-central", authorize: password,
	fixtures: mavenFixtures, served: mavenServed, publication: mavenPublication, absent: mavenAbsent, cases: mavenCases,
}

// jar and metadata are the artifacts behind the items.
type (
	jar struct {
		artifact, name string // name is that of the case
		size           int    // bytes
	}
	metadata struct {
		artifact string
		versions int
	}
)

var jars = []jar{{"jar-10k", "10 KB", 10 << 10}, {"jar-1m", "1 MB", 1 << 20}}

// metadatas are the documents; the large one has a fifth of what the largest of other formats has.
func (s settings) metadatas() []metadata {
	return []metadata{{"metadata-small", 20}, {"metadata-large", s.versions / 5}}
}

func (j jar) file() string           { return j.artifact + ".jar" }
func (j jar) made() fixture.Artifact { return fixture.NewArtifact(j.artifact, "1.0.0", j.size) }
func (m metadata) file() string      { return m.artifact + ".xml.gz" }

func (m metadata) numbers() []string {
	all := make([]string, m.versions)
	for i := range all {
		all[i] = fixture.Version(i)
	}
	return all
}

// missingJar is a jar that the registry lacks, as mvn asks for in every repository that it knows.
const missingJar = "missing.jar"

func mavenCases(s *section) []testCase {
	var all []testCase
	for _, j := range jars {
		all = append(all, testCase{"jar " + j.name, everybody, s.warm(j.file())})
	}
	all = append(all,
		testCase{"sha1 of a jar", everybody, s.warm(jars[0].file() + ".sha1")},
		testCase{"404 of a jar known to be missing", everybody, s.warm(missingJar)},
	)
	for _, m := range s.metadatas() {
		name := fmt.Sprintf("metadata of %d versions, gzip", m.versions)
		all = append(all, testCase{name, everybody, s.warm(m.file())},
			testCase{name + ", 304", everybody, s.revalidating(m.file())})
	}
	return append(all,
		testCase{"deploy 10 KB, 1 writer", publishers, s.publishing(1)},
		testCase{"deploy 10 KB, 8 writers", publishers, s.publishing(8)},
		testCase{"cold jar 10 KB, 16 clients", proxies, s.coldFiles(false)},
		testCase{"cold metadata, 16 clients", proxies, s.coldDocuments},
		testCase{"cold, 200 clients on one 5 MB jar", proxies, s.crowdOnFile},
	)
}

// mavenFixtures deploys the jars whole; of the artifacts with many versions only the POMs, and one document for all.
func mavenFixtures(s *section) []load.Call {
	c := s.contenders[ours]
	var calls []load.Call
	for _, j := range jars {
		calls = append(calls, s.mavenDeploy(c, s.team, j.made())...)
	}
	for _, m := range s.metadatas() {
		for _, version := range m.numbers() {
			a := fixture.NewArtifact(m.artifact, version, 0)
			calls = append(calls, s.mavenPut(c, s.team+a.Path(".pom"), a.POM))
		}
		calls = append(calls, s.mavenPut(c, s.team+metadataPath(m.artifact), fixture.Metadata(m.artifact, m.numbers())))
	}
	return calls
}

func metadataPath(artifact string) string { return fixture.Folder(artifact) + fixture.MetadataFile }

func mavenServed(s *section) []*item {
	var all []*item
	for _, j := range jars {
		a := j.made()
		all = append(all, &item{file: j.file(), path: a.Path(".jar"), check: same(a.Jar)})
	}
	first := jars[0].made()
	all = append(all,
		&item{file: jars[0].file() + ".sha1", path: first.Path(".jar.sha1"), check: same(fixture.Checksum[".sha1"](first.Jar))},
		&item{file: missingJar, mirrored: true, missing: true,
			path: fixture.Artifact{Name: "missing", Version: "2.0.0"}.Path(".jar")},
	)
	for _, m := range s.metadatas() {
		all = append(all, &item{file: m.file(), path: metadataPath(m.artifact), gzip: true,
			check: func(content []byte) error { return checkMetadata(content, m.numbers()) }})
	}
	return all
}

// checkMetadata requires a document to list exactly the versions.
func checkMetadata(content []byte, want []string) error {
	var document struct {
		Versions []string `xml:"versioning>versions>version"`
	}
	if err := xml.Unmarshal(content, &document); err != nil {
		return err
	}
	if !slices.Equal(document.Versions, want) {
		return fmt.Errorf("it lists %d versions, and not the %d that were deployed in their order",
			len(document.Versions), len(want))
	}
	return nil
}

func (s *section) mavenPut(c *contender, target string, content []byte) load.Call {
	header := s.header(load.Header{Name: "Cache-Control", Value: "no-cache, no-store"})
	return load.Call{
		Wire: load.Request("PUT", c.address, target, header, content),
		Want: load.Want{Status: http.StatusCreated, Length: -1},
	}
}

// mavenDeploy is what mvn 3.9 does to deploy a new artifact: each file with its checksums, then the document, which is asked
// for before. It does not wait for 100 Continue as mvn does.
func (s *section) mavenDeploy(c *contender, base string, a fixture.Artifact) []load.Call {
	var calls []load.Call
	put := func(path string, content []byte) {
		calls = append(calls, s.mavenPut(c, base+path, content))
		for _, ending := range []string{".sha1", ".md5"} {
			calls = append(calls, s.mavenPut(c, base+path+ending, fixture.Checksum[ending](content)))
		}
	}
	put(a.Path(".jar"), a.Jar)
	put(a.Path(".pom"), a.POM)
	calls = append(calls, s.get(c, base+metadataPath(a.Name), load.Want{Status: http.StatusNotFound, Length: -1}))
	put(metadataPath(a.Name), fixture.Metadata(a.Name, []string{a.Version}))
	return calls
}

func mavenPublication(s *section, c *contender, base string, r release) publication {
	a := fixture.NewArtifact(r.name, r.version, r.size)
	return publication{s.mavenDeploy(c, base, a), a.Path(".jar"), wantOf(a.Jar)}
}

func mavenAbsent(s *section, c *contender, r release) (document, file load.Call) {
	a, base := fixture.NewArtifact(r.name, r.version, r.size), s.coldBase(c)
	return s.get(c, base+metadataPath(r.name), wantDocument), s.get(c, base+a.Path(".jar"), wantOf(a.Jar))
}
