// Package freespace watches how much room the file system of a folder has left, and keeps a reserve there for the moment
// when it has none.
//
// Whoever writes much looks before whether it is Low, below the mark, so that what is left stays for small writes that
// must go on. Other programs may fill the disk all the same; then the reserve, a file of bytes that mean nothing, is given
// up to make room.
package freespace

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"

	"entrepot/durable"
)

// Reading is what a file system has left for this process.
type Reading struct {
	Free, Size int64 // bytes
	// FreeFiles are the files and folders that can still be made, Files all there can be; both are 0 where nothing but
	// room bounds them.
	FreeFiles, Files int64
}

// Options are the parts of a Volume.
type Options struct {
	Mark    int64 // bytes that stay free; an eighth of the file system if that is less; 0 for no mark
	Reserve int64 // bytes of the reserve; a sixteenth of the file system if that is less; 0 for none
	// Read asks the file system that a folder lies on; nil: the operating system's own.
	Read func(folder string) (Reading, error)
}

// reserveFile lies in the folder.
const reserveFile = "reserve"

const (
	// fewFiles that can be made are as good as no room; on a file system of few, an eighth of them.
	fewFiles = 1024
	scarce   = 1 << 20 // bytes; less than a start needs for the log of the catalog and its index
)

// Volume is a folder with a watch over its room. Its methods may be called by several goroutines at once.
type Volume struct {
	folder string
	o      Options

	mu       sync.Mutex
	reserved bool
}

// Open begins to watch the folder, which must exist. A reserve that an earlier process made is given up if there is
// hardly any room.
func Open(folder string, o Options) (*Volume, error) {
	if o.Read == nil {
		o.Read = statfs
	}
	v := &Volume{folder: folder, o: o}
	_, err := os.Stat(v.path())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look for the reserve: %w", err)
	}
	v.reserved = err == nil
	s, err := v.State()
	if err != nil {
		return nil, err
	}
	if s.Free < scarce {
		return v, v.MakeRoom()
	}
	return v, nil
}

func (v *Volume) path() string { return filepath.Join(v.folder, reserveFile) }

// State is how things are.
type State struct {
	Reading
	Mark     int64 // bytes; the effective one
	Low      bool  // below the mark, or few files can be made
	FewFiles bool  // few files can be made
	Reserved bool  // the reserve is there
}

// State asks the file system, which takes about a microsecond. The error is the operating system's.
func (v *Volume) State() (State, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.state()
}

func (v *Volume) state() (State, error) {
	r, err := v.o.Read(v.folder)
	if err != nil {
		return State{}, fmt.Errorf("ask for the free room of %s: %w", v.folder, err)
	}
	s := State{Reading: r, Mark: min(v.o.Mark, r.Size/8), Reserved: v.reserved}
	s.FewFiles = v.o.Mark > 0 && s.FreeFiles < min(fewFiles, s.Files/8)
	s.Low = s.FewFiles || s.Free < s.Mark
	return s, nil
}

// MakeRoom gives the reserve up, if there is one. It is for whoever has just been told that the disk is full.
func (v *Volume) MakeRoom() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.reserved {
		return nil
	}
	if err := os.Remove(v.path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("give up the reserve: %w", err)
	}
	v.reserved = false
	return nil
}

// Renew makes the reserve unless it is there or room is short. It is called now and then.
func (v *Volume) Renew() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.reserved || v.o.Reserve <= 0 {
		return nil
	}
	s, err := v.state()
	if err != nil {
		return err
	}
	size := min(v.o.Reserve, s.Size/16)
	// Twice, so that a disk which is nearly full does not see it come and go.
	if s.Low || s.Free < s.Mark+2*size {
		return nil
	}
	if err := v.make(size); err != nil {
		return fmt.Errorf("make the reserve: %w", errors.Join(err, os.Remove(v.path())))
	}
	v.reserved = true
	return nil
}

// make writes bytes at random: no file system can leave them out or pack them.
func (v *Volume) make(size int64) error {
	f, err := os.OpenFile(v.path(), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, rand.NewChaCha8([32]byte{}), size)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return durable.SyncFolder(v.folder)
}
