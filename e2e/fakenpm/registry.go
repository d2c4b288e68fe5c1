// Package fakenpm is a public npm registry for tests: it serves what it was given, counts what it is asked, and fails and
// lies when it is told to.
package fakenpm

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"entrepot/e2e/fakeregistry"
)

// Registry is an npm registry in memory. It is an http.Handler, and safe for use by several goroutines.
type Registry struct {
	key   *ecdsa.PrivateKey
	keyID string

	fakeregistry.Door

	mu       sync.Mutex
	packages map[string]*packument
}

// packument is one package: its versions in the order they were added.
type packument struct {
	versions []version
	tags     map[string]string
}

// version is a version as it was added, with its tarball.
type version struct {
	Package
	manifest map[string]any // package.json
	tarball  []byte
	sig      string
}

// New returns an empty registry with a signing key of its own.
func New() (*Registry, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make signing key: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("encode signing key: %w", err)
	}
	sum := sha256.Sum256(public)
	return &Registry{
		key: key, keyID: "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:]),
		packages: map[string]*packument{},
	}, nil
}

// Add puts a version on offer, in place of one with the same number. The version becomes latest unless the package's tags
// say otherwise. The error is of a package.json that cannot be read, or a name that is none.
func (r *Registry) Add(p Package) error {
	v, err := p.pack()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s@%s:%s", p.Name, p.Version, integrity(v.tarball)))
	sig, err := ecdsa.SignASN1(rand.Reader, r.key, sum[:])
	if err != nil {
		return fmt.Errorf("sign %s %s: %w", p.Name, p.Version, err)
	}
	v.sig = base64.StdEncoding.EncodeToString(sig)

	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.packages[p.Name]
	if known == nil {
		known = &packument{tags: map[string]string{}}
		r.packages[p.Name] = known
	}
	if v.Published.IsZero() {
		// Old enough for every client's minimum age, and in the order added.
		v.Published = time.Date(2024, 1, 1+len(known.versions), 12, 0, 0, 0, time.UTC)
	}
	known.versions = slices.DeleteFunc(known.versions, func(old version) bool { return old.Version == p.Version })
	known.versions = append(known.versions, v)
	known.tags["latest"] = p.Version
	maps.Copy(known.tags, p.Tags)
	return nil
}

// Remove takes a package off the offer.
func (r *Registry) Remove(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.packages, name)
}

// Tarball returns the bytes on offer for a version.
func (r *Registry) Tarball(name, number string) ([]byte, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.packages[name]; p != nil {
		for _, v := range p.versions {
			if v.Version == number {
				return v.tarball, true
			}
		}
	}
	return nil, false
}

// ServeHTTP answers as the public registry does: packuments in both forms, tarballs, keys and attestations.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	path := req.URL.EscapedPath()
	body, header, found := r.find(req, path)
	honest := fakeregistry.NotFound()
	if found {
		honest = fakeregistry.Answer{Code: http.StatusOK, Body: body, Header: header}
	}
	honest.File = strings.HasSuffix(path, ".tgz")
	r.Serve(w, req, honest)
}

// Faults are the ways of failing, by the name a session gives them.
var Faults = fakeregistry.With(map[string]fakeregistry.Fault{
	"name": fakeregistry.OnDocuments(fakeregistry.Say("application/json", `{"name":"right","dist-tags":{"latest":"1.0.0"},`+
		`"versions":{"1.0.0":{"name":"right","version":"1.0.0","dist":{"shasum":"da39a3ee5e6b4b0d3255bfef95601890afd80709",`+
		`"tarball":"http://right.example.test/right/-/right-1.0.0.tgz"}}}}`)), // the document of another package
})

