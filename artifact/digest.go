package artifact

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
)

// Digest is a SHA-256: the name under which bytes are kept. Knowing one is never permission to read.
type Digest [sha256.Size]byte

// String writes the digest as lower-case hex.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// ParseDigest reads 64 lower-case hex digits.
func ParseDigest(s string) (Digest, error) {
	var d Digest
	raw, err := hex.DecodeString(s)
	if err != nil || len(raw) != len(d) || hex.EncodeToString(raw) != s {
		return Digest{}, fmt.Errorf("digest %.80q is not 64 lower-case hex digits", s)
	}
	copy(d[:], raw)
	return d, nil
}

// Digests are the four hashes the API reports for every asset.
type Digests struct {
	MD5    [md5.Size]byte
	SHA1   [sha1.Size]byte
	SHA256 Digest
	SHA512 [sha512.Size]byte
}

// Digester computes all four digests of the bytes written to it in one pass.
type Digester struct {
	size   int64
	hashes [4]hash.Hash
}

// NewDigester returns a digester that has seen no bytes.
func NewDigester() *Digester {
	return &Digester{hashes: [4]hash.Hash{md5.New(), sha1.New(), sha256.New(), sha512.New()}}
}

// Write adds p; it never fails.
func (d *Digester) Write(p []byte) (int, error) {
	for _, h := range d.hashes {
		h.Write(p)
	}
	d.size += int64(len(p))
	return len(p), nil
}

// Sum returns the digests and the number of bytes written so far.
func (d *Digester) Sum() (Digests, int64) {
	var sums Digests
	d.hashes[0].Sum(sums.MD5[:0])
	d.hashes[1].Sum(sums.SHA1[:0])
	d.hashes[2].Sum(sums.SHA256[:0])
	d.hashes[3].Sum(sums.SHA512[:0])
	return sums, d.size
}
