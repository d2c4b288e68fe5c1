// Package blob is the contract of the byte store: immutable content kept under the SHA-256 of what its reader will see.
//
// Bytes are written into a Draft and become visible, whole, at Commit. A store holds equal content once. The rooms
// below this one (disk, mem) keep bytes; sealed and metered are stores made of a store. All of them pass blobtest.
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
// something else. No byte that failed its check is ever handed out.
var ErrCorrupt = errors.New("blob: content is damaged")

// Info describes committed content.
type Info struct {
	Digest  artifact.Digest
	Size    int64     // bytes, as readers see them
	ModTime time.Time // when it was committed, or last committed again
}

// Store keeps immutable content.
type Store interface {
	// Create opens a draft. Every draft ends in Commit or Discard.
	Create(ctx context.Context) (Draft, error)
	// Open returns the content kept under d, or ErrNotFound. Errors of later reads wrap ErrCorrupt where the content is
	// damaged.
	Open(ctx context.Context, d artifact.Digest) (Content, error)
	// Stat describes the content kept under d without reading it, or returns ErrNotFound.
	Stat(ctx context.Context, d artifact.Digest) (Info, error)
	// Delete removes the content kept under d and frees its room. Deleting what is not there is no error. Open readers
	// may finish or fail with an error; they never see other bytes.
	Delete(ctx context.Context, d artifact.Digest) error
	// All yields what is kept, in no particular order, and drafts left behind by a crash are never among it. After an
	// error the sequence ends.
	All(ctx context.Context) iter.Seq2[Info, error]
}

// Draft is content on its way in. Write and ReadAt may be used by different goroutines at once; the other methods
// may not overlap with anything.
type Draft interface {
	io.Writer
	// ReadAt reads back what Write has accepted, so that bytes can go to readers while they are still arriving. It
	// follows io.ReaderAt; the end of what is written so far is io.EOF.
	io.ReaderAt
	// Commit makes the draft durable and visible under d, which must be the SHA-256 of everything written: the caller
	// has hashed it on the way. Equal content is stored once; committing it again renews its ModTime. When Commit returns
	// nil the content survives a power cut. After an error nothing is visible and the draft is unusable; Discard frees it.
	Commit(ctx context.Context, d artifact.Digest) (Info, error)
	// Discard gives up the draft and frees its room. It is safe after Commit and meant for defer.
	Discard() error
}

// Content is committed content being read. ReadAt may be used by several goroutines at once.
type Content interface {
	io.ReadSeekCloser
	io.ReaderAt
	Info() Info
}
