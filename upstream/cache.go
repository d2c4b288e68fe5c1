package upstream

import (
	"context"
	"errors"
	"io"
	"time"

	"entrepot/artifact"
)

// ErrNoEntry says that a Cache has no entry, or no body (any more), for what was asked.
var ErrNoEntry = errors.New("upstream: no such entry in the cache")

// Key names a document: the connection it came through and its path below the origin, or its whole URL where metadata
// gave one.
type Key struct{ Connection, Path string }

// Entry is what a Cache keeps about a document.
type Entry struct {
	Key
	ETag, LastModified string    // validators, verbatim as the upstream sent them; may be empty
	FetchedAt          time.Time // when the body came
	CheckedAt          time.Time // when the upstream last confirmed it, or its absence
	Digest             artifact.Digest
	Size               int64 // bytes of the regenerated form
	// Gone says that the upstream no longer has the document. The body is kept for a 304, but not answered.
	Gone bool
	// RegenerateVersion is the form the body was written in. A body in another form is never answered nor revalidated.
	RegenerateVersion string
}

// Cache keeps regenerated documents over restarts. Package upstreamtest has its conformance suite and a cache in
// memory. Methods may be called by any number of goroutines; entries of equal keys are saved by one at a time.
type Cache interface {
	// Load returns the entry last saved or touched under the key, or ErrNoEntry.
	Load(ctx context.Context, k Key) (Entry, error)
	// Create opens a spool for a body.
	Create(ctx context.Context) (Spool, error)
	// Save keeps the entry with the body in the spool, replacing what was under its key, all or nothing. The spool is
	// one that Create returned; e.Digest and e.Size are those of its bytes. The client discards it afterwards.
	Save(ctx context.Context, e Entry, body Spool) error
	// Touch replaces an entry whose body stays: the same key and digest, other validators and times. Without such an
	// entry it returns ErrNoEntry and changes nothing.
	Touch(ctx context.Context, e Entry) error
	// Open returns the body with e's digest. Once it was replaced it may be gone: then the error is ErrNoEntry. Bytes
	// of another body are never handed out.
	Open(ctx context.Context, e Entry) (io.ReadCloser, error)
}

// Spool is a draft that can be read while it is written: Write in one goroutine, ReadAt in any number of others.
type Spool interface {
	io.Writer
	io.ReaderAt
	// Discard frees the spool's room. What has been kept of it elsewhere stays. It is called once, after the last
	// ReadAt.
	Discard() error
}
