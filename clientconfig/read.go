package clientconfig

import "fmt"

// Read returns what stands at a place of a file now: the value, in TOML and XML as it is written there; ok is false if nothing
// does. The error is a sentence about a file that cannot be read or understood.
func Read(file File, key Key) (value string, ok bool, err error) {
	_, text, _, err := readFile(file.Path)
	if err != nil {
		return "", false, fmt.Errorf("%s: %w", file.Path, err)
	}
	if err := readable(grammars[file.Syntax], text); err != nil {
		return "", false, fmt.Errorf("%s: %w", file.Path, err)
	}
	found, ok, err := grammars[file.Syntax].find(text, key)
	if err != nil {
		return "", false, fmt.Errorf("%s: %w", file.Path, err)
	}
	return found.value, ok, nil
}
