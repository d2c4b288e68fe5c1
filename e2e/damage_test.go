package e2e

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// harms are what can become of a file behind the server's back.
var harms = map[string]func(path string) error{
	"flip":  flipHalfway,
	"cut":   func(path string) error { return resize(path, func(size int64) int64 { return size - size/3 - 1 }) },
	"empty": func(path string) error { return resize(path, func(int64) int64 { return 0 }) },
	"lose":  os.Remove,
}

// flipHalfway turns over one bit in the middle.
func flipHalfway(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text[len(text)/2] ^= 32
	return os.WriteFile(path, text, 0o600)
}

func resize(path string, size func(int64) int64) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return os.Truncate(path, size(info.Size()))
}

// damage harms every content of the domain that was made first, or the file of the catalog.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	if args[0] == "catalog" {
		ts.Check(flipHalfway(filepath.Join(s.instance.data, "catalog.sqlite")))
		return
	}
	paths, err := filepath.Glob(filepath.Join(s.instance.data, "blobs", "domain-1", "[0-9a-f][0-9a-f]", "*"))
	ts.Check(err)
	harm := harms[args[0]]
	if harm == nil || len(paths) == 0 {
		ts.Fatalf("nothing to damage with %q", args[0])
	}
	for _, path := range paths {
		ts.Check(harm(path))
	}
	fmt.Fprintln(ts.Stdout(), len(paths))
}
