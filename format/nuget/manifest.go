package nuget

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"entrepot/artifact"
)

// manifest is what is kept of a version: what clients are told of it before they have its package. Its members are called as in
// the registrations of registries, where they have them.
type manifest struct {
	ID                       string            `json:"id"`      // as its publisher writes it
	Version                  string            `json:"version"` // in normal form, with its letters and build metadata
	SemVer2                  bool              `json:"semVer2,omitempty"`
	Title                    string            `json:"title,omitempty"`
	Authors                  string            `json:"authors,omitempty"`
	Summary                  string            `json:"summary,omitempty"`
	Description              string            `json:"description,omitempty"`
	Tags                     []string          `json:"tags,omitempty"`
	Copyright                string            `json:"copyright,omitempty"`
	Language                 string            `json:"language,omitempty"`
	MinClientVersion         string            `json:"minClientVersion,omitempty"`
	ProjectURL               string            `json:"projectUrl,omitempty"`
	IconURL                  string            `json:"iconUrl,omitempty"`
	LicenseURL               string            `json:"licenseUrl,omitempty"`
	LicenseExpression        string            `json:"licenseExpression,omitempty"`
	RequireLicenseAcceptance bool              `json:"requireLicenseAcceptance,omitempty"`
	DevelopmentDependency    bool              `json:"developmentDependency,omitempty"`
	PackageTypes             []packageType     `json:"packageTypes,omitempty"`
	DependencyGroups         []dependencyGroup `json:"dependencyGroups,omitempty"`
	Deprecation              *deprecation      `json:"deprecation,omitempty"`
	Vulnerabilities          []vulnerability   `json:"vulnerabilities,omitempty"`
	// From is where a version from outside is fetched.
	From *registered `json:"from,omitempty"`
}

type packageType struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

// dependencyGroup is what a version needs for a framework; for all without a group of their own if that is empty.
type dependencyGroup struct {
	TargetFramework string       `json:"targetFramework,omitempty"`
	Dependencies    []dependency `json:"dependencies,omitempty"`
}

type dependency struct {
	ID    string `json:"id"`
	Range string `json:"range,omitempty"`
}

type deprecation struct {
	Reasons          []string    `json:"reasons,omitempty"`
	Message          string      `json:"message,omitempty"`
	AlternatePackage *dependency `json:"alternatePackage,omitempty"`
}

type vulnerability struct {
	AdvisoryURL string `json:"advisoryUrl"`
	Severity    string `json:"severity"`
}

// registered is where a registry has a version.
type registered struct {
	Content string `json:"content"`         // the address of its package
	Entry   string `json:"entry,omitempty"` // of a document that may tell the package's hash
	SHA512  []byte `json:"sha512,omitempty"`
	Size    int64  `json:"size,omitempty"` // bytes
}

// Bounds on what a manifest says.
const (
	maxText   = 32 << 10 // bytes of a text; what is longer is cut
	maxListed = 1000     // groups, dependencies in one, tags
)

// manifestOf makes the manifest of a package that is to be published. Invalid: it is not one that every client can use.
func manifestOf(n nuspec) (manifest, error) {
	v, ok := parseVersion(n.Version)
	switch {
	case !validID(n.ID):
		_, err := packageOf(n.ID)
		return manifest{}, err
	case !ok:
		return manifest{}, notVersion(n.Version)
	}
	m := manifest{
		ID: n.ID, Version: v.full(), SemVer2: v.semVer2(), Title: cut(n.Title), Authors: cut(n.Authors), Summary: cut(n.Summary),
		Description: cut(n.Description), Tags: tagsOf(n.Tags), Copyright: cut(n.Copyright), Language: cut(n.Language),
		MinClientVersion: cut(n.MinClientVersion), ProjectURL: webAddress(n.ProjectURL), IconURL: webAddress(n.IconURL),
		LicenseURL: webAddress(n.LicenseURL), LicenseExpression: cut(n.LicenseExpression),
		RequireLicenseAcceptance: n.RequireLicenseAcceptance, DevelopmentDependency: n.DevelopmentDependency,
		PackageTypes: n.PackageTypes,
	}
	for _, group := range n.Groups {
		listed := dependencyGroup{TargetFramework: group.TargetFramework}
		for _, d := range group.Dependencies {
			r, ok := parseRange(d.Range)
			switch {
			case !validID(d.ID):
				return manifest{}, invalid("The nuspec has a dependency called %.120q, which no package can be called.", d.ID)
			case !ok:
				return manifest{}, invalid("The nuspec wants %.120q of %s, which is no range of versions.", d.Range, d.ID)
			}
			m.SemVer2 = m.SemVer2 || r.semVer2()
			listed.Dependencies = append(listed.Dependencies, dependency{d.ID, r.String()})
		}
		m.DependencyGroups = append(m.DependencyGroups, listed)
	}
	return m, nil
}

// key is the version under which the manifest is kept.
func (m manifest) key() artifact.VersionKey {
	return canonical(artifact.PackageKey{Format: artifact.NuGet, Name: m.ID}.At(m.Version))
}

func (m manifest) encode() []byte {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	_ = e.Encode(m) // texts, numbers and lists of them always can be written
	return bytes.TrimSuffix(text.Bytes(), []byte("\n"))
}

func readManifest(text []byte) (m manifest, err error) {
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("read manifest: %w", err)
	}
	return m, nil
}

// cut shortens a text to maxText bytes.
func cut(text string) string {
	if len(text) > maxText {
		text = text[:maxText]
	}
	return strings.ToValidUTF8(text, string(utf8.RuneError))
}

// webAddress leaves out what is no address of a web page: clients open it in a browser.
func webAddress(text string) string {
	lower := strings.ToLower(text)
	if len(text) > maxText || !strings.HasPrefix(lower, "https://") && !strings.HasPrefix(lower, "http://") {
		return ""
	}
	return cut(text)
}

// tagsOf splits tags as clients do.
func tagsOf(text string) []string {
	tags := strings.FieldsFunc(cut(text), func(r rune) bool { return strings.ContainsRune(" \t\r\n,;", r) })
	if len(tags) == 0 {
		return nil
	}
	return tags[:min(len(tags), maxListed)]
}

// details is what the API tells of a version. Dependencies are flattened, with the framework they are for left out (user guide
// has no word for it): those of several frameworks are named once.
func (m manifest) details() artifact.Details {
	d := artifact.Details{DisplayName: m.ID, Summary: cut(m.Description), HomePage: m.ProjectURL}
	if m.Summary != "" {
		d.Summary = m.Summary
	}
	switch {
	case m.LicenseExpression != "":
		d.Licenses = []artifact.License{{Name: m.LicenseExpression}}
	case m.LicenseURL != "":
		d.Licenses = []artifact.License{{URL: m.LicenseURL}}
	}
	seen := map[dependency]bool{}
	for _, group := range m.DependencyGroups {
		for _, one := range group.Dependencies {
			if key := (dependency{strings.ToLower(one.ID), one.Range}); !seen[key] {
				seen[key] = true
				d.Dependencies = append(d.Dependencies, artifact.Dependency{Package: key.ID, Requirement: one.Range})
			}
		}
	}
	return d
}
