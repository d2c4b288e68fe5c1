package trust

import (
	"cmp"
	"context"
	"path/filepath"
)

// Machine is what is known of the machine and the user whose clients are told. All members are needed.
type Machine struct {
	OS     string                                                          // as runtime.GOOS
	Root   string                                                          // above the system's folders: /
	Home   string                                                          // of the user
	Getenv func(name string) string                                        // of the terminal
	Find   func(program string) (path string, err error)                   // as exec.LookPath
	Run    func(ctx context.Context, program string, args ...string) error // with what it prints in the error
}

// Has reports whether a client is on the machine.
func (m Machine) Has(c Client) bool {
	for _, program := range c.Programs {
		if _, err := m.Find(program); err == nil {
			return true
		}
	}
	return false
}

// fileOr is the path that a variable names, else the one that the parts make.
func (m Machine) fileOr(variable string, parts ...string) string {
	return cmp.Or(m.Getenv(variable), filepath.Join(parts...))
}

// configFolder is where programs keep their settings (XDG Base Directory Specification).
func (m Machine) configFolder() string { return m.fileOr("XDG_CONFIG_HOME", m.Home, ".config") }
