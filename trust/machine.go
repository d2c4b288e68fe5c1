package trust

import (
	"context"

	"entrepot/clientconfig"
)

// Machine is what is known of the machine and the user whose clients are told. All members are needed.
type Machine struct {
	OS   string                                                          // as runtime.GOOS
	Root string                                                          // above the system's folders: /
	Find func(program string) (path string, err error)                   // as exec.LookPath
	Run  func(ctx context.Context, program string, args ...string) error // with what it prints in the error
	clientconfig.User
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
