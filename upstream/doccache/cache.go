// Package doccache keeps the metadata documents of external registries: what is known of them in the catalog, their
// bytes in a store of the installation's own. All domains share it, since it holds nothing that a domain owns.
//
// It is a cache, and nobody who asks for a document waits for it. Bodies go into a store that need not sync. What is
// known of them is written behind: gathered in memory, and a moment later many entries go into the catalog in one
// transaction, which is as durable as any other. A process that is killed forgets the entries of that moment; their
// documents are fetched again. After a power cut an entry may be there and its body not: a body that this process has
// not kept itself is read through before it is handed out, and is treated as absent if it is not what was kept.
package doccache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/catalog"
	"entrepot/upstream"
)

// Cache is an upstream.Cache over a catalog and a byte store.
type Cache struct {
	catalog catalog.Store
	store   blob.Store
	log     *slog.Logger

	sound *lru.Cache[artifact.Digest, struct{}] // bodies kept or read through by this process

	writing sync.Mutex // held while entries are on their way into the catalog

	mu       sync.Mutex
	pending  map[upstream.Key]upstream.Entry
	inFlight map[upstream.Key]upstream.Entry // being written; pending has what is newer
	timer    *time.Timer                     // runs while something is pending
	closed   bool
}

var _ upstream.Cache = (*Cache)(nil)

// maxSound bounds the bodies known to be whole; one that was pushed out is read through again.
const maxSound = 65536

// New keeps documents in the two stores. s tells damage (blob.ErrCorrupt) and may lose what it was given last. Close
// writes what is not written yet: it is called after everything that uses the cache has ended and before the stores
// are closed.
func New(m catalog.Store, s blob.Store, log *slog.Logger) *Cache {
	sound, err := lru.New[artifact.Digest, struct{}](maxSound)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &Cache{catalog: m, store: s, log: log, sound: sound, pending: map[upstream.Key]upstream.Entry{}}
}

// Load returns what is known of a document.
func (c *Cache) Load(ctx context.Context, k upstream.Key) (upstream.Entry, error) {
	if e, ok := c.unwritten(k); ok {
		return e, nil
	}
	var e upstream.Entry
	err := c.catalog.Read(ctx, func(r catalog.Reader) error {
		d, err := r.Document(catalog.DocumentKey(k))
		if artifact.Is(err, artifact.NotFound) {
			return upstream.ErrNoEntry
		}
		e = upstream.Entry{
			Key: k, ETag: d.ETag, LastModified: d.LastModified, FetchedAt: d.FetchedAt, CheckedAt: d.CheckedAt,
			Digest: d.Digest, Size: d.Size, Gone: d.Gone, RegenerateVersion: d.Form,
		}
		return err
	})
	return e, err
}

// Create opens a draft for a body.
func (c *Cache) Create(ctx context.Context) (upstream.Spool, error) { return c.store.Create(ctx) }

// Save keeps the body and then what is known of it.
func (c *Cache) Save(ctx context.Context, e upstream.Entry, body upstream.Spool) error {
	if _, err := body.(blob.Draft).Commit(ctx, e.Digest); err != nil {
		return fmt.Errorf("keep document %s %s: %w", e.Connection, e.Path, err)
	}
	c.sound.Add(e.Digest, struct{}{})
	return c.enqueue(ctx, e)
}

// Touch replaces what is known of a document whose body stays.
func (c *Cache) Touch(ctx context.Context, e upstream.Entry) error {
	known, err := c.Load(ctx, e.Key)
	if err != nil {
		return err
	}
	if known.Digest != e.Digest {
		return upstream.ErrNoEntry
	}
	return c.enqueue(ctx, e)
}

// Open returns the body of a document.
func (c *Cache) Open(ctx context.Context, e upstream.Entry) (io.ReadCloser, error) {
	if !c.sound.Contains(e.Digest) {
		if err := c.prove(ctx, e.Digest); err != nil {
			return nil, err
		}
	}
	content, err := c.store.Open(ctx, e.Digest)
	if absent(err) {
		c.sound.Remove(e.Digest)
		return nil, upstream.ErrNoEntry
	}
	return content, err
}

// prove reads a body through. A damaged one is deleted, and like an absent one it is ErrNoEntry.
func (c *Cache) prove(ctx context.Context, d artifact.Digest) error {
	content, err := c.store.Open(ctx, d)
	if err == nil {
		_, err = io.Copy(io.Discard, content)
		err = errors.Join(err, content.Close())
	}
	switch {
	case err == nil:
		c.sound.Add(d, struct{}{})
		return nil
	case errors.Is(err, blob.ErrCorrupt):
		c.log.WarnContext(ctx, "a kept document is damaged and will be fetched again", "digest", d.String(),
			"error", err)
		if err := c.store.Delete(ctx, d); err != nil {
			return fmt.Errorf("delete a damaged document: %w", err)
		}
		return upstream.ErrNoEntry
	case absent(err):
		return upstream.ErrNoEntry
	}
	return fmt.Errorf("read a kept document: %w", err)
}

// absent reports whether the store has no usable body, so that only the registry can give it.
func absent(err error) bool {
	return errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrCorrupt)
}
