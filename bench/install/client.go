package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
)

// installation is what a client installs, from each server the same.
type installation struct {
	name     string       // of the rows
	registry http.Handler // has everything that is installed
	format   string       // in the API
	upstream string       // the external connection, without "public:"
	index    string       // where the registry is, below its address
	// prepare writes what the client is given into a folder.
	prepare func(folder string) error
	// client is the command that installs from the repository at base into a folder that is empty.
	client func(ctx context.Context, folder, base, token, into string) (*exec.Cmd, error)
	// counts says whether a file, by its path in what was installed, is one of the package's own.
	counts func(path string) bool
}

// install runs the client once, and returns a digest of what it installed.
func (i *installation) install(ctx context.Context, folder, base, token, into string) ([sha256.Size]byte, error) {
	if err := os.Mkdir(into, 0o755); err != nil {
		return [sha256.Size]byte{}, err
	}
	cmd, err := i.client(ctx, folder, base, token, into)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("%s: %w: %s", i.name, err, out[max(0, len(out)-1500):])
	}
	return digest(os.DirFS(into), i.counts)
}

// digest is one of all paths and contents that count. It is an error if there are none.
func digest(tree fs.FS, counts func(string) bool) (sum [sha256.Size]byte, err error) {
	all := sha256.New()
	found := 0
	err = fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || !counts(name) {
			return err
		}
		found++
		file, err := tree.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		content := sha256.New()
		if _, err := io.Copy(content, file); err != nil {
			return err
		}
		_, err = fmt.Fprintf(all, "%q %x\n", name, content.Sum(nil))
		return err
	})
	if err == nil && found == 0 {
		err = errors.New("nothing was installed")
	}
	return [sha256.Size]byte(all.Sum(nil)), err
}

// readable reports whether the file of a repository of artifacts is one that was fetched.
func readable(name string) bool { return path.Ext(name) == ".jar" || path.Ext(name) == ".pom" }

// write leaves a file with settings, which may hold a token.
func write(folder, name, text string) error {
	return os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600)
}
