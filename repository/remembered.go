package repository

import (
	"context"
	"errors"
	"fmt"
	"io"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/catalog"
	"entrepot/upstream"
)

// Remembered keeps the metadata documents of external registries: what is known of them in the catalog, their bytes in a store
// of the installation's own. All domains share it, since it holds nothing that a domain owns.
type Remembered struct {
	catalog catalog.Store
	store   blob.Store
}

var _ upstream.Cache = (*Remembered)(nil)

// NewRemembered keeps documents in the two stores.
func NewRemembered(c catalog.Store, s blob.Store) *Remembered { return &Remembered{c, s} }

// Load returns what is known of a document.
func (m *Remembered) Load(ctx context.Context, k upstream.Key) (e upstream.Entry, err error) {
	err = m.catalog.Read(ctx, func(r catalog.Reader) error {
		d, err := r.Document(catalog.DocumentKey(k))
		if artifact.Is(err, artifact.NotFound) {
			return upstream.ErrNoEntry
		}
		e = upstream.Entry{Key: k, ETag: d.ETag, LastModified: d.LastModified, FetchedAt: d.FetchedAt, CheckedAt: d.CheckedAt,
			Digest: d.Digest, Size: d.Size, Gone: d.Gone, RegenerateVersion: d.Form}
		return err
	})
	return e, err
}

// Create opens a draft for a body.
func (m *Remembered) Create(ctx context.Context) (upstream.Spool, error) { return m.store.Create(ctx) }

// Save keeps the body and then what is known of it.
func (m *Remembered) Save(ctx context.Context, e upstream.Entry, body upstream.Spool) error {
	if _, err := body.(blob.Draft).Commit(ctx, e.Digest); err != nil {
		return fmt.Errorf("keep document %s %s: %w", e.Connection, e.Path, err)
	}
	return m.put(ctx, e, false)
}

// Touch replaces what is known of a document whose body stays.
func (m *Remembered) Touch(ctx context.Context, e upstream.Entry) error { return m.put(ctx, e, true) }

func (m *Remembered) put(ctx context.Context, e upstream.Entry, sameBody bool) error {
	return m.catalog.Write(ctx, func(w catalog.Writer) error {
		if sameBody {
			known, err := w.Document(catalog.DocumentKey(e.Key))
			if artifact.Is(err, artifact.NotFound) || err == nil && known.Digest != e.Digest {
				return upstream.ErrNoEntry
			}
			if err != nil {
				return err
			}
		}
		return w.PutDocument(catalog.Document{DocumentKey: catalog.DocumentKey(e.Key), ETag: e.ETag, LastModified: e.LastModified,
			FetchedAt: e.FetchedAt, CheckedAt: e.CheckedAt, Digest: e.Digest, Size: e.Size, Form: e.RegenerateVersion, Gone: e.Gone})
	})
}

// Open returns the body of a document.
func (m *Remembered) Open(ctx context.Context, e upstream.Entry) (io.ReadCloser, error) {
	content, err := m.store.Open(ctx, e.Digest)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, upstream.ErrNoEntry
	}
	return content, err
}
