// Package disk keeps content in files: one folder a domain, one file a content, durable when Commit returns.
//
// It guards names and durability. That bytes are still those that were committed is proven by the store above it
// (sealed); disk itself hands out what the file system returns.
package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/durable"
)

// Options are the parts of the world a Disk needs. The zero value uses the real ones.
type Options struct {
	FS  FS               // nil: OS
	Now func() time.Time // clock of modification times; nil: time.Now
	// Inspect leaves everything as it is for who only looks: drafts stay, and no folder is made.
	Inspect bool
}

// Disk is a folder of spaces. One process at a time may have it open.
type Disk struct {
	root    Root
	lock    *os.File
	now     func() time.Time
	inspect bool

	mu     sync.Mutex
	spaces map[string]*Space
}

// Open opens the folder dir as a Disk, made durable with mode 0700 if it is missing, and removes the drafts an earlier
// process left behind; see Options.Inspect. It fails when another process has it open.
func Open(dir string, o Options) (*Disk, error) {
	if o.FS == nil {
		o.FS = OS
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if !o.Inspect {
		if err := makeFolder(filepath.Clean(dir)); err != nil {
			return nil, fmt.Errorf("make folder for content: %w", err)
		}
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	root, err := o.FS(dir)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open content folder: %w", err), lock.Close())
	}
	k := &Disk{root: root, lock: lock, now: o.Now, inspect: o.Inspect, spaces: map[string]*Space{}}
	if o.Inspect {
		return k, nil
	}
	if err := k.RemoveDrafts(); err != nil {
		return nil, errors.Join(fmt.Errorf("remove drafts left behind: %w", err), k.Close())
	}
	return k, nil
}

// Close ends the use of the folder. Spaces, drafts and contents of the Disk must not be used afterwards.
func (k *Disk) Close() error { return errors.Join(k.root.Close(), k.lock.Close()) }

// Space returns the store of one domain, its folders made durable if they are missing. The name is an id made by this
// system: 1–64 lower-case letters, digits and dashes; any other is an Invalid error, and so is that of a Cache.
func (k *Disk) Space(name string) (blob.Store, error) { return k.space(name, false) }

// Cache returns a store for content that can be had again. It is a Space in everything but one: Commit does not wait for
// the disk. After a power cut, and only then, content that was committed may be absent, cut short or made of zeros, as
// the file system left it. So whoever uses a Cache must be able to tell damaged content, as package sealed does, and to
// do without it.
func (k *Disk) Cache(name string) (blob.Store, error) { return k.space(name, true) }

func (k *Disk) space(name string, cache bool) (blob.Store, error) {
	if !spacePattern.MatchString(name) {
		return nil, artifact.Errorf(artifact.Invalid,
			"%.80q cannot name a space: it needs 1 to 64 lower-case letters, digits and dashes.", name)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if s := k.spaces[name]; s != nil {
		if s.cache != cache {
			return nil, artifact.Errorf(artifact.Invalid, "%s is in use both as a space and as a cache.", name)
		}
		return s, nil
	}
	s := &Space{disk: k, name: name, cache: cache}
	if !k.inspect {
		if err := s.syncFolders(); err != nil {
			return nil, fmt.Errorf("make space %s: %w", name, told(err))
		}
	}
	k.spaces[name] = s
	return s, nil
}

// Spaces lists the names of the spaces there are, in no particular order.
func (k *Disk) Spaces() ([]string, error) {
	var names []string
	err := k.walk(".", func(e fs.DirEntry) error {
		if e.IsDir() && spacePattern.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list spaces: %w", told(err))
	}
	return names, nil
}

// makeFolder makes dir and its missing parents and syncs each into the one above it.
func makeFolder(dir string) error {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		return fmt.Errorf("%s is not a folder", dir)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(dir)
	if err := makeFolder(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, folderPerm); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return durable.SyncFolder(parent)
}

// lockFolder takes dir for this process. The system frees the lock when the process ends, however it ends.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("open content folder: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = errors.New("it is in use by another process; stop that one first")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock content folder %s: %w", dir, err), f.Close())
	}
	return f, nil
}

// RemoveDrafts empties the drafts folder of every space. Nobody may have a draft open.
func (k *Disk) RemoveDrafts() error {
	return k.eachDraft(func(path string, _ fs.DirEntry) error { return k.root.Remove(path) })
}

// Drafts counts the drafts there are, and their bytes as they lie on the disk.
func (k *Disk) Drafts() (count int, bytes int64, err error) {
	err = k.eachDraft(func(_ string, draft fs.DirEntry) error {
		info, err := draft.Info()
		if err == nil {
			count, bytes = count+1, bytes+info.Size()
		}
		return err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("count drafts: %w", told(err))
	}
	return count, bytes, nil
}

func (k *Disk) eachDraft(each func(path string, draft fs.DirEntry) error) error {
	return k.walk(".", func(space fs.DirEntry) error {
		if !space.IsDir() || !spacePattern.MatchString(space.Name()) {
			return nil
		}
		folder := space.Name() + "/" + drafts
		err := k.walk(folder, func(draft fs.DirEntry) error {
			if draft.IsDir() {
				return nil // none of ours
			}
			return each(folder+"/"+draft.Name(), draft)
		})
		if errors.Is(err, fs.ErrNotExist) {
			return nil // the crash came between making the space and making its drafts folder
		}
		return err
	})
}

// batch is how many names are read from a folder at a time.
const batch = 256

// walk calls each for every entry of the folder called name, until one fails.
func (k *Disk) walk(name string, each func(fs.DirEntry) error) (err error) {
	f, err := k.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for {
		entries, err := f.ReadDir(batch)
		for _, e := range entries {
			if err := each(e); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// ensureFolder makes the folder called name unless it is there. What is there and no folder is ErrCorrupt.
func (k *Disk) ensureFolder(name string) error {
	err := k.root.Mkdir(name, folderPerm)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := k.root.Lstat(name)
	if err == nil && !info.IsDir() {
		return fmt.Errorf("%s is no folder: %w", name, blob.ErrCorrupt)
	}
	return err
}

// syncFolder makes the names in a folder durable.
func (k *Disk) syncFolder(name string) error {
	f, err := k.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// exhausted lists what the system says when it has run out of something. Freeing it helps, so callers may come back.
var exhausted = []struct {
	errno  syscall.Errno
	reason string
}{
	{syscall.ENOSPC, "The storage is full."},
	{syscall.EDQUOT, "The storage quota is used up."},
	{syscall.EMFILE, "Too many files are open."},
	{syscall.ENFILE, "Too many files are open."},
}

// told gives err its kind: Unavailable where something has run out, else as it is.
func told(err error) error {
	for _, e := range exhausted {
		if errors.Is(err, e.errno) {
			return artifact.Errorf(artifact.Unavailable, "%s", e.reason).Causing(err)
		}
	}
	return err
}
