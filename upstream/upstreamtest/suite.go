package upstreamtest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entrepot/artifact"
	"entrepot/upstream"
)

// TestCache checks that what open returns is an upstream.Cache. open is called once a subtest and returns an empty
// cache.
func TestCache(t *testing.T, open func(t *testing.T) upstream.Cache) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, c upstream.Cache)
	}{
		{"an empty cache has no entry", emptyHasNothing},
		{"what was saved is loaded and opened", savedIsLoaded},
		{"a save replaces entry and body together", saveReplaces},
		{"keys differ by connection and by path", keysDiffer},
		{"a touch changes everything but the body", touchRenews},
		{"a touch without an entry changes nothing", touchNeedsEntry},
		{"an open reader outlives a replacement", readerOutlives},
		{"equal bodies under two keys are independent", equalBodies},
		{"a discarded spool leaves nothing", discardedLeavesNothing},
		{"a spool is read while it is written", spoolIsReadWhileWritten},
		{"saves, touches and reads at once stay whole", concurrentUse},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

var suiteKey = upstream.Key{Connection: "public:npmjs", Path: "@scope%2fname"}

func entryFor(k upstream.Key, body string) upstream.Entry {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return upstream.Entry{
		Key: k, ETag: `W/"` + body[:1] + `"`, LastModified: "Sun, 01 Mar 2026 11:00:00 GMT",
		FetchedAt: at, CheckedAt: at.Add(time.Second),
		Digest: sha256.Sum256([]byte(body)), Size: int64(len(body)), RegenerateVersion: "1",
	}
}

func save(t *testing.T, c upstream.Cache, k upstream.Key, body string) upstream.Entry {
	t.Helper()
	s, err := c.Create(t.Context())
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	defer func() {
		if err := s.Discard(); err != nil {
			t.Errorf("Discard after Save: %v", err)
		}
	}()
	if _, err := io.WriteString(s, body); err != nil {
		t.Fatalf("Write: %v", err)
	}
	e := entryFor(k, body)
	if err := c.Save(t.Context(), e, s); err != nil {
		t.Fatalf("Save: %v", err)
	}
	return e
}

func wantEntry(t *testing.T, c upstream.Cache, want upstream.Entry) {
	t.Helper()
	got, err := c.Load(t.Context(), want.Key)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	sameTime := cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })
	if diff := cmp.Diff(want, got, sameTime); diff != "" {
		t.Errorf("Load differs (-want +got):\n%s", diff)
	}
}

func wantBody(t *testing.T, c upstream.Cache, e upstream.Entry, want string) {
	t.Helper()
	r, err := c.Open(t.Context(), e)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	got, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil || string(got) != want {
		t.Errorf("got body %q and %v, want %q", got, err, want)
	}
}

func emptyHasNothing(t *testing.T, c upstream.Cache) {
	if _, err := c.Load(t.Context(), suiteKey); !errors.Is(err, upstream.ErrNoEntry) {
		t.Errorf("Load: got %v, want ErrNoEntry", err)
	}
	if _, err := c.Open(t.Context(), entryFor(suiteKey, "body")); !errors.Is(err, upstream.ErrNoEntry) {
		t.Errorf("Open: got %v, want ErrNoEntry", err)
	}
}

func savedIsLoaded(t *testing.T, c upstream.Cache) {
	e := save(t, c, suiteKey, "first")
	wantEntry(t, c, e)
	wantBody(t, c, e, "first")
}

func saveReplaces(t *testing.T, c upstream.Cache) {
	first := save(t, c, suiteKey, "first")
	second := save(t, c, suiteKey, "second")
	wantEntry(t, c, second)
	wantBody(t, c, second, "second")
	r, err := c.Open(t.Context(), first)
	if errors.Is(err, upstream.ErrNoEntry) {
		return
	}
	if err != nil {
		t.Fatalf("Open of a replaced entry: got %v, want its body or ErrNoEntry", err)
	}
	got, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil || string(got) != "first" {
		t.Errorf("Open of a replaced entry: got %q and %v, want its own body", got, err)
	}
}

func keysDiffer(t *testing.T, c upstream.Cache) {
	keys := []upstream.Key{suiteKey, {Connection: "public:pypi", Path: suiteKey.Path},
		{Connection: suiteKey.Connection, Path: "@scope%2Fname"},
		{Connection: suiteKey.Connection, Path: "@scope%2fname/"},
		{Connection: suiteKey.Connection, Path: ""}}
	for i, k := range keys {
		save(t, c, k, fmt.Sprintf("%d body", i))
	}
	for i, k := range keys {
		body := fmt.Sprintf("%d body", i)
		wantEntry(t, c, entryFor(k, body))
		wantBody(t, c, entryFor(k, body), body)
	}
}

