package sqlcatalog_test

import (
	"os"
	"os/signal"
	"syscall"
	"testing"

	"entrepot/catalog/sqlcatalog"
)

// limitFiles has writes beyond a size fail, as SQLite sees it when a quota is used up, until the function is called.
func limitFiles(t *testing.T, bytes int64) (lift func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	limited := before
	limited.Cur = uint64(bytes)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limited); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
			t.Fatal(err)
		}
		signal.Reset(syscall.SIGXFSZ)
	}
}

func TestAnOlderFileThatCannotBeRewrittenNowIsRewrittenLater(t *testing.T) {
	path := olderFile(t, 7)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	lift := limitFiles(t, info.Size()/2)
	s, err := sqlcatalog.OpenSQLite(t.Context(), path, sqlcatalog.Options{Existing: true})
	lift()
	if err != nil {
		t.Fatal(err)
	}
	if got := countDomains(t, s); got != 1 {
		t.Errorf("got %d domains, want 1", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, proven, err := sqlcatalog.CheckPages(t.Context(), path, false); proven || err != nil {
		t.Fatalf("got %v, %v, want a file without proofs still", proven, err)
	}
	if err := openAt(t, path, sqlcatalog.Options{Existing: true}).Close(); err != nil {
		t.Fatal(err)
	}
	wantFaults(t, path, false)
}
