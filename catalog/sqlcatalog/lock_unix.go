//go:build unix

package sqlcatalog

import (
	"fmt"
	"io"
	"os"
	"syscall"
)

// lockFile takes the lock of the database at path, or fails at once if another process, or another Store of this one,
// has it. The system frees it with the process, however that ends. The database itself cannot carry the lock: closing
// any descriptor of a file drops the locks that SQLite holds on it.
func lockFile(path string) (io.Closer, error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s is in use by another process: %w", path, err)
	}
	return f, nil
}
