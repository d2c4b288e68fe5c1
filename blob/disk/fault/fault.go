// Package fault makes a disk's operations fail, or the process die, at a chosen one: for tests of disk itself and of
// everything that stands on it, up to a whole server.
//
//	var script fault.Script
//	d, err := disk.Open(dir, disk.Options{FS: script.FS(disk.OS)})
//	script.Follow(fault.At(7, fault.Fault{Err: syscall.EIO}))
package fault

import (
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"entrepot/blob/disk"
)

// Op is one operation on the file system: the verb, and the name it is done to, relative to the disk's folder.
type Op struct{ Verb, Name string }

// The verbs.
const (
	Open    = "open"
	Mkdir   = "mkdir"
	Rename  = "rename"
	Remove  = "remove"
	Lstat   = "lstat"
	Chtimes = "chtimes"
	Read    = "read"
	Write   = "write"
	Seek    = "seek"
	Sync    = "sync"
	Stat    = "stat"
	ReadDir = "readdir"
	Close   = "close"
)

// String writes verb and name.
func (o Op) String() string { return o.Verb + " " + o.Name }

// Moment says when in an operation a fault strikes.
type Moment uint8

// The moments.
const (
	Before  Moment = iota // nothing is done
	Halfway               // of a write, the first half is done; with any other verb like Before
	After                 // the operation is done whole
)

// String names the moment in lower case.
func (m Moment) String() string {
	if int(m) < len(momentNames) {
		return momentNames[m]
	}
	return fmt.Sprintf("moment %d", m)
}

var momentNames = [...]string{Before: "before", Halfway: "halfway", After: "after"}

// Moments lists every moment.
func Moments() []Moment { return []Moment{Before, Halfway, After} }

// Fault is what befalls an operation: Do is called at the moment, then the operation returns Err, whatever its own
// outcome. With a nil Err it goes on as if nothing had happened. Files are always closed, whatever Close then returns,
// so that tests can tell leaks of the code from leaks of the fault.
type Fault struct {
	When Moment
	Do   func()
	Err  error
}

// Rule decides what befalls operation n, counted from one over all goroutines; nil lets it pass. It is called by many
// goroutines at once.
type Rule func(n int64, op Op) *Fault

// At strikes operation n only.
func At(n int64, f Fault) Rule {
	return func(i int64, _ Op) *Fault {
		if i == n {
			return &f
		}
		return nil
	}
}

// Every strikes all operations with one of the verbs.
func Every(f Fault, verbs ...string) Rule {
	return func(_ int64, op Op) *Fault {
		for _, v := range verbs {
			if op.Verb == v {
				return &f
			}
		}
		return nil
	}
}

// Kill ends the process at once, as kill -9 does: nothing deferred runs and nothing buffered is written.
func Kill() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // the signal is on its way
}

// Script counts operations and applies a rule to them. The zero value lets everything pass.
type Script struct {
	count atomic.Int64
	rule  atomic.Pointer[Rule]
}

// Follow counts from one again and applies r from now on; nil lets everything pass.
func (s *Script) Follow(r Rule) {
	s.rule.Store(&r)
	s.count.Store(0)
}

// Count is the number of operations begun since Follow.
func (s *Script) Count() int64 { return s.count.Load() }

// FS puts the script between a disk and the file system inner.
func (s *Script) FS(inner disk.FS) disk.FS {
	return func(dir string) (disk.Root, error) {
		r, err := inner(dir)
		if err != nil {
			return nil, err
		}
		return &root{r, s}, nil
	}
}

// begin counts an operation and returns what befalls it; the zero Fault does nothing.
func (s *Script) begin(verb, name string) Fault {
	n := s.count.Add(1)
	r := s.rule.Load()
	if r == nil || *r == nil {
		return Fault{}
	}
	f := (*r)(n, Op{verb, name})
	if f == nil {
		return Fault{}
	}
	return *f
}

