package doccache

import (
	"context"
	"fmt"
	"maps"
	"time"

	"entrepot/catalog"
	"entrepot/upstream"
)

const (
	// writeDelay is how long entries are gathered before they are written.
	writeDelay = 200 * time.Millisecond
	// maxPending bounds the entries in memory. Whoever brings one more writes them, and learns if that fails.
	maxPending = 1024
	// writeWithin bounds one writing that nobody waits for.
	writeWithin = time.Minute
)

// unwritten returns an entry that the catalog does not have yet.
func (c *Cache) unwritten(k upstream.Key) (upstream.Entry, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.pending[k]; ok {
		return e, true
	}
	e, ok := c.inFlight[k]
	return e, ok
}

// enqueue takes an entry to be written soon, or writes it at once if too many wait or the cache is closed.
func (c *Cache) enqueue(ctx context.Context, e upstream.Entry) error {
	c.mu.Lock()
	c.pending[e.Key] = e
	now := c.closed || len(c.pending) >= maxPending
	if !now && c.timer == nil {
		c.timer = time.AfterFunc(writeDelay, c.writeLater)
	}
	c.mu.Unlock()
	if now {
		return c.write(ctx)
	}
	return nil
}

// writeLater is write when nobody waits for it. What could not be written is written the next time.
func (c *Cache) writeLater() {
	ctx, cancel := context.WithTimeout(context.Background(), writeWithin)
	defer cancel()
	if err := c.write(ctx); err != nil {
		c.log.ErrorContext(ctx, "could not write down documents of external registries", "error", err)
	}
}

// write writes all that has been gathered.
func (c *Cache) write(ctx context.Context) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	c.inFlight, c.pending = c.pending, map[upstream.Key]upstream.Entry{}
	inFlight := c.inFlight // changed by nobody until it is nil again
	c.mu.Unlock()
	if len(inFlight) == 0 {
		return nil
	}
	err := c.catalog.Write(ctx, func(w catalog.Writer) error {
		for k, e := range inFlight {
			err := w.PutDocument(catalog.Document{
				DocumentKey: catalog.DocumentKey(k), ETag: e.ETag, LastModified: e.LastModified,
				FetchedAt: e.FetchedAt, CheckedAt: e.CheckedAt, Digest: e.Digest, Size: e.Size,
				Form: e.RegenerateVersion, Gone: e.Gone,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inFlight = nil
	if err != nil {
		maps.Copy(inFlight, c.pending) // what came meanwhile is newer
		c.pending = inFlight
		if c.timer == nil && !c.closed {
			c.timer = time.AfterFunc(writeDelay, c.writeLater)
		}
		return fmt.Errorf("write down documents: %w", err)
	}
	return nil
}

// Close writes what has been gathered. Entries that come afterwards are written at once.
func (c *Cache) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), writeWithin)
	defer cancel()
	return c.write(ctx)
}
