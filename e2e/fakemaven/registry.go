// Package fakemaven is a public Maven repository for tests: it serves what it was given, counts what it is asked, and fails
// and lies when it is told to.
package fakemaven

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"entrepot/e2e/fakeregistry"
)

// Registry is a Maven repository of releases. It is an http.Handler, and safe for use by several goroutines.
type Registry struct {
	fakeregistry.Door

	mu        sync.Mutex
	manners   Manners
	files     map[string][]byte    // by path
	artifacts map[string]*artifact // by group/artifact as in paths
	offered   []fs.FS              // local repositories, whose files are read when they are asked for
}

// Manners are what repositories differ in.
type Manners struct {
	NoSums  bool // there is no checksum beside any file
	Headers bool // answers have checksums in their headers
}

// artifact is what the metadata documents tell of one artifact.
type artifact struct {
	group, name string
	versions    []string // in the order they were added
}

// New returns an empty repository.
func New(m Manners) *Registry {
	return &Registry{manners: m, files: map[string][]byte{}, artifacts: map[string]*artifact{}}
}

// Add puts a version on offer, in place of one with the same number.
func (r *Registry) Add(p Package) error {
	files, err := p.files()
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.removeVersion(p.folder(), p.Version)
	for name, content := range files {
		r.files[name] = content
	}
	r.list(p.folder(), p.Version)
	return nil
}

// list adds a version to an artifact's; the caller holds the lock.
func (r *Registry) list(folder, version string) {
	known := r.artifacts[folder]
	if known == nil {
		group, name := path.Split(folder)
		known = &artifact{group: strings.ReplaceAll(strings.TrimSuffix(group, "/"), "/", "."), name: name}
		r.artifacts[folder] = known
	}
	if !slices.Contains(known.versions, version) {
		known.versions = append(known.versions, version)
	}
}

// removeVersion takes a version off the offer; the caller holds the lock.
func (r *Registry) removeVersion(folder, version string) {
	for name := range r.files {
		if strings.HasPrefix(name, folder+"/"+version+"/") {
			delete(r.files, name)
		}
	}
	if known := r.artifacts[folder]; known != nil {
		known.versions = slices.DeleteFunc(known.versions, func(v string) bool { return v == version })
	}
}

// Remove takes an artifact, GROUP:ARTIFACT, off the offer.
func (r *Registry) Remove(name string) {
	group, name, _ := strings.Cut(name, ":")
	folder := Package{Group: group, Artifact: name}.folder()
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.artifacts[folder]; known != nil {
		for _, version := range slices.Clone(known.versions) {
			r.removeVersion(folder, version)
		}
	}
	delete(r.artifacts, folder)
}

// Offer puts everything on offer that a local repository of Maven has, for as long as its folder is there.
func (r *Registry) Offer(local fs.FS) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.offered = append(r.offered, local)
	return fs.WalkDir(local, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".pom" {
			return err
		}
		version := path.Dir(name)
		r.list(path.Dir(version), path.Base(version))
		return nil
	})
}

// Faults are the ways of failing, by the name a session gives them.
var Faults = fakeregistry.With(map[string]fakeregistry.Fault{
	"sums": wrongSums,
})

// wrongSums is honest about all but checksums.
var wrongSums = fakeregistry.OnDocuments(fakeregistry.Change(func(a *fakeregistry.Answer) {
	if a.Code == http.StatusOK && !bytes.HasPrefix(a.Body, []byte("<")) {
		a.Body = bytes.Repeat([]byte("0"), len(a.Body))
	}
}))

// ServeHTTP answers as a public repository does: files, their checksums, and the metadata of artifacts and groups.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	name := strings.TrimPrefix(req.URL.Path, "/")
	honest, found := r.find(req.Method, name)
	if !found {
		honest = fakeregistry.NotFound()
	}
	_, isSum := sums[path.Ext(name)]
	honest.File = !isSum && path.Base(name) != metadataFile
	r.Serve(w, req, honest)
}

const metadataFile = "maven-metadata.xml"

// sums are the checksums that stand beside a file, by the extension that they have.
var sums = map[string]func([]byte) string{
	".md5":    func(b []byte) string { sum := md5.Sum(b); return hex.EncodeToString(sum[:]) },
	".sha1":   func(b []byte) string { sum := sha1.Sum(b); return hex.EncodeToString(sum[:]) },
	".sha256": func(b []byte) string { sum := sha256.Sum256(b); return hex.EncodeToString(sum[:]) },
	".sha512": func(b []byte) string { sum := sha512.Sum512(b); return hex.EncodeToString(sum[:]) },
}

