package sqlcatalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"entrepot/durable"
)

// Acknowledged commits may be in the log alone: SQLite moves them into the file when the log has grown, and removes the
// log when the last connection is closed. A file whose log was lost looks like one that was closed well. So a mark lies
// beside both from the moment the log is there until the file is whole without it; with the mark and without the log,
// commits are missing.
//
// It is kept by a Store that is alone. Of several nobody knows who closes last.
const openMark = "-open"

// markText tells who finds the file what it is.
const markText = "The catalog was open: its log belongs to it until it is closed.\n"

// checkLog refuses a file whose log is missing.
func checkLog(path string) error {
	if _, err := os.Lstat(path + openMark); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if _, err := os.Lstat(path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return fmt.Errorf("%s-wal is missing, though the catalog was not closed when it was last used: commits that were "+
		"acknowledged may be in that log alone; put it back, or restore a backup of all files", path)
}

// markOpen makes the mark, durable.
func markOpen(path string) error {
	f, err := os.OpenFile(path+openMark, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(markText)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("mark the catalog as open: %w", err)
	}
	return durable.SyncFolder(filepath.Dir(path))
}

// markClosed works the log into the file, which is then whole without it, and removes the mark. The log may go only
// afterwards, and it does: until the connections are closed it stays. A log that cannot be worked in is left with its mark.
func markClosed(path string, writers *sql.DB) error {
	var busy, pages, moved int
	err := writers.QueryRow("PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved)
	if err == nil && busy != 0 {
		err = errors.New("another program is reading it")
	}
	if err != nil {
		return fmt.Errorf("work the log into the catalog: %w", err)
	}
	if err := os.Remove(path + openMark); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return durable.SyncFolder(filepath.Dir(path))
}

// dropMark removes the mark of a file whose log is gone though it was there before: SQLite removes it once all of it is in
// the file. No connection may be open.
func dropMark(path string) error {
	if _, err := os.Lstat(path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Remove(path + openMark); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	return durable.SyncFolder(filepath.Dir(path))
}

// checkExisting refuses what cannot be a catalog that was in use: no file, an empty one, or one without a schema.
func checkExisting(ctx context.Context, path string, readers *sql.DB) error {
	info, err := os.Stat(path)
	if err == nil && info.Size() == 0 {
		err = errors.New("it is empty")
	}
	if err == nil {
		var schema bool
		err = readers.QueryRowContext(ctx,
			"SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'schema_versions')").Scan(&schema)
		if err == nil && !schema {
			err = errors.New("it has no tables")
		}
	}
	if err != nil {
		return fmt.Errorf("%s is no catalog that was in use; restore it from a backup: %w", path, err)
	}
	return nil
}
