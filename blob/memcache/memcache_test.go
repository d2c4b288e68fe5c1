package memcache_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/blobtest"
	"entrepot/blob/disk"
	"entrepot/blob/mem"
	"entrepot/blob/memcache"
	"entrepot/blob/sealed"
)

// A counting store counts the contents that are opened below, and lets a test into the middle of one.
type counting struct {
	blob.Store
	opens  atomic.Int64
	opened func() // called when content is open and not yet handed on; nil: nothing
}

func (c *counting) Open(ctx context.Context, d artifact.Digest) (blob.Content, error) {
	c.opens.Add(1)
	content, err := c.Store.Open(ctx, d)
	if err == nil && c.opened != nil {
		c.opened()
	}
	return content, err
}

func newCounting() *counting { return &counting{Store: mem.New(time.Now)} }

func sealedDisk(t testing.TB) blob.Store {
	t.Helper()
	return sealedDiskIn(t, t.TempDir())
}

func sealedDiskIn(t testing.TB, dir string) blob.Store {
	t.Helper()
	d, err := disk.Open(dir, disk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	s, err := d.Space("acme")
	if err != nil {
		t.Fatal(err)
	}
	ring, err := sealed.OpenKeyring(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	key, err := ring.Unwrap(ring.NewDataKey())
	if err != nil {
		t.Fatal(err)
	}
	return sealed.New(s, key)
}

func TestMemoryCacheKeepsTheContract(t *testing.T) {
	blobtest.Run(t, func(*testing.T) blob.Store { return memcache.New(mem.New(time.Now), memcache.Options{}) })
}

func TestMemoryCacheOverSealedDiskKeepsTheContract(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store { return memcache.New(sealedDisk(t), memcache.Options{}) })
}

func TestMemoryCacheMendsAnyDamage(t *testing.T) {
	blobtest.RunMending(t, func(t *testing.T) (blob.Store, []blobtest.Damage) {
		dir := t.TempDir()
		s := memcache.New(sealedDiskIn(t, dir), memcache.Options{})
		return s, blobtest.FileDamages(func(d artifact.Digest) string {
			return filepath.Join(dir, "acme", d.String()[:2], d.String()[2:])
		})
	})
}

func TestMemoryCacheThatIsAlwaysFullKeepsTheContract(t *testing.T) {
	blobtest.Run(t, func(*testing.T) blob.Store {
		return memcache.New(mem.New(time.Now), memcache.Options{Largest: 2000, Total: 3000})
	})
}

func BenchmarkMemoryCacheOverSealedDisk(b *testing.B) {
	blobtest.Bench(b, func(b *testing.B) blob.Store { return memcache.New(sealedDisk(b), memcache.Options{}) })
}

func read(t *testing.T, s blob.Store, d artifact.Digest) {
	t.Helper()
	if _, err := blobtest.Whole(t, s, d); err != nil {
		t.Errorf("read: %v", err)
	}
}

func wantOpens(t *testing.T, inner *counting, want int64) {
	t.Helper()
	if got := inner.opens.Load(); got != want {
		t.Errorf("the inner store was opened %d times, want %d", got, want)
	}
}

func TestTheSecondReadAnswersFromMemory(t *testing.T) {
	inner := newCounting()
	s := memcache.New(inner, memcache.Options{})
	kept := blobtest.Keep(t, s, blobtest.Bytes(1, memcache.DefaultLargest))
	for range 3 {
		read(t, s, kept.Digest)
	}
	wantOpens(t, inner, 1)
}

func TestLargeContentIsNotKept(t *testing.T) {
	inner := newCounting()
	s := memcache.New(inner, memcache.Options{})
	kept := blobtest.Keep(t, s, blobtest.Bytes(2, memcache.DefaultLargest+1))
	read(t, s, kept.Digest)
	read(t, s, kept.Digest)
	wantOpens(t, inner, 2)
}

func TestWhatWasReadLongestAgoMakesRoom(t *testing.T) {
	inner := newCounting()
	s := memcache.New(inner, memcache.Options{Total: 3 * (1000 + 256)})
	var kept []artifact.Digest
	for i := range 4 {
		kept = append(kept, blobtest.Keep(t, s, blobtest.Bytes(uint64(i), 1000)).Digest)
	}
	read(t, s, kept[0])
	read(t, s, kept[1])
	read(t, s, kept[2])
	read(t, s, kept[0]) // from memory, and now the freshest
	wantOpens(t, inner, 3)
	read(t, s, kept[3]) // pushes out 1
	wantOpens(t, inner, 4)
	read(t, s, kept[0])
	read(t, s, kept[2])
	wantOpens(t, inner, 4)
	read(t, s, kept[1])
	wantOpens(t, inner, 5)
}

func TestManyTinyContentsStayBelowTheBound(t *testing.T) {
	inner := newCounting()
	s := memcache.New(inner, memcache.Options{Total: 10 * 257})
	var kept []artifact.Digest
	for i := range 100 {
		kept = append(kept, blobtest.Keep(t, s, []byte{byte(i)}).Digest)
		read(t, s, kept[i])
	}
	opens := inner.opens.Load()
	for i := range 90 {
		read(t, s, kept[i])
	}
	if got := inner.opens.Load() - opens; got != 90 {
		t.Errorf("%d of 90 old contents were read again, want all: ten fit", got)
	}
}

func TestDeletedContentDoesNotComeBackFromMemory(t *testing.T) {
	inner := newCounting()
	s := memcache.New(inner, memcache.Options{})
	kept := blobtest.Keep(t, s, []byte("content"))
	read(t, s, kept.Digest)
	if err := s.Delete(t.Context(), kept.Digest); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), kept.Digest); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("got error %v, want %v", err, blob.ErrNotFound)
	}
}

