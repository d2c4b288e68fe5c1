// Package fakenuget is a public NuGet registry for tests: it serves what it was given, counts what it is asked, and fails and
// lies when it is told to. It speaks version 3 of the protocol.
package fakenuget

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"entrepot/e2e/fakeregistry"
)

// Registry is a registry in memory. It is an http.Handler, and safe for use by several goroutines. Its service index is at
// /v3/index.json.
type Registry struct {
	fakeregistry.Door

	mu       sync.Mutex
	manners  Manners
	packages map[string][]offer // by id in lower case, in the order they were added
}

// Manners are what registries differ in.
type Manners struct {
	Pages    bool // every version is on a page of its own
	NoHashes bool // nothing is said about the bytes of packages
}

// offer is a version that is listed.
type offer struct {
	Package
	content []byte
	groups  []object // its groups of dependencies, where it has more than Package tells
}

// New returns an empty registry.
func New(m Manners) *Registry { return &Registry{manners: m, packages: map[string][]offer{}} }

// Add puts a version on offer, in place of one with the same number.
func (r *Registry) Add(p Package) error {
	content, err := p.Pack()
	if err != nil {
		return err
	}
	r.put(offer{Package: p, content: content})
	return nil
}

func (r *Registry) put(o offer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := slices.DeleteFunc(r.packages[key(o.ID)], func(other offer) bool { return other.Version == o.Version })
	if o.Published.IsZero() {
		o.Published = time.Date(2024, 1, 1+len(known), 12, 0, 0, 0, time.UTC)
	}
	r.packages[key(o.ID)] = append(known, o)
}

// Remove takes a package off the offer.
func (r *Registry) Remove(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.packages, key(id))
}

// Faults are the ways of failing, by the name a session gives them.
var Faults = fakeregistry.With(map[string]fakeregistry.Fault{
	"version": fakeregistry.OnDocuments(fakeregistry.Say("application/json", `{"version":"4.0.0","resources":[]}`)), // another protocol
})

// ServeHTTP answers as the public registry does.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	honest, found := r.find(req)
	if !found {
		honest = fakeregistry.NotFound()
	}
	honest.File = strings.HasSuffix(req.URL.Path, ".nupkg")
	r.Serve(w, req, honest)
}

type object = map[string]any

// find returns the honest answer.
func (r *Registry) find(req *http.Request) (fakeregistry.Answer, bool) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		return fakeregistry.Answer{}, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	base := "http://" + req.Host + "/"
	parts := strings.Split(strings.TrimPrefix(req.URL.Path, "/"), "/")
	if req.URL.Path == "/v3/index.json" {
		return document(object{"version": "3.0.0", "resources": []object{
			{"@id": base + "registrations/", "@type": "RegistrationsBaseUrl/3.6.0"},
			{"@id": base + "flat/", "@type": "PackageBaseAddress/3.0.0"},
		}}), true
	}
	if len(parts) < 3 || r.packages[parts[1]] == nil {
		return fakeregistry.Answer{}, false
	}
	offers := r.packages[parts[1]]
	switch {
	case parts[0] == "registrations" && len(parts) == 3 && parts[2] == "index.json":
		return document(r.registration(base, offers)), true
	case parts[0] == "flat" && len(parts) == 3 && parts[2] == "index.json":
		var versions []string
		for _, o := range offers {
			versions = append(versions, o.number())
		}
		return document(object{"versions": versions}), true
	}
	for _, o := range offers {
		switch strings.Join(parts, "/") {
		case o.page():
			return document(object{"count": 1, "items": []object{r.leaf(base, o)}}), true
		case o.file():
			return answer("application/octet-stream", o.content), true
		case o.entry():
			return document(r.about(base, o)), !r.manners.NoHashes
		}
	}
	return fakeregistry.Answer{}, false
}

// The paths of what there is of a version.
func (o offer) page() string  { return "pages/" + key(o.ID) + "/" + o.number() + ".json" }
func (o offer) entry() string { return "catalog/" + key(o.ID) + "/" + o.number() + ".json" }
func (o offer) file() string {
	return "flat/" + key(o.ID) + "/" + o.number() + "/" + key(o.ID) + "." + o.number() + ".nupkg"
}

// registration is that of a package (NuGet server API, "Package metadata").
func (r *Registry) registration(base string, offers []offer) object {
	if !r.manners.Pages {
		var leaves []object
		for _, o := range offers {
			leaves = append(leaves, r.leaf(base, o))
		}
		return object{"count": 1, "items": []object{{"@id": base + "page", "count": len(leaves), "items": leaves,
			"lower": offers[0].Version, "upper": offers[len(offers)-1].Version}}}
	}
	var pages []object
	for _, o := range offers {
		pages = append(pages, object{"@id": base + o.page(), "count": 1, "lower": o.Version, "upper": o.Version})
	}
	return object{"count": len(pages), "items": pages}
}

func (r *Registry) leaf(base string, o offer) object {
	about := object{"@id": base + o.entry(), "id": o.ID, "version": o.Version, "authors": "nobody", "listed": !o.Unlisted,
		"description": o.ID + " of the sessions.", "published": o.Published.Format(time.RFC3339)}
	if o.Deprecated != "" {
		about["deprecation"] = object{"reasons": []string{"Legacy"}, "message": o.Deprecated}
	}
	if len(o.groups) > 0 {
		about["dependencyGroups"] = o.groups
	} else if len(o.Dependencies) > 0 {
		var all []object
		for id, wanted := range o.Dependencies {
			all = append(all, object{"id": id, "range": wanted})
		}
		slices.SortFunc(all, func(a, b object) int { return strings.Compare(a["id"].(string), b["id"].(string)) })
		about["dependencyGroups"] = []object{{"dependencies": all}}
	}
	return object{"@id": base + "leaf", "catalogEntry": about, "packageContent": base + o.file()}
}

// about is the entry of the catalog.
func (r *Registry) about(base string, o offer) object {
	digest := sha512.Sum512(o.content)
	return object{"@id": base + o.entry(), "id": o.ID, "version": o.Version, "packageSize": len(o.content),
		"packageHash": base64.StdEncoding.EncodeToString(digest[:]), "packageHashAlgorithm": "SHA512"}
}

func document(v object) fakeregistry.Answer {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and numbers can be written
	}
	return answer("application/json", body)
}

func answer(mediaType string, body []byte) fakeregistry.Answer {
	digest := sha256.Sum256(body)
	return fakeregistry.Answer{Code: http.StatusOK, Body: body,
		Header: http.Header{"Content-Type": {mediaType}, "Etag": {`"` + hex.EncodeToString(digest[:]) + `"`}}}
}
