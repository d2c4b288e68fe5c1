package delivery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"entrepot/durable"
)

// File tells by a line of JSON for each event at the end of a file. A line is acknowledged once it is synced. A file that
// was moved away is begun anew, so that it can be rotated by renaming it.
type File struct {
	path string

	mu   sync.Mutex
	open *os.File
}

// NewFile makes the sender for a file, which need not be there yet; its folder has to be.
func NewFile(path string) *File { return &File{path: path} }

// Send implements Sender.
func (f *File) Send(_ context.Context, m Message) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.atPath()
	if err == nil {
		_, err = f.open.Write(append(bytes.Clone(m.Body), '\n'))
	}
	if err == nil {
		err = f.open.Sync()
	}
	if err != nil && f.open != nil {
		// What was written of the line is cut off when the file is opened again.
		_ = f.open.Close()
		f.open = nil
	}
	return err
}

// atPath opens the file, unless the one that is open is still what lies at the path.
func (f *File) atPath() error {
	there, err := os.Stat(f.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if f.open != nil {
		if open, statErr := f.open.Stat(); err == nil && statErr == nil && os.SameFile(open, there) {
			return nil
		}
		_ = f.open.Close() // all of it is synced
		f.open = nil
	}
	opened, err := os.OpenFile(f.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if err = cutTail(opened); err == nil {
		err = durable.SyncFolder(filepath.Dir(f.path))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("open the file of events: %w", err), opened.Close())
	}
	f.open = opened
	return nil
}

// mostLine bounds the search for the beginning of the last line, in bytes.
const mostLine = 1 << 20

// cutTail takes away the beginning of an event that a process has not lived to write whole: it was not acknowledged and
// comes again. What else stands behind the last line's end is somebody's, and becomes a line.
func cutTail(f *os.File) error {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	size := info.Size()
	part := make([]byte, min(size, mostLine))
	if _, err := f.ReadAt(part, size-int64(len(part))); err != nil {
		return err
	}
	tail := part[bytes.LastIndexByte(part, '\n')+1:]
	switch {
	case len(tail) == 0:
		return nil
	case bytes.HasPrefix(tail, beginning) || bytes.HasPrefix(beginning, tail):
		return f.Truncate(size - int64(len(tail)))
	}
	_, err = f.Write([]byte{'\n'})
	return err
}

// beginning is what every event begins with.
var beginning = []byte(`{"version":"0","id":"`)

// Stream tells by a line of JSON for each event on a stream, such as standard output.
type Stream struct {
	mu sync.Mutex
	to io.Writer
}

// NewStream makes the sender for a stream.
func NewStream(to io.Writer) *Stream { return &Stream{to: to} }

// Send implements Sender.
func (s *Stream) Send(_ context.Context, m Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.to.Write(append(bytes.Clone(m.Body), '\n'))
	return err
}
