package sqlcatalog_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/catalog/catalogtest"
	"entrepot/catalog/sqlcatalog"
)

// openAt opens a store that the test closes.
func openAt(t testing.TB, path string, o sqlcatalog.Options) *sqlcatalog.Store {
	t.Helper()
	s, err := sqlcatalog.OpenSQLite(t.Context(), path, o)
	if err != nil {
		t.Fatalf("open %s: %v", path, err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func TestSQLiteIsACatalog(t *testing.T) {
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
