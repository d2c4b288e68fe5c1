package nuget

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// A hive has the registrations of packages: what clients read of versions before they have them. Clients that know SemVer 2 have
// one of their own, for others cannot read such versions. Both are compressed for whoever takes that, which all clients do that
// look for a compressed one.
type hive struct {
	path    string
	semVer2 bool
}

var (
	plainHive   = hive{servicePath + "registrations/", false}
	semVer2Hive = hive{servicePath + "registrations-semver2/", true}
)

// How a registration is paged (NuGet server API, "Package metadata"): the public registry does it so.
const (
	pageSize   = 64  // versions
	inlineUpTo = 127 // versions; of a package with more each page is a document of its own
)

// The documents of a registration, with their members in the order of the public registry.
type (
	registrationIndex struct {
		ID    string             `json:"@id"`
		Type  []string           `json:"@type"`
		Count int                `json:"count"`
		Items []registrationPage `json:"items"`
	}
	registrationPage struct {
		ID     string             `json:"@id"`
		Type   string             `json:"@type"`
		Count  int                `json:"count"`
		Items  []registrationLeaf `json:"items,omitempty"`
		Parent string             `json:"parent"`
		Lower  string             `json:"lower"`
		Upper  string             `json:"upper"`
	}
	registrationLeaf struct {
		ID             string       `json:"@id"`
		Type           string       `json:"@type"`
		CatalogEntry   catalogEntry `json:"catalogEntry"`
		PackageContent string       `json:"packageContent"`
		Registration   string       `json:"registration"`
	}
	// singleLeaf is the document about one version alone.
	singleLeaf struct {
		ID             string    `json:"@id"`
		Type           []string  `json:"@type"`
		CatalogEntry   string    `json:"catalogEntry"`
		Listed         bool      `json:"listed"`
		PackageContent string    `json:"packageContent"`
		Published      time.Time `json:"published"`
		Registration   string    `json:"registration"`
	}
	catalogEntry struct {
		ID                       string            `json:"@id"`
		Type                     string            `json:"@type"`
		Authors                  string            `json:"authors"`
		DependencyGroups         []dependenciesFor `json:"dependencyGroups,omitempty"`
		Deprecation              *deprecation      `json:"deprecation,omitempty"`
		Description              string            `json:"description"`
		DevelopmentDependency    bool              `json:"developmentDependency,omitempty"`
		IconURL                  string            `json:"iconUrl"`
		PackageID                string            `json:"id"`
		Language                 string            `json:"language"`
		LicenseExpression        string            `json:"licenseExpression"`
		LicenseURL               string            `json:"licenseUrl"`
		Listed                   bool              `json:"listed"`
		MinClientVersion         string            `json:"minClientVersion"`
		PackageContent           string            `json:"packageContent"`
		PackageHash              []byte            `json:"packageHash,omitempty"`
		PackageHashAlgorithm     string            `json:"packageHashAlgorithm,omitempty"`
		PackageSize              int64             `json:"packageSize,omitempty"`
		PackageTypes             []packageType     `json:"packageTypes,omitempty"`
		ProjectURL               string            `json:"projectUrl"`
		Published                time.Time         `json:"published"`
		RequireLicenseAcceptance bool              `json:"requireLicenseAcceptance"`
		Summary                  string            `json:"summary"`
		Tags                     []string          `json:"tags"`
		Title                    string            `json:"title"`
		Version                  string            `json:"version"`
		Vulnerabilities          []vulnerability   `json:"vulnerabilities,omitempty"`
	}
	dependenciesFor struct {
		Type            string             `json:"@type"`
		TargetFramework string             `json:"targetFramework,omitempty"`
		Dependencies    []dependencyToRead `json:"dependencies,omitempty"`
	}
	dependencyToRead struct {
		Type         string `json:"@type"`
		ID           string `json:"id"`
		Range        string `json:"range"`
		Registration string `json:"registration"`
	}
)

// addresses are those of a hive's documents in one repository.
type addresses struct {
	hive
	url func(path string) string
}

