package repository

import (
	"bytes"
	"io"
	"iter"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
)

// View is a package as a package manager may see it through one repository: own versions and those of all upstreams,
// each version once, from the first repository in search order that has it; of a version that can be replaced, from the
// upstream rather than from here. Versions that can be downloaded are in it, with their status; the format decides which of
// them it lists.
type View struct {
	artifact.PackageKey
	// Labels are the repository's own merged with its upstreams'; for the same label the upstream's target wins (user
	// guide, "npm tags"). Labels whose version is not listed are left out. The default label of the format is always among
	// them if a version is listed.
	Labels map[string]string
	// Manifests are the documents about the package as a whole that external registries gave, nearest first.
	Manifests [][]byte
	// Numbers yields the versions of Listed in any order, reading none: each with its time of publication, zero where only a
	// registry has it. It may be called at any time.
	Numbers iter.Seq2[string, time.Time]
	// Versions yields them in an order that only depends on the content, whole but for Details. Nothing else of the view or
	// its shelf may be called within the loop.
	Versions iter.Seq2[artifact.Version, error]
	// Version returns one of them, or NotFound, without walking through the others.
	Version func(version string) (artifact.Version, error)
}

// Listed yields the versions that package managers see in lists.
func (v View) Listed() iter.Seq2[artifact.Version, error] {
	return func(yield func(artifact.Version, error) bool) {
		for version, err := range v.Versions {
			if err == nil && !version.Status.Listed() {
				continue
			}
			if !yield(version, err) {
				return
			}
		}
	}
}

// Inventory is what a repository and its upstreams hold of one format: what indexes above the package are made of. Of a
// public registry it has what was retained.
type Inventory struct {
	// Packages yields each package once, in the order of namespace and name. Those without versions that can be
	// downloaded are among them. Nothing else of the shelf may be called within the loop.
	Packages iter.Seq2[InventoryItem, error]
	// In yields those of one namespace, and reads no others.
	In func(namespace string) iter.Seq2[InventoryItem, error]
	// External says that an external registry is searched too, which may have packages and versions that are not among these.
	External bool
}

// InventoryItem is one package of an inventory.
type InventoryItem struct {
	artifact.PackageKey
	// Versions yields what View.Versions yields, but for versions that only registries have. It is good until the next
	// package is asked for.
	Versions iter.Seq2[artifact.Version, error]
}

// Document is a rendered index document. The bytes are shared: nobody may change them.
type Document struct {
	ETag     string // strong, quoted, of the identity encoding; a server adds its suffix for encodings
	Modified time.Time
	Size     int64           // bytes of the identity encoding
	Gzip     []byte          // nil for very large documents: read OpenGzip
	Identity []byte          // nil for large documents: decompress OpenGzip
	SHA256   artifact.Digest // of the identity encoding
	spooled  *spooled        // instead of Gzip
	// Digests are all four of the identity encoding, computed when they are first asked for: the clients of few formats
	// compare others than SHA256.
	Digests func() (artifact.Digests, error)
}

// OpenGzip reads the document under gzip from its beginning, and tells how many bytes that has. Any number of readers may
// do so at once, each in constant memory.
func (d Document) OpenGzip() (io.Reader, int64) {
	if d.spooled != nil {
		return d.spooled.reader(), d.spooled.size
	}
	return bytes.NewReader(d.Gzip), int64(len(d.Gzip))
}

// File is an asset that may be served: authorised, not withdrawn, and either kept or on its way.
type File struct {
	artifact.Asset // of an asset on its way only Name is sure; Size is -1 if unknown
	Modified       time.Time
	Version        artifact.Version // the version it belongs to, without manifest, details and assets
	// Content is set for an asset that is kept. The receiver closes it.
	Content blob.Content
	// Transfer is set instead for an asset that is being fetched: it can be read once, from the start, and its last
	// bytes come only after the whole has been verified and kept. A Read that fails before any byte was handed out may
	// be answered with an error; after that the connection must be broken. The receiver closes it.
	Transfer Transfer
}

// Transfer is an asset that is being fetched.
type Transfer interface {
	io.ReadCloser
	// Digests returns those of the asset, and whether all of it has come and was found right: before that nobody knows them.
	Digests() (artifact.Digests, bool)
}

// Publication is a new version, or new assets for one where its format lets versions grow.
type Publication struct {
	artifact.VersionKey
	// Manifest and Details are those of a new version.
	Manifest []byte
	Details  artifact.Details
	// Merge, if set, returns them for a version that is there and is changed. It runs inside the write, maybe more than
	// once, and depends on its argument only. Without it they stay as they are.
	Merge func(held artifact.Version) ([]byte, artifact.Details, error)
	// Redo, if set, reports of an asset of a version that is not finished whether its publisher has said that it did not
	// arrive as he sent it: then other bytes may take its place. It runs as Merge does.
	Redo func(held artifact.Version, asset string) bool
	// Beside, if set, may refuse a new version for what another version is that the repository holds of the package, whichever
	// that is. It runs as Merge does.
	Beside func(other artifact.Version) error
	Assets []StagedAsset
	Labels []string // are pointed at this version
	// Unfinished leaves a version open that is new or not finished yet; else it becomes Published.
	Unfinished bool
	// Statuses move other versions of the package to a status in the same write (Maven: the builds behind a snapshot), but
	// for those that are withdrawn.
	Statuses map[string]artifact.Status
}

// StagedAsset is an asset under the name it will have: an upload, or what another version of the package has.
type StagedAsset struct {
	Name   string
	Facts  []byte
	Upload *Upload
	Of     *AssetRef // set instead of Upload
}

// AssetRef names an asset of a version that the same repository holds and has not withdrawn.
type AssetRef struct{ Version, Name string }
