package swift

import (
	"bufio"
	"encoding/json"
	"io"
	"slices"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
	"entrepot/format/semver"
	"entrepot/repository"
)

// renderReleases writes the list of a package's releases, the highest first. It says nothing of those that are not listed.
func renderReleases(w io.Writer, v repository.View, address func(path string) string) error {
	var versions []string
	for version := range v.Numbers {
		versions = append(versions, version)
	}
	slices.SortFunc(versions, func(a, b string) int { return semver.Compare(b, a) })
	out := bufio.NewWriterSize(w, 64<<10) // which keeps its first error for Flush
	_, _ = out.WriteString(`{"releases":{`)
	var line []byte
	for n, version := range versions {
		if line = line[:0]; n > 0 {
			line = append(line, ',')
		}
		line = append(jsonscan.AppendQuoted(line, version), `:{"url":`...)
		line = append(jsonscan.AppendQuoted(line, address(pathIn(v, version))), '}')
		_, _ = out.Write(line)
	}
	_, _ = out.WriteString("}}")
	return out.Flush()
}

// pathIn is where a version of a view is, below the repository's base.
func pathIn(v repository.View, version string) string {
	return identity{v.Namespace, v.Name}.path(version)
}

// releaseInformation is what is said of a release.
type releaseInformation struct {
	ID          string          `json:"id"`
	Version     string          `json:"version"`
	Resources   []resource      `json:"resources"`
	Metadata    json.RawMessage `json:"metadata"`
	PublishedAt string          `json:"publishedAt,omitempty"`
}

// sourceArchive is what the archive of a release is called among its resources.
const sourceArchive = "source-archive"

// resource is a file of a release: its archive.
type resource struct {
	Name     string  `json:"name"`
	Type     string  `json:"type"`
	Checksum string  `json:"checksum"` // SHA-256 in lower-case hex
	Signing  *signed `json:"signing,omitempty"`
}

// renderRelease writes what is said of a version of a view.
func renderRelease(w io.Writer, view repository.View, version string) error {
	v, err := view.Version(version)
	if err != nil {
		return err
	}
	text, err := encodeRelease(v)
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}

// encodeRelease is what is said of a whole version, in JSON.
func encodeRelease(v artifact.Version) ([]byte, error) {
	kept, _, err := recordOf(v)
	if err != nil {
		return nil, err
	}
	said := releaseInformation{ID: kept.ID, Version: v.VersionKey.Version, Metadata: kept.Metadata, Resources: []resource{},
		PublishedAt: publishedAt(v)}
	if archive, ok := v.Asset(archiveFile(v.VersionKey)); ok {
		signing, err := signedOf(archive.Facts)
		if err != nil {
			return nil, err
		}
		source := resource{Name: sourceArchive, Type: "application/zip", Checksum: archive.SHA256.String()}
		if signing.Format != "" {
			source.Signing = &signing
		}
		said.Resources = append(said.Resources, source)
	}
	return encodeJSON(said)
}

// publishedAt is when a version was published: where it comes from, as that tells, else here. Empty: nobody tells, and clients need
// not know.
func publishedAt(v artifact.Version) string {
	at := v.PublishedAt
	if !v.UpstreamTime.IsZero() {
		at = v.UpstreamTime
	}
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(wholeSeconds)
}