func (a addresses) of(p artifact.PackageKey, document string) string {
	return a.url(a.path + p.Name + "/" + document)
}
func (a addresses) index(p artifact.PackageKey) string { return a.of(p, "index.json") }
func (a addresses) leaf(v artifact.VersionKey) string  { return a.of(v.PackageKey, v.Version+".json") }
func (a addresses) catalog(v artifact.VersionKey) string {
	return a.url(catalogPath + v.Name + "/" + v.Version + ".json")
}
func (a addresses) page(p artifact.PackageKey, lower, upper string) string {
	return a.of(p, "page/"+lower+"/"+upper+".json")
}

func (a addresses) content(v artifact.VersionKey) string {
	return a.url(flatPath + v.Name + "/" + v.Version + "/" + assetOf(v))
}

// getIndex answers with the registration of a package.
func (h hive) getIndex(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	p, err := packageOf(r.PathValue("id"))
	if err != nil {
		return err
	}
	return h.serve(w, r, s, p, "index", func(out io.Writer, view repository.View) error {
		return addresses{h, s.URL}.renderIndex(out, view)
	})
}

// getPage answers with the versions between two, both included.
func (h hive) getPage(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	p, err := packageOf(r.PathValue("id"))
	if err != nil {
		return err
	}
	upper, isPage := strings.CutSuffix(r.PathValue("upper"), ".json")
	low, isLow := parseVersion(r.PathValue("lower"))
	high, isHigh := parseVersion(upper)
	if !isPage || !isLow || !isHigh {
		return format.OrDenied(r.Context(), s, notFound("There is no such page of versions."))
	}
	return h.serve(w, r, s, p, "page "+low.String()+" "+high.String(), func(out io.Writer, view repository.View) error {
		return addresses{h, s.URL}.renderPage(out, view, low, high)
	})
}

func (h hive) serve(w http.ResponseWriter, r *http.Request, s format.Shelf, p artifact.PackageKey, document string,
	render func(io.Writer, repository.View) error) error {
	doc, err := s.Document(r.Context(), p, h.path+" "+document, render)
	if err != nil {
		return err
	}
	return format.ServeDocument(w, r, doc, format.DocumentOptions{ContentType: "application/json"})
}

// getLeaf answers with the registration of one version.
func (h hive) getLeaf(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	e, err := single(r, s)
	if err != nil {
		return err
	}
	a := addresses{h, s.URL}
	return serveEntry(w, r, singleLeaf{
		ID: a.leaf(e.key()), Type: []string{"Package", "http://schema.nuget.org/catalog#Permalink"},
		CatalogEntry: a.catalog(e.key()), Listed: e.listed(), PackageContent: a.content(e.key()), Published: e.published(),
		Registration: a.index(e.PackageKey),
	})
}

// getCatalogEntry answers with all that is said about a version, its package's digest too.
func getCatalogEntry(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	e, err := single(r, s)
	if err != nil {
		return err
	}
	return serveEntry(w, r, addresses{semVer2Hive, s.URL}.entry(e))
}

// single is the version that a path names.
func single(r *http.Request, s format.Shelf) (entry, error) {
	text, isDocument := strings.CutSuffix(r.PathValue("file"), ".json")
	if !isDocument {
		return entry{}, format.OrDenied(r.Context(), s, notFound("There is no such document."))
	}
	v, err := versionOf(r.PathValue("id"), text)
	if err != nil {
		return entry{}, err
	}
	view, err := s.View(r.Context(), v.PackageKey)
	if err != nil {
		return entry{}, err
	}
	return entryOf(view, v)
}

// entryOf is one version of a view.
func entryOf(view repository.View, v artifact.VersionKey) (entry, error) {
	found, err := view.Version(v.Version)
	if err != nil {
		return entry{}, err
	}
	m, err := readManifest(found.Manifest)
	number, _ := parseVersion(v.Version)
	return entry{found, number, m}, err
}

func serveEntry(w http.ResponseWriter, r *http.Request, v any) error {
	return format.ServeJSON(w, r, http.StatusOK, v)
}

