package clientconfig

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"entrepot/durable"
)

// readFile reads a file of settings. One that does not exist is empty; target is where it is, or would be.
func readFile(path string) (target, text string, existed bool, err error) {
	target, err = filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(path); err == nil {
			return "", "", false, errors.New("it is a link that points to nothing; remove it, or make what it points to")
		}
		return path, "", false, nil
	}
	if err != nil {
		return "", "", false, err
	}
	file, err := os.Open(target)
	if err != nil {
		return "", "", false, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", "", false, err
	}
	if !info.Mode().IsRegular() {
		return "", "", false, errors.New("it is no file")
	}
	// A byte more than is taken: readable refuses it.
	bytes, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	return target, string(bytes), true, err
}

// writeFile makes a file hold text, whole or not at all, and durably. With the info of the file it replaces it keeps that
// one's owner. Folders that are missing are made.
func writeFile(path string, text []byte, mode fs.FileMode, replaced fs.FileInfo) (err error) {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	draft, err := os.CreateTemp(folder, "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(draft.Name())))
		}
	}()
	_, err = draft.Write(text)
	err = errors.Join(err, draft.Chmod(mode), keepOwner(draft, replaced), draft.Sync(), draft.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(draft.Name(), path); err != nil {
		return err
	}
	return durable.SyncFolder(folder)
}

// keepOwner gives a file the owner of the one it replaces, so that root may change settings of others.
func keepOwner(file *os.File, replaced fs.FileInfo) error {
	if replaced == nil {
		return nil
	}
	is, err := file.Stat()
	if err != nil {
		return err
	}
	was, ok := replaced.Sys().(*syscall.Stat_t)
	now, ok2 := is.Sys().(*syscall.Stat_t)
	if !ok || !ok2 || was.Uid == now.Uid && was.Gid == now.Gid {
		return nil
	}
	return file.Chown(int(was.Uid), int(was.Gid))
}

func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return writeFile(to, text, info.Mode().Perm(), info)
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil {
		return err
	}
	return durable.SyncFolder(filepath.Dir(path))
}
