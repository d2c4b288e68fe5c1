// Package keptzip reads zip archives that are kept as a registry had them: not strictly, as what is published here is read, but as
// far as anything in them can be read. For formats.
package keptzip

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"

	"entrepot/artifact"
)

// Archive is an archive whose directory has been read.
type Archive struct {
	*zip.Reader
	source *source
}

// Open reads the directory of an archive of size bytes. No more than most bytes are read of it in all, its files too. Invalid: it is
// no archive, or too much of it would have to be read. Other errors are those of r.
func Open(r io.ReaderAt, size, most int64) (*Archive, error) {
	a := &Archive{source: &source{r: r, left: most}}
	var err error
	if a.Reader, err = zip.NewReader(a.source, size); err != nil {
		return nil, a.word(err)
	}
	return a, nil
}

// Read returns a file of the archive, unpacked, of up to most bytes. Errors are those of Open.
func (a *Archive) Read(f *zip.File, most int64) ([]byte, error) {
	contents, err := f.Open()
	if err != nil {
		return nil, a.word(err)
	}
	defer contents.Close()
	text, err := io.ReadAll(io.LimitReader(contents, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%.200q is larger than %d bytes", f.Name, most)
	}
	if err != nil {
		return nil, a.word(err)
	}
	return text, nil
}

// word tells what is wrong with an archive from what is wrong with its source.
func (a *Archive) word(err error) error {
	if a.source.err != nil {
		return fmt.Errorf("read archive: %w", a.source.err)
	}
	return artifact.Errorf(artifact.Invalid, "The archive cannot be read: %s.", err).Causing(err)
}

// source gives up to so many bytes, and remembers how reading failed, which is not the fault of what is read.
type source struct {
	r    io.ReaderAt
	left int64
	err  error
}

var (
	errBefore = errors.New("it points to what is before it")
	errTooFar = errors.New("too much of it would have to be read")
)

// ReadAt follows io.ReaderAt.
func (s *source) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 {
		return 0, errBefore
	}
	if s.left -= int64(len(p)); s.left < 0 {
		return 0, errTooFar
	}
	n, err := s.r.ReadAt(p, at)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}
