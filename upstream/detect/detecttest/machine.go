// Package detecttest is a machine with package managers that say what a test wants.
package detecttest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entrepot/upstream/detect"
)

// Machine maps a command line to what it prints. A command that is not there is not installed.
type Machine map[string]string

// Run is a detect.Run.
func (m Machine) Run(_ context.Context, name string, args ...string) ([]byte, error) {
	line := strings.Join(append([]string{name}, args...), " ")
	out, ok := m[line]
	if !ok {
		return nil, fmt.Errorf("%s: not installed", line)
	}
	return []byte(out), nil
}

// Home makes an empty home directory of this test's own and returns it.
func Home(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("CARGO_HOME", "")
	return dir
}

// Write writes a file with the folders it lies in.
func Write(t *testing.T, content []byte, path ...string) {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Want checks what is found about a connection: want is its URL, or where it has no scheme, a part of the reason why
// there is none.
func Want(t *testing.T, detectors map[string]detect.Detector, m Machine, connection, want string, own ...string) {
	t.Helper()
	for _, f := range detect.All(t.Context(), detectors, m.Run, own...) {
		switch none := !strings.Contains(want, "://"); {
		case f.Connection != connection:
		case none && (f.URL != "" || !strings.Contains(f.Reason, want)):
			t.Errorf("got %+v, want a reason with %q", f, want)
		case !none && f.URL != want:
			t.Errorf("got %+v, want %s", f, want)
		}
	}
}
