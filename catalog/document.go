package catalog

import (
	"time"

	"entrepot/artifact"
)

// DocumentKey names a metadata document of an external registry.
type DocumentKey struct {
	Connection string // public:npmjs
	Path       string // relative to the registry's address
}

// Document is what is remembered of a fetched metadata document. Its bytes, in our own form, are in the blob store of
// the installation. It is shared by all domains: it holds nothing that a domain owns.
type Document struct {
	DocumentKey
	ETag         string // the registry's validators, opaque
	LastModified string
	FetchedAt    time.Time
	CheckedAt    time.Time
	Digest       artifact.Digest // of our form
	Size         int64
	Form         string // version of our form; a document of another form is fetched anew
	Gone         bool   // the registry said definitely that it is no longer there
}

// DocumentReader finds documents.
type DocumentReader interface {
	// Document returns the document, or NotFound.
	Document(key DocumentKey) (Document, error)
	// DocumentReferenced reports whether any document has this digest.
	DocumentReferenced(d artifact.Digest) (bool, error)
	// DocumentConnection returns the first connection after this one, in the order of their bytes, of which documents are
	// remembered; empty if there is none.
	DocumentConnection(after string) (string, error)
}

// DocumentWriter changes documents. It touches no topic.
type DocumentWriter interface {
	// PutDocument creates or replaces the document.
	PutDocument(d Document) error
	// DeleteDocuments removes up to limit (clamped as in Page) documents of a connection, those with the lowest paths first, and
	// returns how many.
	DeleteDocuments(connection string, limit int) (int, error)
}
