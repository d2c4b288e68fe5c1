// Package fakecargo is a public registry of crates for tests: it serves what it was given, counts what it is asked, and fails
// and lies when it is told to.
package fakecargo

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"

	"entrepot/e2e/fakeregistry"
)

// Registry is a registry with a sparse index in memory. It is an http.Handler, and safe for use by several goroutines. The
// index is below /index/, crates are below /crates/.
type Registry struct {
	fakeregistry.Door

	mu      sync.Mutex
	manners Manners
	crates  map[string][]version // by the path of their file in the index
}

// Manners are what registries differ in.
type Manners struct {
	Markers bool // the address of crates has markers in it
	Missing int  // the status of what is not there; 404 when zero
	Tokens  bool // clients are to send a token with everything
}

type version struct {
	Package
	crate, line []byte
}

// New returns an empty registry.
func New(m Manners) *Registry { return &Registry{manners: m, crates: map[string][]version{}} }

// indexPath is where the index has the file about a crate (Cargo's book, "Index files").
func indexPath(name string) string {
	name = strings.ToLower(name)
	switch len(name) {
	case 1:
		return "1/" + name
	case 2:
		return "2/" + name
	case 3:
		return "3/" + name[:1] + "/" + name
	}
	return name[:2] + "/" + name[2:4] + "/" + name
}

// Add puts a version on offer, in place of one with the same number.
func (r *Registry) Add(p Package) error {
	crate, err := p.Pack()
	if err != nil {
		return err
	}
	line, err := p.line(crate)
	if err != nil {
		return err
	}
	r.put(version{p, crate, line})
	return nil
}

// Offer puts a crate on offer, as it is, with its line of an index.
func (r *Registry) Offer(line, crate []byte) error {
	var said struct{ Name, Vers string }
	if err := json.Unmarshal(line, &said); err != nil {
		return err
	}
	r.put(version{Package{Name: said.Name, Version: said.Vers}, crate, line})
	return nil
}

func (r *Registry) put(v version) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := indexPath(v.Name)
	others := slices.DeleteFunc(r.crates[at], func(other version) bool { return other.Version == v.Version })
	r.crates[at] = append(others, v)
}

// Remove takes a crate off the offer.
func (r *Registry) Remove(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.crates, indexPath(name))
}

// Faults are the ways of failing, by the name a session gives them.
var Faults = fakeregistry.With(map[string]fakeregistry.Fault{
	// another crate's file
	"name": fakeregistry.OnDocuments(fakeregistry.Say("text/plain", `{"name":"right","vers":"1.0.0","deps":[],"cksum":"`+
		strings.Repeat("0", 2*sha256.Size)+`","features":{},"yanked":false}`)),
})

// ServeHTTP answers as the public registry does: its configuration, index files and crates.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	honest, found := r.find(req)
	if !found {
		honest = fakeregistry.NotFound()
		if r.manners.Missing != 0 {
			honest.Code = r.manners.Missing
		}
	}
	r.mu.Unlock()
	r.Serve(w, req, honest)
}

// find returns the honest answer; the caller holds the lock.
func (r *Registry) find(req *http.Request) (fakeregistry.Answer, bool) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		return fakeregistry.Answer{}, false
	}
	if path, ok := strings.CutPrefix(req.URL.Path, "/index/"); ok {
		if path == "config.json" {
			return said("application/json", r.config("http://"+req.Host)), true
		}
		var file bytes.Buffer
		for _, v := range r.crates[path] {
			file.Write(append(v.line, '\n'))
		}
		return said("text/plain", file.Bytes()), file.Len() > 0
	}
	path := strings.Split(strings.TrimPrefix(req.URL.Path, "/crates/"), "/")
	if len(path) < 2 || path[0] == "" {
		return fakeregistry.Answer{}, false
	}
	for _, v := range r.crates[indexPath(path[0])] {
		if v.Name == path[0] && v.Version == path[1] {
			honest := said("application/gzip", v.crate)
			honest.File = true
			return honest, true
		}
	}
	return fakeregistry.Answer{}, false
}

// config is config.json.
func (r *Registry) config(own string) []byte {
	dl := own + "/crates"
	if r.manners.Markers {
		dl += "/{crate}/{version}/{sha256-checksum}"
	}
	config := map[string]any{"dl": dl, "api": own}
	if r.manners.Tokens {
		config["auth-required"] = true
	}
	text, _ := json.Marshal(config) // texts can always be written
	return text
}

func said(mediaType string, body []byte) fakeregistry.Answer {
	sum := sha256.Sum256(body)
	return fakeregistry.Answer{Code: http.StatusOK, Body: body,
		Header: http.Header{"Content-Type": {mediaType}, "Etag": {`"` + hex.EncodeToString(sum[:8]) + `"`}}}
}
