package fsck

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/catalog"

	"golang.org/x/sync/errgroup"
)

// readersAtOnce is how many contents are read at a time: small ones wait for the disk more than they take to prove.
const readersAtOnce = 4

// readContents reads every content in use to its end.
func (c *check) readContents(ctx context.Context) error {
	var mu sync.Mutex
	var at Progress
	for _, d := range c.domains {
		at.AllContents += len(d.blobs)
		for _, b := range d.blobs {
			at.AllBytes += b.Size
		}
	}
	reading, ctx := errgroup.WithContext(ctx)
	reading.SetLimit(readersAtOnce)
	for _, d := range c.domains {
		for _, b := range d.blobs {
			reading.Go(func() error {
				err := prove(ctx, d.store, b.Digest, b.Size)
				if err != nil { // what a disk fails to read once it may read the next time
					err = prove(ctx, d.store, b.Digest, b.Size)
				}
				if ctx.Err() != nil {
					return ctx.Err()
				}
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					c.lost[blobKey{d.ID, b.Digest}] = lossOf(d.Name, b.Digest, err)
				}
				at.Contents, at.Bytes = at.Contents+1, at.Bytes+b.Size
				if c.Progress != nil {
					c.Progress(at)
				}
				return nil
			})
		}
	}
	err := reading.Wait()
	c.report.Checked.Contents, c.report.Checked.Bytes = at.Contents, at.Bytes
	return err
}

// prove reads a content and compares it with its name and size.
func prove(ctx context.Context, s blob.Store, d artifact.Digest, size int64) error {
	content, err := s.Open(ctx, d)
	if err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(&endingWriter{ctx, sum}, content)
	if err = errors.Join(err, content.Close()); err != nil {
		return err
	}
	if got := artifact.Digest(sum.Sum(nil)); got != d {
		return fmt.Errorf("%d bytes with SHA-256 %s are kept instead of %d: %w", n, got, size, blob.ErrCorrupt)
	}
	if n != size {
		return fmt.Errorf("%w: %d bytes are on record, and the content has %d", errWrongSize, size, n)
	}
	return nil
}

// endingWriter ends with its context.
type endingWriter struct {
	ctx context.Context
	io.Writer
}

func (w *endingWriter) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.Writer.Write(p)
}

// errWrongSize says that a content is what its name says, and its row is wrong about it.
var errWrongSize = errors.New("the size on record is wrong")

// lossOf words what is wrong with a content, and what to do unless its bytes are lost: nothing is given up that is right
// or that another machine, another mount, or a copy of the disk may still read.
func lossOf(domain string, d artifact.Digest, err error) *Finding {
	f := &Finding{Kind: ContentDamaged, Domain: domain, SHA256: d.String(), Text: fmt.Sprintf("a kept content is damaged: %v", err)}
	var system syscall.Errno
	switch {
	case errors.Is(err, blob.ErrNotFound):
		f.Kind, f.Text = ContentMissing, "a kept content is missing"
	case errors.Is(err, errWrongSize):
		f.Kind, f.Text = Kind(catalog.FaultyRows), fmt.Sprintf("a row about a content is wrong: %v", err)
		f.Remedy = "restore catalog.sqlite from a backup"
	case !errors.Is(err, blob.ErrCorrupt) || errors.As(err, &system):
		f.Kind, f.Text = ContentUnreadable, fmt.Sprintf("a kept content cannot be read: %v", err)
		f.Remedy = "see to the disk or the rights of the file, and check again"
	}
	return f
}

// readDocuments reads what is kept of registries' documents. One that is missing is no fault of a cache.
func (c *check) readDocuments(ctx context.Context) error {
	for info, err := range c.Documents.All(ctx) {
		if err == nil {
			c.report.Checked.Documents++
			err = prove(ctx, c.Documents, info.Digest, info.Size)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			continue
		case info.Digest == artifact.Digest{}:
			return fmt.Errorf("list documents: %w", err)
		}
		f := Finding{Kind: DocumentDamaged, SHA256: info.Digest.String(), Repairable: true,
			Text: fmt.Sprintf("what is kept of a registry's document is damaged: %v", err)}
		if c.Repair { // it is fetched again
			if err := c.Documents.Delete(ctx, info.Digest); err != nil {
				return fmt.Errorf("remove a damaged document: %w", err)
			}
			f.Repaired = true
		}
		c.report.add(f)
	}
	return nil
}

// findLeftovers looks for contents without a name and deletions that somebody began and did not finish.
func (c *check) findLeftovers(ctx context.Context) error {
	for _, d := range c.domains {
		used := make(map[artifact.Digest]bool, len(d.blobs))
		for _, b := range d.blobs {
			used[b.Digest] = true
		}
		for info, err := range d.store.All(ctx) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil && !errors.Is(err, blob.ErrCorrupt) {
				return fmt.Errorf("list the contents of domain %s: %w", d.Name, err)
			}
			if !used[info.Digest] && c.Now().Sub(info.ModTime) > c.Grace {
				c.report.Leftovers.Contents++
				c.report.Leftovers.Bytes += info.Size
			}
		}
	}
	return nil
}