// renderIndex writes the registration of a package, with its pages in it if there are few versions.
func (a addresses) renderIndex(w io.Writer, view repository.View) error {
	all, err := a.visible().entries(view)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return a.nothing(view.PackageKey)
	}
	index := registrationIndex{ID: a.index(view.PackageKey),
		Type: []string{"catalog:CatalogRoot", "PackageRegistration", "catalog:Permalink"}}
	for begin := 0; begin < len(all); begin += pageSize {
		page := a.pageOf(view.PackageKey, all[begin:min(begin+pageSize, len(all))])
		if len(all) > inlineUpTo {
			page.Items = nil
		}
		index.Items = append(index.Items, page)
	}
	index.Count = len(index.Items)
	return write(w, index)
}

// renderPage writes the versions between two.
func (a addresses) renderPage(w io.Writer, view repository.View, low, high version) error {
	wanted := a.visible()
	wanted.low, wanted.high = &low, &high
	all, err := wanted.entries(view)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return a.nothing(view.PackageKey)
	}
	return write(w, a.pageOf(view.PackageKey, all))
}

// visible are the versions of a hive. Those that are not listed are among them, and say so.
func (a addresses) visible() filter {
	return filter{prerelease: true, semVer2: a.semVer2, unlisted: true}
}

func (a addresses) nothing(p artifact.PackageKey) error {
	return notFound("Package %s has no version here that this client can read.", p.Name).About(artifact.PackageResource, p.String())
}

func write(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

func (a addresses) pageOf(p artifact.PackageKey, some []entry) registrationPage {
	lower, upper := some[0].key().Version, some[len(some)-1].key().Version
	page := registrationPage{ID: a.page(p, lower, upper), Type: "catalog:CatalogPage", Count: len(some), Parent: a.index(p),
		Lower: lower, Upper: upper}
	for _, e := range some {
		page.Items = append(page.Items, registrationLeaf{ID: a.leaf(e.key()), Type: "Package", CatalogEntry: a.entry(e),
			PackageContent: a.content(e.key()), Registration: a.index(p)})
	}
	return page
}

// entry is what is said about a version. Addresses of licence, project and icon are its publisher's.
func (a addresses) entry(e entry) catalogEntry {
	c := catalogEntry{
		ID: a.catalog(e.key()), Type: "PackageDetails", Authors: e.Authors, DependencyGroups: a.groups(e.DependencyGroups),
		Deprecation: e.Deprecation, Description: e.Description,
		DevelopmentDependency: e.DevelopmentDependency, IconURL: e.IconURL, PackageID: e.manifest.ID, Language: e.Language,
		LicenseExpression: e.LicenseExpression, LicenseURL: e.LicenseURL, Listed: e.listed(),
		MinClientVersion: e.MinClientVersion, PackageContent: a.content(e.key()), PackageTypes: e.PackageTypes,
		ProjectURL: e.ProjectURL, Published: e.published(), RequireLicenseAcceptance: e.RequireLicenseAcceptance,
		Summary: e.Summary, Tags: append([]string{}, e.Tags...), Title: e.Title, Version: e.manifest.Version, Vulnerabilities: e.Vulnerabilities,
	}
	if content, known := e.content(); known {
		c.PackageHash, c.PackageHashAlgorithm = content.SHA512[:], "SHA512"
		c.PackageSize = max(content.Size, 0)
	}
	return c
}

func (a addresses) groups(all []dependencyGroup) []dependenciesFor {
	var groups []dependenciesFor
	for _, g := range all {
		group := dependenciesFor{Type: "PackageDependencyGroup", TargetFramework: g.TargetFramework}
		for _, d := range g.Dependencies {
			p := canonical(artifact.PackageKey{Format: artifact.NuGet, Name: d.ID}.At("")).PackageKey
			group.Dependencies = append(group.Dependencies,
				dependencyToRead{Type: "PackageDependency", ID: d.ID, Range: d.Range, Registration: a.index(p)})
		}
		groups = append(groups, group)
	}
	return groups
}
