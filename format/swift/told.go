package swift

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
	"entrepot/format/keptpage"
)

// Bounds on what a registry says.
const (
	maxReleases = 100_000  // in a list
	maxListed   = 64 << 10 // bytes of what a list says of a release
	maxRelease  = 1 << 20  // bytes of what is said of a release
)

// releasesPage is what is kept of a page of a list of releases (registry specification, 4.1).
type releasesPage struct {
	Versions []string `json:"versions"`
	Next     string   `json:"next,omitempty"` // where the next page is, as it was written
}

// regenerateReleases reads a page and writes what is kept of it. Releases that have a problem, and so cannot be had, are passed over.
func regenerateReleases(dst io.Writer, src io.Reader, answer http.Header, _ artifact.PackageKey) (left keptpage.LeftOut, err error) {
	page, found := releasesPage{Versions: []string{}}, false
	scan := jsonscan.New(src)
	err = scan.Object(func(key string) error {
		if key != "releases" {
			return scan.Skip()
		}
		found = true
		return scan.Object(func(version string) error {
			value, err := scan.Raw(maxListed)
			if err != nil && !errors.Is(err, jsonscan.ErrTooBig) {
				return err
			}
			usable, err := listable(version, value)
			if err != nil {
				left.Note("the release %.100q: %s", version, err)
			}
			if usable {
				page.Versions = append(page.Versions, version)
			}
			if len(page.Versions) > maxReleases {
				return fmt.Errorf("it has more than %d releases", maxReleases)
			}
			return nil
		})
	})
	if err == nil {
		err = scan.Finish()
	}
	switch {
	case err != nil:
		return left, fmt.Errorf("read a list of releases: %w", err)
	case !found:
		return left, errors.New("the list has no releases")
	}
	page.Next = readLinks(answer).next()
	return left, writeKept(dst, page)
}

// says reports whether the links of an answer lead to the page that is known to come next.
func (p releasesPage) says(links heardLinks) bool { return links.next() == p.Next }

// listable reports whether a release can be had, by what a list says of it; nil for what is too large. The error says why no client
// could use it.
func listable(version string, value []byte) (bool, error) {
	if err := (release{identity{}, version}).checkNew(); err != nil {
		return false, err
	}
	if err := checkVersion(version); err != nil {
		return false, err
	}
	said, err := jsonscan.Split(value)
	if err != nil {
		return false, errors.New("what is said of it is no object, or too large")
	}
	problem := said.Find("problem")
	return problem == nil || string(problem) == "null", nil
}

// told is what is kept of what a registry says of a release (4.2).
type told struct {
	ID        string          `json:"id"` // of the package, as the registry writes it
	Metadata  json.RawMessage `json:"metadata"`
	Published time.Time       `json:"published,omitzero"`
	Checksum  string          `json:"checksum"` // SHA-256 of the archive in lower-case hex
	Signing   signed          `json:"signing"`
}

// regenerateRelease reads what a registry says of a release and writes what is kept of it.
func regenerateRelease(dst io.Writer, src io.Reader, _ http.Header, p artifact.PackageKey) (left keptpage.LeftOut, err error) {
	text, err := io.ReadAll(src) // maxRelease bounds it
	if err != nil {
		return left, err
	}
	said, left, err := readRelease(text, p)
	if err != nil {
		return left, fmt.Errorf("read a release: %w", err)
	}
	return left, writeKept(dst, said)
}

// readRelease reads what a registry says of a release. An error means that nobody could have it as it was published.
func readRelease(text []byte, p artifact.PackageKey) (said told, left keptpage.LeftOut, err error) {
	all, err := jsonscan.SplitOutside(text)
	if err != nil {
		return said, left, err
	}
	said.ID = identity{p.Namespace, p.Name}.String()
	if id, ok := all.Text("id"); ok && names(id, p) {
		said.ID = id
	}
	if text, ok := all.Text("publishedAt"); ok {
		if at, err := time.Parse(time.RFC3339, text); err == nil && at.UTC().Year() > 0 && at.UTC().Year() < 10_000 {
			said.Published = at.UTC()
		}
	}
	usable, left := passable(all.Find("metadata"))
	said.Metadata = usable.encode()
	for resource := range jsonscan.Elements(all.Find("resources")) {
		of, err := jsonscan.Split(resource)
		if name, _ := of.Text("name"); err != nil || name != sourceArchive {
			continue
		}
		checksum, _ := of.Text("checksum")
		said.Checksum = strings.ToLower(checksum)
		if _, err := artifact.ParseDigest(said.Checksum); err != nil {
			return said, left, fmt.Errorf("the checksum of its archive: %w", err)
		}
		said.Signing, err = readSigning(of.Find("signing"))
		return said, left, err
	}
	return said, left, errors.New("it has no source archive")
}

