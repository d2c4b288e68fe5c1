package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"sync"
	"testing"

	"entrepot/artifact"
	"entrepot/blob"
)

func deletes(t *testing.T, s blob.Store) {
	gone, stays := Bytes(30, Border+30), Bytes(31, 31)
	digest := Keep(t, s, gone).Digest
	wantBytes(t, s, gone)
	other := Keep(t, s, stays).Digest
	for range 2 {
		if err := s.Delete(t.Context(), digest); err != nil {
			t.Errorf("delete: %v", err)
		}
		_, err := s.Open(t.Context(), digest)
		wantError(t, "Open after Delete", err, blob.ErrNotFound)
		_, err = s.Stat(t.Context(), digest)
		wantError(t, "Stat after Delete", err, blob.ErrNotFound)
		wantKept(t, s, other)
	}
	wantBytes(t, s, stays)
	Keep(t, s, gone)
	wantBytes(t, s, gone)
}

func deleteUnderReader(t *testing.T, s blob.Store) {
	for _, size := range []int{40, 3*Border + 40} {
		want := Bytes(32, size)
		digest := Keep(t, s, want).Digest
		c := open(t, s, digest)
		head := make([]byte, 20)
		if _, err := io.ReadFull(c, head); err != nil {
			t.Fatalf("read: %v", err)
		}
		if err := s.Delete(t.Context(), digest); err != nil {
			t.Fatalf("delete: %v", err)
		}
		rest, err := io.ReadAll(c)
		if err == nil && !bytes.Equal(append(head, rest...), want) {
			t.Errorf("reader after Delete got %d other bytes without an error", len(head)+len(rest))
		}
	}
}

func churn(t *testing.T, s blob.Store) {
	want := Bytes(33, 700)
	digest := artifact.Digest(sha256.Sum256(want))
	ctx, stop := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			for ctx.Err() == nil {
				if _, err := Whole(t, s, digest); err != nil && !errors.Is(err, blob.ErrNotFound) {
					t.Errorf("read: %v", err)
				}
			}
		})
	}
	for range 40 {
		Keep(t, s, want)
		if _, err := Whole(t, s, digest); err != nil {
			t.Errorf("read after Commit: %v", err)
		}
		if err := s.Delete(t.Context(), digest); err != nil {
			t.Errorf("delete: %v", err)
		}
		_, err := s.Open(t.Context(), digest)
		wantError(t, "Open after Delete", err, blob.ErrNotFound)
	}
	stop()
	wait.Wait()
}

func notFound(t *testing.T, s blob.Store) {
	absent := artifact.Digest(sha256.Sum256([]byte("never kept")))
	_, err := s.Open(t.Context(), absent)
	wantError(t, "Open", err, blob.ErrNotFound)
	_, err = s.Stat(t.Context(), absent)
	wantError(t, "Stat", err, blob.ErrNotFound)
	if err := s.Delete(t.Context(), absent); err != nil {
		t.Errorf("Delete: %v, want no error", err)
	}
	wantKept(t, s)
}

func all(t *testing.T, s blob.Store) {
	want := map[artifact.Digest]blob.Info{}
	var digests []artifact.Digest
	for i := range 30 {
		info := Keep(t, s, Bytes(uint64(40+i), 1+i*997))
		want[info.Digest] = info
		digests = append(digests, info.Digest)
	}
	wantKept(t, s, digests...)
	for got, err := range s.All(t.Context()) {
		w := want[got.Digest]
		if err != nil || got.Size != w.Size || !got.ModTime.Equal(w.ModTime) {
			t.Errorf("All yields %+v, %v, want %+v", got, err, w)
		}
	}
	seen := 0
	for range s.All(t.Context()) {
		if seen++; seen == 3 {
			break
		}
	}
	if seen != 3 {
		t.Errorf("All went on for %d contents, want it to stop at 3", seen)
	}
	// Collecting deletes what it is walking over.
	for info, err := range s.All(t.Context()) {
		if err != nil {
			t.Fatalf("list while deleting: %v", err)
		}
		if err := s.Delete(t.Context(), info.Digest); err != nil {
			t.Errorf("delete while listing: %v", err)
		}
	}
	wantKept(t, s)
}

func endedContext(t *testing.T, s blob.Store) {
	kept := Keep(t, s, Bytes(34, 34))
	ctx, cancel := context.WithCancel(t.Context())
	draft, err := s.Create(ctx)
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	defer discard(t, draft)
	want := Bytes(35, 35)
	write(t, draft, want)
	cancel()

	_, err = draft.Commit(ctx, sha256.Sum256(want))
	wantError(t, "Commit", err, context.Canceled)
	_, err = s.Open(t.Context(), sha256.Sum256(want))
	wantError(t, "Open of what was not committed", err, blob.ErrNotFound)
	_, err = s.Create(ctx)
	wantError(t, "Create", err, context.Canceled)
	_, err = s.Open(ctx, kept.Digest)
	wantError(t, "Open", err, context.Canceled)
	_, err = s.Stat(ctx, kept.Digest)
	wantError(t, "Stat", err, context.Canceled)
	wantError(t, "Delete", s.Delete(ctx, kept.Digest), context.Canceled)
	ended := false
	for _, err := range s.All(ctx) {
		wantError(t, "All", err, context.Canceled)
		ended = true
	}
	if !ended {
		t.Error("All: no error, want the context's")
	}
	wantKept(t, s, kept.Digest)
}
