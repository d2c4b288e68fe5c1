package doccache_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/disk"
	"entrepot/blob/mem"
	"entrepot/blob/sealed"
	"entrepot/catalog/sqlcatalog"
	"entrepot/catalog/sqlcatalog/sqlcatalogtest"
	"entrepot/upstream"
	"entrepot/upstream/doccache"
	"entrepot/upstream/upstreamtest"
)

const npmjs = "public:npmjs"

// openCache opens the documents of a folder as a process does. close ends it.
func openCache(t *testing.T, dir string, s blob.Store,
	o sqlcatalog.Options) (c *doccache.Cache, close func() error) {
	t.Helper()
	store := sqlcatalogtest.Open(t, filepath.Join(dir, "catalog.sqlite"), o)
	c = doccache.New(store, s, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = errors.Join(c.Close(), store.Close()) })
	return c, func() error { return errors.Join(c.Close(), store.Close()) }
}

func keepDocument(t *testing.T, c *doccache.Cache, path, body string) (upstream.Entry, error) {
	t.Helper()
	spool, err := c.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = spool.Discard() }()
	if _, err := io.WriteString(spool, body); err != nil {
		t.Fatal(err)
	}
	e := upstream.Entry{Key: upstream.Key{Connection: npmjs, Path: path}, Digest: sha256.Sum256([]byte(body)),
		Size:      int64(len(body)),
		CheckedAt: time.Unix(1, 0).UTC()}
	return e, c.Save(t.Context(), e, spool)
}

func readDocument(t *testing.T, c *doccache.Cache, path string) (string, error) {
	t.Helper()
	e, err := c.Load(t.Context(), upstream.Key{Connection: npmjs, Path: path})
	if err != nil {
		return "", err
	}
	r, err := c.Open(t.Context(), e)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(r)
	return string(body), errors.Join(err, r.Close())
}

func TestTheCacheKeepsTheContract(t *testing.T) {
	upstreamtest.TestCache(t, func(t *testing.T) upstream.Cache {
		c, _ := openCache(t, t.TempDir(), mem.New(time.Now), sqlcatalog.Options{})
		return c
	})
}

func TestDocumentsAreWrittenTogetherAndReadBefore(t *testing.T) {
	var commits atomic.Int32
	dir, store := t.TempDir(), mem.New(time.Now)
	c, done := openCache(t, dir, store, sqlcatalog.Options{AfterCommit: func() { commits.Add(1) }})
	began := time.Now()
	for i := range 50 {
		path := fmt.Sprint("p", i)
		if _, err := keepDocument(t, c, path, "body of "+path); err != nil {
			t.Fatal(err)
		}
		if got, err := readDocument(t, c, path); err != nil || got != "body of "+path {
			t.Errorf("%s: got %q, %v at once", path, got, err)
		}
	}
	most := 1 + int32(time.Since(began)/(100*time.Millisecond)) // half the time between two writings
	if err := done(); err != nil {
		t.Fatal(err)
	}
	if n := commits.Load(); n < 1 || n > most {
		t.Errorf("50 documents made %d commits, want at most %d", n, most)
	}
	again, _ := openCache(t, dir, store, sqlcatalog.Options{})
	for i := range 50 {
		path := fmt.Sprint("p", i)
		if got, err := readDocument(t, again, path); err != nil || got != "body of "+path {
			t.Errorf("%s: got %q, %v from the next process", path, got, err)
		}
	}
}

func TestDocumentsAreWrittenWithoutBeingAsked(t *testing.T) {
	dir, store := t.TempDir(), mem.New(time.Now)
	written := make(chan struct{}, 1)
	c, _ := openCache(t, dir, store, sqlcatalog.Options{AfterCommit: func() { written <- struct{}{} }})
	if _, err := keepDocument(t, c, "p", "body"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-written:
	case <-time.After(time.Minute):
		t.Error("nothing was written within a minute")
	}
	if got, err := readDocument(t, c, "p"); err != nil || got != "body" {
		t.Errorf("got %q, %v after it was written", got, err)
	}
}

