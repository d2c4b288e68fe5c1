// Package durable makes files and the names of folders survive a power cut. A file's own sync says nothing of the name it
// has.
package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// SyncFolder makes durable which names the folder holds: what was created, renamed or removed in it before. The error
// is that of the operating system with the folder's path; after one nothing is known of names changed before.
func SyncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("sync a folder: %w", err)
	}
	if err := errors.Join(folder.Sync(), folder.Close()); err != nil {
		return fmt.Errorf("sync folder %s: %w", path, err)
	}
	return nil
}

// WriteFile makes the file at path hold the content and have the mode, and makes both durable. Whoever reads it meanwhile,
// and whoever finds it after a crash, finds the file that was there before or the new one, whole. The error is that of the
// operating system with the path.
func WriteFile(path string, content []byte, mode fs.FileMode) error {
	folder := filepath.Dir(path)
	draft, err := os.CreateTemp(folder, "."+filepath.Base(path)+".new-*") // with mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = draft.Write(content)
	if err == nil {
		err = errors.Join(draft.Chmod(mode), draft.Sync())
	}
	if err = errors.Join(err, draft.Close()); err == nil {
		err = os.Rename(draft.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(draft.Name())))
	}
	return SyncFolder(folder)
}
