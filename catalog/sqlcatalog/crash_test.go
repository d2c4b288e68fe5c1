package sqlcatalog_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
)

// writerFolder makes the test binary a writer that acknowledges on standard output until it is killed.
const writerFolder = "SQLCATALOG_TEST_WRITE_TO"

// processes are what the test binary does instead of testing, by the variable that asks for it and names a catalog.
var processes = map[string]func(path string) error{writerFolder: writeForEver}

func TestMain(m *testing.M) {
	for variable, run := range processes {
		if path := os.Getenv(variable); path != "" {
			if err := run(path); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

// writeForEver publishes versions from four goroutines, each version with an asset of its own, and prints the name of
// each when it is acknowledged.
func writeForEver(path string) error {
	ctx := context.Background()
	s, err := sqlcatalog.OpenSQLite(ctx, path, sqlcatalog.Options{})
	if err != nil {
		return err
	}
	var id catalog.RepositoryID
	err = s.Read(ctx, func(r catalog.Reader) error {
		found, err := r.Repository(artifact.RepositoryKey{Owner: "1", Domain: "d", Name: "r"})
		id = found.ID
		return err
	})
	if err != nil {
		return err
	}
	failed := make(chan error)
	for writer := range 4 {
		go func() {
			for i := 0; ; i++ {
				text := fmt.Sprintf("%d.%d.%d", os.Getpid(), writer, i)
				if err := s.Write(ctx, func(w catalog.Writer) error { return create(w, id, numbered(text)) }); err != nil {
					failed <- err
					return
				}
				fmt.Println(text)
			}
		}()
	}
	return <-failed
}

var crashKey = artifact.PackageKey{Format: artifact.NPM, Name: "p"}

// numbered makes a version of ten bytes whose digest is made of its text.
func numbered(text string) artifact.Version {
	a := artifact.Asset{Name: "a", Size: 10}
	copy(a.SHA256[:], text)
	return artifact.Version{VersionKey: crashKey.At(text), Status: artifact.Published, Assets: []artifact.Asset{a}}
}

func TestKilledWriterLosesNothingItAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "catalog.db")
	rounds := 20
	if testing.Short() {
		rounds = 3
	}
	var domain catalog.DomainID
	var id catalog.RepositoryID
	func() {
		s, err := sqlcatalog.OpenSQLite(t.Context(), path, sqlcatalog.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		err = s.Write(t.Context(), func(w catalog.Writer) (err error) {
			if domain, err = w.CreateDomain(catalog.Domain{DomainKey: artifact.DomainKey{Owner: "1", Name: "d"}}); err != nil {
				return err
			}
			r := catalog.Repository{Domain: domain}
			r.Name = "r"
			if id, err = w.CreateRepository(r); err != nil {
				return err
			}
			return w.PutPackage(id, artifact.Package{PackageKey: crashKey})
		})
		if err != nil {
			t.Fatal(err)
		}
	}()
	acknowledged := map[string]bool{}
	for round := range rounds {
		for _, text := range killAfter(t, path, 20+rand.N(180)) {
			acknowledged[text] = true
		}
		func() {
			s, err := sqlcatalog.OpenSQLite(t.Context(), path, sqlcatalog.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := s.Check(t.Context()); err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			present := map[string]bool{}
			err = s.Read(t.Context(), func(r catalog.Reader) error {
				for v, err := range r.EachVersion([]catalog.RepositoryID{id}, crashKey) {
					if err != nil {
						return err
					}
					present[v.VersionKey.Version] = true
				}
				u, err := r.Usage(domain)
				if u.AssetBytes != int64(len(present)*10) {
					t.Errorf("round %d: %d bytes in use, want %d", round, u.AssetBytes, len(present)*10)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			for text := range acknowledged {
				if !present[text] {
					t.Errorf("round %d: %s was acknowledged and is lost", round, text)
				}
			}
		}()
	}
	t.Logf("%d kills, %d acknowledged writes", rounds, len(acknowledged))
}

// killAfter starts a writer, kills it some moment after its n-th acknowledgement, and returns all it acknowledged.
func killAfter(t *testing.T, path string, n int) []string {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, "-test.run=^$")
	c.Env = append(os.Environ(), writerFolder+"="+path)
	var complaint strings.Builder
	c.Stderr = &complaint
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var texts []string
	var once sync.Once
	for lines := bufio.NewScanner(out); lines.Scan(); {
		texts = append(texts, lines.Text())
		if len(texts) >= n {
			once.Do(func() {
				time.AfterFunc(rand.N(3*time.Millisecond), func() { _ = c.Process.Kill() })
			})
		}
	}
	_ = c.Wait() // killed, as it should be
	if len(texts) < n {
		t.Fatalf("the writer ended after %d acknowledgements: %s", len(texts), complaint.String())
	}
	return texts
}
