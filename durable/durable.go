// Package durable makes names in folders survive a power cut. A file's own sync says nothing of the name it has.
package durable

import (
	"errors"
	"fmt"
	"os"
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