// strike lets the fault happen if now is its moment.
func (f Fault) strike(now Moment) error {
	if f.When != now {
		return nil
	}
	if f.Do != nil {
		f.Do()
	}
	return f.Err
}

// early strikes faults that come before the operation is whole.
func (f Fault) early() error {
	if err := f.strike(Before); err != nil {
		return err
	}
	return f.strike(Halfway)
}

// around does an operation with its fault.
func around[T any](s *Script, verb, name string, do func() (T, error)) (T, error) {
	f := s.begin(verb, name)
	var none T
	if err := f.early(); err != nil {
		return none, err
	}
	result, err := do()
	if late := f.strike(After); late != nil {
		err = late
	}
	return result, err
}

// only turns an operation without a result into one for around.
func only(do func() error) func() (struct{}, error) {
	return func() (struct{}, error) { return struct{}{}, do() }
}

type root struct {
	disk.Root
	script *Script
}

func (r *root) OpenFile(name string, flag int, perm fs.FileMode) (disk.File, error) {
	f, err := around(r.script, Open, name, func() (disk.File, error) { return r.Root.OpenFile(name, flag, perm) })
	if err != nil {
		if f != nil {
			_ = f.Close() // opened, but the caller is told otherwise
		}
		return nil, err
	}
	return &file{f, name, r.script}, nil
}

func (r *root) Mkdir(name string, perm fs.FileMode) error {
	_, err := around(r.script, Mkdir, name, only(func() error { return r.Root.Mkdir(name, perm) }))
	return err
}

func (r *root) Rename(oldname, newname string) error {
	_, err := around(r.script, Rename, oldname, only(func() error { return r.Root.Rename(oldname, newname) }))
	return err
}

func (r *root) Remove(name string) error {
	_, err := around(r.script, Remove, name, only(func() error { return r.Root.Remove(name) }))
	return err
}

func (r *root) Lstat(name string) (fs.FileInfo, error) {
	return around(r.script, Lstat, name, func() (fs.FileInfo, error) { return r.Root.Lstat(name) })
}

func (r *root) Chtimes(name string, atime, mtime time.Time) error {
	_, err := around(r.script, Chtimes, name, only(func() error { return r.Root.Chtimes(name, atime, mtime) }))
	return err
}

type file struct {
	disk.File
	name   string
	script *Script
}

func (f *file) Read(p []byte) (int, error) {
	return around(f.script, Read, f.name, func() (int, error) { return f.File.Read(p) })
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	return around(f.script, Read, f.name, func() (int, error) { return f.File.ReadAt(p, off) })
}

func (f *file) Seek(offset int64, whence int) (int64, error) {
	return around(f.script, Seek, f.name, func() (int64, error) { return f.File.Seek(offset, whence) })
}

// Write is the one operation that can be half done.
func (f *file) Write(p []byte) (int, error) {
	fault := f.script.begin(Write, f.name)
	if err := fault.strike(Before); err != nil {
		return 0, err
	}
	done := 0
	if fault.When == Halfway {
		n, err := f.File.Write(p[:len(p)/2])
		if err == nil {
			err = fault.strike(Halfway)
		}
		if err != nil {
			return n, err
		}
		done = n
	}
	n, err := f.File.Write(p[done:])
	if late := fault.strike(After); late != nil {
		err = late
	}
	return done + n, err
}

func (f *file) Sync() error {
	_, err := around(f.script, Sync, f.name, only(f.File.Sync))
	return err
}

func (f *file) Stat() (fs.FileInfo, error) { return around(f.script, Stat, f.name, f.File.Stat) }

func (f *file) ReadDir(n int) ([]fs.DirEntry, error) {
	return around(f.script, ReadDir, f.name, func() ([]fs.DirEntry, error) { return f.File.ReadDir(n) })
}

func (f *file) Close() error {
	fault := f.script.begin(Close, f.name)
	early := fault.early()
	err := f.File.Close()
	if late := fault.strike(After); late != nil {
		err = late
	}
	if early != nil {
		err = early
	}
	return err
}