// TestAReadOverADeletionIsNotKept deletes content while another reader has opened it below and not yet kept it.
func TestAReadOverADeletionIsNotKept(t *testing.T) {
	inner := newCounting()
	s := memcache.New(inner, memcache.Options{})
	kept := blobtest.Keep(t, s, []byte("content"))
	inner.opened = func() {
		inner.opened = nil
		if err := s.Delete(t.Context(), kept.Digest); err != nil {
			t.Error(err)
		}
	}
	read(t, s, kept.Digest) // it had opened the content before it was deleted
	if _, err := s.Open(t.Context(), kept.Digest); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("got error %v, want %v", err, blob.ErrNotFound)
	}
}

func TestAReadOverACommitSeesTheNewModTimeNext(t *testing.T) {
	inner := newCounting()
	s := memcache.New(inner, memcache.Options{})
	kept := blobtest.Keep(t, s, []byte("content"))
	inner.opened = func() {
		inner.opened = nil
		time.Sleep(time.Millisecond)
		blobtest.Keep(t, s, []byte("content"))
	}
	read(t, s, kept.Digest)
	c, err := s.Open(t.Context(), kept.Digest)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if !c.Info().ModTime.After(kept.ModTime) {
		t.Errorf("ModTime %v, want one after %v", c.Info().ModTime, kept.ModTime)
	}
}

// TestConcurrentDeletesLeaveNothingInMemory races readers with commits and deletions; at the end all is deleted, and
// nothing may be left to read.
func TestConcurrentDeletesLeaveNothingInMemory(t *testing.T) {
	s := memcache.New(mem.New(time.Now), memcache.Options{})
	var contents [4][]byte
	for i := range contents {
		contents[i] = blobtest.Bytes(uint64(i), 100)
	}
	for range 200 {
		var wait sync.WaitGroup
		for _, b := range contents {
			blobtest.Keep(t, s, b)
			for range 3 {
				wait.Go(func() {
					got, err := blobtest.Whole(t, s, sha256.Sum256(b))
					if err != nil && !errors.Is(err, blob.ErrNotFound) || err == nil && !bytes.Equal(got, b) {
						t.Errorf("read %d bytes, %v", len(got), err)
					}
				})
			}
			wait.Go(func() {
				if err := s.Delete(t.Context(), sha256.Sum256(b)); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		for _, b := range contents {
			if _, err := s.Open(t.Context(), sha256.Sum256(b)); !errors.Is(err, blob.ErrNotFound) {
				t.Fatalf("got error %v after every deletion, want %v", err, blob.ErrNotFound)
			}
		}
	}
}

func TestDamageIsToldAndNotKept(t *testing.T) {
	inner := newCounting()
	s := memcache.New(inner, memcache.Options{})
	kept := blobtest.Keep(t, s, []byte("content"))
	lying := &shortening{Store: inner}
	short := memcache.New(lying, memcache.Options{})
	if _, err := short.Open(t.Context(), kept.Digest); !errors.Is(err, blob.ErrCorrupt) {
		t.Errorf("got error %v, want %v", err, blob.ErrCorrupt)
	}
	lying.honest = true
	read(t, short, kept.Digest)
}

// shortening promises more bytes than there are.
type shortening struct {
	blob.Store
	honest bool
}

func (s *shortening) Open(ctx context.Context, d artifact.Digest) (blob.Content, error) {
	c, err := s.Store.Open(ctx, d)
	if err != nil || s.honest {
		return c, err
	}
	info := c.Info()
	info.Size++
	return mem.Content(info, []byte("content")), c.Close()
}
