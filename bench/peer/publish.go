package main

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// maxPublication bounds a publish request, in bytes.
const maxPublication = 64 << 20

// store keeps published packages, each in a folder of its own.
type store struct{ dir string }

// publication is what matters of npm's publish request.
type publication struct {
	Name     string `json:"name"`
	Versions map[string]struct {
		Dist struct {
			Integrity string `json:"integrity"`
		} `json:"dist"`
	} `json:"versions"`
	Attachments map[string]struct {
		Data []byte `json:"data"`
	} `json:"_attachments"`
}

var errPublication = errors.New("a publish request has a plain name, one version and one attachment")

// publish keeps the one version of a request. On return the tarball, the document and the folder that holds them are
// durable.
func (s *store) publish(body io.Reader) error {
	text, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	var doc publication
	if err := json.Unmarshal(text, &doc); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	if len(doc.Versions) != 1 || len(doc.Attachments) != 1 || !plain(doc.Name) {
		return errPublication
	}
	for version, v := range doc.Versions {
		for _, a := range doc.Attachments {
			sum := sha512.Sum512(a.Data)
			if v.Dist.Integrity != "sha512-"+base64.StdEncoding.EncodeToString(sum[:]) {
				return fmt.Errorf("the tarball of version %.50q is not what its integrity says", version)
			}
			return s.keep(doc.Name, a.Data, text)
		}
	}
	return errPublication
}

// plain reports whether a name may be a folder's.
func plain(name string) bool {
	return name != "" && len(name) <= 200 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func (s *store) keep(name string, tarball, document []byte) error {
	dir := filepath.Join(s.dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := writeDurably(filepath.Join(dir, "package.tgz"), tarball); err != nil {
		return err
	}
	if err := writeDurably(filepath.Join(dir, "package.json"), document); err != nil {
		return err
	}
	return syncDir(dir)
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
