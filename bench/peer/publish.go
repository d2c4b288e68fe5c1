package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// maxPublication bounds a publish request, in bytes.
const maxPublication = 64 << 20

// intakes are the ways in which clients publish, by method and type of the body. The first that fits counts.
var intakes = []struct {
	method, contentType string // the type's beginning
	take                func(s *store, r *http.Request) error
	status              int
}{
	{http.MethodPut, "application/json", (*store).takeDocument, http.StatusCreated},
	{http.MethodPost, "multipart/form-data", (*store).takeForm, http.StatusOK},
	{http.MethodPost, "application/octet-stream", (*store).takeGem, http.StatusOK},
	{http.MethodPut, "application/octet-stream", (*store).takeCrate, http.StatusOK},
	{http.MethodPut, "multipart/form-data;boundary", (*store).takeRelease, http.StatusCreated}, // SwiftPM writes no blank
	{http.MethodPut, "multipart/form-data", (*store).takePackage, http.StatusCreated},
	{http.MethodPut, "", (*store).takeFile, http.StatusCreated},
}

// publish takes what the request brings. On the answer it is durable.
func (s *server) publish(w http.ResponseWriter, r *http.Request) {
	for _, in := range intakes {
		if r.Method != in.method || !strings.HasPrefix(r.Header.Get("Content-Type"), in.contentType) {
			continue
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxPublication)
		if err := in.take(s.store, r); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(in.status)
		_, _ = io.WriteString(w, `{"ok":true}`) // the driver reports a short answer
		return
	}
	http.Error(w, "GET, PUT and POST only", http.StatusMethodNotAllowed)
}

// store keeps what is published.
type store struct{ dir string }

// plain reports whether a name may be a folder's or a file's.
func plain(name string) bool {
	return name != "" && len(name) <= 200 && name[0] != '.' &&
		strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
}

// keep leaves the files in a folder below the store's, durably.
func (s *store) keep(folder string, files map[string][]byte) error {
	dir := filepath.Join(s.dir, folder)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, content := range files {
		if err := writeDurably(filepath.Join(dir, name), content); err != nil {
			return err
		}
	}
	return syncDir(dir)
}

// keepUnnamed keeps a package whose name only the package itself tells, under its digest.
func (s *store) keepUnnamed(from io.Reader, extension string) error {
	content, err := io.ReadAll(from)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	sum := sha256.Sum256(content)
	name := hex.EncodeToString(sum[:])
	return s.keep(name[:2], map[string][]byte{name[2:] + extension: content})
}

// writeDurably leaves a file that is there whole or not at all; its folder is the caller's to sync.
func writeDurably(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return os.Rename(file.Name(), path)
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
