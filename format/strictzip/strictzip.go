// Package strictzip reads zip archives so that no two readers can see two things in one. A zip says everything twice, before
// each entry and in a directory at its end, and some readers go by the one, some by the other, some search for the end and
// take the first that they find. Here all must agree, and nothing may stand before, between or behind.
package strictzip

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"entrepot/artifact"
	"entrepot/format/unpacked"
)

// Limits bound an archive.
type Limits struct {
	Entries   int   // files and folders
	Directory int64 // bytes of the directory at the end, names included
	Unpacked  int64 // bytes of all contents together
	Ratio     int64 // unpacked bytes for a byte of the archive, once past Free
	Free      int64 // bytes that any archive may unpack to
}

// Default are limits for packages of a package manager.
var Default = Limits{Entries: 100_000, Directory: 32 << 20, Unpacked: 16 << 30, Ratio: 100, Free: 64 << 20}

// Archive is a zip archive whose structure has been proven. What is in its entries is proven when it is read.
type Archive struct {
	Entries []Entry // in the order of the directory
	r       io.ReaderAt
}

// Entry is a file, a folder or a symbolic link.
type Entry struct {
	Name string // as it is written: of a folder with a slash at its end
	Kind unpacked.Kind
	Size int64 // bytes, unpacked

	header
	at int64 // where its contents begin
}

// header is what stands about an entry both before it and in the directory.
type header struct {
	flags    uint16
	method   uint16
	checksum uint32
	packed   int64 // bytes
	size     int64 // bytes
	offset   int64 // of the header before the entry
}

// Methods of compression.
const (
	stored   = 0
	deflated = 8
)

// Flags of an entry.
const (
	encrypted     = 1 << 0
	described     = 1 << 3 // checksum and sizes follow the contents
	patched       = 1 << 5
	strongCrypt   = 1 << 6
	utf8Name      = 1 << 11
	maskedHeaders = 1 << 13
)

// Open reads the structure of an archive of size bytes: all of it but the contents. Invalid, naming the entry and the
// reason, for what is no zip archive, what exceeds the limits, and whatever readers could take in two ways. Other errors are
// those of r.
func Open(r io.ReaderAt, size int64, l Limits) (*Archive, error) {
	end, err := findEnd(r, size)
	if err != nil {
		return nil, err
	}
	a := &Archive{r: r}
	if a.Entries, err = readDirectory(r, end, l); err != nil {
		return nil, err
	}
	if err := a.tile(end.directory); err != nil {
		return nil, err
	}
	return a, a.place(size, l)
}

// tile proves that the entries follow each other without a gap, from the beginning of the archive to its directory.
func (a *Archive) tile(directory int64) error {
	order := make([]*Entry, len(a.Entries))
	for i := range a.Entries {
		order[i] = &a.Entries[i]
	}
	slices.SortFunc(order, func(a, b *Entry) int { return cmp.Compare(a.offset, b.offset) })
	var at int64
	for i, e := range order {
		if e.offset != at {
			return bad("%.200q does not follow what is before it: there are %d bytes between, or both are one",
				e.Name, e.offset-at)
		}
		next := directory
		if i+1 < len(order) {
			next = order[i+1].offset
		}
		if err := a.readLocal(e, next); err != nil {
			return err
		}
		at = next
	}
	if at != directory {
		return bad("%d bytes before its directory belong to no entry", directory-at)
	}
	return nil
}

// place proves that the entries can be unpacked beside each other, and to how much.
func (a *Archive) place(size int64, l Limits) error {
	var tree unpacked.Tree
	var total int64
	for _, e := range a.Entries {
		again, err := tree.Add(e.path(), e.Kind)
		switch total += e.Size; {
		case err != nil:
			return bad("%.200q %s", e.Name, err)
		case again && e.Kind != unpacked.Folder:
			return bad("%.200q is there twice", e.Name)
		case total > min(l.Unpacked, max(l.Free, size*l.Ratio)):
			return bad("it unpacks to too much")
		}
		if e.Kind == unpacked.Link {
			if err := a.checkLink(e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *Archive) checkLink(e Entry) error {
	target, err := a.Read(e, unpacked.MaxPath)
	if err != nil {
		return err
	}
	if err := unpacked.Symlink(e.path(), string(target)); err != nil {
		return bad("%.200q %s", e.Name, err)
	}
	return nil
}

// bad is the error for an archive that cannot be accepted.
func bad(format string, args ...any) error {
	return artifact.Errorf(artifact.Invalid, "The archive cannot be accepted: %s.", fmt.Sprintf(format, args...))
}

// readAt fills p from r. An archive that is shorter than it said is a bad one.
func readAt(r io.ReaderAt, p []byte, at int64) error {
	n, err := r.ReadAt(p, at)
	switch {
	case n == len(p):
		return nil
	case errors.Is(err, io.EOF):
		return bad("it ends too early")
	}
	return fmt.Errorf("read archive: %w", err)
}
