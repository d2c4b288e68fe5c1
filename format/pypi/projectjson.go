package pypi

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// projectDocument is what the public index says about a project in its own JSON API, as far as it is known here: of
// downloads, serials and vulnerabilities nothing is. AWS has no such document; tools of the ecosystem ask for it.
type projectDocument struct {
	Info            projectInfo               `json:"info"`
	LastSerial      int                       `json:"last_serial"`
	Releases        map[string][]releasedFile `json:"releases,omitempty"` // of a project, not of a version
	URLs            []releasedFile            `json:"urls"`
	Vulnerabilities []struct{}                `json:"vulnerabilities"`
}

type projectInfo struct {
	Name              string            `json:"name"`
	Version           string            `json:"version"`
	Summary           string            `json:"summary"`
	HomePage          string            `json:"home_page"`
	License           string            `json:"license"`
	LicenseExpression *string           `json:"license_expression"`
	Description       string            `json:"description"`
	DescriptionType   string            `json:"description_content_type"`
	Classifiers       []string          `json:"classifiers"`
	ProjectURLs       map[string]string `json:"project_urls"`
	ProvidesExtra     []string          `json:"provides_extra"`
	RequiresDist      []string          `json:"requires_dist"`
	RequiresPython    string            `json:"requires_python"`
	Yanked            bool              `json:"yanked"`
	YankedReason      *string           `json:"yanked_reason"`
}

type releasedFile struct {
	Filename       string            `json:"filename"`
	URL            string            `json:"url"`
	PackageType    string            `json:"packagetype"`
	PythonVersion  string            `json:"python_version"`
	RequiresPython *string           `json:"requires_python"`
	Digests        map[string]string `json:"digests"`
	HasSignature   bool              `json:"has_sig"`
	Size           int64             `json:"size"`
	UploadTime     string            `json:"upload_time_iso_8601,omitempty"`
	Yanked         bool              `json:"yanked"`
	YankedReason   *string           `json:"yanked_reason"`
}

// getProjectJSON answers with the document about a project, or about the version that the path names.
func (c cores) getProjectJSON(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	p, err := parseName(r.PathValue("project"))
	if err != nil {
		return err
	}
	asked := r.PathValue("version")
	if asked != "" && !artifact.ValidCoordinate(asked) {
		return invalid("%.300q is not a version that a project can have.", asked)
	}
	page, err := s.Document(r.Context(), p, "project "+asked, func(out io.Writer, v repository.View) error {
		document, err := c.projectDocument(context.WithoutCancel(r.Context()), s, v, asked)
		if err != nil {
			return err
		}
		return json.NewEncoder(out).Encode(document)
	})
	if err != nil {
		return err
	}
	return format.ServeDocument(w, r, page, format.DocumentOptions{ContentType: "application/json"})
}

// projectDocument describes the version that was asked for in any spelling, or else the newest. NotFound: it is not listed.
func (c cores) projectDocument(ctx context.Context, s format.Shelf, view repository.View, asked string) (projectDocument, error) {
	all, err := sorted(view)
	if err != nil {
		return projectDocument{}, err
	}
	document := projectDocument{Releases: map[string][]releasedFile{}, Vulnerabilities: []struct{}{}}
	var chosen *artifact.Version
	for i, v := range all {
		files, err := releasedFiles(v, s.URL)
		if err != nil {
			return projectDocument{}, err
		}
		document.Releases[v.Version] = files
		if asked == "" && (chosen == nil || newer(v, *chosen)) || asked != "" && sameVersion(v.Version, asked) {
			chosen, document.URLs = &all[i], files
		}
	}
	if chosen == nil {
		return projectDocument{}, notFound("There is no version %.255q of %s to list.", asked, view.Name).
			About(artifact.VersionResource, view.At(asked).String())
	}
	if asked != "" {
		document.Releases = nil
	}
	document.Info, err = c.info(ctx, s, *chosen, view)
	return document, err
}

// newer reports whether a version, which comes after another in their order, is the one to show in its place: pre-releases
// and yanked versions are only shown where there is nothing else.
func newer(v, than artifact.Version) bool { return !passedOver(v) || passedOver(than) }

func passedOver(v artifact.Version) bool {
	if read, err := parseVersion(v.Version); err != nil || read.prerelease() {
		return true
	}
	return yankOf(v) != nil
}

