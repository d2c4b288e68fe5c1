package repository

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"sync"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/catalog"
	"entrepot/upstream"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Remembered keeps the metadata documents of external registries: what is known of them in the catalog, their bytes in
// a store of the installation's own. All domains share it, since it holds nothing that a domain owns.
//
// It is a cache, and nobody who asks for a document waits for it: what is known is gathered in memory and written to
// the catalog a moment later, many documents in one transaction. A process that is killed forgets the documents of that
// moment; they are fetched again. The store need not survive a power cut either, if it can tell damage: a body that
// this process has not kept itself is read through before it is handed out, and is treated as absent if it is not what
// was kept.
type Remembered struct {
	catalog catalog.Store
	store   blob.Store
	log     *slog.Logger

	sound *lru.Cache[artifact.Digest, struct{}] // bodies kept or read through by this process

	writing sync.Mutex // held while gathered entries are on their way into the catalog

	mu      sync.Mutex
	waiting map[upstream.Key]upstream.Entry
	leaving map[upstream.Key]upstream.Entry // being written; waiting has what is newer
	timer   *time.Timer                     // runs while something is waiting
	closed  bool
}

const (
	// gatherTime is how long entries are gathered before they are written.
	gatherTime = 200 * time.Millisecond
	// maxWaiting bounds the entries in memory. Whoever brings one more writes them, and learns if that fails.
	maxWaiting = 1024
	// writeTime bounds one writing that nobody waits for.
	writeTime = time.Minute
	// maxSound bounds the bodies known to be whole; one that was pushed out is read through again.
	maxSound = 65536
)

var _ upstream.Cache = (*Remembered)(nil)

// NewRemembered keeps documents in the two stores. Close writes what is not written yet: it is called after everything
// that uses the cache has ended and before the stores are closed.
func NewRemembered(c catalog.Store, s blob.Store, log *slog.Logger) *Remembered {
	sound, err := lru.New[artifact.Digest, struct{}](maxSound)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &Remembered{catalog: c, store: s, log: log, sound: sound, waiting: map[upstream.Key]upstream.Entry{}}
}

// Load returns what is known of a document.
func (m *Remembered) Load(ctx context.Context, k upstream.Key) (upstream.Entry, error) {
	if e, ok := m.gathered(k); ok {
		return e, nil
	}
	var e upstream.Entry
	err := m.catalog.Read(ctx, func(r catalog.Reader) error {
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

func (m *Remembered) gathered(k upstream.Key) (upstream.Entry, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.waiting[k]; ok {
		return e, true
	}
	e, ok := m.leaving[k]
	return e, ok
}

// Create opens a draft for a body.
func (m *Remembered) Create(ctx context.Context) (upstream.Spool, error) { return m.store.Create(ctx) }

// Save keeps the body and then what is known of it.
func (m *Remembered) Save(ctx context.Context, e upstream.Entry, body upstream.Spool) error {
	if _, err := body.(blob.Draft).Commit(ctx, e.Digest); err != nil {
		return fmt.Errorf("keep document %s %s: %w", e.Connection, e.Path, err)
	}
	m.sound.Add(e.Digest, struct{}{})
	return m.gather(ctx, e)
}

// Touch replaces what is known of a document whose body stays.
func (m *Remembered) Touch(ctx context.Context, e upstream.Entry) error {
	known, err := m.Load(ctx, e.Key)
	if err != nil {
		return err
	}
	if known.Digest != e.Digest {
		return upstream.ErrNoEntry
	}
	return m.gather(ctx, e)
}

// gather takes an entry to be written soon, or writes it at once if too many wait or the cache is closed.
func (m *Remembered) gather(ctx context.Context, e upstream.Entry) error {
	m.mu.Lock()
	m.waiting[e.Key] = e
	now := m.closed || len(m.waiting) >= maxWaiting
	if !now && m.timer == nil {
		m.timer = time.AfterFunc(gatherTime, m.writeLater)
	}
	m.mu.Unlock()
	if now {
		return m.write(ctx)
	}
	return nil
}

// writeLater is write when nobody waits for it. What could not be written is written the next time.
func (m *Remembered) writeLater() {
	ctx, cancel := context.WithTimeout(context.Background(), writeTime)
	defer cancel()
	if err := m.write(ctx); err != nil {
		m.log.ErrorContext(ctx, "could not write down documents of external registries", "error", err)
	}
}

// write writes all that has been gathered.
func (m *Remembered) write(ctx context.Context) error {
	m.writing.Lock()
	defer m.writing.Unlock()
	m.mu.Lock()
	if m.timer != nil {
		m.timer.Stop()
		m.timer = nil
	}
	m.leaving, m.waiting = m.waiting, map[upstream.Key]upstream.Entry{}
	leaving := m.leaving // changed by nobody until it is nil again
	m.mu.Unlock()
	if len(leaving) == 0 {
		return nil
	}
	err := m.catalog.Write(ctx, func(w catalog.Writer) error {
		for k, e := range leaving {
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
	m.mu.Lock()
	defer m.mu.Unlock()
	m.leaving = nil
	if err != nil {
		maps.Copy(leaving, m.waiting) // what came meanwhile is newer
		m.waiting = leaving
		if m.timer == nil && !m.closed {
			m.timer = time.AfterFunc(gatherTime, m.writeLater)
		}
		return fmt.Errorf("write down documents: %w", err)
	}
	return nil
}

// Open returns the body of a document.
func (m *Remembered) Open(ctx context.Context, e upstream.Entry) (io.ReadCloser, error) {
	if !m.sound.Contains(e.Digest) {
		if err := m.prove(ctx, e.Digest); err != nil {
			return nil, err
		}
	}
	content, err := m.store.Open(ctx, e.Digest)
	if absent(err) {
		m.sound.Remove(e.Digest)
		return nil, upstream.ErrNoEntry
	}
	return content, err
}

// prove reads a body through. A damaged one is deleted, and like an absent one it is ErrNoEntry.
func (m *Remembered) prove(ctx context.Context, d artifact.Digest) error {
	content, err := m.store.Open(ctx, d)
	if err == nil {
		_, err = io.Copy(io.Discard, content)
		err = errors.Join(err, content.Close())
	}
	switch {
	case err == nil:
		m.sound.Add(d, struct{}{})
		return nil
	case errors.Is(err, blob.ErrCorrupt):
		m.log.WarnContext(ctx, "a remembered document is damaged and will be fetched again", "digest", d.String(),
			"error", err)
		if err := m.store.Delete(ctx, d); err != nil {
			return fmt.Errorf("delete a damaged document: %w", err)
		}
		return upstream.ErrNoEntry
	case absent(err):
		return upstream.ErrNoEntry
	}
	return fmt.Errorf("read a remembered document: %w", err)
}

// absent reports whether the store has no usable body, so that only the registry can give it.
func absent(err error) bool {
	return errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrCorrupt)
}

// Close writes what has been gathered. Entries that come afterwards are written at once.
func (m *Remembered) Close() error {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), writeTime)
	defer cancel()
	return m.write(ctx)
}
