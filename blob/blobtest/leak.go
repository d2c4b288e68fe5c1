package blobtest

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

// noLeaks fails the test when goroutines or files opened after this call are still there at its end.
func noLeaks(t *testing.T) {
	before := openFiles()
	goroutines := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		goleak.VerifyNone(t, goroutines)
		for fd, name := range openFiles() {
			if before[fd] != name {
				t.Errorf("file left open: %s", name)
			}
		}
	})
}

// openFiles maps descriptors of this process to the files behind them. Sockets and pipes are left out: the runtime
// opens some of its own. Where the system has no /proc the map is empty and only goroutines are checked.
func openFiles() map[string]string {
	files := map[string]string{}
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		name, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil && filepath.IsAbs(name) && !isOwnListing(name) {
			files[e.Name()] = name
		}
	}
	return files
}

// isOwnListing reports whether name is the folder of descriptors that openFiles itself has open.
func isOwnListing(name string) bool {
	return filepath.Base(name) == "fd" && filepath.Dir(filepath.Dir(name)) == "/proc"
}
