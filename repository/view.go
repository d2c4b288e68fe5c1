package repository

import (
	"io"
	"iter"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
)

// View is a package as a package manager sees it through one repository: own versions and those of all upstreams, each
// version once, from the first repository in search order that has it; only versions that are listed.
type View struct {
	artifact.PackageKey
	// Labels are the repository's own merged with its upstreams'; for the same label the upstream's target wins (user
	// guide, "npm tags"). Labels whose version is not in the view are left out.
	Labels map[string]string
	// Manifests are the documents about the package as a whole that external registries gave, nearest first.
	Manifests [][]byte
	// Versions yields them in an order that only depends on the content.
	Versions iter.Seq2[artifact.Version, error]
	// Version returns one of them, or NotFound, without walking through the others.
	Version func(version string) (artifact.Version, error)
}

// Document is a rendered index document. The bytes are shared: nobody may change them.
type Document struct {
	ETag     string // strong, quoted, of the identity encoding; a server adds its suffix for encodings
	Modified time.Time
	Size     int64  // bytes of the identity encoding
	Gzip     []byte // always there
	Identity []byte // nil for large documents: decompress Gzip
}

// File is an asset that may be served: authorised, not withdrawn, and either kept or on its way.
type File struct {
	artifact.Asset // of an asset on its way only Name is sure; Size is -1 if unknown
	Modified       time.Time
	Version        artifact.Version // the version it belongs to, without manifest and details
	// Content is set for an asset that is kept. The receiver closes it.
	Content blob.Content
	// Transfer is set instead for an asset that is being fetched: it can be read once, from the start, and its last
	// bytes come only after the whole has been verified and kept. A Read that fails before any byte was handed out may
	// be answered with an error; after that the connection must be broken. The receiver closes it.
	Transfer io.ReadCloser
}

// Publication is a new version, or new assets for one.
type Publication struct {
	artifact.VersionKey
	Manifest []byte
	Details  artifact.Details
	Assets   []StagedAsset
	Labels   map[string]string // those to point at this version; the values are not read
}

// StagedAsset is an upload under the name it will have.
type StagedAsset struct {
	Name   string
	Upload *Upload
}