// yankOf is why a version was yanked, which it is if all its files are; nil if it was not.
func yankOf(v artifact.Version) *string {
	var reason *string
	for a := range filesOf(v) {
		facts, err := factsOf(a)
		if err != nil || facts.Yanked == nil {
			return nil
		}
		reason = facts.Yanked
	}
	return reason
}

func releasedFiles(v artifact.Version, url func(string) string) ([]releasedFile, error) {
	files := []releasedFile{}
	for a, beside := range filesOf(v) {
		l, err := link(v, a, beside, url)
		if err != nil {
			return nil, err
		}
		named, _ := parseFilename(a.Name, v.Name) // what it cannot read has no type
		f := releasedFile{Filename: a.Name, URL: url("simple/" + segment(v.Name) + "/" + l.path), PackageType: string(named.kind),
			PythonVersion: pythonOf(a.Name, named.kind), Digests: map[string]string{}, HasSignature: l.signed != nil && *l.signed,
			Size: max(a.Size, 0), Yanked: l.facts.Yanked != nil, YankedReason: l.facts.Yanked}
		for _, sum := range l.hashes {
			f.Digests[sum.algorithm] = sum.hex
		}
		if l.facts.RequiresPython != "" {
			f.RequiresPython = &l.facts.RequiresPython
		}
		if !l.uploaded.IsZero() {
			f.UploadTime = l.uploaded.UTC().Format(time.RFC3339Nano)
		}
		files = append(files, f)
	}
	return files, nil
}

// pythonOf is the tag of a wheel's name that says for which Pythons it is.
func pythonOf(file string, kind distributionKind) string {
	if kind != wheelKind {
		return "source"
	}
	parts := strings.Split(file, "-")
	return parts[len(parts)-3]
}

// info describes a version: out of the metadata of one of its wheels, else by what was recorded of it.
func (c cores) info(ctx context.Context, s format.Shelf, v artifact.Version, view repository.View) (projectInfo, error) {
	i := projectInfo{Name: v.Name, Version: v.Version, Classifiers: []string{}, ProvidesExtra: []string{}, YankedReason: yankOf(v)}
	i.Yanked = i.YankedReason != nil
	if m, ok := c.describedIn(ctx, s, v); ok {
		i.tell(m)
		return i, nil
	}
	recorded, err := view.Version(v.Version)
	if err != nil {
		return i, err
	}
	i.Summary, i.HomePage, i.Description = recorded.Details.Summary, recorded.Details.HomePage, recorded.Details.Readme
	for _, d := range recorded.Details.Dependencies {
		i.RequiresDist = append(i.RequiresDist, d.Package+d.Requirement)
	}
	return i, nil
}

// describedIn reads the metadata beside the first wheel that has any. What cannot be had is no reason not to answer.
func (c cores) describedIn(ctx context.Context, s format.Shelf, v artifact.Version) (metadata, bool) {
	for a := range filesOf(v) {
		facts, err := factsOf(a)
		if err != nil || facts.CoreMetadata == nil {
			continue
		}
		// The view does not say whether the file is kept here.
		known, err := s.Stat(ctx, v.VersionKey, a.Name)
		if err != nil {
			continue
		}
		text, err := c.metadataOf(ctx, s, v.VersionKey, known, facts)
		if err != nil {
			return metadata{}, false
		}
		m, err := parseMetadata(text)
		return m, err == nil
	}
	return metadata{}, false
}

// tell fills in what metadata says.
func (i *projectInfo) tell(m metadata) {
	i.Name, i.Summary, i.HomePage, i.License = m.name, m.summary, homePage(m), m.license
	i.Description, i.DescriptionType = m.description, m.descriptionType
	i.RequiresDist, i.RequiresPython = m.requiresDist, m.requiresPython
	i.Classifiers = append(i.Classifiers, m.classifiers...)
	i.ProvidesExtra = append(i.ProvidesExtra, m.providesExtra...)
	if m.licenseExpression != "" {
		i.LicenseExpression = &m.licenseExpression
	}
	i.ProjectURLs = map[string]string{}
	for _, entry := range m.projectURLs {
		label, address, _ := strings.Cut(entry, ",")
		i.ProjectURLs[strings.TrimSpace(label)] = strings.TrimSpace(address)
	}
}
