// Package fakepypi is a public index of Python packages for tests: it serves what it was given, counts what it is asked, and
// fails and lies when it is told to.
package fakepypi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"entrepot/e2e/fakeregistry"
)

// Registry is an index in memory. It is an http.Handler, and safe for use by several goroutines. Pages are below /simple/.
type Registry struct {
	fakeregistry.Door

	mu       sync.Mutex
	manners  Manners
	projects map[string]*project // by normalized name
}

// Manners are what indexes differ in.
type Manners struct {
	HTML    bool   // pages are HTML, whatever was asked for
	Bare    bool   // no metadata beside the wheels, and neither sizes nor times on the pages
	FilesAt string // the address that the files have on pages; the index's own when empty
}

// project is one project: its files in the order they were added.
type project struct {
	name  string // as it was added first
	files []file
}

// file is a file as the pages list it.
type file struct {
	name, version  string
	content        []byte
	metadata       []byte // nil if the file has none beside it
	requiresPython string
	yanked         *string
	uploaded       time.Time
	provenance     []byte
}

// New returns an empty index.
func New(m Manners) *Registry { return &Registry{manners: m, projects: map[string]*project{}} }

// Add puts a version on offer, in place of one with the same number.
func (r *Registry) Add(p Package) error {
	files, err := p.files()
	if err != nil {
		return err
	}
	r.withdraw(p.Name, p.Version)
	r.list(p.Name, files...)
	return nil
}

func (r *Registry) withdraw(name, version string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.projects[normal(name)]; p != nil {
		p.files = slices.DeleteFunc(p.files, func(f file) bool { return f.version == version })
	}
}

func (r *Registry) list(name string, files ...file) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.projects[normal(name)]
	if known == nil {
		known = &project{name: name}
		r.projects[normal(name)] = known
	}
	for _, f := range files {
		if f.uploaded.IsZero() {
			// Old enough for every client's minimum age, and in the order added.
			f.uploaded = time.Date(2024, 1, 1+len(known.files), 12, 0, 0, 0, time.UTC)
		}
		known.files = append(known.files, f)
	}
}

// Remove takes a project off the offer.
func (r *Registry) Remove(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.projects, normal(name))
}

// Faults are the ways of failing, by the name a session gives them.
var Faults = fakeregistry.With(map[string]fakeregistry.Fault{
	"name": fakeregistry.OnDocuments(fakeregistry.Say(jsonType, `{"meta":{"api-version":"1.0"},"name":"right","files":[`+
		`{"filename":"right-1.0-py3-none-any.whl","url":"right-1.0-py3-none-any.whl","hashes":{}}]}`)), // another project's page
})

// ServeHTTP answers as the public index does: pages in both serializations, files, metadata and provenance.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	honest, found := r.find(req)
	if !found {
		honest = fakeregistry.NotFound()
	}
	honest.File = strings.HasPrefix(req.URL.Path, "/files/") && !strings.HasSuffix(req.URL.Path, ".metadata")
	r.Serve(w, req, honest)
}

const (
	jsonType = "application/vnd.pypi.simple.v1+json"
	htmlType = "text/html"
)

// find returns the honest answer.
func (r *Registry) find(req *http.Request) (fakeregistry.Answer, bool) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		return fakeregistry.Answer{}, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	parts := strings.Split(strings.Trim(req.URL.Path, "/"), "/")
	if len(parts) < 2 || r.projects[normal(parts[1])] == nil {
		return fakeregistry.Answer{}, false
	}
	p := r.projects[normal(parts[1])]
	switch {
	case parts[0] == "simple" && len(parts) == 2 && parts[1] == normal(parts[1]):
		return r.page(req, p), true
	case parts[0] == "files" && len(parts) == 3:
		return p.file(parts[2])
	default:
		return fakeregistry.Answer{}, false
	}
}

