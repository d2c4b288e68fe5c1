package sealed

import (
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"sync/atomic"

	"entrepot/blob"
)

// content opens the chunks it is asked for. Content of one chunk is proven and held from the start, in whole; longer
// content keeps the chunk that the sequential reader is in.
type content struct {
	inner blob.Content
	aead  cipher.AEAD
	info  blob.Info

	// inUse is read-locked by every read. Close pools the buffers only if it can lock it: one that a read has not left
	// yet must never become another request's.
	inUse  sync.RWMutex
	closed atomic.Bool
	whole  *buffer
	chunk  *buffer
	index  int64 // of the chunk in chunk, which holds none while it is nil
	pos    int64
}

func (c *content) Info() blob.Info { return c.info }

// begin lets a read use the buffers until it unlocks inUse.
func (c *content) begin() error {
	c.inUse.RLock()
	if c.closed.Load() {
		c.inUse.RUnlock()
		return fs.ErrClosed
	}
	return nil
}

func (c *content) Read(p []byte) (int, error) {
	if err := c.begin(); err != nil {
		return 0, err
	}
	defer c.inUse.RUnlock()
	if c.pos >= c.info.Size {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if n := min(chunkSize, c.info.Size-c.pos); c.whole == nil && c.pos%chunkSize == 0 && int64(len(p)) >= n {
		n, err := c.readAt(p[:n], c.pos) // straight into p
		c.pos += int64(n)
		return n, err
	}
	plain, err := c.ahead()
	if err != nil {
		return 0, err
	}
	n := copy(p, plain)
	c.pos += int64(n)
	return n, nil
}

// ahead returns what is left of the chunk in which the sequential reader is.
func (c *content) ahead() ([]byte, error) {
	if c.whole != nil {
		return c.whole.bytes[c.pos:c.info.Size], nil
	}
	index := c.pos / chunkSize
	if c.chunk == nil || c.index != index {
		if err := c.load(index); err != nil {
			return nil, err
		}
	}
	n := min(chunkSize, c.info.Size-index*chunkSize)
	return c.chunk.bytes[c.pos%chunkSize : n], nil
}

// load opens chunk index in place.
func (c *content) load(index int64) error {
	b := c.chunk
	if b == nil {
		b = takeBuffer()
	}
	c.chunk = nil // what is in b counts for nothing until it is proven
	if _, err := openChunk(c.inner, c.aead, b, b.bytes[:], index, c.info.Size, c.isLast(index)); err != nil {
		giveBack(b)
		return fmt.Errorf("read sealed %s: %w", c.info.Digest, err)
	}
	c.chunk, c.index = b, index
	return nil
}

func (c *content) isLast(index int64) bool { return (index+1)*chunkSize >= c.info.Size }

// WriteTo writes the rest chunk by chunk, without a copy in between.
func (c *content) WriteTo(w io.Writer) (int64, error) {
	if err := c.begin(); err != nil {
		return 0, err
	}
	defer c.inUse.RUnlock()
	var written int64
	for c.pos < c.info.Size {
		plain, err := c.ahead()
		if err != nil {
			return written, err
		}
		n, err := w.Write(plain)
		c.pos += int64(n)
		written += int64(n)
		if err == nil && n < len(plain) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

func (c *content) Seek(offset int64, whence int) (int64, error) {
	if err := c.begin(); err != nil {
		return 0, err
	}
	defer c.inUse.RUnlock()
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += c.pos
	case io.SeekEnd:
		offset += c.info.Size
	default:
		return 0, fmt.Errorf("sealed: seek with unknown whence %d", whence)
	}
	if offset < 0 {
		return 0, errors.New("sealed: seek before the start of content")
	}
	c.pos = offset
	return offset, nil
}

func (c *content) ReadAt(p []byte, off int64) (int, error) {
	if err := c.begin(); err != nil {
		return 0, err
	}
	defer c.inUse.RUnlock()
	if off < 0 {
		return 0, errors.New("sealed: read before the start of content")
	}
	if off >= c.info.Size {
		return 0, io.EOF
	}
	n, err := c.readAt(p[:min(int64(len(p)), c.info.Size-off)], off)
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// readAt fills p, all of which lies inside the content.
func (c *content) readAt(p []byte, off int64) (int, error) {
	if c.whole != nil {
		return copy(p, c.whole.bytes[off:c.info.Size]), nil
	}
	n := 0
	for n < len(p) {
		at := off + int64(n)
		k, err := readChunk(c.inner, c.aead, p[n:], at, c.info.Size, c.isLast(at/chunkSize))
		n += k
		if err != nil {
			return n, fmt.Errorf("read sealed %s: %w", c.info.Digest, err)
		}
	}
	return n, nil
}

// readChunk reads from off to the end of p or of the chunk that off is in. A chunk that is asked for whole is opened
// straight into p.
func readChunk(inner io.ReaderAt, aead cipher.AEAD, p []byte, off, size int64, last bool) (int, error) {
	b := takeBuffer()
	defer giveBack(b)
	index, skip := off/chunkSize, off%chunkSize
	dst := b.bytes[:]
	if skip == 0 && int64(len(p)) >= min(chunkSize, size-off) {
		plain, err := openChunk(inner, aead, b, p, index, size, last)
		return len(plain), err
	}
	plain, err := openChunk(inner, aead, b, dst, index, size, last)
	if err != nil {
		return 0, err
	}
	return copy(p, plain[skip:]), nil
}

// Close closes the inner content. Reads that are still under way end with an error of theirs or with right bytes.
func (c *content) Close() error {
	if c.closed.Swap(true) {
		return fs.ErrClosed
	}
	if c.inUse.TryLock() {
		giveBack(c.whole)
		giveBack(c.chunk)
		c.whole, c.chunk = nil, nil
		c.inUse.Unlock()
	}
	return c.inner.Close()
}
