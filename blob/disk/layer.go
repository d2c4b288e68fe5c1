package disk

import (
	"io"
	"io/fs"
	"os"
	"time"
)

// FS opens the folder dir, an absolute path or one relative to the working folder. Everything a Disk does to its tree
// goes through what it returns: that is the place where tests let operations fail.
type FS func(dir string) (Root, error)

// Root is a folder tree, in the verbs of *os.Root. Names are relative to it and separated by slashes; none of them leads
// out of it.
type Root interface {
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)
	Mkdir(name string, perm fs.FileMode) error
	Rename(oldname, newname string) error
	Remove(name string) error
	Lstat(name string) (fs.FileInfo, error)
	Chtimes(name string, atime, mtime time.Time) error
	Close() error
}

// File is an open file or folder, in the verbs of *os.File.
type File interface {
	io.ReadWriteCloser
	io.ReaderAt
	io.Seeker
	Sync() error
	Stat() (fs.FileInfo, error)
	ReadDir(n int) ([]fs.DirEntry, error)
}

// OS is the operating system's own file system.
func OS(dir string) (Root, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return osRoot{root}, nil
}

type osRoot struct{ *os.Root }

func (r osRoot) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := r.Root.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err // not f: a nil *os.File in a File would not be nil
	}
	return f, nil
}
