package sealed

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"entrepot/durable"
)

// The files of the master key in the data folder:
//
//	keys/master   the key; the folder has mode 0700, the file 0600
//	key-check     proof of which key it was; it says nothing about the key itself
//
// They lie apart on purpose: whoever keeps the keys folder elsewhere, or loses it, still has the check value beside the
// data, and a server never starts to write with a key that is not the data's.
const (
	keysFolder  = "keys"
	masterFile  = "keys/master"
	checkFile   = "key-check"
	masterLabel = "entrepot-master-key-1:"
	checkLabel  = "entrepot-key-check-1:"
)

// maxKeyFile is more than any key file is long, in bytes.
const maxKeyFile = 1024

// OpenKeyring proves and opens the master key of the data folder dir, which must exist. At the first start it makes one
// at random, durable before this returns. It refuses, with an error that says what to do, when the key is missing while
// a check value is there, is cut short, is not the one that the check value proves, or may be read by others.
func OpenKeyring(dir string) (*Keyring, error) {
	master, err := openMaster(dir)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	defer clear(master)
	return newKeyring(master), nil
}

func openMaster(dir string) ([]byte, error) {
	check, checkErr := readKeyFile(filepath.Join(dir, checkFile), checkLabel, anyMode)
	if checkErr != nil && !errors.Is(checkErr, fs.ErrNotExist) {
		return nil, checkErr
	}
	master, err := readMaster(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && checkErr == nil:
		return nil, fmt.Errorf("%s is missing, but %s shows that this data is sealed under one; put the key back from "+
			"where you keep it, for without it the data cannot be read", filepath.Join(dir, masterFile), checkFile)
	case errors.Is(err, fs.ErrNotExist):
		master, err = makeMaster(dir)
	}
	if err != nil {
		return nil, err
	}
	if checkErr != nil {
		// The first start, or one that follows a first start cut short between the two files.
		check, err = makeCheck(dir, master)
		if err != nil {
			return nil, err
		}
	}
	if subtle.ConstantTimeCompare(check, derive(master, "check")) != 1 {
		return nil, fmt.Errorf("%s is not the key this data is sealed under: it does not fit %s; put the right key back "+
			"from where you keep it", filepath.Join(dir, masterFile), checkFile)
	}
	return master, nil
}

// readMaster reads the key after making sure that nobody but its owner could.
func readMaster(dir string) ([]byte, error) {
	folder := filepath.Join(dir, keysFolder)
	info, err := os.Stat(folder)
	if err != nil {
		return nil, err
	}
	if err := private(folder, info, 0o700); err != nil {
		return nil, err
	}
	return readKeyFile(filepath.Join(dir, masterFile), masterLabel, 0o600)
}

// makeMaster makes a key at random, durable in dir.
func makeMaster(dir string) ([]byte, error) {
	folder := filepath.Join(dir, keysFolder)
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	if err := durable.SyncFolder(dir); err != nil {
		return nil, err
	}
	var key [keySize]byte
	_, _ = rand.Read(key[:]) // never fails, by its documentation
	if err := makeKeyFile(filepath.Join(dir, masterFile), masterLabel, key[:]); err != nil {
		return nil, err
	}
	return readMaster(dir) // another process may have been first
}

func makeCheck(dir string, master []byte) ([]byte, error) {
	path := filepath.Join(dir, checkFile)
	if err := makeKeyFile(path, checkLabel, derive(master, "check")); err != nil {
		return nil, err
	}
	return readKeyFile(path, checkLabel, anyMode)
}

// anyMode is for files that are no secret.
const anyMode = fs.FileMode(0o777)

// private refuses what has more permissions than mode.
func private(path string, info fs.FileInfo, mode fs.FileMode) error {
	if info.Mode().Perm()&^mode == 0 {
		return nil
	}
	return fmt.Errorf("%s has mode %04o, so others than its owner may use it; run chmod %04o on it, and consider who may "+
		"have read the key", path, info.Mode().Perm(), mode)
}

// readKeyFile reads what makeKeyFile wrote, unless the file has more permissions than mode.
func readKeyFile(path, label string, mode fs.FileMode) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe must not hold up the start
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a plain file", path)
	}
	if err == nil {
		err = private(path, info, mode)
	}
	var text []byte
	if err == nil {
		text, err = io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	key, err := parseKey(string(text), label)
	if err != nil {
		return nil, fmt.Errorf("%s %w; put the file back from where you keep a copy", path, err)
	}
	return key, nil
}

// parseKey reads the label and 32 bytes in standard base64, with at most a line end behind them.
func parseKey(text, label string) ([]byte, error) {
	if len(text) > maxKeyFile {
		return nil, fmt.Errorf("is longer than %d bytes, so it is not a key file", maxKeyFile)
	}
	digits, ok := strings.CutPrefix(strings.TrimRight(text, "\r\n"), label)
	if !ok {
		return nil, fmt.Errorf("does not begin with %q, so it is damaged or of another version", label)
	}
	key, err := base64.StdEncoding.Strict().DecodeString(digits)
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("does not hold %d bytes in base64, so it is damaged or cut short", keySize)
	}
	return key, nil
}

// makeKeyFile writes a key file, durable when it returns, unless there is one already. It links the finished file into
// place: unlike a rename, that never replaces a key another process has just made.
func makeKeyFile(path, label string, key []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // with mode 0600
	if err != nil {
		return fmt.Errorf("make %s: %w", path, err)
	}
	_, err = f.WriteString(label + base64.StdEncoding.EncodeToString(key) + "\n")
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Link(f.Name(), path)
	}
	err = errors.Join(ignore(err, fs.ErrExist), os.Remove(f.Name()))
	if err != nil {
		return fmt.Errorf("make %s: %w", path, err)
	}
	return durable.SyncFolder(filepath.Dir(path))
}

func ignore(err, harmless error) error {
	if errors.Is(err, harmless) {
		return nil
	}
	return err
}
