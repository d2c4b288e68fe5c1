package pypi

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/format/keptpage"
	"entrepot/repository"
)

// Versions of the simple API. The newer one wants the size of every file (PEP 700): a page that cannot tell it is of the
// older one, and has all else that it has nevertheless.
const (
	apiVersion    = "1.4" // PEP 792
	oldAPIVersion = "1.0" // PEP 691
)

// linked is a file as a page about a project shows it.
type linked struct {
	name, path string     // the path is relative to the page, escaped
	hashes     []checksum // the strongest first
	size       int64      // bytes; below one if nobody knows
	uploaded   time.Time
	signed     *bool
	provenance string // a URL here; empty for none
	facts      fileFacts
}

type checksum struct{ algorithm, hex string }

// renderer writes a page; one for each form.
type renderer interface {
	begin(name string, project projectFacts)
	file(linked)
	// end writes what depends on all files: their versions, and of which version of the API they let the page be.
	end(versions []string, api string)
}

// renderProject writes the page about a project. NotFound: there is no file to list, and an empty page would only puzzle
// clients.
func renderProject(w io.Writer, v repository.View, variant string, url func(path string) string) error {
	out := bufio.NewWriterSize(w, 64<<10)
	page := newRenderer(out, variant)
	project, err := projectOf(v)
	if err != nil {
		return fmt.Errorf("render %s: %w", v.PackageKey, err)
	}
	page.begin(v.Name, project)
	api, files := apiVersion, 0
	var versions []string
	listed, err := sorted(v)
	if err != nil {
		return err
	}
	for _, version := range listed {
		before := files
		for a, beside := range filesOf(version) {
			shown, err := link(version, a, beside, url)
			if err != nil {
				return fmt.Errorf("render %s: %w", version.VersionKey, err)
			}
			if shown.size < 1 {
				api = oldAPIVersion
			}
			page.file(shown)
			files++
		}
		if files > before {
			versions = append(versions, version.Version)
		}
	}
	if files == 0 {
		return notFound("There is no file of %s to list.", v.Name).About(artifact.PackageResource, v.PackageKey.String())
	}
	page.end(versions, api)
	return out.Flush()
}

// sorted are the listed versions in their order, so that a page stays as it is when one of them moves from a registry into
// a repository.
func sorted(v repository.View) ([]artifact.Version, error) {
	var all []artifact.Version
	for version, err := range v.Listed() {
		if err != nil {
			return nil, err
		}
		all = append(all, version)
	}
	slices.SortStableFunc(all, func(a, b artifact.Version) int { return compareVersions(a.Version, b.Version) })
	return all, nil
}

// projectOf is what the nearest registry says about the project.
func projectOf(v repository.View) (projectFacts, error) {
	if len(v.Manifests) == 0 {
		return projectFacts{}, nil
	}
	return keptpage.ReadManifest[projectFacts](v.Manifests[0])
}

func newRenderer(out *bufio.Writer, variant string) renderer {
	if variant == jsonForm.variant {
		return &jsonRenderer{out: out}
	}
	return &htmlRenderer{out: out}
}

// link makes what a page shows of a file.
func link(v artifact.Version, a artifact.Asset, beside besides, url func(path string) string) (linked, error) {
	facts, err := factsOf(a)
	if err != nil {
		return linked{}, err
	}
	l := linked{name: a.Name, path: segment(v.Version) + "/" + segment(a.Name), size: a.Size, uploaded: facts.UploadTime,
		hashes: hashesOf(a, facts), signed: facts.Signature, facts: facts}
	if l.uploaded.IsZero() {
		l.uploaded = a.AddedAt
		if v.Origin.Fetched() {
			l.uploaded = v.UpstreamTime
		}
	}
	if beside.signature {
		l.signed = &beside.signature
	}
	if facts.Provenance != "" || beside.provenance {
		l.provenance = url("simple/" + segment(v.Name) + "/" + l.path + provenanceEnding)
	}
	return l, nil
}

// besides says what was published beside a file.
type besides struct{ signature, provenance bool }

// filesOf yields the files of a version, each with what stands beside it.
func filesOf(v artifact.Version) iter.Seq2[artifact.Asset, besides] {
	return func(yield func(artifact.Asset, besides) bool) {
		for _, a := range v.Assets {
			if isSibling(a.Name) {
				continue
			}
			_, signed := v.Asset(a.Name + signatureEnding)
			_, attested := v.Asset(a.Name + provenanceEnding)
			if !yield(a, besides{signed, attested}) {
				return
			}
		}
	}
}

// hashesOf are the hashes of a file: the SHA-256 where it is known, else what its registry promises.
func hashesOf(a artifact.Asset, facts fileFacts) []checksum {
	if a.SHA256 != (artifact.Digest{}) {
		return []checksum{{"sha256", a.SHA256.String()}}
	}
	var all []checksum
	for _, algorithm := range []string{"sha512", "sha1", "md5"} {
		if hex := facts.Hashes[algorithm]; hex != "" {
			all = append(all, checksum{algorithm, hex})
		}
	}
	return all
}

// segment escapes a segment of a path. A plus sign is escaped as well: there are clients that take it for a space.
func segment(text string) string { return strings.ReplaceAll(url.PathEscape(text), "+", "%2B") }

// timeForm is that of upload-time (PEP 700).
const timeForm = "2006-01-02T15:04:05.000000Z"
