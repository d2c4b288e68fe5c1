package repository_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/catalog"
	"entrepot/repository"
)

func TestADocumentKnowsItsDigests(t *testing.T) {
	h := newFixture(t)
	h.repo("r")
	h.publish("r", "left@1.0.0", "bytes")
	for variant, text := range map[string]string{"small": "some", "large": strings.Repeat("large ", 1<<21)} {
		d, err := h.shelf("r").Document(t.Context(), npm("left"), variant, func(w io.Writer, _ repository.View) error {
			_, err := io.WriteString(w, text)
			return err
		})
		h.check(err)
		got, err := d.Digests()
		h.check(err)
		sums := artifact.NewDigester()
		_, _ = io.WriteString(sums, text) // never fails
		if want, _ := sums.Sum(); got != want || d.SHA256 != sha256.Sum256([]byte(text)) {
			t.Errorf("%s: got %x and SHA-256 %s, want %x", variant, got, d.SHA256, want)
		}
	}
}

func TestDocumentsThatDifferAreNotOfTheSameSecond(t *testing.T) {
	h := newFixture(t)
	h.repo("r")
	var before time.Time
	moment := h.now
	for _, version := range []string{"1.0.0", "1.1.0", "1.2.0"} {
		h.publish("r", "left@"+version, "bytes of "+version)
		h.now = moment // the clock stands still
		n := 0
		d, err := h.shelf("r").Document(t.Context(), npm("left"), "plain", render(&n))
		h.check(err)
		if !d.Modified.Truncate(time.Second).After(before.Truncate(time.Second)) {
			t.Errorf("%s: got %v after %v, want another second", version, d.Modified, before)
		}
		before = d.Modified
	}
}

// countedStores are stores that know how many of their drafts nobody has discarded.
type countedStores struct {
	repository.DomainStores
	drafts atomic.Int64
}

func (c *countedStores) Open(d catalog.Domain) (blob.Store, error) {
	store, err := c.DomainStores.Open(d)
	return countedStore{store, c}, err
}

type countedStore struct {
	blob.Store
	of *countedStores
}

func (s countedStore) Create(ctx context.Context) (blob.Draft, error) {
	d, err := s.Store.Create(ctx)
	if err != nil {
		return nil, err
	}
	s.of.drafts.Add(1)
	return &countedDraft{Draft: d, discarded: sync.OnceFunc(func() { s.of.drafts.Add(-1) })}, nil
}

type countedDraft struct {
	blob.Draft
	discarded func()
}

func (d *countedDraft) Discard() error {
	d.discarded()
	return d.Draft.Discard()
}

// watchedStores note whether a store was opened while something was rendered.
type watchedStores struct {
	repository.DomainStores
	rendering, opened bool
}

func (s *watchedStores) Open(d catalog.Domain) (blob.Store, error) {
	s.opened = s.opened || s.rendering
	return s.DomainStores.Open(d)
}

func TestNoStoreIsOpenedWhileTheCatalogIsReadForADocument(t *testing.T) {
	h := newFixture(t)
	h.repo("r")
	h.publish("r", "left@1.0.0", "bytes")
	stores := &watchedStores{DomainStores: h.rules.Stores}
	o := h.rules.Options
	o.Catalog, o.Stores = h.catalog, stores
	h.rules = repository.New(o)
	body := make([]byte, 6<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(body) // which does not compress
	d, err := h.shelf("r").Index(t.Context(), artifact.NPM, "", func(w io.Writer, packages repository.Inventory) error {
		stores.rendering = true
		defer func() { stores.rendering = false }()
		for _, err := range packages.Packages {
			if err != nil {
				return err
			}
			if _, err := w.Write(body); err != nil {
				return err
			}
		}
		return nil
	})
	h.check(err)
	if d.Gzip != nil || stores.opened {
		t.Errorf("got %d bytes in memory, a store was opened within the reading: %v", len(d.Gzip), stores.opened)
	}
}

func TestAVeryLargeDocumentLiesInTheByteStore(t *testing.T) {
	h := newFixture(t)
	stores := &countedStores{DomainStores: h.rules.Stores}
	o := h.rules.Options
	o.Catalog, o.Stores, o.DocumentSpool = h.catalog, stores, 8<<20
	h.rules = repository.New(o)
	h.repo("r")
	h.publish("r", "left@1.0.0", "bytes")
	body := make([]byte, 6<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(body) // which does not compress
	renderings := 0
	read := func(variant string) (repository.Document, []byte) {
		t.Helper()
		d, err := h.shelf("r").Document(t.Context(), npm("left"), variant, func(w io.Writer, _ repository.View) error {
			renderings++
			_, err := w.Write(body)
			return err
		})
		h.check(err)
		packed, size := d.OpenGzip()
		raw, err := io.ReadAll(packed)
		h.check(err)
		if d.Gzip != nil || int64(len(raw)) != size {
			t.Errorf("got %d bytes in memory and %d to read, of %d", len(d.Gzip), len(raw), size)
		}
		plain, err := gzip.NewReader(bytes.NewReader(raw))
		h.check(err)
		unpacked, err := io.ReadAll(plain)
		h.check(err)
		return d, unpacked
	}
	drafts := func(want int64) {
		t.Helper()
		for end := time.Now().Add(time.Minute); stores.drafts.Load() != want; {
			if time.Now().After(end) {
				t.Fatalf("there are %d drafts, want %d", stores.drafts.Load(), want)
			}
			runtime.GC()
			runtime.Gosched()
		}
	}
	first, text := read("first")
	if !bytes.Equal(text, body) || first.Size != int64(len(body)) {
		t.Fatalf("got %d bytes, size %d, want those rendered", len(text), first.Size)
	}
	if sums, err := first.Digests(); err != nil || sums.MD5 != md5.Sum(body) {
		t.Errorf("got the MD5 %x, %v", sums.MD5, err)
	}
	read("first")
	if drafts(1); renderings != 1 {
		t.Errorf("it was rendered %d times, want once for all who read it", renderings)
	}
	read("second") // for which the first has to go
	drafts(2)
	if packed, size := first.OpenGzip(); !readable(packed, size) {
		t.Error("who had the document before it was forgotten cannot read it any more")
	}
	runtime.KeepAlive(first)
	first = repository.Document{}
	drafts(1)
	_, err := h.shelf("r").Document(t.Context(), npm("left"), "third", func(w io.Writer, _ repository.View) error {
		_, _ = w.Write(body)
		return io.ErrUnexpectedEOF
	})
	h.refuses(artifact.Internal, err)
	if n := stores.drafts.Load(); n != 1 {
		t.Errorf("a rendering that failed left %d drafts", n-1)
	}
}

func readable(r io.Reader, size int64) bool {
	n, err := io.Copy(io.Discard, r)
	return err == nil && n == size
}
