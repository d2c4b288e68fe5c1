package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"io/fs"
	"sync"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
)

// tick is longer than the coarsest modification time a store may keep.
const tick = 5 * time.Millisecond

func equalContent(t *testing.T, s blob.Store) {
	want := Bytes(10, Border+10)
	first := Keep(t, s, want)
	time.Sleep(tick)
	second := Keep(t, s, want)
	if !second.ModTime.After(first.ModTime) {
		t.Errorf("second commit: ModTime %v, want one after %v", second.ModTime, first.ModTime)
	}
	stated, err := s.Stat(t.Context(), first.Digest)
	if err != nil || !stated.ModTime.Equal(second.ModTime) {
		t.Errorf("Stat after the second commit: %v, %v, want %v", stated.ModTime, err, second.ModTime)
	}
	if got := open(t, s, first.Digest).Info().ModTime; !got.Equal(second.ModTime) {
		t.Errorf("Info after the second commit: %v, want %v", got, second.ModTime)
	}
	wantKept(t, s, first.Digest)
	wantBytes(t, s, want)
}

func concurrentCommits(t *testing.T, s blob.Store) {
	want := Bytes(11, Border+11)
	digest := artifact.Digest(sha256.Sum256(want))
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			draft, err := s.Create(t.Context())
			if err != nil {
				t.Errorf("create: %v", err)
				return
			}
			defer discard(t, draft)
			if _, err := draft.Write(want); err != nil {
				t.Errorf("write: %v", err)
			}
			if _, err := draft.Commit(t.Context(), digest); err != nil {
				t.Errorf("commit: %v", err)
			}
			wantBytes(t, s, want)
		})
	}
	wait.Wait()
	wantKept(t, s, digest)
}

func recommitUnderReaders(t *testing.T, s blob.Store) {
	want := Bytes(12, 2*Border)
	Keep(t, s, want)
	ctx, stop := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			for ctx.Err() == nil {
				wantBytes(t, s, want)
			}
		})
	}
	for range 20 {
		Keep(t, s, want)
	}
	stop()
	wait.Wait()
}

func invisibleDraft(t *testing.T, s blob.Store) {
	other := Keep(t, s, Bytes(13, 100))
	want := Bytes(13, 2*Border+13)
	digest := artifact.Digest(sha256.Sum256(want))
	draft := create(t, s)
	defer discard(t, draft)
	write(t, draft, want)
	_, err := s.Open(t.Context(), digest)
	wantError(t, "Open of a draft", err, blob.ErrNotFound)
	_, err = s.Stat(t.Context(), digest)
	wantError(t, "Stat of a draft", err, blob.ErrNotFound)
	wantKept(t, s, other.Digest)
	commit(t, draft, digest)
	wantBytes(t, s, want)
	wantKept(t, s, other.Digest, digest)
}

func discarded(t *testing.T, s blob.Store) {
	want := Bytes(14, Border+14)
	draft := create(t, s)
	write(t, draft, want)
	discard(t, draft)
	discard(t, draft)
	_, err := draft.Write(want)
	wantError(t, "Write after Discard", err, fs.ErrClosed)
	_, err = draft.ReadAt(make([]byte, 1), 0)
	wantError(t, "ReadAt after Discard", err, fs.ErrClosed)
	_, err = draft.Commit(t.Context(), sha256.Sum256(want))
	wantError(t, "Commit after Discard", err, fs.ErrClosed)
	_, err = s.Open(t.Context(), sha256.Sum256(want))
	wantError(t, "Open of what was discarded", err, blob.ErrNotFound)
	wantKept(t, s)
}

func discardAfterCommit(t *testing.T, s blob.Store) {
	want := Bytes(15, Border+15)
	draft := create(t, s)
	write(t, draft, want)
	digest := commit(t, draft, sha256.Sum256(want)).Digest
	discard(t, draft)
	discard(t, draft)
	wantBytes(t, s, want)
	wantKept(t, s, digest)
}

func writeAfterCommit(t *testing.T, s blob.Store) {
	want := Bytes(16, 500)
	draft := create(t, s)
	defer discard(t, draft)
	write(t, draft, want)
	commit(t, draft, sha256.Sum256(want))
	_, err := draft.Write([]byte("more"))
	wantError(t, "Write after Commit", err, fs.ErrClosed)
	_, err = draft.Commit(t.Context(), sha256.Sum256(want))
	wantError(t, "second Commit", err, fs.ErrClosed)
	wantBytes(t, s, want)
}

func readDraft(t *testing.T, s blob.Store) {
	want := Bytes(17, 3*Border+17)
	draft := create(t, s)
	defer discard(t, draft)
	if n, err := draft.ReadAt(make([]byte, 1), 0); n != 0 || err != io.EOF {
		t.Errorf("ReadAt of an empty draft: %d, %v, want io.EOF", n, err)
	}
	written := 0
	for _, n := range []int{1, 99, Border - 100, 1, Border - 1, 5, Border + 12} {
		write(t, draft, want[written:written+n])
		written += n
		for _, off := range []int{0, 1, Border - 1, Border, Border + 1, 2 * Border, written - 1} {
			if off < written {
				wantRange(t, draft, want[:written], off, Border+3)
				wantRange(t, draft, want[:written], off, 1)
			}
		}
		if n, err := draft.ReadAt(make([]byte, 1), int64(written)); n != 0 || err != io.EOF {
			t.Errorf("ReadAt behind %d bytes: %d, %v, want io.EOF", written, n, err)
		}
		if _, err := draft.ReadAt(make([]byte, 1), -1); err == nil || err == io.EOF {
			t.Errorf("ReadAt before the start: %v, want an error", err)
		}
	}
	commit(t, draft, sha256.Sum256(want[:written]))
	wantRange(t, draft, want[:written], 0, written+1)
}

func followers(t *testing.T, s blob.Store) {
	want := Bytes(18, 6*Border+18)
	draft := create(t, s)
	defer discard(t, draft)
	var wait sync.WaitGroup
	for worker := range 3 {
		wait.Go(func() {
			var got []byte
			for p := make([]byte, 20_000+worker*Border); len(got) < len(want); {
				n, err := draft.ReadAt(p, int64(len(got)))
				if err != nil && err != io.EOF {
					t.Errorf("follower at %d: %v", len(got), err)
					return
				}
				got = append(got, p[:n]...)
				if n == 0 {
					time.Sleep(100 * time.Microsecond)
				}
			}
			if !bytes.Equal(got, want) {
				t.Error("follower read other bytes than were written")
			}
		})
	}
	for rest := want; len(rest) > 0; {
		n := min(9_000, len(rest))
		write(t, draft, rest[:n])
		rest = rest[n:]
	}
	commit(t, draft, sha256.Sum256(want))
	wait.Wait()
	wantBytes(t, s, want)
}