// file is one of the project's files, or what stands beside it.
func (p *project) file(name string) (fakeregistry.Answer, bool) {
	for _, f := range p.files {
		for _, offered := range []struct {
			name, mediaType string
			content         []byte
		}{
			{f.name, "application/octet-stream", f.content},
			{f.name + ".metadata", "application/octet-stream", f.metadata},
			{f.name + ".provenance", "application/vnd.pypi.integrity.v1+json", f.provenance},
		} {
			if name == offered.name && offered.content != nil {
				header := http.Header{"Content-Type": {offered.mediaType}, "Etag": {`"` + sum(offered.content) + `"`}}
				return fakeregistry.Answer{Code: http.StatusOK, Body: offered.content, Header: header}, true
			}
		}
	}
	return fakeregistry.Answer{}, false
}

func (r *Registry) page(req *http.Request, p *project) fakeregistry.Answer {
	base := r.manners.FilesAt
	if base == "" {
		base = "http://" + req.Host
	}
	base += "/files/" + normal(p.name) + "/"
	mediaType, body := jsonType, r.json(p, base)
	if r.manners.HTML || !strings.Contains(req.Header.Get("Accept"), jsonType) {
		mediaType, body = htmlType, r.html(p, base)
	}
	return fakeregistry.Answer{Code: http.StatusOK, Body: body, Header: http.Header{
		"Content-Type": {mediaType}, "Etag": {`"` + sum(body) + `"`}, "Vary": {"Accept"}, "Cache-Control": {"max-age=600, public"},
	}}
}

// json is the page of the JSON API, version 1.3 (simple repository API, "JSON serialization").
func (r *Registry) json(p *project, base string) []byte {
	files, versions := []map[string]any{}, []string{}
	for _, f := range p.files {
		if !slices.Contains(versions, f.version) {
			versions = append(versions, f.version)
		}
		listed := map[string]any{
			"filename": f.name, "url": base + f.name, "hashes": map[string]string{"sha256": sum(f.content)}, "yanked": false,
		}
		if f.requiresPython != "" {
			listed["requires-python"] = f.requiresPython
		}
		if f.yanked != nil {
			listed["yanked"] = *f.yanked
			if *f.yanked == "" {
				listed["yanked"] = true
			}
		}
		if !r.manners.Bare {
			listed["size"], listed["upload-time"] = len(f.content), f.uploaded.Format("2006-01-02T15:04:05.000000Z")
			listed["core-metadata"] = false
			if f.metadata != nil {
				listed["core-metadata"] = map[string]string{"sha256": sum(f.metadata)}
			}
			listed["provenance"] = nil
			if f.provenance != nil {
				listed["provenance"] = base + f.name + ".provenance"
			}
		}
		files = append(files, listed)
	}
	page := map[string]any{"meta": map[string]string{"api-version": "1.3"}, "name": normal(p.name), "files": files, "versions": versions}
	if r.manners.Bare {
		page["meta"] = map[string]string{"api-version": "1.0"}
		delete(page, "versions")
	}
	body, err := json.Marshal(page)
	if err != nil {
		panic(err) // strings and numbers can be written
	}
	return body
}

// html is the page as it was before there was JSON (PEP 503, with the attributes of PEP 592, 658 and 740).
func (r *Registry) html(p *project, base string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html><head><meta name=\"pypi:repository-version\" content=\"1.3\">"+
		"<title>Links for %[1]s</title></head><body>\n<h1>Links for %[1]s</h1>\n", html.EscapeString(p.name))
	for _, f := range p.files {
		fmt.Fprintf(&b, `<a href="%s%s#sha256=%s"`, base, f.name, sum(f.content))
		attribute := func(name, value string) { fmt.Fprintf(&b, ` %s="%s"`, name, html.EscapeString(value)) }
		if f.requiresPython != "" {
			attribute("data-requires-python", f.requiresPython)
		}
		if f.yanked != nil {
			attribute("data-yanked", *f.yanked)
		}
		if f.metadata != nil && !r.manners.Bare {
			attribute("data-dist-info-metadata", "sha256="+sum(f.metadata))
			attribute("data-core-metadata", "sha256="+sum(f.metadata))
		}
		if f.provenance != nil && !r.manners.Bare {
			attribute("data-provenance", base+f.name+".provenance")
		}
		fmt.Fprintf(&b, ">%s</a><br />\n", f.name)
	}
	b.WriteString("</body></html>\n")
	return []byte(b.String())
}

func sum(content []byte) string {
	digest := sha256.Sum256(content)
	return hex.EncodeToString(digest[:])
}
