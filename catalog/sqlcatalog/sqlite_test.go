package sqlcatalog_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
)

func TestFilesAreReadableByTheirOwnerAlone(t *testing.T) {
	folder := t.TempDir()
	s := openAt(t, filepath.Join(folder, "catalog.db"), sqlcatalog.Options{})
	if err := createDomain(s, "d"); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) < 4 { // the database, its log and log index, the lock
		t.Errorf("got %d files, want 4", len(entries))
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", e.Name(), info.Mode())
		}
	}
}

func TestReopeningKeepsEverything(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a folder?%41#x", "catalog 1.db")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	for want := range 3 {
		s := openAt(t, path, sqlcatalog.Options{})
		if got := countDomains(t, s); got != want {
			t.Fatalf("got %d domains, want %d", got, want)
		}
		if err := createDomain(s, strings.Repeat("d", want+1)); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the file is elsewhere: %v", err)
	}
}

func TestSecondProcessIsKeptOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "catalog.db")
	openAt(t, path, sqlcatalog.Options{})
	_, err := sqlcatalog.OpenSQLite(t.Context(), path, sqlcatalog.Options{})
	if err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("got %v, want a refusal that says why", err)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "catalog.db")
	if err := openAt(t, path, sqlcatalog.Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	run(t, path, "INSERT INTO schema_versions (version_id, is_applied) VALUES (9999, 1)")
	_, err := sqlcatalog.OpenSQLite(t.Context(), path, sqlcatalog.Options{})
	if err == nil || !strings.Contains(err.Error(), "version 9999") || !strings.Contains(err.Error(), "newer release") {
		t.Errorf("got %v, want a refusal that names the version", err)
	}
}

func TestFileThatIsNoDatabaseIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "catalog.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlcatalog.OpenSQLite(t.Context(), path, sqlcatalog.Options{}); err == nil {
		t.Error("it was opened")
	}
	nowhere := filepath.Join(path, "missing", "catalog.db")
	if _, err := sqlcatalog.OpenSQLite(t.Context(), nowhere, sqlcatalog.Options{}); err == nil {
		t.Error("a file in no folder was opened")
	}
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		damage, want string
		derived      bool
	}{
		"usage":      {"UPDATE domains SET asset_bytes = asset_bytes + 1", "counts other bytes", true},
		"references": {"UPDATE blobs SET assets = assets + 1", "counted other than", true},
		"lost_blob":  {"DELETE FROM blobs", "has no blob", true},
		"deleting":   {"UPDATE blobs SET deletion = 1", "in use and being deleted", true},
		"unused":     {"INSERT INTO blobs SELECT id, x'00', 0, 0, NULL, NULL, NULL FROM domains", "neither in use nor deleted", true},
		"number": {"INSERT INTO blobs SELECT id, x'00', 0, 0, deletions + 1, 0, NULL FROM domains",
			"a number that was not given out", true},
		"left_size":  {"INSERT INTO blobs SELECT id, x'00', 5, 0, 0, 0, 0 FROM domains", "not in use and has a size", true},
		"dangling":   {"DELETE FROM packages", "refers to nothing", false},
		"unfindable": {"DELETE FROM package_search", "not in the search index", true},
		"words":      {"DELETE FROM package_search_data WHERE id > 10", "search index", true},
		"no_text":    {"DELETE FROM package_texts", "no text to search", true},
		"documents":  {"DELETE FROM version_documents", "has no documents", false},
		"versions":   {"UPDATE packages SET versions = versions + 1", "counts other versions", true},
		"labels":     {"UPDATE packages SET labels = labels - 1", "counts other labels", true},
		"index":      {"UPDATE packages SET index_bytes = 0", "other bytes of index than its versions have", true},
		"one_index":  {"UPDATE versions SET index_bytes = 0", "other bytes of index than it has", true},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "catalog.db")
			s := openAt(t, path, sqlcatalog.Options{})
			fill(t, s, 1, 1)
			if err := s.Check(t.Context()); err != nil {
				t.Fatalf("before the damage: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			run(t, path, c.damage)
			s = openAt(t, path, sqlcatalog.Options{})
			err := s.Check(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want it to say %q", err, c.want)
			}
			if err := s.Recompute(t.Context()); err != nil {
				t.Fatal(err)
			}
			faults, err := s.Faults(t.Context())
			if err != nil || len(faults) > 0 == c.derived {
				t.Errorf("after recomputing: got %v, %v, derived is %v", faults, err, c.derived)
			}
			for _, f := range faults {
				if f.Derived {
					t.Errorf("recomputing left %v", f)
				}
			}
		})
	}
}

// run changes the file behind the catalog's back.
func run(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?vfs=entrepot-proven")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func TestThereAreAsManyConnectionsAsReadsAtOnce(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "catalog.db"), sqlcatalog.Options{})
	nested := func(n int) error {
		inside, read := 0, func(catalog.Reader) error { return nil }
		for range n {
			inner := read
			read = func(catalog.Reader) error { inside++; return s.Read(t.Context(), inner) }
		}
		if err := s.Read(t.Context(), read); err != nil || inside != n {
			return fmt.Errorf("%d of %d reads inside others: %w", inside, n, err)
		}
		return nil
	}
	for _, test := range []struct{ inside, times, want int }{{0, 20, 1}, {2, 5, 3}, {0, 20, 3}} {
		for range test.times {
			if err := nested(test.inside); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.Connections(); got != test.want {
			t.Errorf("after %d times a read with %d inside it: got %d connections, want %d", test.times, test.inside, got, test.want)
		}
	}
}
