package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/catalog"
)

// portion is how many contents are deleted at a time. A publication of one of them waits until all are.
const portion = 64

const (
	// removeWithin is how long after the beginning of a deletion its collector may still begin to remove bytes. It is far
	// below staleAfter, when another collector may take the deletion over: once that one has finished, the content may be
	// stored and published again, and a removal that comes later would take it. Clocks of nodes may differ by as much as
	// the two times do.
	removeWithin = time.Minute
	staleAfter   = 10 * time.Minute
	// rememberFor is how long a finished deletion is remembered. A publication whose bytes took longer to store is made to
	// store them again.
	rememberFor = time.Hour
)

// delete deletes the contents unless the catalog says that one is in use or being deleted by somebody else.
func (o *Orphans) delete(ctx context.Context, space Space, contents []blob.Info, sum *tally) error {
	if len(contents) == 0 {
		return nil
	}
	sizes := make(map[artifact.Digest]int64, len(contents))
	deletion := catalog.Deletion{Domain: space.Domain}
	for _, info := range contents {
		sizes[info.Digest] = info.Size
		deletion.Contents = append(deletion.Contents, info.Digest)
	}
	begun := o.now()
	if space.Domain != 0 {
		err := o.catalog.Write(ctx, func(w catalog.Writer) (err error) {
			deletion, err = w.BeginDeletion(space.Domain, deletion.Contents, begun, begun.Add(-staleAfter))
			return err
		})
		if artifact.Is(err, artifact.NotFound) {
			return nil // the domain was deleted; its space is collected as a whole
		}
		if err != nil {
			return fmt.Errorf("begin a deletion: %w", err)
		}
	}
	removed, err := o.remove(ctx, space, deletion.Contents, begun)
	for _, d := range removed {
		sum.contents++
		sum.bytes += sizes[d]
	}
	deletion.Contents = removed
	return errors.Join(err, o.finish(ctx, deletion))
}

// remove removes bytes, in order, and returns those that are gone. What is left when the time is over, or after a
// failure, stays marked in the catalog for a later run.
func (o *Orphans) remove(ctx context.Context, space Space, contents []artifact.Digest, begun time.Time) (
	[]artifact.Digest, error) {
	ctx, cancel := context.WithTimeout(ctx, removeWithin)
	defer cancel()
	for i, d := range contents {
		if o.now().Sub(begun) > removeWithin {
			return contents[:i], nil
		}
		if err := space.Store.Delete(ctx, d); err != nil {
			return contents[:i], err
		}
	}
	return contents, nil
}

// finish tells the catalog what is gone. It is told also when the run is being stopped.
func (o *Orphans) finish(ctx context.Context, d catalog.Deletion) error {
	if d.Domain == 0 || len(d.Contents) == 0 {
		return nil
	}
	err := o.catalog.Write(context.WithoutCancel(ctx), func(w catalog.Writer) error {
		return w.FinishDeletion(d, o.now())
	})
	if err != nil && !artifact.Is(err, artifact.NotFound) {
		return fmt.Errorf("finish a deletion: %w", err)
	}
	return nil
}

// resume takes over deletions that somebody began long ago and did not finish. Their bytes may be gone already, so that
// no listing of the store shows them.
func (o *Orphans) resume(ctx context.Context, space Space, sum *tally) error {
	for space.Domain != 0 {
		var contents []blob.Info
		err := o.catalog.Read(ctx, func(r catalog.Reader) error {
			digests, err := r.UnfinishedDeletions(space.Domain, o.now().Add(-staleAfter), portion)
			contents = nil
			for _, d := range digests {
				contents = append(contents, blob.Info{Digest: d})
			}
			return err
		})
		if err != nil || len(contents) == 0 {
			return err
		}
		if err := o.delete(ctx, space, contents, sum); err != nil {
			return fmt.Errorf("resume a deletion: %w", err)
		}
	}
	return nil
}

// forgetBatch is how many deletions are forgotten in one transaction, so that publications need not wait for all.
const forgetBatch = 500

func (o *Orphans) forget(ctx context.Context, space Space) error {
	for space.Domain != 0 {
		forgotten := 0
		err := o.catalog.Write(ctx, func(w catalog.Writer) (err error) {
			forgotten, err = w.ForgetDeletions(space.Domain, o.now().Add(-rememberFor), forgetBatch)
			return err
		})
		if err != nil {
			return fmt.Errorf("forget deletions: %w", err)
		}
		if forgotten < forgetBatch {
			return nil
		}
	}
	return nil
}
