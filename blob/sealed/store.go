// Package sealed encrypts content at rest. It is a store made of a store: whatever keeps the bytes below sees only
// AES-256-GCM, and what comes back from there is proven before it is handed out.
package sealed

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"iter"

	"entrepot/artifact"
	"entrepot/blob"
)

// Store seals one domain's content under the domain's data key. Sizes and digests it reports are those of the content
// as readers see it; the inner store keeps the content under the same digest, which does not fit the sealed bytes.
type Store struct {
	inner blob.Store
	key   DataKey
}

var _ blob.Store = (*Store)(nil)

// New returns a store that keeps sealed content in inner. The key comes from Keyring.Unwrap; the zero DataKey is a
// mistake in the program and panics, for it could seal nothing.
func New(inner blob.Store, key DataKey) *Store {
	if key.aead == nil {
		panic("sealed: the zero DataKey seals nothing")
	}
	return &Store{inner, key}
}

// Create opens a draft with a content key of its own.
func (s *Store) Create(ctx context.Context) (blob.Draft, error) {
	inner, err := s.inner.Create(ctx)
	if err != nil {
		return nil, err
	}
	d := &draft{store: s, inner: inner, tail: takeBuffer()}
	_, _ = rand.Read(d.key[:]) // never fails, by its documentation
	d.aead = newGCM(d.key[:])
	return d, nil
}

// Open returns the content kept under d. It proves the trailer, and the content itself where that is one chunk; later
// chunks are proven when they are read.
func (s *Store) Open(ctx context.Context, d artifact.Digest) (blob.Content, error) {
	inner, err := s.inner.Open(ctx, d)
	if err != nil {
		return nil, err
	}
	c, err := s.open(inner, d)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open sealed %s: %w", d, err), inner.Close())
	}
	return c, nil
}

func (s *Store) open(inner blob.Content, d artifact.Digest) (*content, error) {
	info, err := plainInfo(inner.Info())
	if err != nil {
		return nil, err
	}
	info.Digest = d
	b := takeBuffer()
	// Content of one chunk comes with its trailer in one read.
	sealed := b.bytes[:trailerSize]
	whole := info.Size <= chunkSize
	if whole {
		sealed = b.bytes[:sealedSize(info.Size)]
	}
	if err := readFull(inner, sealed, sealedSize(info.Size)-int64(len(sealed))); err != nil {
		giveBack(b)
		return nil, err
	}
	aead, err := s.key.unwrapContent(sealed[len(sealed)-trailerSize:], d, info.Size)
	if err != nil {
		giveBack(b)
		return nil, err
	}
	c := &content{inner: inner, aead: aead, info: info}
	if !whole {
		giveBack(b)
		return c, nil
	}
	c.whole = b
	if info.Size == 0 {
		return c, nil
	}
	chunk := sealed[:len(sealed)-trailerSize]
	if _, err := aead.Open(chunk[:0], b.count(0, true), chunk, nil); err != nil {
		giveBack(b)
		return nil, damaged(0)
	}
	return c, nil
}

// Stat describes the content kept under d. The size follows from the sealed one; nothing is opened.
func (s *Store) Stat(ctx context.Context, d artifact.Digest) (blob.Info, error) {
	info, err := s.inner.Stat(ctx, d)
	if err != nil {
		return blob.Info{}, err
	}
	info, err = plainInfo(info)
	if err != nil {
		return blob.Info{}, fmt.Errorf("stat sealed %s: %w", d, err)
	}
	return info, nil
}

// Delete removes the content kept under d, and with it the only copy of its key.
func (s *Store) Delete(ctx context.Context, d artifact.Digest) error { return s.inner.Delete(ctx, d) }

// All yields what the inner store does, with the sizes readers see.
func (s *Store) All(ctx context.Context) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		for info, err := range s.inner.All(ctx) {
			if err == nil {
				info, err = plainInfo(info)
			}
			if !yield(info, err) {
				return
			}
		}
	}
}

// plainInfo turns what the inner store says about sealed content into what readers see. On ErrCorrupt the digest stays.
func plainInfo(info blob.Info) (blob.Info, error) {
	size, ok := plainSize(info.Size)
	if !ok {
		return blob.Info{Digest: info.Digest},
			fmt.Errorf("%d bytes are the length of no sealed content: %w", info.Size, blob.ErrCorrupt)
	}
	info.Size = size
	return info, nil
}

// readFull fills p from off. Bytes that the length promised and that are not there are damage.
func readFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("sealed content ends at byte %d: %w", off+int64(n), blob.ErrCorrupt)
	}
	return err
}

// damaged is the error for a chunk whose tag does not fit.
func damaged(index int64) error {
	return fmt.Errorf("chunk %d does not prove right: %w", index, blob.ErrCorrupt)
}

// openChunk reads chunk index of content of the given size from inner and puts what it says into dst, which needs room
// for it but not for its tag. It returns the part of dst that it filled, nothing of it before the tag is proven.
func openChunk(inner io.ReaderAt, aead cipher.AEAD, b *buffer, dst []byte, index, size int64, last bool) ([]byte, error) {
	n := min(chunkSize, size-index*chunkSize)
	sealed := b.bytes[:n+tagSize]
	if err := readFull(inner, sealed, index*sealedChunk); err != nil {
		return nil, err
	}
	plain, err := aead.Open(dst[:0], b.count(index, last), sealed, nil)
	if err != nil {
		return nil, damaged(index)
	}
	return plain, nil
}
