package blobtest

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"entrepot/blob"
)

// Bench measures writing, reading from start to end, ranges, and the whole life of a small reader, on stores newStore
// makes. Rates are of the bytes the caller sees.
func Bench(b *testing.B, newStore func(b *testing.B) blob.Store) {
	for _, size := range []int{10 << 10, 1 << 20, 16 << 20} {
		content := Bytes(1, size)
		name := fmt.Sprintf("%dKiB", size>>10)
		b.Run("write_and_commit/"+name, func(b *testing.B) { benchCommit(b, newStore(b), content) })
		b.Run("write_only/"+name, func(b *testing.B) { benchWrite(b, newStore(b), content) })
		b.Run("open_read_close/"+name, func(b *testing.B) { benchRead(b, newStore(b), content) })
	}
	b.Run("open_copy_32KiB_close/16384KiB", func(b *testing.B) { benchCopy(b, newStore(b), Bytes(1, 16<<20)) })
	b.Run("random_64KiB", func(b *testing.B) { benchRanges(b, newStore(b), Bytes(1, 16<<20)) })
}

func benchWrite(b *testing.B, s blob.Store, content []byte) {
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		draft := create(b, s)
		for rest := content; len(rest) > 0; {
			n := min(32<<10, len(rest))
			write(b, draft, rest[:n])
			rest = rest[n:]
		}
		discard(b, draft)
	}
}

func benchCommit(b *testing.B, s blob.Store, content []byte) {
	digest := sha256.Sum256(content)
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		draft := create(b, s)
		write(b, draft, content)
		commit(b, draft, digest)
		discard(b, draft)
	}
}

func benchRead(b *testing.B, s blob.Store, content []byte) {
	digest := Keep(b, s, content).Digest
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		c, err := s.Open(b.Context(), digest)
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, c); n != int64(len(content)) || err != nil {
			b.Fatalf("read %d: %v", n, err)
		}
		_ = c.Close()
	}
}

// benchCopy reads as net/http does when it serves a range: in pieces of 32 KiB.
func benchCopy(b *testing.B, s blob.Store, content []byte) {
	digest := Keep(b, s, content).Digest
	piece := make([]byte, 32<<10)
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		c, err := s.Open(b.Context(), digest)
		if err != nil {
			b.Fatal(err)
		}
		n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{c}, piece)
		if n != int64(len(content)) || err != nil {
			b.Fatalf("read %d: %v", n, err)
		}
		_ = c.Close()
	}
}

func benchRanges(b *testing.B, s blob.Store, content []byte) {
	c := open(b, s, Keep(b, s, content).Digest)
	random := rand.New(rand.NewPCG(1, 2))
	p := make([]byte, Border)
	b.SetBytes(Border)
	b.ReportAllocs()
	for b.Loop() {
		off := int64(random.IntN(len(content)/Border)) * Border
		if _, err := c.ReadAt(p, off); err != nil && err != io.EOF {
			b.Fatal(err)
		}
	}
}
