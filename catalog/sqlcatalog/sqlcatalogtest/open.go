// Package sqlcatalogtest opens catalogs for tests at a fraction of what a new one costs.
package sqlcatalogtest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"entrepot/catalog/sqlcatalog"
)

// Open opens the catalog in the file at path as sqlcatalog.OpenSQLite does, and ends the test if that fails. The caller
// closes it. Where there is no file yet it lays down a copy of an empty catalog, which the process makes once: a new one
// goes through all migrations, and syncs after each.
func Open(t testing.TB, path string, o sqlcatalog.Options) *sqlcatalog.Store {
	t.Helper()
	s, err := open(t, path, o)
	if err != nil {
		t.Fatalf("open %s: %v", path, err)
	}
	return s
}

func open(t testing.TB, path string, o sqlcatalog.Options) (*sqlcatalog.Store, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		file, err := empty()
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, file, 0o600); err != nil {
			return nil, err
		}
	}
	return sqlcatalog.OpenSQLite(t.Context(), path, o)
}

// empty are the bytes of a catalog in which nothing is.
var empty = sync.OnceValues(func() (_ []byte, err error) {
	folder, err := os.MkdirTemp("", "empty-catalog-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, "catalog.sqlite")
	s, err := sqlcatalog.OpenSQLite(context.Background(), path, sqlcatalog.Options{})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})
