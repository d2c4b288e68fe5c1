package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"entrepot/bench/fixture"
)

// Bounds of what may be asked for.
const (
	maxSize   = 16 << 20 // bytes of a tarball
	maxKept   = 1 << 30  // bytes of all tarballs that were asked for
	maxPaths  = 200_000  // counted
	onlyOne   = "1.0.0"
	usualSize = 10 << 10
)

// registry makes packages as they are asked for, and keeps them.
type registry struct {
	base string
	wait func() // the latency

	mu       sync.Mutex
	counts   map[string]int
	packages map[string]*item
	kept     int
}

// item is a package, made once.
type item struct {
	once     sync.Once
	release  fixture.Release
	document []byte
	tag      string // entity tag of the document
}

func newRegistry(base string, wait func()) *registry {
	return &registry{base: base, wait: wait, counts: map[string]int{}, packages: map[string]*item{}}
}

var (
	namePattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,99}$`)
	sizePattern = regexp.MustCompile(`-bytes-([0-9]{1,9})$`)
)

// ServeHTTP answers GET of documents and tarballs.
func (g *registry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	if r.Method != http.MethodGet {
		http.Error(w, "GET only", http.StatusMethodNotAllowed)
		return
	}
	if path == "-/count" {
		g.tell(w, r.URL.Query().Get("prefix"))
		return
	}
	name, file, isTarball := strings.Cut(path, "/-/")
	if !g.count(path) || !namePattern.MatchString(name) || isTarball && file != name+"-"+onlyOne+".tgz" {
		http.NotFound(w, r)
		return
	}
	p := g.item(name)
	if p == nil {
		http.Error(w, "too much was asked for", http.StatusInsufficientStorage)
		return
	}
	p.once.Do(func() { p.make(g.base, name) })
	g.wait()
	if isTarball {
		serve(w, "application/octet-stream", p.release.Tarball)
		return
	}
	w.Header().Set("Etag", p.tag)
	if r.Header.Get("If-None-Match") == p.tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	serve(w, "application/json", p.document)
}

func serve(w http.ResponseWriter, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a client that leaves is its own business
}

// item finds the package or makes room for it; nil if there is no more room.
func (g *registry) item(name string) *item {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.packages[name]
	if p == nil && g.kept+sizeOf(name) <= maxKept {
		p = &item{}
		g.packages[name] = p
		g.kept += sizeOf(name)
	}
	return p
}

func (p *item) make(base, name string) {
	p.release = fixture.Release{Name: name, Version: onlyOne, Tarball: fixture.Tarball(name, onlyOne, sizeOf(name))}
	p.document = fixture.Packument(base, []fixture.Release{p.release})
	sum := sha256.Sum256(p.document)
	p.tag = `"` + hex.EncodeToString(sum[:8]) + `"`
}

// sizeOf reads the size that a name asks for, in bytes.
func sizeOf(name string) int {
	found := sizePattern.FindStringSubmatch(name)
	if found == nil {
		return usualSize
	}
	size, err := strconv.Atoi(found[1])
	if err != nil {
		return usualSize
	}
	return min(size, maxSize)
}

// count notes a request; false if there are too many paths to count.
func (g *registry) count(path string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, known := g.counts[path]; !known && len(g.counts) >= maxPaths {
		return false
	}
	g.counts[path]++
	return true
}

// counts is the answer about a prefix.
type counts struct {
	Requests int `json:"requests"`
	Paths    int `json:"paths"`
	Most     int `json:"most"` // requests of the path with the most
}

func (g *registry) tell(w http.ResponseWriter, prefix string) {
	g.mu.Lock()
	var c counts
	for path, n := range g.counts {
		if strings.HasPrefix(path, prefix) {
			c.Requests += n
			c.Paths++
			c.Most = max(c.Most, n)
		}
	}
	g.mu.Unlock()
	body, err := json.Marshal(c)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	serve(w, "application/json", body)
}
