package pypi

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"strings"

	"entrepot/format/stricttar"
	"entrepot/format/strictzip"
	"entrepot/format/unpacked"
)

// pkgInfo is what the metadata of a source distribution stands in, in the folder at its top.
const pkgInfo = "PKG-INFO"

// sdistArchives are the archives that source distributions can be published as, by what they begin with: those that public
// indexes take since PEP 527. PEP 625 leaves the first, for what is made from now on.
var sdistArchives = []struct {
	magic, ending string
	read          func(s *sdist, r io.ReaderAt, size int64) error
}{
	{"\x1f\x8b", ".tar.gz", (*sdist).readTarball},
	{"PK", ".zip", (*sdist).readZip},
}

// inspectSdist reads a source distribution (PEP 517, "Source distributions"; PEP 625), and all that is in it. Its metadata may
// be of any version: those before 2.2 promise nothing about what is built of it, and installers build it in any case.
func inspectSdist(r io.ReaderAt, size int64, d distribution) (inspected, error) {
	magic := make([]byte, 2)
	if _, err := r.ReadAt(magic, 0); err != nil && !errors.Is(err, io.EOF) {
		return inspected{}, fmt.Errorf("read archive: %w", err)
	}
	for _, a := range sdistArchives {
		if string(magic) != a.magic {
			continue
		}
		s := sdist{sums: map[string]uint64{}, seed: maphash.MakeSeed()}
		if err := a.read(&s, r, size); err != nil {
			return inspected{}, err
		}
		if s.info == nil {
			return inspected{}, badSdist("it has no file %s in the folder at its top, such as %q", pkgInfo, d.stem+"/"+pkgInfo)
		}
		m, err := parseMetadata(s.info)
		if err != nil {
			return inspected{}, err
		}
		return inspected{metadata: m, ending: a.ending}, d.agree(m)
	}
	return inspected{}, badSdist("it is neither a tar in gzip nor a zip archive, and indexes take no others. " +
		"Build it anew, as .tar.gz")
}

// sdist is a source distribution that is looked into.
type sdist struct {
	folder string        // the one at its top
	tree   unpacked.Tree // with it
	info   []byte        // the metadata; nil before it is found
	// sums tell contents of the files of a tarball apart, by their paths. Who does not know the seed makes no two alike.
	sums map[string]uint64
	seed maphash.Seed
}

func badSdist(format string, args ...any) error {
	return invalid("The source distribution cannot be accepted: %s.", fmt.Sprintf(format, args...))
}

func (s *sdist) readTarball(r io.ReaderAt, size int64) error {
	if err := checkTail(r, size); err != nil {
		return err
	}
	archive, err := stricttar.Open(io.NewSectionReader(r, 0, size), size, stricttar.Default)
	if err != nil {
		return err
	}
	return archive.Each(s.unpack)
}

// unpack judges an entry of a tarball. A link may lead to what is in the same folder: installers unpack that without its name,
// so nothing may lead through what is above it. A hard link is another name of a file that is there already.
func (s *sdist) unpack(e stricttar.Entry, contents io.Reader) error {
	if err := unpacked.Path(e.Name); err != nil {
		return badSdist("%.200q %s", e.Name, err)
	}
	at := strings.TrimSuffix(e.Name, "/")
	again, err := s.tree.Add(at, e.Kind)
	if err == nil && e.Hard {
		err = s.tree.Hardlink(e.Target)
	}
	switch {
	case err != nil:
		return badSdist("%.200q %s", e.Name, err)
	case again && (e.Kind == unpacked.Link || e.Hard):
		return badSdist("%.200q is there twice", e.Name)
	}
	relative, err := s.place(e.Name, e.Kind)
	if err == nil && e.Kind == unpacked.Link && !e.Hard {
		err = checkSymlink(e.Name, relative, e.Target)
	}
	if err != nil || e.Kind != unpacked.File || e.Hard {
		return err
	}
	var sum maphash.Hash
	sum.SetSeed(s.seed)
	contents = io.TeeReader(contents, &sum)
	if relative == pkgInfo {
		if err := s.keep(e.Name, e.Size, func() ([]byte, error) { return io.ReadAll(contents) }); err != nil {
			return err
		}
	}
	if _, err := io.Copy(io.Discard, contents); err != nil {
		return err
	}
	// Tools have packed a file twice over; what is unpacked then is the same for everybody as long as both are the same.
	if again && s.sums[at] != sum.Sum64() {
		return badSdist("%.200q is there twice, as two contents", e.Name)
	}
	s.sums[at] = sum.Sum64()
	return nil
}

