package pypi

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"entrepot/clientconfig"
	"entrepot/format"
)

// keyringScript is a program called keyring, which pip, uv and pdm run by that name. One of the user's own is not replaced: ours
// asks it, where it comes later on PATH.
func keyringScript(l format.Login) (clientconfig.Setting, error) {
	path := filepath.Join(l.Programs, "keyring")
	switch ours, err := clientconfig.IsScript(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return clientconfig.Setting{}, fmt.Errorf("%s: %w", path, err)
	case !ours:
		return clientconfig.Setting{}, fmt.Errorf("%s is a program of your own, and tools that renew tokens would run it: "+
			"move it to a folder later on PATH, where it is asked for everything else, or leave --renew out", path)
	}
	return clientconfig.Setting{
		File:  clientconfig.File{Path: path, Syntax: clientconfig.Whole, Secret: true, Program: true},
		Value: clientconfig.Script(l.KeyringCommand),
	}, nil
}

// keyringNotes warns if tools that look for a program called keyring would not find ours.
func keyringNotes(l format.Login) []string {
	if !l.Renewing() {
		return nil
	}
	for _, folder := range filepath.SplitList(l.Getenv("PATH")) {
		if filepath.Clean(folder) == l.Programs {
			return nil
		}
		if other := filepath.Join(folder, "keyring"); isFile(other) {
			return []string{other + " comes before " + l.Programs + " on PATH: put that folder first, " +
				"tokens come from the keyring in it."}
		}
	}
	return []string{"Tokens come from " + filepath.Join(l.Programs, "keyring") + ": add its folder to PATH."}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
