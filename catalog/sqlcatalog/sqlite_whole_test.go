package sqlcatalog_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entrepot/catalog/sqlcatalog"
)

// copied copies files of a folder as they are at this moment, which is how a process that is killed leaves them.
func copied(t *testing.T, folder string, names ...string) string {
	t.Helper()
	to := t.TempDir()
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// contents reads a folder: names with what the files hold.
func contents(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(folder, path))
		all[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestACatalogWhoseLogIsMissingIsRefused(t *testing.T) {
	folder := t.TempDir()
	s := openAt(t, filepath.Join(folder, "catalog.db"), sqlcatalog.Options{})
	if err := createDomain(s, "acknowledged"); err != nil {
		t.Fatal(err)
	}
	killed := copied(t, folder, "catalog.db", "catalog.db-wal", "catalog.db-open")
	if got := countDomains(t, openAt(t, filepath.Join(killed, "catalog.db"), sqlcatalog.Options{})); got != 1 {
		t.Errorf("after a kill: got %d domains, want 1", got)
	}
	lost := copied(t, folder, "catalog.db", "catalog.db-open")
	before := contents(t, lost)
	_, err := sqlcatalog.OpenSQLite(t.Context(), filepath.Join(lost, "catalog.db"), sqlcatalog.Options{Existing: true})
	if err == nil || !strings.Contains(err.Error(), "catalog.db-wal is missing") || !strings.Contains(err.Error(), "put it back") {
		t.Errorf("got %v, want a refusal that says what is missing and what to do", err)
	}
	after := contents(t, lost)
	delete(after, "catalog.db.lock")
	if len(after) != len(before) || after["catalog.db"] != before["catalog.db"] {
		t.Error("the refusal wrote something")
	}
}

// A start that fails works the log into the file, as SQLite does with the last connection; nothing is missing then.
func TestAFailedStartAfterAKillLeavesAFolderThatStarts(t *testing.T) {
	folder := t.TempDir()
	s := openAt(t, filepath.Join(folder, "catalog.db"), sqlcatalog.Options{})
	if err := createDomain(s, "acknowledged"); err != nil {
		t.Fatal(err)
	}
	run(t, filepath.Join(folder, "catalog.db"), "INSERT INTO schema_versions (version_id, is_applied) VALUES (1000, 1)")
	for _, inspect := range []bool{false, true} {
		path := filepath.Join(copied(t, folder, "catalog.db", "catalog.db-wal", "catalog.db-open"), "catalog.db")
		_, err := sqlcatalog.OpenSQLite(t.Context(), path, sqlcatalog.Options{Existing: true, Inspect: inspect})
		if err == nil || !strings.Contains(err.Error(), "newer release") {
			t.Fatalf("got %v, want the schema refused", err)
		}
		run(t, path, "DELETE FROM schema_versions WHERE version_id = 1000")
		s, err := sqlcatalog.OpenSQLite(t.Context(), path, sqlcatalog.Options{Existing: true})
		if err != nil {
			t.Fatalf("the next start: %v", err)
		}
		if got := countDomains(t, s); got != 1 {
			t.Errorf("got %d domains, want 1", got)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestACatalogThatWasClosedNeedsNoLog(t *testing.T) {
	folder := t.TempDir()
	s := openAt(t, filepath.Join(folder, "catalog.db"), sqlcatalog.Options{})
	if err := createDomain(s, "acknowledged"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	moved := copied(t, folder, "catalog.db")
	if got := countDomains(t, openAt(t, filepath.Join(moved, "catalog.db"), sqlcatalog.Options{Existing: true})); got != 1 {
		t.Errorf("got %d domains, want 1", got)
	}
	if left := contents(t, folder); len(left) != 2 { // the database and the lock
		t.Errorf("%d files are left after closing, want 2", len(left))
	}
}

func TestWhatWasNeverACatalogIsNoExistingOne(t *testing.T) {
	for name, file := range map[string]*string{"missing": nil, "empty": new("")} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "catalog.db")
			if file != nil {
				if err := os.WriteFile(path, []byte(*file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := sqlcatalog.OpenSQLite(t.Context(), path, sqlcatalog.Options{Existing: true})
			if err == nil || !strings.Contains(err.Error(), "restore it from a backup") {
				t.Errorf("got %v, want a refusal that says what to do", err)
			}
			if info, err := os.Stat(path); file == nil && err == nil || file != nil && info.Size() != 0 {
				t.Error("the refusal wrote a catalog")
			}
		})
	}
	t.Run("without_tables", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "catalog.db")
		run(t, path, "PRAGMA user_version = 1")
		_, err := sqlcatalog.OpenSQLite(t.Context(), path, sqlcatalog.Options{Existing: true})
		if err == nil || !strings.Contains(err.Error(), "it has no tables") {
			t.Errorf("got %v, want a refusal that says why", err)
		}
	})
}