func (s *sdist) readZip(r io.ReaderAt, size int64) error {
	archive, err := strictzip.Open(r, size, strictzip.Default)
	if err != nil {
		return err
	}
	for _, e := range archive.Entries {
		relative, err := s.place(e.Name, e.Kind)
		switch {
		case err != nil:
		case e.Kind == unpacked.Link:
			var target []byte
			if target, err = archive.Read(e, unpacked.MaxPath); err == nil {
				err = checkSymlink(e.Name, relative, string(target))
			}
		case relative == pkgInfo:
			err = s.keep(e.Name, e.Size, func() ([]byte, error) { return archive.Read(e, maxMetadata) })
		case e.Kind == unpacked.File:
			err = archive.Copy(io.Discard, e) // proves it
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// place returns where an entry lies in the one folder at the top; empty for that folder. What it is called is not judged, as
// public indexes do not: tools of old wrote the project's name as it was spelled, and installers unpack it without its name.
func (s *sdist) place(name string, k unpacked.Kind) (string, error) {
	folder, relative, inside := strings.Cut(name, "/")
	if s.folder == "" {
		s.folder = folder
	}
	relative = strings.TrimSuffix(relative, "/")
	switch {
	case folder != s.folder:
		return "", badSdist("%.200q does not lie in the folder at its top, %.200q", name, s.folder)
	case !inside && k != unpacked.Folder:
		return "", badSdist("%.200q lies beside the folder that there should be at its top", name)
	case strings.EqualFold(relative, pkgInfo) && (relative != pkgInfo || k != unpacked.File):
		return "", badSdist("%.200q stands where its metadata does, on some systems", name)
	}
	return relative, nil
}

func checkSymlink(name, relative, target string) error {
	if err := unpacked.Symlink(relative, target); err != nil {
		return badSdist("%.200q %s", name, err)
	}
	return nil
}

func (s *sdist) keep(name string, size int64, read func() ([]byte, error)) (err error) {
	if size > maxMetadata {
		return badSdist("%.200q is larger than %d bytes", name, maxMetadata)
	}
	s.info, err = read()
	return err
}

// zipEnd is what the end of a zip archive begins with, and its length with the longest comment, in bytes.
const (
	zipEnd    = "PK\x05\x06"
	zipEndMax = 22 + 1<<16
)

// checkTail refuses a tarball that ends as a zip archive does. pip looks for that before all else, and would unpack what
// others do not see.
func checkTail(r io.ReaderAt, size int64) error {
	tail := make([]byte, min(size, zipEndMax))
	if n, err := r.ReadAt(tail, size-int64(len(tail))); n < len(tail) {
		return fmt.Errorf("read archive: %w", err)
	}
	if bytes.Contains(tail, []byte(zipEnd)) {
		return badSdist("it is a tarball that ends as a zip archive does, and some installers would unpack that. " +
			"Compress it in another way")
	}
	return nil
}

// checkEnding refuses a file that is called as another archive than it is: one installer goes by the name, the next by what is
// in it. Of wheels the name has told already.
func (found inspected) checkEnding(file string) error {
	if _, ok := cutEnding(file, found.ending); !ok {
		return badSdist("%q is an archive whose name has to end in %s", file, found.ending)
	}
	return nil
}
