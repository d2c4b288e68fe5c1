package sqlcatalog_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/catalog/catalogtest"
	"entrepot/catalog/sqlcatalog"
	"entrepot/catalog/sqlcatalog/sqlcatalogtest"
)

// openAt opens a store that the test closes.
func openAt(t testing.TB, path string, o sqlcatalog.Options) *sqlcatalog.Store {
	t.Helper()
	s := sqlcatalogtest.Open(t, path, o)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func TestSQLiteIsACatalog(t *testing.T) {
	if testing.Short() {
		t.Skip("TestSharedSQLiteIsACatalog has the same suite, and a second store that looks on")
	}
	catalogtest.Run(t, func(t *testing.T) catalog.Store {
		s := openAt(t, filepath.Join(t.TempDir(), "catalog.db"), sqlcatalog.Options{})
		t.Cleanup(func() {
			if err := s.Check(context.Background()); err != nil && !errors.Is(err, sqlcatalog.ErrClosed) {
				t.Errorf("check: %v", err)
			}
		})
		return s
	})
}

// create is CreateVersion with contents that were stored, in a catalog whose only domain is its first.
func create(w catalog.Writer, id catalog.RepositoryID, v artifact.Version) error {
	for _, a := range v.Assets {
		if err := w.ClaimBlobs(1, 0, a.SHA256); err != nil {
			return err
		}
	}
	return w.CreateVersion(id, v)
}

func TestVersionsAreStreamedAFewMegabytesAtATime(t *testing.T) {
	most := 0
	s := openAt(t, filepath.Join(t.TempDir(), "catalog.db"), sqlcatalog.Options{Ran: func(verb string, rows int) {
		if verb == "read versions" {
			most = max(most, rows)
		}
	}})
	id := fill(t, s, 1, 1)
	key := packageNumber(0)
	const versions, size = 40, 300_000
	err := s.Write(t.Context(), func(w catalog.Writer) error {
		for n := range versions {
			v := artifact.Version{VersionKey: key.At(fmt.Sprintf("9.%02d", n)), Manifest: make([]byte, size)}
			if err := w.CreateVersion(id, v); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Read(t.Context(), func(r catalog.Reader) error {
		got := 0
		for v, err := range r.EachVersion([]catalog.RepositoryID{id}, key) {
			if err != nil {
				return err
			}
			if len(v.Manifest) == size {
				got++
			}
		}
		if got != versions || most > 5 {
			t.Errorf("got %d of %d versions, %d at a time, want about a megabyte", got, versions, most)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
