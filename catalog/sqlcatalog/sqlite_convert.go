package sqlcatalog

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// convert gives proofs to a file that has none. Nobody has it open meanwhile: a connection knows the file as it was when
// it was opened.
func (e *sqliteEngine) convert(ctx context.Context) error {
	lacks, err := lacksProofs(e.path)
	if err != nil || !lacks {
		return err
	}
	if err := e.readers.Close(); err != nil {
		return err
	}
	if err := giveProofs(ctx, e.path); err != nil {
		return err
	}
	e.readers, err = sql.Open("sqlite", source(e.path, readerPragmas))
	return err
}

// giveProofs rewrites a file that was made before pages had proofs, which takes time and twice its room. Where that cannot
// be done now, for want of room most likely, the file holds what it held, and a later start does it.
func giveProofs(ctx context.Context, path string) (err error) {
	db, err := sql.Open("sqlite", source(path, writerPragmas))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	// The copy goes beside the catalog, where the room is that an operator has planned: not into memory, nor into the
	// machine's folder for temporary files. The setting is the process's; no other connection has files of its own.
	folder := strings.ReplaceAll(filepath.Dir(path), "'", "''")
	for _, statement := range []string{
		"PRAGMA wal_checkpoint(TRUNCATE)", // what the log of an earlier release holds is older than what follows
		"PRAGMA temp_store_directory = '" + folder + "'",
		"PRAGMA temp_store = FILE",
		"VACUUM",
		"PRAGMA wal_checkpoint(TRUNCATE)",
	} {
		if _, err := db.ExecContext(ctx, statement); ctx.Err() != nil || damagedFile(err) {
			return fmt.Errorf("rewrite the catalog so that its pages can be proven: %w", cmp.Or(err, ctx.Err()))
		} else if err != nil {
			return nil
		}
	}
	return nil
}

// lacksProofs reports whether the file has pages of the size that can have proofs, and none.
func lacksProofs(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close() // read only
	first := make([]byte, pageSize)
	if _, err := io.ReadFull(f, first); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return false, nil // nothing was written yet, or SQLite says what is wrong
	} else if err != nil {
		return false, err
	}
	return binary.BigEndian.Uint16(first[16:]) == pageSize && !hasProofs(first), nil
}
