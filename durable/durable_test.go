package durable_test

import (
	"errors"
	"io/fs"
	"os"
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

func TestWriteFileReplacesContentAndMode(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, row := range []struct {
		content string
		mode    fs.FileMode
	}{{"first", 0o600}, {"the second", 0o644}, {"", 0o600}} {
		if err := durable.WriteFile(path, []byte(row.content), row.mode); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil || string(text) != row.content {
			t.Errorf("got %q, %v, want %q", text, err, row.content)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != row.mode {
			t.Errorf("got mode %v, %v, want %v", info.Mode(), err, row.mode)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("got %v, %v in the folder, want the file alone", left, err)
	}
}

func TestWriteFileThatFailsLeavesWhatWasThere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a folder of that name")
	if err := os.MkdirAll(filepath.Join(path, "in it"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := durable.WriteFile(path, []byte("x"), 0o600); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error that names %s", err, path)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("got %v, %v in the folder, want the folder alone", left, err)
	}
}
