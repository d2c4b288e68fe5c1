package main

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Bounds of what may be asked for.
const (
	maxSize   = 16 << 20 // bytes of a package's file
	maxKept   = 1 << 30  // bytes of all files that were asked for
	maxPaths  = 200_000  // counted
	onlyOne   = "1.0.0"
	usualSize = 10 << 10
)

// registry makes packages as they are asked for, and keeps them.
type registry struct {
	base string
	wait func() // the latency

	mu       sync.Mutex
	counts   map[request]int
	packages map[string]*offer
	kept     int
}

// offer is all that there is of a package, made once.
type offer struct {
	once    sync.Once
	answers map[string]answer
}

// answer is what there is at a path.
type answer struct {
	contentType string
	body        []byte
	tag         string // entity tag
}

func newAnswer(contentType string, body []byte) answer {
	sum := sha256.Sum256(body)
	return answer{contentType, body, `"` + hex.EncodeToString(sum[:8]) + `"`}
}

func newRegistry(base string, wait func()) *registry {
	return &registry{base: base, wait: wait, counts: map[request]int{}, packages: map[string]*offer{}}
}

var (
	namePattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,99}$`)
	sizePattern = regexp.MustCompile(`-bytes-([0-9]{1,9})$`)
)

// ServeHTTP answers GET and HEAD of what protocols have.
func (g *registry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "GET and HEAD only", http.StatusMethodNotAllowed)
		return
	}
	if path == "-/count" {
		g.tell(w, r.URL.Query().Get("protocol"), r.URL.Query().Get("prefix"))
		return
	}
	kind, below, _ := strings.Cut(path, "/")
	p := protocols[kind]
	if p == nil {
		http.NotFound(w, r)
		return
	}
	name := p.name(below)
	if !namePattern.MatchString(name) || !g.count(request{r.Method, kind, name, below}) {
		http.NotFound(w, r)
		return
	}
	o := g.offer(kind, name)
	if o == nil {
		http.Error(w, "too much was asked for", http.StatusInsufficientStorage)
		return
	}
	o.once.Do(func() { o.answers = p.offer(g.base+kind+"/", name, sizeOf(name)) })
	g.wait()
	a, ok := o.answers[below]
	if !ok {
		http.NotFound(w, r)
		return
	}
	a.serve(w, r)
}

func (a answer) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Etag", a.tag)
	if r.Header.Get("If-None-Match") == a.tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	serve(w, a.contentType, a.body)
}

// serve answers with a body, which net/http leaves out of answers to HEAD.
func serve(w http.ResponseWriter, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a client that leaves is its own business
}

// offer finds what there is of a package or makes room for it; nil if there is no more room.
func (g *registry) offer(kind, name string) *offer {
	g.mu.Lock()
	defer g.mu.Unlock()
	o := g.packages[kind+"/"+name]
	if o == nil && g.kept+sizeOf(name) <= maxKept {
		o = &offer{}
		g.packages[kind+"/"+name] = o
		g.kept += sizeOf(name)
	}
	return o
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
