//go:build unix

package sqlcatalog

import (
	"fmt"
	"io"
	"os"
	"syscall"
)

// lockFile takes a lock. The system frees it with the process, however that ends. The database itself cannot carry
// the lock: closing any descriptor of a file drops the locks that SQLite holds on it.
func lockFile(path string, how locking) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), lockings[how]); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s is in use by another process: %w", path, err)
	}
	return f, nil
}

var lockings = [...]int{
	alone:    syscall.LOCK_EX | syscall.LOCK_NB,
	together: syscall.LOCK_SH | syscall.LOCK_NB,
	byTurns:  syscall.LOCK_EX,
}
