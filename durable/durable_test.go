package durable_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"entrepot/durable"
)

func TestSyncFolderNamesTheFolderThatIsMissing(t *testing.T) {
	dir := t.TempDir()
	if err := durable.SyncFolder(dir); err != nil {
		t.Errorf("a folder that is there: %v", err)
	}
	missing := filepath.Join(dir, "missing")
	err := durable.SyncFolder(missing)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("got %v, want that %s does not exist", err, missing)
	}
}
