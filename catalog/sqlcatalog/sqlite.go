package sqlcatalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"entrepot/durable"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// The settings of every connection, in the order they are made.
var (
	// A lock is only ever held by somebody else when an operator's tool has the file open: wait a little for it.
	commonPragmas = []string{
		"busy_timeout(10000)",
		"foreign_keys(1)",
		"temp_store(MEMORY)",
		// No memory map: a read error under one is a signal that ends the process, not an error that ends a request.
		"mmap_size(0)",
	}
	writerPragmas = []string{
		"journal_mode(WAL)",
		// NORMAL would sync at checkpoints only and lose acknowledged commits with the power.
		"synchronous(FULL)",
		"cache_size(-32768)",           // KiB
		"wal_autocheckpoint(2000)",     // pages, so 8 MiB
		"journal_size_limit(67108864)", // a log that grew behind a long Read shrinks again
	}
	readerPragmas = []string{
		"query_only(1)",
		"cache_size(-4096)",
	}
)

// OpenSQLite opens the catalog kept in the SQLite file at path, creating the file (mode 0600) if it is not there; its
// folder must be. It brings an older schema up to date. It fails if another process has the catalog open, if the schema is
// newer than this program, and if the log is missing of a catalog that was not closed.
func OpenSQLite(ctx context.Context, path string, o Options) (*Store, error) {
	s, err := openSQLite(ctx, path, o)
	if damagedFile(err) {
		return nil, fmt.Errorf("open the catalog: it is damaged; entrepot fsck says where: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("open the catalog: %w", err)
	}
	return s, nil
}

// sqliteEngine has one connection that writes and several that only read.
type sqliteEngine struct {
	commits *commits
	lock    io.Closer // keeps other processes out

	writers *sql.DB
	line    line
	writer  *conn  // the turn's; nil when it has to be opened anew
	open    *batch // the turn's

	readers  *sql.DB
	idle     chan *conn    // those that are open and that nobody reads on
	unopened chan struct{} // one entry for each allowed read that no connection has been opened for
	holder   *sql.Conn     // does nothing; while it is open SQLite does not remove the log

	path   string // of the file
	marked bool   // openMark lies beside it

	scarce       func() bool
	beforeCommit func() error
	afterCommit  func()
	ran          func(verb string, rows int)
}

func newSQLiteEngine(path string, c *commits, o Options) *sqliteEngine {
	e := &sqliteEngine{
		path:         path,
		commits:      c,
		beforeCommit: func() error { return nil },
		afterCommit:  func() {},
		ran:          func(string, int) {},
	}
	readers := 16
	if o.Readers > 0 {
		readers = min(o.Readers, 256)
	}
	e.idle, e.unopened = make(chan *conn, readers), make(chan struct{}, readers)
	for range readers {
		e.unopened <- struct{}{}
	}
	if e.scarce = o.Scarce; e.scarce == nil {
		e.scarce = func() bool { return false }
	}
	if o.BeforeCommit != nil {
		e.beforeCommit = o.BeforeCommit
	}
	if o.AfterCommit != nil {
		e.afterCommit = o.AfterCommit
	}
	if o.Ran != nil {
		e.ran = o.Ran
	}
	return e
}

func openSQLite(ctx context.Context, path string, o Options) (_ *Store, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	c := newCommits(o)
	e := newSQLiteEngine(path, c, o)
	how := alone
	if o.Sharing != nil {
		how = together
	}
	if e.lock, err = lockFile(path+".lock", how); err != nil {
		return nil, err
	}
	undo := []func() error{e.lock.Close}
	defer func() {
		if err != nil {
			for i := len(undo) - 1; i >= 0; i-- {
				err = errors.Join(err, undo[i]())
			}
		}
	}()
	if o.Sharing != nil {
		// Of several that start at once, one makes the file and its schema.
		first, err := lockFile(path+".schema.lock", byTurns)
		if err != nil {
			return nil, err
		}
		defer first.Close()
	}
	if err = registerVFS(); err != nil {
		return nil, err
	}
	if err = checkLog(path); err != nil {
		return nil, err
	}
	undo = append(undo, func() error { return dropMark(path) })
	if e.readers, err = sql.Open("sqlite", source(path, readerPragmas)); err != nil {
		return nil, err
	}
	undo = append(undo, func() error { return e.readers.Close() })
	if o.Existing || o.Inspect {
		err = checkExisting(ctx, path, e.readers)
	} else {
		err = createFile(path)
	}
	if err != nil {
		return nil, err
	}
	if !o.Inspect {
		if err = e.convert(ctx); err != nil {
			return nil, err
		}
	}
	pragmas := writerPragmas
	if o.MaxPages > 0 {
		pragmas = append(slices.Clone(pragmas), fmt.Sprintf("max_page_count(%d)", o.MaxPages))
	}
	if e.writers, err = sql.Open("sqlite", source(path, pragmas)); err != nil {
		return nil, err
	}
	undo = append(undo, e.writers.Close)
	var mode string
	if err = e.writers.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return nil, err
	}
	if mode != "wal" {
		return nil, fmt.Errorf("the file system under %s allows journal mode %s only; wal is needed", path, mode)
	}
	if err = migrate(ctx, &sqlite, e.writers, o.Inspect); err != nil {
		return nil, err
	}
	if e.holder, err = hold(ctx, e.readers); err != nil {
		return nil, err
	}
	undo = append(undo, e.holder.Close)
	if err = durable.SyncFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if o.Sharing == nil {
		if err = markOpen(path); err != nil {
			return nil, err
		}
		e.marked = true
	}
	c.hear()
	return newStore(c, e, o), nil
}

// close implements engine.
func (e *sqliteEngine) close() error {
	if err := e.line.waitTurn(context.Background(), e.declineTurn); err != nil {
		return nil // closed before
	}
	if b := e.open; b != nil {
		e.finish(b)
	}
	e.line.shut()
	for range cap(e.idle) {
		select {
		case c := <-e.idle:
			discard(c)
		case <-e.unopened:
		}
	}
	close(e.idle)
	if e.writer != nil {
		e.dropWriter()
	}
	var err error
	if e.marked {
		err = markClosed(e.path, e.writers)
	}
	return errors.Join(err, e.holder.Close(), e.readers.Close(), e.writers.Close(), e.lock.Close())
}

// hold opens a connection that has the log open.
func hold(ctx context.Context, pool *sql.DB) (*sql.Conn, error) {
	c, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(new(int)); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// source writes the driver's address of the file.
func source(path string, pragmas []string) string {
	query := url.Values{"vfs": {vfsName}, "_pragma": append(append([]string{}, commonPragmas...), pragmas...)}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String()
}

// createFile makes an empty file, which is an empty database, readable by its owner alone. SQLite gives the log and its
// index the same mode.
func createFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	return durable.SyncFolder(filepath.Dir(path))
}
