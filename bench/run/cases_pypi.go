package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"

	"entrepot/bench/fixture"
	"entrepot/bench/load"
)

var pypi = protocol{
	name: "pypi", connection: "pypi", index: "simple/", authorize: password,
	fixtures: pypiFixtures, served: pypiServed, publication: pypiPublication, absent: pypiAbsent, cases: pypiCases,
}

// wheel and simplePage are the projects behind the items.
type (
	wheel struct {
		project, name string // name is that of the case
		size          int    // bytes
	}
	simplePage struct {
		project string
		files   int // each of its own version
	}
)

var wheels = []wheel{{"wheel-10k", "10 KB", 10 << 10}, {"wheel-1m", "1 MB", 1 << 20}}

func (s settings) pages() []simplePage {
	return []simplePage{{"page-small", 20}, {"page-huge", s.versions}}
}

// pageForms are those of a page, in the words of pip and of clients of before PEP 691. All of them take it compressed.
var pageForms = []struct {
	name, ending, accept string
	read                 func(page []byte) (map[string]string, error)
}{
	{"HTML", ".html.gz", "text/html", readHTML},
	{"JSON", ".json.gz", "application/vnd.pypi.simple.v1+json, " +
		"application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01", readJSON},
}

func (w wheel) file() string        { return w.project + ".whl" }
func (w wheel) made() fixture.Wheel { return fixture.NewWheel(w.project, "1.0.0", w.size) }

// wheels are all files of the project, oldest first, as small as they can be.
func (p simplePage) wheels() []fixture.Wheel {
	all := make([]fixture.Wheel, p.files)
	for i := range all {
		all[i] = fixture.NewWheel(p.project, fixture.Version(i), 0)
	}
	return all
}

// withPeer are the cases that pypiserver has too: it knows pages in HTML alone, and no validators for them.
var (
	everybodyOfPyPI  = append(everybody[:len(everybody):len(everybody)], pypiserver)
	publishersOfPyPI = append(publishers[:len(publishers):len(publishers)], pypiserver)
)

func pypiCases(s *section) []testCase {
	var all []testCase
	for _, w := range wheels {
		all = append(all, testCase{"wheel " + w.name, everybodyOfPyPI, s.warm(w.file())})
	}
	for _, p := range s.pages() {
		for _, form := range pageForms {
			on := everybody
			if form.ending == pageForms[0].ending && p.files <= peerFiles {
				on = everybodyOfPyPI
			}
			name, file := fmt.Sprintf("page of %d files, %s gzip", p.files, form.name), p.project+form.ending
			all = append(all, testCase{name, on, s.warm(file)}, testCase{name + ", 304", everybody, s.revalidating(file)})
		}
	}
	return append(all,
		testCase{"upload 10 KB, 1 writer", publishersOfPyPI, s.publishing(1)},
		testCase{"upload 10 KB, 8 writers", publishersOfPyPI, s.publishing(8)},
		testCase{"cold page, 16 clients", proxies, s.coldDocuments},
		testCase{"cold wheel 10 KB, 16 clients", proxies, s.coldFiles(true)},
		testCase{"cold, 200 clients on one 5 MB wheel", proxies, s.crowdOnFile},
	)
}

func pypiFixtures(s *section) []load.Call {
	var calls []load.Call
	for _, w := range s.pypiWheels(s.pages()) {
		calls = append(calls, s.pypiUpload(s.contenders[ours], s.team, w))
	}
	return calls
}

// pypiWheels are the wheels that are served warm, and those that the pages list.
func (s *section) pypiWheels(pages []simplePage) []fixture.Wheel {
	var all []fixture.Wheel
	for _, w := range wheels {
		all = append(all, w.made())
	}
	for _, p := range pages {
		all = append(all, p.wheels()...)
	}
	return all
}

func pypiServed(s *section) []*item {
	var all []*item
	for _, w := range wheels {
		made := w.made()
		all = append(all, &item{file: w.file(), path: pypiPath(made), check: same(made.Content),
			at: map[string]string{pypiserver: "/packages/" + made.File()}})
	}
	for _, p := range s.pages() {
		for _, form := range pageForms {
			i := &item{file: p.project + form.ending, path: "simple/" + p.project + "/", accept: form.accept, gzip: true}
			i.check = func(content []byte) error {
				listed, err := form.read(content)
				if err != nil {
					return err
				}
				return checkPage(listed, p.wheels())
			}
			if form.ending == pageForms[0].ending && p.files <= peerFiles {
				i.at = map[string]string{pypiserver: "/" + i.path}
			}
			all = append(all, i)
		}
	}
	return all
}

// pypiPath is where a repository has a wheel.
func pypiPath(w fixture.Wheel) string {
	return "simple/" + w.Project + "/" + w.Version + "/" + w.File()
}

// link is one of a page in HTML: the file's name, and its digest.
var link = regexp.MustCompile(`<a[^>]*? href="(?:[^"#]*/)?([^"#/]+)#sha256=([0-9a-f]{64})"`)

// readHTML and readJSON return the SHA-256 of each file that a page lists, in hex.
func readHTML(page []byte) (map[string]string, error) {
	listed := map[string]string{}
	for _, found := range link.FindAllSubmatch(page, -1) {
		listed[string(found[1])] = string(found[2])
	}
	return listed, nil
}

func readJSON(page []byte) (map[string]string, error) {
	var doc struct {
		Files []struct {
			Filename string
			Hashes   map[string]string
		}
	}
	if err := json.Unmarshal(page, &doc); err != nil {
		return nil, err
	}
	listed := map[string]string{}
	for _, f := range doc.Files {
		listed[f.Filename] = f.Hashes["sha256"]
	}
	return listed, nil
}

// checkPage requires that exactly the wheels are listed, each with its own digest.
func checkPage(listed map[string]string, wheels []fixture.Wheel) error {
	if len(listed) != len(wheels) {
		return fmt.Errorf("it lists %d files, %d were uploaded", len(listed), len(wheels))
	}
	for _, w := range wheels {
		if got, want := listed[w.File()], w.SHA256(); got != want {
			return fmt.Errorf("%s has the SHA-256 %q instead of %q", w.File(), got, want)
		}
	}
	return nil
}

// pypiUpload is the upload of a wheel, as twine makes it.
func (s *section) pypiUpload(c *contender, base string, w fixture.Wheel) load.Call {
	header := s.header(load.Header{Name: "Content-Type", Value: fixture.UploadType}, load.Header{Name: "Accept", Value: "*/*"})
	return load.Call{
		Wire: load.Request("POST", c.address, base, header, fixture.Upload(w)),
		Want: load.Want{Status: http.StatusOK, Length: -1},
	}
}

func pypiPublication(s *section, c *contender, base string, r release) publication {
	w := fixture.NewWheel(r.name, r.version, r.size)
	return publication{[]load.Call{s.pypiUpload(c, base, w)}, pypiPath(w), wantOf(w.Content)}
}

func pypiAbsent(s *section, c *contender, r release) (document, file load.Call) {
	w, base := fixture.NewWheel(r.name, r.version, r.size), s.coldBase(c)
	at := pypiPath(w)
	if c.name == direct {
		at = "files/" + r.name + "/" + w.File()
	}
	accept := load.Header{Name: "Accept", Value: pageForms[1].accept}
	return s.get(c, base+"simple/"+r.name+"/", wantDocument, accept), s.get(c, base+at, wantOf(w.Content))
}
