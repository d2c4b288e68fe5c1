package metered

import (
	"context"
	"io"
	"sync/atomic"

	"entrepot/artifact"
	"entrepot/blob"
)

// draft counts the bytes of a draft and how it ends.
type draft struct {
	store *Store
	inner blob.Draft
	ended atomic.Bool
}

func (d *draft) Write(p []byte) (int, error) {
	n, err := d.inner.Write(p)
	d.store.metrics.written.Add(float64(n))
	d.store.failed(opWrite, err)
	return n, err
}

// ReadAt counts failures only: its bytes are on their way in, and counted there.
func (d *draft) ReadAt(p []byte, off int64) (int, error) {
	n, err := d.inner.ReadAt(p, off)
	d.store.failed(opRead, err)
	return n, err
}

func (d *draft) Commit(ctx context.Context, digest artifact.Digest) (blob.Info, error) {
	start := d.store.metrics.now()
	info, err := d.inner.Commit(ctx, digest)
	d.store.done(opCommit, start, err)
	return info, err
}

func (d *draft) Discard() error {
	if d.ended.Swap(true) {
		return d.inner.Discard()
	}
	d.store.metrics.drafts.Dec()
	start := d.store.metrics.now()
	err := d.inner.Discard()
	d.store.done(opDiscard, start, err)
	return err
}

// content counts the bytes of content.
type content struct {
	store *Store
	inner blob.Content
	ended atomic.Bool
}

func (c *content) Info() blob.Info { return c.inner.Info() }

func (c *content) Read(p []byte) (int, error) {
	n, err := c.inner.Read(p)
	c.count(int64(n), err)
	return n, err
}

func (c *content) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.inner.ReadAt(p, off)
	c.count(int64(n), err)
	return n, err
}

// WriteTo lets the inner content write as it does best. An error of the writer is no failure of the store.
func (c *content) WriteTo(w io.Writer) (int64, error) {
	own := &writer{Writer: w}
	n, err := io.Copy(own, c.inner)
	if own.err != nil {
		c.count(n, nil)
	} else {
		c.count(n, err)
	}
	return n, err
}

// writer remembers its own failure, to tell it from the store's.
type writer struct {
	io.Writer
	err error
}

func (w *writer) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil {
		w.err = err
	}
	return n, err
}

func (c *content) count(n int64, err error) {
	c.store.metrics.read.Add(float64(n))
	c.store.failed(opRead, err)
}

// Seek is not counted: it touches nothing.
func (c *content) Seek(offset int64, whence int) (int64, error) { return c.inner.Seek(offset, whence) }

func (c *content) Close() error {
	if !c.ended.Swap(true) {
		c.store.metrics.contents.Dec()
	}
	return c.inner.Close()
}
