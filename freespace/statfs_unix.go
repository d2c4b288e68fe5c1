//go:build linux || darwin

package freespace

import "syscall"

// statfs asks the operating system. Some file systems make inodes as they need them and say that there are none.
func statfs(folder string) (Reading, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return Reading{}, err
	}
	return Reading{Free: int64(s.Bavail) * int64(s.Bsize), Size: int64(s.Blocks) * int64(s.Bsize),
		FreeFiles: int64(s.Ffree), Files: int64(s.Files)}, nil
}
