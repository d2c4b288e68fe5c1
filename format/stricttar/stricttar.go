// Package stricttar reads tarballs so that no two readers see two things in one. A tar may describe an entry several times
// over, and gzip may be followed by anything; some readers go by the first that is said, some by the last, and some read on
// where others stop. What they disagree about is refused here. Where entries come to lie is for the caller to judge, with
// package unpacked: clients of each package manager have rules of their own for that.
package stricttar

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"io"

	"entrepot/artifact"
)

// Limits bound an archive.
type Limits struct {
	Entries  int   // files, folders and links
	Names    int   // bytes of all their names together
	Unpacked int64 // bytes of the whole tar
	Ratio    int64 // unpacked bytes for a byte of the archive, once past Free
	Free     int64 // bytes that any archive may unpack to
	// OneMember refuses gzip of several members, for clients that read the first of them alone.
	OneMember bool
}

// Default are limits for packages of a package manager.
var Default = Limits{Entries: 100_000, Names: 16 << 20, Unpacked: 8 << 30, Ratio: 100, Free: 64 << 20}

// Archive is a tarball that is read once, from its beginning to its end.
type Archive struct {
	Gzip   bool // it is compressed with gzip; else it is a bare tar
	source *watchedReader
	tar    *unpackLimit
	limits Limits
}

// Open begins to read a tarball of size bytes: a tar in gzip, of one member or several, or a bare tar. Invalid where gzip
// does not begin as it should. Other errors are those of r.
func Open(r io.Reader, size int64, l Limits) (*Archive, error) {
	a := &Archive{source: &watchedReader{r: r}, limits: l}
	in := bufio.NewReaderSize(io.LimitReader(a.source, size), 64<<10)
	var unzipped io.Reader = in
	if a.Gzip = atGzip(in); a.Gzip {
		all, err := newMembers(in, l.OneMember)
		if err != nil {
			return nil, a.unreadable(err, "its gzip stream does not begin")
		}
		unzipped = all
	}
	a.tar = &unpackLimit{r: unzipped, left: min(l.Unpacked, max(l.Free, size*l.Ratio))}
	return a, nil
}

// Each calls each for every file, folder and link, in order, with what stands in it, and then reads to the end: only that
// proves the checksums. What follows the end of the tar no reader looks at. Invalid, naming the entry and the reason, for
// what cannot be read, what exceeds the limits, what readers could take in two ways, and for entries that no package needs.
// Reading what stands in an entry gives the same errors. Others are those of each and of the archive's reader.
func (a *Archive) Each(each func(e Entry, contents io.Reader) error) error {
	names := 0
	return a.Scan(func(h *tar.Header, contents io.Reader) error {
		if h.Typeflag == tar.TypeXGlobalHeader {
			return checkRecords(h) // git archive writes one; it holds a commit id
		}
		if names += len(h.Name); names > a.limits.Names {
			return Refuse(nil, "its paths have more than %d bytes together", a.limits.Names)
		}
		e, err := entryOf(h)
		if err != nil {
			return err
		}
		return each(e, contents)
	})
}

// Scan does what Each does without judging entries by what they are: for archives that were let in elsewhere. It calls each
// for headers about all entries too.
func (a *Archive) Scan(each func(h *tar.Header, contents io.Reader) error) error {
	raw := &headers{r: a.tar, largest: a.limits.Unpacked}
	in := tar.NewReader(raw)
	within := &contents{archive: a, r: in}
	var unpacked int64
	for n := 0; ; n++ {
		h, err := in.Next()
		switch {
		case err == io.EOF:
			_, err := io.Copy(io.Discard, a.tar)
			return a.unreadable(err, "after its last entry it is not readable")
		case err != nil:
			return a.unreadable(err, "entry %d is not readable", n)
		case n == a.limits.Entries:
			return Refuse(nil, "it has more than %d entries", a.limits.Entries)
		case h.Typeflag != tar.TypeXGlobalHeader && h.Size != raw.size:
			return Refuse(nil, "%.200q has one size in its header and another in a record", h.Name)
		}
		if unpacked += h.Size; unpacked > a.limits.Unpacked {
			return Refuse(errBomb, "%s", errBomb)
		}
		within.name = h.Name
		if err := each(h, within); err != nil {
			return err
		}
	}
}

// contents is what stands in the entry that the archive is at.
type contents struct {
	archive *Archive
	r       io.Reader
	name    string
}

func (c *contents) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if err != nil && err != io.EOF {
		err = c.archive.unreadable(err, "%.200q is not readable", c.name)
	}
	return n, err
}

// Refuse is the error for a tarball that cannot be accepted, for whatever reason: Invalid. The text is the end of a sentence,
// without its full stop.
func Refuse(cause error, format string, args ...any) error {
	return artifact.Errorf(artifact.Invalid, "The tarball cannot be accepted: %s.", fmt.Sprintf(format, args...)).Causing(cause)
}

// unreadable words why reading ended; nil for nil. That the source failed is not the fault of what is in it.
func (a *Archive) unreadable(err error, format string, args ...any) error {
	switch {
	case err == nil:
		return nil
	case a.source.err != nil:
		return fmt.Errorf("read archive: %w", a.source.err)
	case errors.Is(err, errBomb), errors.Is(err, errTrailing), errors.Is(err, errMembers), errors.Is(err, errDescribedTwice), errors.Is(err, errNoSize):
		return Refuse(err, "%s", err)
	}
	return Refuse(err, format, args...)
}

// watchedReader remembers how its source failed.
type watchedReader struct {
	r   io.Reader
	err error
}

func (w *watchedReader) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}
