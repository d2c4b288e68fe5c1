// Package blob is the contract of the byte store: immutable content kept under the SHA-256 of what its reader will see.
//
// Bytes are written into a Draft and become visible, whole, at Commit. A store holds equal content once. The rooms
// below this one (disk, mem) keep bytes; sealed, memcache and metered are stores made of a store. All of them pass blobtest.
package blob

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"entrepot/artifact"
)

// ErrNotFound says that no content is kept under a digest.
var ErrNotFound = errors.New("blob: no such content")

// ErrCorrupt says that what is kept under a digest is not what was committed: damaged, truncated, or put there by
// something else; or the disk cannot give it back. No byte that failed its check is ever handed out.
var ErrCorrupt = errors.New("blob: content is damaged")

// Info describes committed content.
type Info struct {
	Digest  artifact.Digest
	Size    int64     // bytes, as readers see them
	ModTime time.Time // when it was committed, or last committed again
}

// Store keeps immutable content. All its methods may be called by several goroutines at once. A context that has ended
// stops a method before it changes anything; the error is the context's.
type Store interface {
	// Create opens a draft. Every draft ends in Discard, a committed one too.
	Create(ctx context.Context) (Draft, error)
	// Open returns the content kept under d, or ErrNotFound. Damage that shows at once is ErrCorrupt here; damage further
	// in makes the read that meets it fail with ErrCorrupt.
	Open(ctx context.Context, d artifact.Digest) (Content, error)
	// Stat describes the content kept under d without reading it, or returns ErrNotFound.
	Stat(ctx context.Context, d artifact.Digest) (Info, error)
	// Delete removes the content kept under d and frees its room. Deleting what is not there is no error. Open readers
	// may finish or fail with an error; they never see other bytes.
	Delete(ctx context.Context, d artifact.Digest) error
	// All yields what is kept, in no particular order, and drafts left behind by a crash are never among it. An error
	// that wraps ErrCorrupt comes with the Digest of the damaged content, and the sequence goes on, so that one bad file
	// hides no others; after any other error it ends.
	All(ctx context.Context) iter.Seq2[Info, error]
}

// Draft is content on its way in. Write, Commit and Discard are for one goroutine; ReadAt may be used by any number of
// others at the same time, over each of the three.
//
// A store far away keeps its drafts near by, on a local disk, and sends them at Commit: what is half uploaded cannot be
// read back there, and clients follow a draft while it is written. Commit then takes as long as the sending does, and
// whoever bounds a Commit, as the keep timeout of package upstream, bounds that.
type Draft interface {
	// Write appends. After an error the draft is unusable.
	io.Writer
	// ReadAt reads back what Write has accepted, so that bytes can go to readers while they are still arriving. It
	// follows io.ReaderAt; the end of what is written so far is io.EOF. It goes on working after Commit, for readers that
	// lag behind, until Discard; then it returns fs.ErrClosed.
	io.ReaderAt
	// Commit makes the draft durable and visible under d, which must be the SHA-256 of everything written: the caller
	// has hashed it on the way. Equal content is stored once; committing it again renews its ModTime and replaces whatever
	// is kept, so that damaged or missing content is whole again, for every process that uses the store. When Commit returns
	// nil the content survives a power cut. After an error the content is as it was or whole, as after a crash, and the draft
	// is unusable. Write and Commit after Commit return fs.ErrClosed.
	Commit(ctx context.Context, d artifact.Digest) (Info, error)
	// Discard closes the draft; one that is not committed is given up and its room freed. It may be called again and is
	// meant for defer.
	Discard() error
}

// Content is committed content being read. ReadAt may be used by several goroutines at once. After Close every read
// returns fs.ErrClosed.
type Content interface {
	io.ReadSeekCloser
	io.ReaderAt
	Info() Info
}
