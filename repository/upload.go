package repository

import (
	"errors"

	"entrepot/artifact"
	"entrepot/blob"
)

// Upload is bytes on their way into a repository, hashed and encrypted as they are written. Publishing it makes it part
// of a version; Discard gives it up and is safe at any time, so it is meant for defer.
type Upload struct {
	draft  blob.Draft
	digest *artifact.Digester
	limit  int64
	size   int64
}

// ErrTooLarge says that an asset is over the size limit.
var ErrTooLarge = errors.New("asset is larger than this server accepts")

// tooLarge refuses an asset. An upload has no name yet: then id is empty, and who publishes it fills it in.
func tooLarge(limit int64, id string) error {
	return artifact.Errorf(artifact.Quota, "The asset is larger than the limit of %d bytes.", limit).Causing(ErrTooLarge).
		About(artifact.AssetResource, id)
}

// NewUpload stages into the draft and refuses more than limit bytes with ErrTooLarge.
func NewUpload(draft blob.Draft, limit int64) *Upload {
	return &Upload{draft: draft, digest: artifact.NewDigester(), limit: limit}
}

// Write adds bytes; Quota, with ErrTooLarge beneath, above the limit.
func (u *Upload) Write(p []byte) (int, error) {
	if u.size+int64(len(p)) > u.limit {
		return 0, tooLarge(u.limit, "")
	}
	n, err := u.draft.Write(p)
	_, _ = u.digest.Write(p[:n])
	u.size += int64(n)
	return n, err
}

// ReadAt reads back what was written, so that a format can look into an archive before it publishes it.
func (u *Upload) ReadAt(p []byte, off int64) (int, error) { return u.draft.ReadAt(p, off) }

// Sum returns the digests and the size of what was written so far.
func (u *Upload) Sum() (artifact.Digests, int64) { return u.digest.Sum() }

// Discard frees the space unless the upload was published.
func (u *Upload) Discard() error { return u.draft.Discard() }
