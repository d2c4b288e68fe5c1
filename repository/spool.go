package repository

import (
	"bytes"
	"io"
	"runtime"

	"entrepot/blob"
)

// spoolMemory is up to which size a packed document is kept in memory. Nearly all are far smaller.
const spoolMemory = 4 << 20

// spool takes in a packed document: into memory as long as it is small, then into a draft of a byte store, where it is
// encrypted like all else and never committed.
type spool struct {
	open  func() (blob.Draft, error)
	small bytes.Buffer
	draft blob.Draft // nil as long as it is small
	size  int64
}

func (s *spool) Write(p []byte) (n int, err error) {
	s.size += int64(len(p))
	if s.draft == nil && s.size <= spoolMemory {
		return s.small.Write(p)
	}
	if s.draft == nil {
		if s.draft, err = s.open(); err != nil {
			return 0, err
		}
		if _, err := s.small.WriteTo(s.draft); err != nil {
			return 0, err
		}
		s.small = bytes.Buffer{}
	}
	return s.draft.Write(p)
}

// discard gives up what was taken in.
func (s *spool) discard() {
	if s.draft != nil {
		_ = s.draft.Discard()
	}
}

// packed ends the spool and returns what it took in: as bytes, or as a draft.
func (s *spool) packed() ([]byte, *spooled) {
	if s.draft == nil {
		return bytes.Clone(s.small.Bytes()), nil
	}
	d := &spooled{s.draft, s.size}
	runtime.AddCleanup(d, func(draft blob.Draft) { _ = draft.Discard() }, s.draft)
	return nil, d
}

// spooled is a packed document that lies in a draft. The cache and any number of readers hold it, of whom nobody knows
// who is the last; the draft is discarded when the garbage collector finds that there are none, as an os.File is closed.
type spooled struct {
	draft blob.Draft
	size  int64
}

// ReadAt implements io.ReaderAt.
func (d *spooled) ReadAt(p []byte, off int64) (int, error) {
	defer runtime.KeepAlive(d)
	return d.draft.ReadAt(p, off)
}

// reader reads it from the beginning.
func (d *spooled) reader() io.Reader { return io.NewSectionReader(d, 0, d.size) }
