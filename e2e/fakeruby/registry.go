// Package fakeruby is a public registry of gems for tests: it serves what it was given, counts what it is asked, and fails and
// lies when it is told to.
package fakeruby

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"entrepot/e2e/fakeregistry"
)

// Registry is a registry with a compact index and without the older ones. It is an http.Handler, and safe for use by several
// goroutines.
type Registry struct {
	fakeregistry.Door

	mu     sync.Mutex
	gems   []offered
	beside []byte // lines of the list of versions
}

// offered is a gem on offer: of which name, called what, with its line of an info file, to its end.
type offered struct {
	name, fullName string
	line           string
	content        []byte
}

// New returns an empty registry.
func New() *Registry { return &Registry{} }

// Add puts a gem on offer, in place of one that is called the same.
func (r *Registry) Add(g Gem) error {
	content, err := g.Pack()
	if err != nil {
		return err
	}
	r.Offer(g.Name, g.FullName(), g.Line(content), content)
	return nil
}

// Offer puts a gem on offer, as it is, with its line of the info file of its name, to its end.
func (r *Registry) Offer(name, fullName, line string, content []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gems = slices.DeleteFunc(r.gems, func(o offered) bool { return o.fullName == fullName })
	r.gems = append(r.gems, offered{name, fullName, line, content})
}

// ListBeside makes the list of versions longer by lines of gems that are not on offer, as the public one has of many.
func (r *Registry) ListBeside(lines []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.beside = lines
}

// Remove takes all gems of a name off the offer.
func (r *Registry) Remove(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gems = slices.DeleteFunc(r.gems, func(o offered) bool { return o.name == name })
}

// Faults are the ways of failing, by the name a session gives them.
var Faults = fakeregistry.With(map[string]fakeregistry.Fault{
	"sums": wrongSums,
})

// wrongSums is honest about all but checksums.
var wrongSums = fakeregistry.OnDocuments(fakeregistry.Change(func(a *fakeregistry.Answer) {
	if at := bytes.Index(a.Body, []byte("checksum:")); at >= 0 {
		a.Body = slices.Concat(a.Body[:at], []byte("checksum:"+sum(nil)), a.Body[at+len("checksum:")+len(sum(nil)):])
	}
}))

// ServeHTTP answers as a public registry does.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	honest := fakeregistry.NotFound()
	switch folder, name, _ := strings.Cut(strings.TrimPrefix(req.URL.Path, "/"), "/"); folder {
	case "versions":
		honest = answer("text/plain; charset=utf-8", r.versions())
	case "info":
		if info := r.info(name); info != nil {
			honest = answer("text/plain; charset=utf-8", info)
		}
	case "gems":
		if content := r.find(name); content != nil {
			honest = answer("application/octet-stream", content)
			honest.File = true
		}
	}
	r.Serve(w, req, honest)
}

func answer(contentType string, body []byte) fakeregistry.Answer {
	tag := md5.Sum(body)
	return fakeregistry.Answer{Code: http.StatusOK, Body: body,
		Header: http.Header{"Content-Type": {contentType}, "Etag": {`"` + hex.EncodeToString(tag[:]) + `"`}}}
}

// versions lists all gems, a line each name, with the digest of its info file.
func (r *Registry) versions() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	slugs := map[string][]string{}
	for _, o := range r.gems {
		slugs[o.name] = append(slugs[o.name], strings.TrimPrefix(o.fullName, o.name+"-"))
	}
	list := slices.Concat([]byte("created_at: "+published.Format(time.RFC3339)+"\n---\n"), r.beside)
	for _, name := range slices.Sorted(maps.Keys(slugs)) {
		list = fmt.Appendf(list, "%s %s %x\n", name, strings.Join(slugs[name], ","), md5.Sum(r.infoLocked(name)))
	}
	return list
}

// info is a line each of all gems of a name; nil if there are none.
func (r *Registry) info(name string) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.infoLocked(name)
}

func (r *Registry) infoLocked(name string) []byte {
	var info []byte
	for _, o := range r.gems {
		if o.name == name {
			info = append(info, o.line...)
		}
	}
	if info == nil {
		return nil
	}
	return append([]byte("---\n"), info...)
}

// find is the content of a file; nil if there is none.
func (r *Registry) find(file string) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range r.gems {
		if o.fullName+".gem" == file {
			return o.content
		}
	}
	return nil
}
