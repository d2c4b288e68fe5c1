package sqlcatalog_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
)

func wantFull(t *testing.T, err error) {
	t.Helper()
	if !artifact.Is(err, artifact.Unavailable) || !strings.Contains(err.Error(), "The disk of the data folder is full") {
		t.Fatalf("got %v, want it Unavailable, saying that the disk is full", err)
	}
}

// TestACatalogThatCannotGrowSaysSoAndGoesOnReadingAndDeleting fills a file of few pages and takes packages out again.
func TestACatalogThatCannotGrowSaysSoAndGoesOnReadingAndDeleting(t *testing.T) {
	asked := 0
	s := openAt(t, filepath.Join(t.TempDir(), "catalog.db"),
		sqlcatalog.Options{MaxPages: 500, Full: func() { asked++ }})
	id := fill(t, s, 10, 1)
	publish := func(i int) error {
		key := packageNumber(i)
		return s.Write(t.Context(), func(w catalog.Writer) error {
			if err := w.PutPackage(id, artifact.Package{PackageKey: key}); err != nil {
				return err
			}
			return create(w, id, benchVersion(key, "1.0.0"))
		})
	}
	published := 10
	var err error
	for ; err == nil && published < 10_000; published++ {
		err = publish(published)
	}
	wantFull(t, err)
	if asked != 1 {
		t.Errorf("room was asked for %d times before the write failed, want once", asked)
	}
	if got := countDomains(t, s); got != 1 {
		t.Errorf("a full catalog shows %d domains, want 1", got)
	}
	for i := range 10 {
		if err := s.Write(t.Context(), func(w catalog.Writer) error { return w.DeletePackage(id, packageNumber(i)) }); err != nil {
			t.Fatalf("delete a package: %v", err)
		}
	}
	if err := publish(published); err != nil {
		t.Errorf("there is room again: %v", err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAWriteIsTriedAgainWhenRoomWasMade(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT} {
		t.Run(errno.Error(), func(t *testing.T) {
			full := false
			s := openAt(t, filepath.Join(t.TempDir(), "catalog.db"), sqlcatalog.Options{
				BeforeCommit: func() error {
					if full {
						return fmt.Errorf("write: %w", errno)
					}
					return nil
				},
				Full: func() { full = false },
			})
			full = true
			if err := createDomain(s, "a"); err != nil {
				t.Fatal(err)
			}
			if got := countDomains(t, s); got != 1 || full {
				t.Errorf("got %d domains, room was made: %v", got, !full)
			}
		})
	}
}

// All who share a commit for which there is no room are told that, and can go on once there is.
func TestWritersThatShareAFullCommitAreAllToldWhy(t *testing.T) {
	var mu sync.Mutex
	full := true
	s := openAt(t, filepath.Join(t.TempDir(), "catalog.db"), sqlcatalog.Options{BeforeCommit: func() error {
		mu.Lock()
		defer mu.Unlock()
		if full {
			return syscall.ENOSPC
		}
		return nil
	}})
	var all sync.WaitGroup
	failures := make([]error, 16)
	for i := range failures {
		all.Go(func() { failures[i] = createDomain(s, fmt.Sprint("d", i)) })
	}
	all.Wait()
	for _, err := range failures {
		wantFull(t, err)
	}
	mu.Lock()
	full = false
	mu.Unlock()
	if err := createDomain(s, "d0"); err != nil {
		t.Error(err)
	}
}

func TestOtherFailuresAreNotTakenForAFullDisk(t *testing.T) {
	broken, asked := errors.New("the disk is broken"), 0
	s := openAt(t, filepath.Join(t.TempDir(), "catalog.db"), sqlcatalog.Options{
		BeforeCommit: func() error { return broken }, Full: func() { asked++ },
	})
	err := s.Write(context.Background(), func(w catalog.Writer) error {
		_, err := w.CreateDomain(catalog.Domain{DomainKey: artifact.DomainKey{Owner: "1", Name: "d"}})
		return err
	})
	if !errors.Is(err, broken) || artifact.Is(err, artifact.Unavailable) || asked != 0 {
		t.Errorf("got %v, and room asked for %d times", err, asked)
	}
}

// While room is scarce the log begins anew with each commit, so a hundred of them take no more than a few.
func TestWhereRoomIsScarceTheLogDoesNotGrow(t *testing.T) {
	size := func(scarce bool) int64 {
		t.Helper()
		path := filepath.Join(t.TempDir(), "catalog.db")
		s := openAt(t, path, sqlcatalog.Options{Scarce: func() bool { return scarce }})
		for i := range 100 {
			if err := createDomain(s, fmt.Sprint("d", i)); err != nil {
				t.Fatal(err)
			}
		}
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	if grown, bounded := size(false), size(true); bounded*2 > grown {
		t.Errorf("after a hundred commits the log has %d bytes, and %d where room is scarce; want less than half", grown, bounded)
	}
}
