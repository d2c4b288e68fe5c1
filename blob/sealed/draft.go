package sealed

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"entrepot/artifact"
	"entrepot/blob"
)

// draft seals chunk after chunk into the inner draft. The last up to 64 KiB stay in memory, because only Commit knows
// that a chunk is the last; they also serve the readers that have caught up.
type draft struct {
	store *Store
	inner blob.Draft
	key   [keySize]byte
	aead  cipher.AEAD

	mu      sync.RWMutex // guards what readers share with the writer
	tail    *buffer      // nil once discarded
	tailLen int
	sealed  int64 // chunks in the inner draft that readers may open

	failed    error
	committed bool
}

func (d *draft) Write(p []byte) (int, error) {
	if err := d.usable(); err != nil {
		return 0, err
	}
	written := 0
	for written < len(p) {
		rest := p[written:]
		switch {
		case d.tailLen == chunkSize:
			if err := d.flush(d.tail.bytes[:chunkSize]); err != nil {
				return written, err
			}
		case d.tailLen == 0 && len(rest) > chunkSize:
			if err := d.flush(rest[:chunkSize]); err != nil {
				return written, err
			}
			written += chunkSize
		default:
			// Readers look no further than tailLen, so the copy needs no lock.
			n := copy(d.tail.bytes[d.tailLen:chunkSize], rest)
			written += n
			d.mu.Lock()
			d.tailLen += n
			d.mu.Unlock()
		}
	}
	return written, nil
}

// flush seals a chunk that is known not to be the last and empties the tail.
func (d *draft) flush(plain []byte) error {
	if err := d.write(plain, false); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sealed++
	d.tailLen = 0
	return nil
}

func (d *draft) write(plain []byte, last bool) error {
	b := takeBuffer()
	defer giveBack(b)
	if _, err := d.inner.Write(b.seal(d.aead, d.sealed, last, plain)); err != nil {
		d.failed = err
		return err
	}
	return nil
}

func (d *draft) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("sealed: read before the start of a draft")
	}
	n := 0
	for {
		k, err := d.readOnce(p[n:], off+int64(n))
		n += k
		if err != nil || n == len(p) {
			return n, err
		}
	}
}

// readOnce reads from the tail or from one sealed chunk.
func (d *draft) readOnce(p []byte, off int64) (int, error) {
	d.mu.RLock()
	sealed := d.sealed * chunkSize
	if off >= sealed || d.tail == nil {
		defer d.mu.RUnlock()
		switch {
		case d.tail == nil:
			return 0, fs.ErrClosed
		case off >= sealed+int64(d.tailLen):
			return 0, io.EOF
		}
		return copy(p, d.tail.bytes[off-sealed:d.tailLen]), nil
	}
	d.mu.RUnlock()
	return readChunk(d.inner, d.aead, p, off, sealed, false)
}

// Commit seals the tail as the last chunk, and the content key for this digest and size behind it.
func (d *draft) Commit(ctx context.Context, digest artifact.Digest) (blob.Info, error) {
	if err := d.usable(); err != nil {
		return blob.Info{}, err
	}
	if err := ctx.Err(); err != nil {
		d.failed = err
		return blob.Info{}, err
	}
	size := d.sealed*chunkSize + int64(d.tailLen)
	if d.tailLen > 0 {
		if err := d.write(d.tail.bytes[:d.tailLen], true); err != nil {
			return blob.Info{}, err
		}
	}
	if _, err := d.inner.Write(d.store.key.wrapContent(d.key[:], digest, size)); err != nil {
		d.failed = err
		return blob.Info{}, err
	}
	info, err := d.inner.Commit(ctx, digest)
	if err == nil && info.Size != sealedSize(size) {
		err = fmt.Errorf("inner store kept %d bytes of %d sealed ones", info.Size, sealedSize(size))
	}
	if err != nil {
		d.failed = err
		return blob.Info{}, err
	}
	d.committed = true
	info.Size = size
	return info, nil
}

func (d *draft) usable() error {
	if d.tail == nil || d.committed {
		return fs.ErrClosed
	}
	return d.failed
}

func (d *draft) Discard() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	giveBack(d.tail)
	d.tail = nil
	clear(d.key[:])
	return d.inner.Discard()
}
