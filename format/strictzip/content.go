package strictzip

import (
	"bufio"
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
)

// Copy writes the contents of an entry to w. Invalid where they do not end with what compresses them, or are not what size
// and checksum say; by then w has got them. Other errors are those of w and of the archive's reader.
func (a *Archive) Copy(w io.Writer, e Entry) error {
	watched := &watchedReader{r: io.NewSectionReader(a.r, e.at, e.packed)}
	u := unpackers.Get().(*unpacker)
	defer unpackers.Put(u)
	u.in.Reset(watched)
	var contents io.Reader = u.in
	if e.method == deflated {
		if err := u.inflater.(flate.Resetter).Reset(u.in, nil); err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
		contents = u.inflater
	}
	sum := &summing{w: w}
	// A byte more than there should be is enough to know.
	_, err := io.CopyBuffer(sum, io.LimitReader(contents, e.size+1), u.buf)
	switch {
	case sum.err != nil:
		return sum.err
	case watched.err != nil:
		return watched.or(nil)
	case err != nil:
		return bad("%.200q cannot be unpacked: %s", e.Name, err)
	case sum.size != e.size:
		return bad("%.200q has another size than its header says", e.Name)
	case sum.sum != e.checksum:
		return bad("%.200q has another checksum than its header says", e.Name)
	}
	if _, err := u.in.ReadByte(); err != io.EOF {
		return watched.or(bad("%.200q has bytes behind its compressed contents", e.Name))
	}
	return nil
}

// Read returns the contents of an entry of up to most bytes. Errors are those of Copy, and Invalid for more.
func (a *Archive) Read(e Entry, most int64) ([]byte, error) {
	if e.size > most {
		return nil, bad("%.200q is larger than %d bytes", e.Name, most)
	}
	var contents bytes.Buffer
	contents.Grow(int(e.size))
	err := a.Copy(&contents, e)
	return contents.Bytes(), err
}

// unpacker is what unpacking needs; archives of many small files would else make it anew for each.
type unpacker struct {
	in       *bufio.Reader
	inflater io.ReadCloser
	buf      []byte
}

var unpackers = sync.Pool{New: func() any {
	return &unpacker{in: bufio.NewReaderSize(nil, 32<<10), inflater: flate.NewReader(nil), buf: make([]byte, 32<<10)}
}}

// summing counts and sums up what is written, and remembers how w failed.
type summing struct {
	w    io.Writer
	size int64
	sum  uint32
	err  error
}

func (s *summing) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.size += int64(n)
	s.sum = crc32.Update(s.sum, crc32.IEEETable, p[:n])
	s.err = err
	return n, err
}

// watchedReader remembers how its source failed, which is not the fault of what is in it.
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

// or returns the failure of the source, if it has one, else err.
func (w *watchedReader) or(err error) error {
	if w.err != nil {
		return fmt.Errorf("read archive: %w", w.err)
	}
	return err
}
