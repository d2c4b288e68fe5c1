package fakeregistry

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
)

// Load calls add with everything in the tree that the patterns of fs.Glob match, pattern by pattern, in the order of the
// walk.
func Load(tree fs.FS, add func(matched string) error, patterns ...string) error {
	for _, pattern := range patterns {
		all, err := fs.Glob(tree, pattern)
		if err != nil {
			return err
		}
		for _, matched := range all {
			if err := add(matched); err != nil {
				return fmt.Errorf("read %s: %w", matched, err)
			}
		}
	}
	return nil
}

// Folder returns the files of a version's folder, by their paths below it. What a registry.json at its top says is decoded
// into extras, a pointer to a struct, and the file left out.
func Folder(tree fs.FS, folder string, extras any) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(tree, folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[strings.TrimPrefix(name, folder+"/")], err = fs.ReadFile(tree, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	said, ok := files["registry.json"]
	if !ok {
		return files, nil
	}
	delete(files, "registry.json")
	if err := json.Unmarshal(said, extras); err != nil {
		return nil, fmt.Errorf("registry.json: %w", err)
	}
	return files, nil
}
