package sqlcatalog

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"entrepot/artifact"

	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// errFull lies beneath the error of a write for which there was no room.
var errFull = errors.New("no room for the catalog")

// noRoom gives an error its kind where the reason is that the disk is full or a quota is used up.
func (e *sqliteEngine) noRoom(err error) error {
	if err == nil || errors.Is(err, errFull) || !e.isFull(err) {
		return err
	}
	return artifact.Errorf(artifact.Unavailable, "The disk of the data folder is full, so nothing can be recorded. "+
		"Make room on it; no restart is needed.").Causing(fmt.Errorf("%w: %w", errFull, err))
}

// isFull reports whether a write failed for lack of room. SQLite says so of a full disk. Of a quota that is used up, and
// of an index of the log that cannot grow, it says only that writing failed; then a file beside the catalog is tried.
func (e *sqliteEngine) isFull(err error) bool {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return true
	}
	failed, ok := errors.AsType[*driver.Error](err)
	if !ok {
		return false
	}
	switch failed.Code() & 0xff { // the rest tells more of an I/O error
	case sqlite3.SQLITE_FULL:
		return true
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
		tried := tryFile(filepath.Dir(e.path))
		return errors.Is(tried, syscall.ENOSPC) || errors.Is(tried, syscall.EDQUOT)
	}
	return false
}

// tryFile writes a page of a file in the folder and removes it.
func tryFile(folder string) error {
	f, err := os.CreateTemp(folder, ".room-*")
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, 4096))
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
}

// makeRoom has the room that the log takes used again, for which what is in it goes into the file. What cannot go there
// stays in the log: the next write then says what is wrong. Where room is scarce that is done after each commit: a log
// that had grown over the last of it could not go into the file, which has to grow a little for that, and nothing could
// be deleted any more.
func (e *sqliteEngine) makeRoom(ctx context.Context) {
	_, _ = e.holder.ExecContext(ctx, "PRAGMA wal_checkpoint")
}
