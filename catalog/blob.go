package catalog

import (
	"errors"
	"time"

	"entrepot/artifact"
)

// The catalog knows which contents of a domain's byte store are in use and which are being deleted. A publication and a
// collection of what nobody uses meet in these rows and nowhere else, so neither touches the byte store inside a
// transaction:
//
//   - Who stores bytes reads the domain's fence, commits the bytes, and claims the content in the transaction that
//     refers to it. The reference is refused if a deletion may have taken the bytes meanwhile. The bytes are then stored
//     again, under a new fence.
//   - Who refers to a content that is in use needs no claim: a deletion of it cannot begin.
//   - Who deletes begins the deletion in one transaction, removes the bytes after its commit, and finishes the deletion
//     in another one.

// Fence is a moment in the history of a domain's deletions.
type Fence int64

// Deletion is contents being deleted, under the number by which the catalog knows this attempt.
type Deletion struct {
	Domain   DomainID
	Number   int64
	Contents []artifact.Digest
}

// Blob is a content in use.
type Blob struct {
	artifact.Digest
	Size   int64 // bytes, as readers see them
	Assets int   // that have it
}

// ErrUnclaimed says that a content is not in use and that its bytes may be gone: nobody claimed it in this transaction,
// or a deletion of it was finished after the claim's fence was read, or one is under way. It lies beneath an error of
// kind Unavailable that fails the whole Write.
var ErrUnclaimed = errors.New("the bytes of a content may have been deleted")

// BlobReader finds out about contents.
type BlobReader interface {
	// BlobFence returns the fence of this moment, and whether one of the contents is being deleted; to store that one now
	// would be in vain. NotFound without the domain.
	BlobFence(id DomainID, contents ...artifact.Digest) (fence Fence, deleting bool, err error)
	// BlobInUse reports whether any version in the domain has a kept asset of this content.
	BlobInUse(id DomainID, d artifact.Digest) (bool, error)
	// BlobsInUse lists the contents of the domain's kept assets, ordered by digest.
	BlobsInUse(id DomainID, page Page) (Listing[Blob], error)
	// UnfinishedDeletions lists up to limit contents whose deletion began at that time or before and is not finished:
	// whoever began it has failed or is gone.
	UnfinishedDeletions(id DomainID, begun time.Time, limit int) ([]artifact.Digest, error)
}

// BlobWriter says what is done with contents. It touches no topic.
type BlobWriter interface {
	// ClaimBlobs says that the caller has committed these contents to the domain's byte store after it read the fence.
	// Versions written later in this transaction may refer to them, unless a deletion forbids it; see ErrUnclaimed. A
	// content that is claimed and not referred to leaves no trace.
	ClaimBlobs(id DomainID, since Fence, contents ...artifact.Digest) error
	// BeginDeletion marks those of the contents that are not in use as being deleted from now on, and returns them. One
	// that is being deleted already is taken over if that began at the time stale or before. Once the Write has returned,
	// the caller removes the bytes and calls FinishDeletion; it must begin no removal so late that somebody else could have
	// taken the deletion over. NotFound without the domain.
	BeginDeletion(id DomainID, contents []artifact.Digest, now, stale time.Time) (Deletion, error)
	// FinishDeletion says that the bytes of the deletion's contents are removed. Those that were taken over are passed
	// over. NotFound without the domain.
	FinishDeletion(d Deletion, now time.Time) error
	// ForgetDeletions removes up to limit records of deletions that were finished before the time, and returns how many.
	// Claims whose fence is older than one of them are refused from then on.
	ForgetDeletions(id DomainID, finished time.Time, limit int) (int, error)
}
