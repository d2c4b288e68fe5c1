//go:build !unix

package sqlcatalog

import (
	"fmt"
	"io"
	"os"
)

// lockFile opens the lock. Here it keeps nobody out: the operator must start one process only.
func lockFile(path string, _ locking) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	return f, nil
}
