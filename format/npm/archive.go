package npm

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

// Bounds on an archive.
const (
	maxEntries   = 100_000
	maxPaths     = 16 << 20 // bytes of all paths together
	maxPath      = 4 << 10
	maxFolders   = 64      // segments of one path; every folder on the way is remembered, so depth is memory
	maxPlaces    = 300_000 // files and folders, with those that are only on the way
	maxRatio     = 100     // unpacked bytes a packed byte, once past freeUnpacked
	freeUnpacked = 64 << 20
	maxUnpacked  = 8 << 30
)

func badArchive(cause error, format string, args ...any) error {
	return invalid("The tarball cannot be accepted: %s.", fmt.Sprintf(format, args...)).Causing(cause)
}

// openArchive reads a tarball of size bytes as a stream: a tar in gzip, of one member or several, or the bare tar that
// clients take as well. What it gives ends with errBomb where it unpacks to too much.
func openArchive(r io.ReaderAt, size int64) (io.Reader, error) {
	in := bufio.NewReaderSize(io.NewSectionReader(r, 0, size), 64<<10)
	if !atGzip(in) {
		return in, nil
	}
	first, err := gzip.NewReader(in)
	if err != nil {
		return nil, badArchive(err, "its gzip stream does not begin")
	}
	first.Multistream(false)
	return &unpackLimit{r: &members{in: in, now: first}, left: min(maxUnpacked, max(freeUnpacked, size*maxRatio))}, nil
}

func atGzip(in *bufio.Reader) bool {
	magic, _ := in.Peek(2) // what is shorter is no archive, and found to be none
	return bytes.Equal(magic, []byte{0x1f, 0x8b})
}

// members reads the members of a gzip stream one after the other. After the last there may be zeros, with which tapes
// were filled up; anything else clients fail at.
type members struct {
	in  *bufio.Reader
	now *gzip.Reader
	err error // what the stream ended with
}

func (m *members) Read(p []byte) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	n, err := m.now.Read(p)
	if err == io.EOF {
		err = m.next()
	}
	m.err = err
	return n, err
}

// next begins the next member; io.EOF if there is none.
func (m *members) next() error {
	if !atGzip(m.in) {
		return zeros(m.in)
	}
	err := m.now.Reset(m.in)
	m.now.Multistream(false)
	return err
}

var errTrailing = errors.New("bytes follow the end of its gzip stream")

// zeros reads to the end, io.EOF, and accepts nothing but zeros.
func zeros(r io.Reader) error {
	buf := make([]byte, 4<<10)
	for {
		n, err := r.Read(buf)
		if len(bytes.Trim(buf[:n], "\x00")) > 0 {
			return errTrailing
		}
		if err != nil {
			return err
		}
	}
}

// unpackLimit ends an archive that unpacks to too much.
type unpackLimit struct {
	r    io.Reader
	left int64
}

var errBomb = errors.New("it unpacks to too much")

func (l *unpackLimit) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, errBomb
	}
	return n, err
}

// entries calls each for every entry of a tar, with what stands in it, and then reads to the end: only that proves the
// checksums. What follows the end of the tar no client looks at.
func entries(archive io.Reader, each func(h *tar.Header, body io.Reader) error) error {
	raw := &headers{r: archive}
	in := tar.NewReader(raw)
	for n := 0; ; n++ {
		h, err := in.Next()
		switch {
		case err == io.EOF:
			_, err := io.Copy(io.Discard, archive)
			return unreadable(err, "after its last entry it is not readable")
		case err != nil:
			return unreadable(err, "entry %d is not readable", n)
		case n == maxEntries:
			return badArchive(nil, "it has more than %d entries", maxEntries)
		case h.Typeflag != tar.TypeXGlobalHeader && h.Size != raw.size:
			return badArchive(nil, "%.200q has one size in its header and another in a record", h.Name)
		}
		if err := each(h, in); err != nil {
			return err
		}
	}
}

// unreadable words why reading ended; nil for nil.
func unreadable(err error, format string, args ...any) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errBomb), errors.Is(err, errTrailing), errors.Is(err, errDescribedTwice), errors.Is(err, errNoSize):
		return badArchive(err, "%s", err)
	}
	return badArchive(err, format, args...)
}