// names reports whether an identifier is a spelling of the package's.
func names(id string, p artifact.PackageKey) bool {
	scope, name, _ := strings.Cut(id, ".")
	of, err := identityOf(scope, name)
	return err == nil && of.key() == p
}

// passable reads the metadata of a release and leaves out of it what would make the release unusable for clients.
func passable(value []byte) (m metadata, left keptpage.LeftOut) {
	if value == nil || string(value) == "null" {
		return m, left
	}
	all, err := jsonscan.Split(value)
	if err != nil || len(value) > maxMetadata {
		left.Note("the metadata is no object of up to %d bytes", maxMetadata)
		return m, left
	}
	for _, one := range all {
		if err := releaseMembers.check("", jsonscan.Members{one}); err != nil {
			left.Note("%s", err)
			continue
		}
		m.Members = append(m.Members, one)
	}
	return m, left
}

// readSigning reads the signature of an archive, which is passed on as it is. One that cannot be is an error: without it what was
// signed would come as what never was.
func readSigning(value []byte) (s signed, err error) {
	if value == nil || string(value) == "null" {
		return s, nil
	}
	all, err := jsonscan.Split(value)
	if err != nil {
		return s, errors.New("its signing is no object")
	}
	s.Format, _ = all.Text("signatureFormat")
	s.Base64, _ = all.Text("signatureBase64Encoded")
	signature, err := base64.StdEncoding.DecodeString(s.Base64)
	if s.Format != signatureFormat || err != nil || len(signature) == 0 || len(signature) > maxSignature || strings.ContainsAny(s.Base64, "\r\n") {
		return s, fmt.Errorf("its signature is not one of the format %s with up to %d bytes", signatureFormat, maxSignature)
	}
	return s, nil
}

// manifests are what is kept of the answer with the manifest of a release (4.3).
type manifests struct {
	Digest   string   `json:"digest"` // SHA-256 of the manifest itself in lower-case hex
	Variants variants `json:"variants,omitempty"`
}

// says reports whether the links of an answer name the variants that are known.
func (m manifests) says(links heardLinks) bool { return slices.Equal(links.variants(), m.Variants) }

// errNoTools says what a manifest lacks without which clients refuse it.
var errNoTools = errors.New("it does not say which tools it is for")

// regenerateManifest reads the manifest of a release, with the header that names its variants, and writes what is kept of both.
func regenerateManifest(dst io.Writer, src io.Reader, answer http.Header, _ artifact.PackageKey) (left keptpage.LeftOut, err error) {
	text, err := io.ReadAll(src) // maxManifest bounds it
	if err != nil {
		return left, err
	}
	if !saysTools(text) {
		return left, fmt.Errorf("read a manifest: %w", errNoTools)
	}
	return left, writeKept(dst, manifests{artifact.Digest(sha256.Sum256(text)).String(), readLinks(answer).variants()})
}

func writeKept(dst io.Writer, v any) error {
	text, err := encodeJSON(v)
	if err == nil {
		_, err = dst.Write(text)
	}
	return err
}

// version makes a version of what a registry tells of it.
func (t told) version(key artifact.VersionKey, has manifests, connection string) (artifact.Version, error) {
	archive, err := artifact.ParseDigest(t.Checksum)
	manifest, err2 := artifact.ParseDigest(has.Digest)
	said, err3 := jsonscan.SplitOutside(t.Metadata)
	if err := errors.Join(err, err2, err3); err != nil {
		return artifact.Version{}, fmt.Errorf("%w: %s: %w", keptpage.ErrForm, key, err)
	}
	scope, name, _ := strings.Cut(t.ID, ".")
	v := artifact.Version{
		VersionKey: key, Status: artifact.Published, UpstreamTime: t.Published,
		Origin:   artifact.Origin{Type: artifact.OriginExternal, Connection: connection},
		Manifest: record{ID: t.ID, Metadata: t.Metadata, From: &promised{t.Checksum, has.Digest}}.encode(),
		Details:  metadata{said}.describe(identity{scope, name}, ""),
		Assets: []artifact.Asset{
			{Name: archiveFile(key), Size: -1, Digests: artifact.Digests{SHA256: archive}, Facts: t.Signing.encode()},
			{Name: manifestFile, Size: -1, Digests: artifact.Digests{SHA256: manifest}, Facts: has.Variants.encode()},
		},
	}
	for _, suffix := range has.Variants {
		v.Assets = append(v.Assets, artifact.Asset{Name: variantFile(suffix), Size: -1})
	}
	return v, nil
}
