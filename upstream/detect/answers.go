package detect

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Lines returns the addresses that stand each on a line of their own after the prefix, in the output of a client that
// lists its sources.
func Lines(out, prefix string) []string {
	var found []string
	for line := range strings.Lines(out) {
		address, ok := strings.CutPrefix(strings.TrimSpace(line), prefix)
		if ok && (strings.HasPrefix(address, "http://") || strings.HasPrefix(address, "https://")) {
			found = append(found, address)
		}
	}
	return found
}

// Only returns the one address that was found. It refuses to guess among several.
func Only(found []string) (string, error) {
	switch len(found) {
	case 0:
		return "", errors.New("the client names no registry")
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("the client names %d registries; which one is meant must be configured", len(found))
}

// ReadFile reads a configuration file, up to MaxOutput bytes of it.
func ReadFile(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // only read
	text, err := io.ReadAll(io.LimitReader(file, MaxOutput))
	return string(text), err
}
