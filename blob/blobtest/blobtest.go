// Package blobtest is what every blob.Store must do, as tests: run it against each store and each stack of stores.
package blobtest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"entrepot/artifact"
	"entrepot/blob"
)

// Border is the length of the pieces in which stores may keep content, in bytes. The suite reads over its multiples.
const Border = 64 << 10

// Run checks that the stores newStore makes keep the contract. Each test gets a store of its own, empty; newStore
// releases what it opened with t.Cleanup.
func Run(t *testing.T, newStore func(t *testing.T) blob.Store) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, s blob.Store)
	}{
		{"content_of_any_size_comes_back_as_it_was_written", anySize},
		{"content_comes_back_however_it_was_cut_into_writes", anyCut},
		{"seek_follows_io_Seeker", seek},
		{"ReadAt_serves_every_range_over_the_borders", ranges},
		{"ReadAt_serves_several_goroutines_at_once", parallelReadAt},
		{"reads_after_Close_fail", readAfterClose},
		{"equal_content_is_kept_once_and_its_ModTime_renewed", equalContent},
		{"concurrent_commits_of_equal_content_all_succeed", concurrentCommits},
		{"content_stays_readable_while_it_is_committed_again", recommitUnderReaders},
		{"a_draft_is_invisible_until_it_is_committed", invisibleDraft},
		{"a_discarded_draft_leaves_nothing", discarded},
		{"Discard_after_Commit_is_harmless", discardAfterCommit},
		{"a_committed_draft_takes_nothing_more", writeAfterCommit},
		{"a_draft_reads_back_what_it_has_accepted", readDraft},
		{"followers_read_a_draft_while_it_is_written_and_committed", followers},
		{"Delete_removes_content_and_may_be_repeated", deletes},
		{"a_reader_sees_its_own_bytes_or_an_error_after_Delete", deleteUnderReader},
		{"readers_beside_deletes_and_commits_see_whole_content_or_none", churn},
		{"what_is_not_kept_is_ErrNotFound", notFound},
		{"All_yields_everything_once_and_stops_when_told", all},
		{"an_ended_context_stops_every_method", endedContext},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStore(t)
			noLeaks(t)
			test.run(t, s)
		})
	}
}

// Bytes returns n bytes that look random and depend on n and seed only.
func Bytes(seed uint64, n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(n), byte(n >> 8), byte(n >> 16)}).Read(b)
	return b
}

// Keep commits b to s and returns its description. It fails the test when the store does.
func Keep(t testing.TB, s blob.Store, b []byte) blob.Info {
	t.Helper()
	draft := create(t, s)
	defer discard(t, draft)
	write(t, draft, b)
	return commit(t, draft, sha256.Sum256(b))
}

// Whole reads the content kept under d to its end. It checks that the length is the one Info promised and that the
// bytes hash to d, so that no caller can forget to.
func Whole(t testing.TB, s blob.Store, d artifact.Digest) ([]byte, error) {
	t.Helper()
	c, err := s.Open(t.Context(), d)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Errorf("close %s: %v", d, err)
		}
	}()
	var b bytes.Buffer
	if _, err := io.Copy(&b, c); err != nil {
		return nil, err
	}
	if int64(b.Len()) != c.Info().Size || artifact.Digest(sha256.Sum256(b.Bytes())) != d {
		t.Errorf("%s: got %d bytes that are not those committed; Info says %d", d, b.Len(), c.Info().Size)
	}
	return b.Bytes(), nil
}

func create(t testing.TB, s blob.Store) blob.Draft {
	t.Helper()
	draft, err := s.Create(t.Context())
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return draft
}

func write(t testing.TB, draft blob.Draft, b []byte) {
	t.Helper()
	if n, err := draft.Write(b); n != len(b) || err != nil {
		t.Fatalf("write %d bytes: got %d, %v", len(b), n, err)
	}
}

func commit(t testing.TB, draft blob.Draft, d artifact.Digest) blob.Info {
	t.Helper()
	info, err := draft.Commit(t.Context(), d)
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
	return info
}

func discard(t testing.TB, draft blob.Draft) {
	t.Helper()
	if err := draft.Discard(); err != nil {
		t.Errorf("discard: %v", err)
	}
}

func open(t testing.TB, s blob.Store, d artifact.Digest) blob.Content {
	t.Helper()
	c, err := s.Open(t.Context(), d)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func wantBytes(t testing.TB, s blob.Store, want []byte) {
	t.Helper()
	got, err := Whole(t, s, sha256.Sum256(want))
	if err != nil {
		t.Errorf("read %d bytes back: %v", len(want), err)
	} else if !bytes.Equal(got, want) {
		t.Errorf("read back %d bytes, want the %d committed", len(got), len(want))
	}
}

func wantError(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}

func wantKept(t testing.TB, s blob.Store, want ...artifact.Digest) {
	t.Helper()
	seen := map[artifact.Digest]int{}
	for info, err := range s.All(t.Context()) {
		if err != nil {
			t.Fatalf("list: %v", err)
		}
		seen[info.Digest]++
	}
	for _, d := range want {
		if seen[d] != 1 {
			t.Errorf("All yields %s %d times, want once", d, seen[d])
		}
	}
	if len(seen) != len(want) {
		t.Errorf("All yields %d contents, want %d", len(seen), len(want))
	}
}
