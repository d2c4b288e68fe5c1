package sqlcatalog_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
)

const page = 4096

// filled makes a catalog with some of everything that is served, closed, and returns its file.
func filled(t *testing.T) (path string, file []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "catalog.db")
	s := openAt(t, path, sqlcatalog.Options{})
	fill(t, s, 3, 40)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, file
}

// answers are all that is read of a catalog, as text, or the first error.
func answers(t *testing.T, path string) (text string, err error) {
	t.Helper()
	s, err := sqlcatalog.OpenSQLite(t.Context(), path, sqlcatalog.Options{Existing: true})
	if err != nil {
		return "", err
	}
	defer func() { _ = s.Close() }()
	var out strings.Builder
	err = s.Read(t.Context(), func(r catalog.Reader) error {
		out.Reset()
		for d, err := range catalog.Each(r.AllDomains) {
			if err != nil {
				return err
			}
			fmt.Fprintf(&out, "%+v\n", d)
			repositories := func(p catalog.Page) (catalog.Listing[catalog.Repository], error) {
				return r.Repositories(catalog.RepositoryFilter{Domain: d.ID}, p)
			}
			for repo, err := range catalog.Each(repositories) {
				if err != nil {
					return err
				}
				fmt.Fprintf(&out, "%+v\n", repo)
				if err := readRepository(r, repo.ID, &out); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return out.String(), err
}

func readRepository(r catalog.Reader, id catalog.RepositoryID, out *strings.Builder) error {
	in := []catalog.RepositoryID{id}
	for p, err := range r.EachPackage(in, catalog.PackageFilter{}) {
		if err != nil {
			return err
		}
		one, err := r.Package(id, p.PackageKey)
		if err != nil {
			return err
		}
		found, err := r.SearchPackages(in, p.Format, []string{p.Name}, catalog.Page{})
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%+v %+v\n", one, found)
		for v, err := range r.EachVersion(in, p.PackageKey) {
			if err != nil {
				return err
			}
			whole, err := r.Version(id, v.VersionKey)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%+v %+v\n", v, whole)
		}
	}
	return nil
}

func TestABitFlippedInAnyPageIsNeverAnswered(t *testing.T) {
	path, _ := filled(t)
	want, err := answers(t, path)
	if err != nil || strings.Count(want, "\n") < 40 {
		t.Fatalf("a sound catalog says %q, %v", want, err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	pages, refused := 0, 0
	for number := 0; number < len(file)/page; number += step() {
		bit := random.IntN(page * 8)
		damaged := bytes.Clone(file)
		damaged[number*page+bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := answers(t, path)
		if pages++; err != nil {
			refused++
		} else if got != want {
			t.Errorf("bit %d of page %d changes what is answered", bit, number+1)
		}
	}
	if refused < pages/3 {
		t.Errorf("%d of %d damaged files were refused, want those where what was damaged is read", refused, pages)
	}
}

// step is from one page that is damaged to the next.
func step() int {
	if testing.Short() {
		return 7
	}
	return 1
}

func TestAWrongPageSaysWhatToDo(t *testing.T) {
	path, file := filled(t)
	for _, first := range []int{0, 1} { // refused when it is opened, and when something is read
		damaged := bytes.Clone(file)
		for number := first; number < len(file)/page; number++ {
			damaged[number*page+100] ^= 1
		}
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := answers(t, path); err == nil || !strings.Contains(err.Error(), "entrepot fsck") {
			t.Errorf("got error %v, want one that names entrepot fsck", err)
		}
	}
}

func TestAPageInThePlaceOfAnotherIsRefused(t *testing.T) {
	path, file := filled(t)
	copy(file[2*page:3*page], file[3*page:4*page])
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	wantFaults(t, path, false, sqlcatalog.PageFault{Number: 3})
}

func wantFaults(t *testing.T, path string, repair bool, want ...sqlcatalog.PageFault) {
	t.Helper()
	got, proven, err := sqlcatalog.CheckPages(t.Context(), path, repair)
	if err != nil || !proven || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v, %v, want %+v", got, proven, err, want)
	}
}

func TestASingleWrongBitIsCorrected(t *testing.T) {
	path, file := filled(t)
	wantFaults(t, path, true)
	damaged := bytes.Clone(file)
	damaged[20] ^= 8                // that there are proofs
	damaged[page+1000] ^= 128       // content
	damaged[3*page-1] ^= 1          // the mark of a proof
	damaged[4*page-10] ^= 2         // a proof
	damaged[4*page+7] ^= 3          // two bits
	clear(damaged[5*page : 6*page]) // all
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	all := []sqlcatalog.PageFault{{Number: 1, Correctable: true}, {Number: 2, Correctable: true}, {Number: 3, Correctable: true},
		{Number: 4, Correctable: true}, {Number: 5}, {Number: 6}}
	wantFaults(t, path, false, all...)
	wantFaults(t, path, true, all...)
	wantFaults(t, path, false, all[4:]...)
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got[:4*page], file[:4*page]) {
		t.Errorf("the corrected pages are not what they were: %v", err)
	}
}

// allMigrations are more than there are.
const allMigrations = 1 << 20

// olderFile makes a file as releases did before pages had proofs, with the first migrations of its schema, and runs more
// statements on it.
func olderFile(t *testing.T, migrations int, more ...string) (path string) {
	t.Helper()
	openAt(t, filepath.Join(t.TempDir(), "other.db"), sqlcatalog.Options{}) // has the driver prepared
	path = filepath.Join(t.TempDir(), "catalog.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	exec := func(statement string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	exec("PRAGMA journal_mode = WAL")
	exec("CREATE TABLE schema_versions (id INTEGER PRIMARY KEY, version_id INTEGER NOT NULL, is_applied INTEGER NOT NULL, " +
		"tstamp TIMESTAMP DEFAULT (datetime('now')))")
	exec("INSERT INTO schema_versions (version_id, is_applied) VALUES (0, 1)")
	files, err := filepath.Glob("migrations/sqlite/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files[:min(migrations, len(files))] {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		exec(string(text))
		number, _, _ := strings.Cut(filepath.Base(file), "_")
		exec("INSERT INTO schema_versions (version_id, is_applied) VALUES (CAST('" + number + "' AS INTEGER), 1)")
	}
	exec("INSERT INTO domains (owner, name, encryption_key, created_at) VALUES ('1', 'acme', '', 0)")
	for _, statement := range more {
		exec(statement)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, proven, err := sqlcatalog.CheckPages(t.Context(), path, false); proven || err != nil {
		t.Fatalf("got %v, %v, want a file without proofs", proven, err)
	}
	return path
}

func TestAnOlderFileGetsProofs(t *testing.T) {
	path := olderFile(t, 4)
	if _, err := sqlcatalog.OpenSQLite(t.Context(), path, sqlcatalog.Options{Inspect: true}); err == nil {
		t.Error("a schema of an earlier release can be inspected")
	}
	s := openAt(t, path, sqlcatalog.Options{})
	if got := countDomains(t, s); got != 1 {
		t.Errorf("got %d domains, want 1", got)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantFaults(t, path, false)
}

func TestAVersionWithoutItsDocumentsDoesNotStopAnUpgrade(t *testing.T) {
	path := olderFile(t, 5,
		"INSERT INTO repositories (id, domain, name, administrator, description, created_at) VALUES (1, 1, 'r', '1', '', 0)",
		"INSERT INTO packages (id, repository, format, namespace, name, publish, upstream) VALUES (1, 1, 'npm', '', 'p', '', '')",
		"INSERT INTO versions (id, package, version, revision, status, origin_type, origin_repository, origin_connection, "+
			"published_at, upstream_time) VALUES (1, 1, '1.0.0', '', 'Published', '', '', '', 0, 0)")
	if got := countDomains(t, openAt(t, path, sqlcatalog.Options{Existing: true})); got != 1 {
		t.Errorf("got %d domains, want 1", got)
	}
}

func TestVersionsOfBeforeSpellingsWereKeptAreAmongThem(t *testing.T) {
	const version = "INSERT INTO versions (package, version, revision, status, origin_type, origin_repository, " +
		"origin_connection, published_at, upstream_time) VALUES (1, '%s', '', 'Published', '', '', '', 0, 0)"
	path := olderFile(t, 7,
		"INSERT INTO repositories (id, domain, name, administrator, description, created_at) VALUES (1, 1, 'r', '1', '', 0)",
		"INSERT INTO packages (id, repository, format, namespace, name, publish, upstream) VALUES (1, 1, 'npm', '', 'p', '', '')",
		fmt.Sprintf(version, "1.0"), fmt.Sprintf(version, "2"))
	s := openAt(t, path, sqlcatalog.Options{Existing: true})
	key := artifact.PackageKey{Format: artifact.NPM, Name: "p"}
	err := s.Write(t.Context(), func(w catalog.Writer) error {
		return errors.Join(w.CreateVersion(1, artifact.Version{VersionKey: key.At("v1"), Folded: "1"}),
			w.CreateVersion(1, artifact.Version{VersionKey: key.At("3"), Folded: "3"}),
			w.CreateVersion(1, artifact.Version{VersionKey: key.At("of one spelling")}))
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Read(t.Context(), func(r catalog.Reader) error {
		got, err := r.SpelledIn([]catalog.RepositoryID{1}, key, "1")
		if want := []string{"1.0", "2", "v1"}; !slices.Equal(got[1], want) {
			t.Errorf("got %q, want %q", got[1], want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A connection that was open before the conversion must not write pages as it knew them.
func TestWhatIsWrittenAfterAnOlderFileGotProofsHasThem(t *testing.T) {
	path := olderFile(t, allMigrations) // one that is due would write the first page
	var scarce atomic.Bool
	s := openAt(t, path, sqlcatalog.Options{Existing: true, Scarce: scarce.Load})
	scarce.Store(true)
	for i := range 20 {
		if err := createDomain(s, fmt.Sprint("d", i)); err != nil {
			t.Fatal(err)
		}
	}
	wantFaults(t, path, false)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantFaults(t, path, false)
}

func TestEveryPageThatIsWrittenHasItsProof(t *testing.T) {
	path := filepath.Join(t.TempDir(), "catalog.db")
	s := openAt(t, path, sqlcatalog.Options{})
	id := fill(t, s, 3, 40)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantFaults(t, path, false)
	s = openAt(t, path, sqlcatalog.Options{})
	err := s.Write(t.Context(), func(w catalog.Writer) error { return w.DeleteRepository(id) })
	if err := errors.Join(err, createDomain(s, "another"), s.Close()); err != nil {
		t.Fatal(err)
	}
	wantFaults(t, path, false)
}

func TestAnOlderFileIsRewrittenBesideItself(t *testing.T) {
	path := olderFile(t, 7)
	openAt(t, path, sqlcatalog.Options{Existing: true})
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var folder string
	err = db.QueryRowContext(t.Context(), "PRAGMA temp_store_directory").Scan(&folder)
	if err != nil || folder != filepath.Dir(path) {
		t.Errorf("temporary files are in %q, %v, want them beside the catalog", folder, err)
	}
}
