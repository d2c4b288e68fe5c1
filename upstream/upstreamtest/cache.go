// Package upstreamtest holds what every upstream.Cache must do, and a cache and spools in memory.
package upstreamtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"

	"entrepot/artifact"
	"entrepot/upstream"
)

// Cache is an upstream.Cache in memory; the zero value is empty.
type Cache struct {
	mu      sync.Mutex
	entries map[upstream.Key]upstream.Entry
	bodies  map[artifact.Digest][]byte
	loads   int
	open    int
}

var _ upstream.Cache = (*Cache)(nil)

// Loads returns how often Load was called.
func (c *Cache) Loads() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.loads
}

// Len returns how many documents are kept.
func (c *Cache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.entries)
}

// Drafts returns the number of spools that were created and not discarded.
func (c *Cache) Drafts() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open
}

// Lose forgets every body and keeps the entries, as a cleaner that went too far would.
func (c *Cache) Lose() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bodies = nil
}

// Load implements upstream.Cache.
func (c *Cache) Load(_ context.Context, k upstream.Key) (upstream.Entry, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loads++
	e, ok := c.entries[k]
	if !ok {
		return upstream.Entry{}, upstream.ErrNoEntry
	}
	return e, nil
}

// Create implements upstream.Cache.
func (c *Cache) Create(context.Context) (upstream.Spool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open++
	return &Spool{onDiscard: func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.open--
	}}, nil
}

// Save implements upstream.Cache.
func (c *Cache) Save(_ context.Context, e upstream.Entry, body upstream.Spool) error {
	content, err := io.ReadAll(io.NewSectionReader(body, 0, e.Size))
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil {
		c.entries = make(map[upstream.Key]upstream.Entry)
	}
	if c.bodies == nil {
		c.bodies = make(map[artifact.Digest][]byte)
	}
	c.entries[e.Key], c.bodies[e.Digest] = e, content
	return nil
}

// Touch implements upstream.Cache.
func (c *Cache) Touch(_ context.Context, e upstream.Entry) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	old, ok := c.entries[e.Key]
	if _, kept := c.bodies[e.Digest]; !ok || !kept || old.Digest != e.Digest {
		return upstream.ErrNoEntry
	}
	c.entries[e.Key] = e
	return nil
}

// Open implements upstream.Cache.
func (c *Cache) Open(_ context.Context, e upstream.Entry) (io.ReadCloser, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	content, ok := c.bodies[e.Digest]
	if !ok {
		return nil, upstream.ErrNoEntry
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

// Spool is an upstream.Spool in memory; the zero value is empty. Using it after Discard is an error, and so is
// discarding it twice: a client that does either would do harm to a real one.
type Spool struct {
	mu        sync.Mutex
	content   []byte
	discarded bool
	onDiscard func()
}

var _ upstream.Spool = (*Spool)(nil)

var errDiscarded = errors.New("upstreamtest: the spool was discarded")

// Write implements upstream.Spool.
func (s *Spool) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.discarded {
		return 0, errDiscarded
	}
	s.content = append(s.content, p...)
	return len(p), nil
}

// ReadAt implements upstream.Spool.
func (s *Spool) ReadAt(p []byte, off int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.discarded {
		return 0, errDiscarded
	}
	if off >= int64(len(s.content)) {
		return 0, io.EOF
	}
	n := copy(p, s.content[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Discard implements upstream.Spool.
func (s *Spool) Discard() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.discarded {
		return errDiscarded
	}
	s.discarded, s.content = true, nil
	if s.onDiscard != nil {
		s.onDiscard()
	}
	return nil
}

// Discarded reports whether the spool's room is free again.
func (s *Spool) Discarded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.discarded
}