func touchRenews(t *testing.T, c upstream.Cache) {
	e := save(t, c, suiteKey, "first")
	e.ETag, e.LastModified, e.CheckedAt = `"new"`, "", e.CheckedAt.Add(time.Hour)
	e.Gone, e.RegenerateVersion = true, "2"
	if err := c.Touch(t.Context(), e); err != nil {
		t.Fatalf("Touch: %v", err)
	}
	wantEntry(t, c, e)
	wantBody(t, c, e, "first")
}

func touchNeedsEntry(t *testing.T, c upstream.Cache) {
	if err := c.Touch(t.Context(), entryFor(suiteKey, "first")); !errors.Is(err, upstream.ErrNoEntry) {
		t.Errorf("Touch of nothing: got %v, want ErrNoEntry", err)
	}
	e := save(t, c, suiteKey, "first")
	if err := c.Touch(t.Context(), entryFor(suiteKey, "other")); !errors.Is(err, upstream.ErrNoEntry) {
		t.Errorf("Touch with another digest: got %v, want ErrNoEntry", err)
	}
	wantEntry(t, c, e)
}

func readerOutlives(t *testing.T, c upstream.Cache) {
	first := save(t, c, suiteKey, "first")
	r, err := c.Open(t.Context(), first)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	save(t, c, suiteKey, "second")
	got, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil || string(got) != "first" {
		t.Errorf("got %q and %v, want the body that was opened", got, err)
	}
}

func equalBodies(t *testing.T, c upstream.Cache) {
	other := upstream.Key{Connection: "public:npmjs", Path: "other"}
	save(t, c, suiteKey, "same")
	kept := save(t, c, other, "same")
	save(t, c, suiteKey, "new")
	wantEntry(t, c, kept)
	wantBody(t, c, kept, "same")
}

func discardedLeavesNothing(t *testing.T, c upstream.Cache) {
	s, err := c.Create(t.Context())
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	if _, err := io.WriteString(s, "draft"); err != nil {
		t.Fatalf("Write: %v", err)
	}
	if err := s.Discard(); err != nil {
		t.Fatalf("Discard: %v", err)
	}
	if _, err := c.Open(t.Context(), entryFor(suiteKey, "draft")); !errors.Is(err, upstream.ErrNoEntry) {
		t.Errorf("Open: got %v, want ErrNoEntry", err)
	}
}

func spoolIsReadWhileWritten(t *testing.T, c upstream.Cache) {
	s, err := c.Create(t.Context())
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	defer func() {
		if err := s.Discard(); err != nil {
			t.Errorf("Discard: %v", err)
		}
	}()
	for i := range 100 {
		piece := bytes.Repeat([]byte{byte(i)}, 1000)
		if _, err := s.Write(piece); err != nil {
			t.Fatalf("Write: %v", err)
		}
		got := make([]byte, len(piece))
		if n, err := s.ReadAt(got, int64(i*len(piece))); n != len(piece) || err != nil && err != io.EOF {
			t.Fatalf("ReadAt of what was just written: got %d bytes and %v", n, err)
		}
		if !bytes.Equal(got, piece) {
			t.Fatalf("piece %d was read back otherwise", i)
		}
	}
	if n, err := s.ReadAt(make([]byte, 1), 100_000); n != 0 || err != io.EOF {
		t.Errorf("ReadAt at the end: got %d bytes and %v, want io.EOF", n, err)
	}
}

func concurrentUse(t *testing.T, c upstream.Cache) {
	var wg sync.WaitGroup
	for writer := range 4 {
		k := upstream.Key{Connection: "public:npmjs", Path: fmt.Sprint(writer)}
		wg.Go(func() {
			for i := range 20 {
				e := save(t, c, k, fmt.Sprintf("%d of %d", i, writer))
				if err := c.Touch(t.Context(), e); err != nil {
					t.Errorf("Touch: %v", err)
				}
			}
		})
		wg.Go(func() {
			for range 20 {
				e, err := c.Load(t.Context(), k)
				if err != nil {
					continue // not saved yet
				}
				if r, err := c.Open(t.Context(), e); err == nil {
					body, _ := io.ReadAll(r) // judged by its digest
					_ = r.Close()
					if artifact.Digest(sha256.Sum256(body)) != e.Digest {
						t.Errorf("a body of %d bytes does not have its entry's digest", len(body))
					}
				}
			}
		})
	}
	wg.Wait()
}
