package sqlcatalog_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
)

// limitedCatalog makes the test binary a process that opens the catalog it names while files may not grow. It is a
// process of its own because the limit is the whole process's: what the testing package writes would fail as well.
const limitedCatalog = "SQLCATALOG_TEST_OPEN_LIMITED"

func init() { processes[limitedCatalog] = openLimited }

// openLimited opens the catalog at path while writes beyond half its size fail, as SQLite sees it when a quota is used
// up, and reads it when the limit is gone.
func openLimited(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		return err
	}
	limited := before
	limited.Cur = uint64(info.Size() / 4 * 3)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limited); err != nil {
		return err
	}
	s, err := sqlcatalog.OpenSQLite(context.Background(), path, sqlcatalog.Options{Existing: true})
	if err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		return err
	}
	err = s.Read(context.Background(), func(r catalog.Reader) error {
		l, err := r.AllDomains(catalog.Page{Limit: catalog.MaxPage})
		if err == nil && len(l.Items) != 1 {
			err = fmt.Errorf("got %d domains, want 1", len(l.Items))
		}
		return err
	})
	return errors.Join(err, s.Close())
}

func TestAnOlderFileThatCannotBeRewrittenNowIsRewrittenLater(t *testing.T) {
	// What the migrations since add is to be little beside it, however many there are.
	path := olderFile(t, 7, `INSERT INTO events (time, kind, request_id, account, principal, action, resource, detail)
		VALUES (0, 'audit', '', '', '', '', '', zeroblob(2000000))`)
	limited := exec.CommandContext(t.Context(), os.Args[0])
	limited.Env = append(os.Environ(), limitedCatalog+"="+path)
	if said, err := limited.CombinedOutput(); err != nil {
		t.Fatalf("opening it while files may not grow: %v\n%s", err, strings.TrimSpace(string(said)))
	}
	if _, proven, err := sqlcatalog.CheckPages(t.Context(), path, false); proven || err != nil {
		t.Fatalf("got %v, %v, want a file without proofs still", proven, err)
	}
	s := openAt(t, path, sqlcatalog.Options{Existing: true})
	if got := countDomains(t, s); got != 1 {
		t.Errorf("got %d domains, want 1", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantFaults(t, path, false)
}
