package repository

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/catalog"
)

// content is the bytes of an asset on their way in. The draft can be read until it is discarded, also after its Commit.
type content struct {
	draft  blob.Draft
	digest artifact.Digest
	size   int64
}

func digestsOf(contents []content) []artifact.Digest {
	digests := make([]artifact.Digest, len(contents))
	for i, c := range contents {
		digests[i] = c.digest
	}
	return digests
}

const (
	// maxKeeps is how often the bytes of one publication are stored. It takes a collection of the very same contents in
	// the moment of the publication for a second time.
	maxKeeps = 3
	// The waits for a deletion under way double from the first to the last, two and a half seconds together. A collector
	// removes what it has marked at once; one that died is followed up minutes later, and a client can wait for that.
	firstWait = 10 * time.Millisecond
	lastWait  = 1280 * time.Millisecond
)

// fenceReading is a domain's fence as it was read for some contents.
type fenceReading struct {
	since catalog.Fence
	clear bool // it was read, and none of the contents was being deleted
}

func readFence(r catalog.Reader, d catalog.Domain, contents []content) (f fenceReading, err error) {
	if len(contents) == 0 {
		return f, nil
	}
	var deleting bool
	f.since, deleting, err = r.BlobFence(d.ID, digestsOf(contents)...)
	f.clear = !deleting
	return f, err
}

// fenceAhead reads the domain's fence for contents that have not come yet. Should one of them be in deletion, the record
// is refused and the bytes are stored again.
func fenceAhead(r catalog.Reader, d catalog.Domain) (f fenceReading, err error) {
	f.clear = true
	f.since, _, err = r.BlobFence(d.ID)
	return f, err
}

// keep makes the contents durable in the domain's byte store and returns the fence that was read before, under which
// record may refer to them: the one that the caller has read already, if it will do. Nobody may have committed the drafts
// yet.
func (s *Service) keep(ctx context.Context, d catalog.Domain, known fenceReading,
	contents []content) (since catalog.Fence, err error) {
	if since = known.since; !known.clear {
		if since, err = s.fence(ctx, d, contents); err != nil {
			return 0, err
		}
	}
	for _, c := range contents {
		if _, err := c.draft.Commit(ctx, c.digest); err != nil {
			return 0, fmt.Errorf("keep %s: %w", c.digest, err)
		}
		s.damages.mend(ctx, contentKey{d.ID, c.digest})
	}
	return since, nil
}

// record runs fn in a transaction in which it may refer to the contents, kept since the fence, and to whatever is in use.
// Where a deletion may have taken bytes meanwhile, the contents are stored again and fn runs again; Unavailable if that
// goes on, or if there are none.
func (s *Service) record(ctx context.Context, d catalog.Domain, since catalog.Fence, contents []content,
	fn func(catalog.Writer) error) error {
	for keeps := 1; ; keeps++ {
		err := s.Catalog.Write(ctx, func(w catalog.Writer) error {
			if err := w.ClaimBlobs(d.ID, since, digestsOf(contents)...); err != nil {
				return err
			}
			return fn(w)
		})
		if !errors.Is(err, catalog.ErrUnclaimed) || keeps == maxKeeps || len(contents) == 0 {
			return err
		}
		if since, err = s.keepAgain(ctx, d, contents); err != nil {
			return err
		}
	}
}

// keepAgain is keep for contents whose drafts are committed.
func (s *Service) keepAgain(ctx context.Context, d catalog.Domain, contents []content) (catalog.Fence, error) {
	store, err := s.store(d)
	if err != nil {
		return 0, err
	}
	since, err := s.fence(ctx, d, contents)
	if err != nil {
		return 0, err
	}
	for _, c := range contents {
		if err := keepCopy(ctx, store, c); err != nil {
			return 0, fmt.Errorf("keep %s again: %w", c.digest, err)
		}
	}
	return since, nil
}

func keepCopy(ctx context.Context, store blob.Store, c content) error {
	draft, err := store.Create(ctx)
	if err != nil {
		return err
	}
	defer draft.Discard()
	if _, err := io.Copy(draft, io.NewSectionReader(c.draft, 0, c.size)); err != nil {
		return err
	}
	_, err = draft.Commit(ctx, c.digest)
	return err
}

// fence reads the domain's fence. While one of the contents is being deleted it waits, for what is stored meanwhile
// would be lost; Unavailable if that takes too long.
func (s *Service) fence(ctx context.Context, d catalog.Domain, contents []content) (catalog.Fence, error) {
	for wait := firstWait; ; wait *= 2 {
		var read fenceReading
		err := s.Catalog.Read(ctx, func(r catalog.Reader) (err error) {
			read, err = readFence(r, d, contents)
			return err
		})
		if err != nil || read.clear || len(contents) == 0 {
			return read.since, err
		}
		if wait > lastWait {
			return 0, &artifact.Error{Kind: artifact.Unavailable, RetryAfter: time.Minute,
				Reason: "Bytes with this digest are being deleted just now. Try again later."}
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}
