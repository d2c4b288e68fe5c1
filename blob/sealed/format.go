package sealed

import (
	"crypto/cipher"
	"encoding/binary"
	"sync"

	"entrepot/artifact"
)

// Sealed content, as the inner store keeps it:
//
//	chunk 0 │ chunk 1 │ … │ last chunk │ trailer
//
// A chunk is up to 64 KiB of content under AES-256-GCM and the 16 bytes of its tag; all but the last are full. Content
// without bytes has no chunk. Chunks share a random key that seals this one content, so their nonces may count: a
// byte that is 1 in the last chunk and 0 before it, three zeros, and the index in 8 bytes, big-endian.
//
// The trailer is 8 bytes that name the format, then the content key as the domain's data key has wrapped it: a random
// 12-byte nonce, 32 bytes, a 16-byte tag. The wrapping vouches for the format, the digest and the size of the content.
// So a chunk that is changed, moved or missing, a tail cut off at a chunk border, a trailer put behind other chunks, and
// a file under another's name are all refused.
//
// The trailer comes last because the digest is known last, and because a store's draft can only be appended to.
const (
	chunkSize   = 64 << 10
	tagSize     = 16
	sealedChunk = chunkSize + tagSize
	magicSize   = 8
	keySize     = 32
	wrappedSize = 12 + keySize + tagSize
	trailerSize = magicSize + wrappedSize
)

// magic names this format and its version.
var magic = [magicSize]byte{'e', 'n', 't', 's', 'e', 'a', 'l', 1}

// sealedSize is how many bytes the inner store keeps for size bytes of content.
func sealedSize(size int64) int64 {
	chunks := (size + chunkSize - 1) / chunkSize
	return size + chunks*tagSize + trailerSize
}

// plainSize is the inverse of sealedSize; it reports false for a length that no content has.
func plainSize(sealed int64) (int64, bool) {
	body := sealed - trailerSize
	full, rest := body/sealedChunk, body%sealedChunk
	switch {
	case body < 0:
		return 0, false
	case rest == 0:
		return full * chunkSize, true
	case rest <= tagSize:
		return 0, false
	}
	return full*chunkSize + rest - tagSize, true
}

// vouched is what the wrapping of a content key vouches for beside the key.
func vouched(d artifact.Digest, size int64) []byte {
	v := make([]byte, 0, magicSize+len(d)+8)
	v = append(v, magic[:]...)
	v = append(v, d[:]...)
	return binary.BigEndian.AppendUint64(v, uint64(size))
}

// buffer holds one chunk, sealed or not, and the trailer that may follow it. Buffers are pooled: they would be most of
// what a request allocates.
type buffer struct {
	nonce [12]byte // here, because a nonce on the stack would escape to the heap at every call of an AEAD
	bytes [sealedChunk + trailerSize]byte
}

var buffers = sync.Pool{New: func() any { return new(buffer) }}

func takeBuffer() *buffer { return buffers.Get().(*buffer) }

// giveBack returns b, which may be nil, to the pool. Nobody may use it any more.
func giveBack(b *buffer) {
	if b != nil {
		buffers.Put(b)
	}
}

// count sets the nonce of a chunk.
func (b *buffer) count(index int64, last bool) []byte {
	b.nonce[0] = 0
	if last {
		b.nonce[0] = 1
	}
	binary.BigEndian.PutUint64(b.nonce[4:], uint64(index))
	return b.nonce[:]
}

// seal puts plain, at most a chunk, into b as chunk index and returns what to write.
func (b *buffer) seal(aead cipher.AEAD, index int64, last bool, plain []byte) []byte {
	return aead.Seal(b.bytes[:0], b.count(index, last), plain, nil)
}