// lastModified is when everything on offer was published.
var lastModified = time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC)

// find returns the honest answer.
func (r *Registry) find(method, name string) (fakeregistry.Answer, bool) {
	if method != http.MethodGet && method != http.MethodHead {
		return fakeregistry.Answer{}, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if sum, ok := sums[path.Ext(name)]; ok {
		content, found := r.content(strings.TrimSuffix(name, path.Ext(name)))
		if !found || r.manners.NoSums {
			return fakeregistry.Answer{}, false
		}
		return fakeregistry.Answer{Code: http.StatusOK, Body: []byte(sum(content)), Header: http.Header{"Content-Type": {"text/plain"}}}, true
	}
	content, found := r.content(name)
	if !found {
		return fakeregistry.Answer{}, false
	}
	header := http.Header{
		"Content-Type": {"application/octet-stream"}, "Last-Modified": {lastModified.Format(http.TimeFormat)},
		"Etag": {`"` + sums[".md5"](content) + `"`},
	}
	if r.manners.Headers {
		header.Set("X-Checksum-Sha1", sums[".sha1"](content))
		header.Set("X-Checksum-Md5", sums[".md5"](content))
	}
	return fakeregistry.Answer{Code: http.StatusOK, Body: content, Header: header}, true
}

// content is what is at a path that names no checksum; the caller holds the lock.
func (r *Registry) content(name string) ([]byte, bool) {
	if folder, file := path.Split(name); file == metadataFile {
		return r.metadata(strings.TrimSuffix(folder, "/"))
	}
	if content, ok := r.files[name]; ok {
		return content, true
	}
	// A version that was added replaces the one of a local repository; what Maven itself keeps there is not on offer.
	if !fs.ValidPath(name) || r.artifacts[path.Dir(path.Dir(name))] == nil || !strings.HasPrefix(path.Base(name), path.Base(path.Dir(path.Dir(name)))) {
		return nil, false
	}
	for _, local := range r.offered {
		if content, err := fs.ReadFile(local, name); err == nil {
			return content, true
		}
	}
	return nil, false
}

// metadata is the document of an artifact or of a group's plugins; the caller holds the lock.
func (r *Registry) metadata(folder string) ([]byte, bool) {
	if a := r.artifacts[folder]; a != nil && len(a.versions) > 0 {
		var b bytes.Buffer
		newest := a.versions[len(a.versions)-1]
		fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<metadata>\n  <groupId>%s</groupId>\n  <artifactId>%s</artifactId>\n"+
			"  <versioning>\n    <latest>%[3]s</latest>\n    <release>%[3]s</release>\n    <versions>\n", a.group, a.name, newest)
		for _, version := range a.versions {
			fmt.Fprintf(&b, "      <version>%s</version>\n", version)
		}
		fmt.Fprintf(&b, "    </versions>\n    <lastUpdated>%s</lastUpdated>\n  </versioning>\n</metadata>\n",
			lastModified.Format("20060102150405"))
		return b.Bytes(), true
	}
	return r.plugins(strings.ReplaceAll(folder, "/", "."))
}

// plugins is the metadata of a group: the prefixes that its plugins have by their names. The caller holds the lock.
func (r *Registry) plugins(group string) ([]byte, bool) {
	var b bytes.Buffer
	for _, folder := range slices.Sorted(maps.Keys(r.artifacts)) {
		a := r.artifacts[folder]
		if prefix, ok := pluginPrefix(a.name); ok && a.group == group {
			fmt.Fprintf(&b, "    <plugin><name>%[1]s</name><prefix>%[2]s</prefix><artifactId>%[1]s</artifactId></plugin>\n", a.name, prefix)
		}
	}
	if b.Len() == 0 {
		return nil, false
	}
	return fmt.Appendf(nil, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<metadata>\n  <plugins>\n%s  </plugins>\n</metadata>\n", b.Bytes()), true
}

// pluginPrefix is what a plugin of that name is called for short ("Guide to Developing Java Plugins").
func pluginPrefix(artifact string) (string, bool) {
	if name, ok := strings.CutSuffix(artifact, "-maven-plugin"); ok {
		return name, true
	}
	name, ok := strings.CutPrefix(artifact, "maven-")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(name, "-plugin")
}