// find returns the honest answer.
func (r *Registry) find(req *http.Request, path string) ([]byte, http.Header, bool) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		return nil, nil, false
	}
	plain, err := url.PathUnescape(strings.TrimPrefix(path, "/"))
	if err != nil {
		return nil, nil, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if spec, ok := strings.CutPrefix(plain, "-/npm/v1/attestations/"); ok {
		return r.attestations(spec)
	}
	if name, file, ok := strings.Cut(plain, "/-/"); ok {
		return r.tarball(name, file)
	}
	p, ok := r.packages[plain]
	if !ok {
		return nil, nil, false
	}
	abbreviated := strings.Contains(req.Header.Get("Accept"), "application/vnd.npm.install-v1+json")
	body, err := json.Marshal(r.render(plain, p, "http://"+req.Host, abbreviated))
	if err != nil {
		return nil, nil, false
	}
	media := "application/json"
	if abbreviated {
		media = "application/vnd.npm.install-v1+json"
	}
	sum := sha256.Sum256(body)
	return body, http.Header{
		"Content-Type": {media}, "Etag": {`"` + hex.EncodeToString(sum[:16]) + `"`},
		"Vary": {"Accept-Encoding, Accept"}, "Cache-Control": {"public, max-age=300"},
	}, true
}

func (r *Registry) tarball(name, file string) ([]byte, http.Header, bool) {
	p := r.packages[name]
	if p == nil {
		return nil, nil, false
	}
	for _, v := range p.versions {
		if file == v.file() {
			return v.tarball, http.Header{"Content-Type": {"application/octet-stream"}}, true
		}
	}
	return nil, nil, false
}

func (r *Registry) attestations(spec string) ([]byte, http.Header, bool) {
	at := strings.LastIndex(spec, "@")
	if at <= 0 || r.packages[spec[:at]] == nil {
		return nil, nil, false
	}
	for _, v := range r.packages[spec[:at]].versions {
		if v.Version == spec[at+1:] && v.Attestations != nil {
			return v.Attestations, http.Header{"Content-Type": {"application/json"}}, true
		}
	}
	return nil, nil, false
}

// abbreviated is what a version keeps in the short form (npm registry documentation, "Package Metadata").
var abbreviated = []string{
	"name", "version", "deprecated", "dependencies", "acceptDependencies", "optionalDependencies", "devDependencies",
	"bundleDependencies", "peerDependencies", "peerDependenciesMeta", "bin", "directories", "dist", "engines", "cpu", "os",
	"libc", "funding", "_hasShrinkwrap", "hasInstallScript",
}

// render makes the packument; the caller holds the lock.
func (r *Registry) render(name string, p *packument, base string, short bool) map[string]any {
	versions, times := map[string]any{}, map[string]string{}
	var created, modified time.Time
	for i, v := range p.versions {
		m := maps.Clone(v.manifest)
		m["_id"] = name + "@" + v.Version
		m["dist"] = r.dist(v, base)
		if v.Deprecated != "" {
			m["deprecated"] = v.Deprecated
		}
		if short {
			maps.DeleteFunc(m, func(key string, _ any) bool { return !slices.Contains(abbreviated, key) })
		}
		versions[v.Version] = m
		times[v.Version] = v.Published.Format("2006-01-02T15:04:05.000Z")
		if i == 0 || v.Published.Before(created) {
			created = v.Published
		}
		if v.Published.After(modified) {
			modified = v.Published
		}
	}
	times["created"] = created.Format("2006-01-02T15:04:05.000Z")
	times["modified"] = modified.Format("2006-01-02T15:04:05.000Z")
	document := map[string]any{"name": name, "dist-tags": p.tags, "versions": versions}
	if short {
		document["modified"] = times["modified"]
		return document
	}
	document["_id"], document["_rev"], document["time"] = name, fmt.Sprintf("%d-0", len(versions)), times
	document["maintainers"] = []map[string]string{{"name": "someone", "email": "someone@example.test"}}
	return document
}

func (r *Registry) dist(v version, base string) map[string]any {
	dist := map[string]any{
		"tarball":   base + "/" + v.Name + "/-/" + v.file(),
		"integrity": integrity(v.tarball), "shasum": shasum(v.tarball),
		"fileCount": len(v.Files), "unpackedSize": v.size(),
		"signatures": []map[string]string{{"keyid": r.keyID, "sig": v.sig}},
	}
	if v.Attestations != nil {
		dist["attestations"] = map[string]any{
			"url":        base + "/-/npm/v1/attestations/" + v.Name + "@" + v.Version,
			"provenance": map[string]string{"predicateType": "https://slsa.dev/provenance/v1"},
		}
	}
	return dist
}

func integrity(b []byte) string {
	sum := sha512.Sum512(b)
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}
