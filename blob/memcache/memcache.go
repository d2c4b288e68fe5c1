// Package memcache keeps small contents in memory after their first read. It is a store made of a store.
//
// Content never changes under its digest, so what is kept needs no revalidation; only a deletion ends it. A deletion
// made by another process is not seen here: until the content is pushed out, this process still answers Open with it,
// though Stat and All tell the truth. Whoever may still ask for it was allowed to read those very bytes.
package memcache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/mem"
	"entrepot/bytecache"
)

// DefaultLargest is the length up to which contents are kept unless Options say otherwise, in bytes. Above it the cost
// of a request is in moving the bytes, and memory saves little.
const DefaultLargest = 64 << 10

// DefaultTotal is the length of all kept contents together unless Options say otherwise, in bytes.
const DefaultTotal = 64 << 20

// overhead is what an entry costs beside its bytes, in bytes, roughly: map, list, Info. It keeps many tiny contents from
// growing beyond the bound.
const overhead = 256

// Options bound the memory. The zero value uses the defaults.
type Options struct {
	Largest int64 // contents up to this many bytes are kept
	Total   int64 // all kept contents together stay below this many bytes, with what it costs to keep them
}

// Store keeps the contents of one inner store that were read last.
type Store struct {
	inner   blob.Store
	largest int64
	kept    *bytecache.Cache[artifact.Digest, *entry]

	mu      sync.Mutex
	loading map[artifact.Digest]*load
}

// entry is content in memory; its bytes never change.
type entry struct {
	info  blob.Info
	bytes []byte
}

func (e *entry) cost() int64 { return int64(len(e.bytes)) + overhead }

// load is a content that is being read from the inner store for the first time. A deletion or a commit meanwhile makes
// it stale: what it read may be handed to those who asked, but must not be kept.
type load struct {
	readers int
	stale   bool
}

var _ blob.Store = (*Store)(nil)

// New returns a store that answers from memory what it has read from inner.
func New(inner blob.Store, o Options) *Store {
	if o.Largest <= 0 {
		o.Largest = DefaultLargest
	}
	if o.Total <= 0 {
		o.Total = DefaultTotal
	}
	return &Store{inner: inner, largest: min(o.Largest, o.Total), loading: map[artifact.Digest]*load{},
		kept: bytecache.New[artifact.Digest](o.Total, (*entry).cost)}
}

// Create opens a draft of the inner store.
func (s *Store) Create(ctx context.Context) (blob.Draft, error) {
	d, err := s.inner.Create(ctx)
	if err != nil {
		return nil, err
	}
	return &draft{d, s}, nil
}

// Open returns the content kept under d, from memory if it is there. Small content that is not is read whole, so damage
// in it shows here.
func (s *Store) Open(ctx context.Context, d artifact.Digest) (blob.Content, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e, l := s.find(d)
	if e != nil {
		return mem.Content(e.info, e.bytes), nil
	}
	c, e, err := s.fetch(ctx, d)
	s.finish(d, l, e)
	if err != nil || e == nil {
		return c, err
	}
	return mem.Content(e.info, e.bytes), nil
}

// find returns the entry of d, or else joins its load. Each load joined must be finished.
func (s *Store) find(d artifact.Digest) (*entry, *load) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.kept.Get(d); ok {
		return e, nil
	}
	l := s.loading[d]
	if l == nil {
		l = &load{}
		s.loading[d] = l
	}
	l.readers++
	return nil, l
}

// finish leaves a load and keeps e, which may be nil, unless the load has become stale.
func (s *Store) finish(d artifact.Digest, l *load, e *entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.readers--; l.readers == 0 && s.loading[d] == l {
		delete(s.loading, d)
	}
	if e != nil && !l.stale {
		s.kept.Put(d, e)
	}
}

// fetch opens content of the inner store. It returns the content if it is too large to be kept, else an entry of it.
func (s *Store) fetch(ctx context.Context, d artifact.Digest) (blob.Content, *entry, error) {
	c, err := s.inner.Open(ctx, d)
	if err != nil {
		return nil, nil, err
	}
	info := c.Info()
	if info.Size > s.largest {
		return c, nil, nil
	}
	b := make([]byte, info.Size)
	if _, err = io.ReadFull(c, b); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("read %s: it ends before byte %d: %w", d, info.Size, blob.ErrCorrupt)
	}
	if err := errors.Join(err, c.Close()); err != nil {
		return nil, nil, err
	}
	return nil, &entry{info, b}, nil
}

// forget drops d from memory and keeps loads that are under way from bringing it back.
func (s *Store) forget(d artifact.Digest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept.Remove(d)
	if l := s.loading[d]; l != nil {
		l.stale = true
		delete(s.loading, d)
	}
}

// Stat asks the inner store.
func (s *Store) Stat(ctx context.Context, d artifact.Digest) (blob.Info, error) {
	return s.inner.Stat(ctx, d)
}

// Delete removes the content from the inner store, then from memory: in the other order a read in between would bring
// it back for good.
func (s *Store) Delete(ctx context.Context, d artifact.Digest) error {
	defer s.forget(d) // after an error too, for nobody knows how far the deletion went
	return s.inner.Delete(ctx, d)
}

// All asks the inner store.
func (s *Store) All(ctx context.Context) iter.Seq2[blob.Info, error] { return s.inner.All(ctx) }

// draft makes the memory forget what is committed again, so that the renewed ModTime is seen.
type draft struct {
	blob.Draft
	store *Store
}

func (d *draft) Commit(ctx context.Context, digest artifact.Digest) (blob.Info, error) {
	defer d.store.forget(digest)
	return d.Draft.Commit(ctx, digest)
}
