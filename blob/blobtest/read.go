package blobtest

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/iotest"

	"entrepot/blob"
)

// sizes are lengths at which implementations go wrong: nothing, one byte, and each side of a border.
var sizes = []int{0, 1, 15, 16, 17, 1000, Border - 17, Border - 16, Border - 1, Border, Border + 1, Border + 16,
	Border + 17, 2*Border - 1, 2 * Border, 2*Border + 1, 5*Border + 77}

func anySize(t *testing.T, s blob.Store) {
	for _, size := range sizes {
		t.Run(fmt.Sprintf("%d_bytes", size), func(t *testing.T) {
			want := Bytes(1, size)
			committed := Keep(t, s, want)
			wantBytes(t, s, want)
			wantBytes(t, s, want) // a second time: a store may answer from elsewhere

			c := open(t, s, committed.Digest)
			stated, err := s.Stat(t.Context(), committed.Digest)
			if err != nil {
				t.Fatalf("stat: %v", err)
			}
			for where, got := range map[string]blob.Info{"Commit": committed, "Content.Info": c.Info(), "Stat": stated} {
				if got.Digest != sha256.Sum256(want) || got.Size != int64(size) || !got.ModTime.Equal(committed.ModTime) {
					t.Errorf("%s says %+v, want %d bytes at %v", where, got, size, committed.ModTime)
				}
			}
			if size <= 1000 { // it takes a second for each border
				if err := iotest.TestReader(readerOnly{c}, want); err != nil {
					t.Error(err)
				}
			}
			for name, cut := range map[string]func(io.Reader) io.Reader{
				"pieces as large as the buffer":  func(r io.Reader) io.Reader { return r },
				"pieces half as large":           iotest.HalfReader,
				"pieces that do not fit borders": func(r io.Reader) io.Reader { return bufio.NewReaderSize(r, 7001) },
			} {
				if _, err := c.Seek(0, io.SeekStart); err != nil {
					t.Fatalf("seek: %v", err)
				}
				got, err := io.ReadAll(cut(readerOnly{c}))
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("read in %s: %d bytes, %v, want %d right ones", name, len(got), err, size)
				}
			}
		})
	}
}

// readerOnly hides WriteTo, so that Read itself is exercised; Seek and ReadAt stay.
type readerOnly struct{ blob.Content }

func anyCut(t *testing.T, s blob.Store) {
	want := Bytes(2, 3*Border+500)
	for _, cut := range []int{7000, Border - 1, Border, Border + 1, 2*Border + 3, len(want)} {
		draft := create(t, s)
		for rest := want; len(rest) > 0; {
			n := min(cut, len(rest))
			write(t, draft, rest[:n])
			write(t, draft, nil)
			rest = rest[n:]
		}
		commit(t, draft, sha256.Sum256(want))
		discard(t, draft)
		wantBytes(t, s, want)
	}
}

func seek(t *testing.T, s blob.Store) {
	want := Bytes(3, 2*Border+100)
	c := open(t, s, Keep(t, s, want).Digest)
	for _, step := range []struct {
		name   string
		offset int64
		whence int
		pos    int64
	}{
		{"to the last bytes", -10, io.SeekEnd, 2*Border + 90},
		{"to the start", 0, io.SeekStart, 0},
		{"just before a border", Border - 3, io.SeekStart, Border - 3},
		{"forward from behind the six bytes read", Border, io.SeekCurrent, 2*Border + 3},
		{"backward from behind the six bytes read", -Border, io.SeekCurrent, Border + 9},
	} {
		pos, err := c.Seek(step.offset, step.whence)
		if err != nil || pos != step.pos {
			t.Fatalf("%s: at %d, %v, want %d", step.name, pos, err, step.pos)
		}
		got := make([]byte, 6)
		if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, want[pos:pos+6]) {
			t.Errorf("%s: read % x, %v, want % x", step.name, got, err, want[pos:pos+6])
		}
	}
	if pos, err := c.Seek(-1, io.SeekStart); err == nil {
		t.Errorf("seek before the start: at %d, want an error", pos)
	}
	if _, err := c.Seek(0, 99); err == nil {
		t.Error("seek with an unknown whence: want an error")
	}
	if pos, err := c.Seek(1<<40, io.SeekStart); err != nil || pos != 1<<40 {
		t.Errorf("seek beyond the end: %d, %v, want it allowed", pos, err)
	}
	if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("read beyond the end: %d, %v, want io.EOF", n, err)
	}
}

func ranges(t *testing.T, s blob.Store) {
	for _, size := range []int{300, Border, 3*Border + 123} {
		want := Bytes(4, size)
		c := open(t, s, Keep(t, s, want).Digest)
		random := rand.New(rand.NewPCG(4, uint64(size)))
		var cuts [][2]int
		for border := 0; border <= size; border += Border {
			for _, off := range []int{border - 1, border, border + 1} {
				for _, n := range []int{0, 1, 2, Border - 1, Border, Border + 1, 2*Border + 2} {
					cuts = append(cuts, [2]int{off, n})
				}
			}
		}
		for range 200 {
			cuts = append(cuts, [2]int{random.IntN(size), random.IntN(2 * Border)})
		}
		for _, cut := range cuts {
			if cut[0] >= 0 && cut[0] < size {
				wantRange(t, c, want, cut[0], cut[1])
			}
		}
		if n, err := c.ReadAt(make([]byte, 3), int64(size)); n != 0 || err != io.EOF {
			t.Errorf("ReadAt at the end: %d, %v, want io.EOF", n, err)
		}
		if _, err := c.ReadAt(make([]byte, 3), -1); err == nil || err == io.EOF {
			t.Errorf("ReadAt before the start: %v, want an error", err)
		}
	}
}

func wantRange(t *testing.T, r io.ReaderAt, whole []byte, off, n int) {
	t.Helper()
	got := make([]byte, n)
	read, err := r.ReadAt(got, int64(off))
	want := whole[off:min(off+n, len(whole))]
	if !bytes.Equal(got[:read], want) || read < n && err != io.EOF || read == n && err != nil && err != io.EOF {
		t.Errorf("ReadAt(%d bytes, %d): got %d, %v, want %d right bytes", n, off, read, err, len(want))
	}
}

func parallelReadAt(t *testing.T, s blob.Store) {
	want := Bytes(5, 4*Border+9)
	c := open(t, s, Keep(t, s, want).Digest)
	var wait sync.WaitGroup
	for worker := range 4 {
		wait.Go(func() {
			random := rand.New(rand.NewPCG(5, uint64(worker)))
			for range 50 {
				wantRange(t, c, want, random.IntN(len(want)), random.IntN(Border+Border/2))
			}
		})
	}
	// The sequential reader has state of its own that ranges must not touch.
	got, err := io.ReadAll(c)
	wait.Wait()
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("sequential read beside ranges: %d bytes, %v, want %d right ones", len(got), err, len(want))
	}
}

func readAfterClose(t *testing.T, s blob.Store) {
	for _, size := range []int{10, 2 * Border} {
		c := open(t, s, Keep(t, s, Bytes(6, size)).Digest)
		if _, err := c.Read(make([]byte, 5)); err != nil {
			t.Fatalf("read: %v", err)
		}
		if err := c.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
		_, err := c.Read(make([]byte, 5))
		wantError(t, "Read after Close", err, fs.ErrClosed)
		_, err = c.ReadAt(make([]byte, 5), 0)
		wantError(t, "ReadAt after Close", err, fs.ErrClosed)
		_, err = io.Copy(io.Discard, c)
		wantError(t, "Copy after Close", err, fs.ErrClosed)
	}
}