func TestDocumentsOutliveACatalogThatFails(t *testing.T) {
	broken := errors.New("the disk is on fire")
	var fails atomic.Bool
	fails.Store(true)
	dir, store := t.TempDir(), mem.New(time.Now)
	c, done := openCache(t, dir, store, sqlcatalog.Options{BeforeCommit: func() error {
		if fails.Load() {
			return broken
		}
		return nil
	}})
	kept := 0
	for ; kept < 5000; kept++ {
		if _, err := keepDocument(t, c, fmt.Sprint("p", kept), "body"); err != nil {
			if !errors.Is(err, broken) {
				t.Errorf("got error %v, want %v", err, broken)
			}
			break
		}
	}
	if kept == 0 || kept == 5000 {
		t.Errorf("the failure was told after %d documents, want it told when there are many and not before", kept)
	}
	if got, err := readDocument(t, c, "p0"); err != nil || got != "body" {
		t.Errorf("got %q, %v while the catalog fails", got, err)
	}
	fails.Store(false)
	if err := done(); err != nil {
		t.Fatal(err)
	}
	again, _ := openCache(t, dir, store, sqlcatalog.Options{})
	for _, path := range []string{"p0", fmt.Sprint("p", kept)} {
		if got, err := readDocument(t, again, path); err != nil || got != "body" {
			t.Errorf("%s: got %q, %v from the next process", path, got, err)
		}
	}
}

// TestDamagedDocumentsAreAsGoodAsAbsent is what a power cut may leave of a store that does not wait for the disk.
func TestDamagedDocumentsAreAsGoodAsAbsent(t *testing.T) {
	long := string(make([]byte, 300<<10)) // several chunks
	for _, test := range []struct {
		name   string
		body   string
		damage func(file string) error
	}{
		{"emptied", "body", func(file string) error { return os.Truncate(file, 0) }},
		{"cut_short", long, func(file string) error { return os.Truncate(file, 200<<10) }},
		{"zeros_in_the_middle", long, func(file string) error {
			f, err := os.OpenFile(file, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteAt(make([]byte, 4096), 150<<10)
			return errors.Join(err, f.Close())
		}},
		{"gone", "body", os.Remove},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			process := func() (*doccache.Cache, func()) {
				d, err := disk.Open(filepath.Join(dir, "blobs"), disk.Options{})
				if err != nil {
					t.Fatal(err)
				}
				keyring, err := sealed.OpenKeyring(dir)
				if err != nil {
					t.Fatal(err)
				}
				folder, err := d.Cache("documents")
				if err != nil {
					t.Fatal(err)
				}
				c, done := openCache(t, dir, sealed.New(folder, keyring.OwnDataKey()), sqlcatalog.Options{})
				return c, func() {
					if err := errors.Join(done(), d.Close()); err != nil {
						t.Fatal(err)
					}
				}
			}
			c, done := process()
			e, err := keepDocument(t, c, "p", test.body)
			if err != nil {
				t.Fatal(err)
			}
			done()
			digits := e.Digest.String()
			if err := test.damage(filepath.Join(dir, "blobs", "documents", digits[:2], digits[2:])); err != nil {
				t.Fatal(err)
			}
			c, done = process()
			defer func() { done() }()
			for range 2 {
				if got, err := readDocument(t, c, "p"); !errors.Is(err, upstream.ErrNoEntry) {
					t.Errorf("got %d bytes and error %v, want %v", len(got), err, upstream.ErrNoEntry)
				}
			}
			if _, err := keepDocument(t, c, "p", test.body); err != nil {
				t.Fatal(err)
			}
			if got, err := readDocument(t, c, "p"); err != nil || got != test.body {
				t.Errorf("fetched again: got %d bytes and error %v, want %d", len(got), err, len(test.body))
			}
		})
	}
}

// deaf is a store that cannot be read at the moment.
type deaf struct{ blob.Store }

func (deaf) Open(ctx context.Context, d artifact.Digest) (blob.Content, error) {
	return nil, fs.ErrPermission
}

func TestADiskThatCannotBeReadIsNotAnAbsentDocument(t *testing.T) {
	dir, store := t.TempDir(), mem.New(time.Now)
	c, done := openCache(t, dir, store, sqlcatalog.Options{})
	if _, err := keepDocument(t, c, "p", "body"); err != nil {
		t.Fatal(err)
	}
	if err := done(); err != nil {
		t.Fatal(err)
	}
	again, _ := openCache(t, dir, deaf{store}, sqlcatalog.Options{})
	if _, err := readDocument(t, again, "p"); !errors.Is(err, fs.ErrPermission) || errors.Is(err, upstream.ErrNoEntry) {
		t.Errorf("got error %v, want %v", err, fs.ErrPermission)
	}
}
