// Package mem keeps content in memory: for tests, and for servers that are meant to forget.
package mem

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
)

// Store is a blob.Store in memory. Nothing in it survives the process.
type Store struct {
	now func() time.Time

	mu   sync.RWMutex
	kept map[artifact.Digest]entry
}

type entry struct {
	bytes []byte // never changed once committed
	at    time.Time
}

var _ blob.Store = (*Store)(nil)

// New returns an empty store whose modification times come from now.
func New(now func() time.Time) *Store {
	return &Store{now: now, kept: map[artifact.Digest]entry{}}
}

// Create opens a draft.
func (s *Store) Create(ctx context.Context) (blob.Draft, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return &draft{store: s}, nil
}

// Open returns the content kept under d. It stays readable after Delete.
func (s *Store) Open(ctx context.Context, d artifact.Digest) (blob.Content, error) {
	e, err := s.find(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", d, err)
	}
	return Content(e.info(d), e.bytes), nil
}

// Stat describes the content kept under d.
func (s *Store) Stat(ctx context.Context, d artifact.Digest) (blob.Info, error) {
	e, err := s.find(ctx, d)
	if err != nil {
		return blob.Info{}, fmt.Errorf("stat %s: %w", d, err)
	}
	return e.info(d), nil
}

// Delete removes the content kept under d.
func (s *Store) Delete(ctx context.Context, d artifact.Digest) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.kept, d)
	return nil
}

// All yields what was kept when the sequence began.
func (s *Store) All(ctx context.Context) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		s.mu.RLock()
		kept := maps.Clone(s.kept)
		s.mu.RUnlock()
		for d, e := range kept {
			if err := ctx.Err(); err != nil {
				yield(blob.Info{}, err)
				return
			}
			if !yield(e.info(d), nil) {
				return
			}
		}
	}
}

func (s *Store) find(ctx context.Context, d artifact.Digest) (entry, error) {
	if err := ctx.Err(); err != nil {
		return entry{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, ok := s.kept[d]
	if !ok {
		return entry{}, blob.ErrNotFound
	}
	return e, nil
}

func (e entry) info(d artifact.Digest) blob.Info {
	return blob.Info{Digest: d, Size: int64(len(e.bytes)), ModTime: e.at}
}

// draft grows by append: readers keep the slice they saw, and what lies before its end never changes.
type draft struct {
	store *Store

	mu        sync.RWMutex
	bytes     []byte
	committed bool
	closed    bool
}

func (d *draft) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.committed || d.closed {
		return 0, fs.ErrClosed
	}
	d.bytes = append(d.bytes, p...)
	return len(p), nil
}

func (d *draft) ReadAt(p []byte, off int64) (int, error) {
	d.mu.RLock()
	written, closed := d.bytes, d.closed
	d.mu.RUnlock()
	if closed {
		return 0, fs.ErrClosed
	}
	return bytes.NewReader(written).ReadAt(p, off)
}

func (d *draft) Commit(ctx context.Context, digest artifact.Digest) (blob.Info, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.committed || d.closed {
		return blob.Info{}, fs.ErrClosed
	}
	d.committed = true
	if err := ctx.Err(); err != nil {
		return blob.Info{}, err
	}
	e := entry{bytes: slices.Clip(d.bytes), at: d.store.now().Round(0)}
	d.store.mu.Lock()
	defer d.store.mu.Unlock()
	d.store.kept[digest] = e
	return e.info(digest), nil
}

func (d *draft) Discard() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed, d.bytes = true, nil
	return nil
}

// Content presents bytes already in memory as content that info describes. The bytes must not change any more.
func Content(info blob.Info, b []byte) blob.Content {
	return &content{info: info, reader: bytes.NewReader(b)}
}

type content struct {
	info blob.Info

	mu     sync.RWMutex
	reader *bytes.Reader // nil once closed
}

func (c *content) open() (*bytes.Reader, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.reader == nil {
		return nil, fs.ErrClosed
	}
	return c.reader, nil
}

func (c *content) Info() blob.Info { return c.info }

func (c *content) Read(p []byte) (int, error) {
	r, err := c.open()
	if err != nil {
		return 0, err
	}
	return r.Read(p)
}

func (c *content) ReadAt(p []byte, off int64) (int, error) {
	r, err := c.open()
	if err != nil {
		return 0, err
	}
	return r.ReadAt(p, off)
}

func (c *content) Seek(offset int64, whence int) (int64, error) {
	r, err := c.open()
	if err != nil {
		return 0, err
	}
	return r.Seek(offset, whence)
}

func (c *content) WriteTo(w io.Writer) (int64, error) {
	r, err := c.open()
	if err != nil {
		return 0, err
	}
	return r.WriteTo(w)
}

func (c *content) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reader = nil
	return nil
}
