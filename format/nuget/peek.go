package nuget

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// A push says nowhere whose package it is but in the nuspec, which is a file among others in the package. Clients write it among
// the first ones. It is looked for in what of the package fits into memory, so that nothing is stored of a package that its
// sender may not publish.

// Bounds on what is read of a package before anything of it is stored, in bytes.
const (
	maxAhead    = 512 << 10 // as it comes
	maxUnpacked = 8 << 20   // of what is unpacked in search of the nuspec
)

// ahead is the beginning of a package. What is read of it can be read again.
type ahead struct {
	r    io.Reader
	seen bytes.Buffer
}

// errFar says that the nuspec is not in the part of the package that was looked at.
var errFar = errors.New("the nuspec is not at the beginning of the package")

// Read follows io.Reader.
func (a *ahead) Read(p []byte) (int, error) {
	room := maxAhead - a.seen.Len()
	if room <= 0 {
		return 0, errFar
	}
	n, err := a.r.Read(p[:min(len(p), room)])
	a.seen.Write(p[:n])
	return n, err
}

// whole is all of the package.
func (a *ahead) whole() io.Reader { return io.MultiReader(&a.seen, a.r) }

// findNuspec reads a package up to its nuspec. ok is false where that cannot be found or read, for whatever reason: whoever has
// the whole package looks again.
func (a *ahead) findNuspec() (n nuspec, ok bool) {
	text, err := nuspecIn(bufio.NewReader(a))
	if err == nil {
		n, err = parseNuspec(text)
	}
	return n, err == nil
}

// Sizes and marks of a zip archive (APPNOTE 4.3).
const (
	localHeader     = 30 // bytes, before name and extra field
	localMark       = 0x04034b50
	descriptorMark  = 0x08074b50
	flagDescribed   = 1 << 3 // sizes follow the contents
	methodStored    = 0
	methodDeflated  = 8
	shortDescriptor = 16 // bytes, with its mark
	longDescriptor  = 24
)

// nuspecIn goes through the entries of an archive, as they come.
func nuspecIn(in *bufio.Reader) ([]byte, error) {
	left := int64(maxUnpacked)
	for {
		e, err := readLocal(in)
		if err != nil {
			return nil, err
		}
		contents, err := e.contents(in)
		if err != nil {
			return nil, err
		}
		if isNuspec(e.name) {
			return io.ReadAll(io.LimitReader(contents, maxNuspec+1))
		}
		n, err := io.Copy(io.Discard, io.LimitReader(contents, left))
		if left -= n; err != nil || left <= 0 {
			return nil, errors.Join(err, errFar)
		}
		if err := e.passDescriptor(in); err != nil {
			return nil, err
		}
	}
}

// local is an entry as its own header tells it.
type local struct {
	name      string
	method    uint16
	described bool
	packed    int64 // bytes; what it says if it is described means nothing
}

func readLocal(in *bufio.Reader) (local, error) {
	var header [localHeader]byte
	if _, err := io.ReadFull(in, header[:]); err != nil {
		return local{}, err
	}
	if binary.LittleEndian.Uint32(header[:]) != localMark {
		return local{}, errFar
	}
	names := make([]byte, int(binary.LittleEndian.Uint16(header[26:]))+int(binary.LittleEndian.Uint16(header[28:])))
	if _, err := io.ReadFull(in, names); err != nil {
		return local{}, err
	}
	return local{
		name:      string(names[:binary.LittleEndian.Uint16(header[26:])]),
		method:    binary.LittleEndian.Uint16(header[8:]),
		described: binary.LittleEndian.Uint16(header[6:])&flagDescribed != 0,
		packed:    int64(binary.LittleEndian.Uint32(header[18:])),
	}, nil
}

// contents are what the entry unpacks to. Those of an entry whose end cannot be told are too far.
func (e local) contents(in *bufio.Reader) (io.Reader, error) {
	switch {
	case e.method == methodDeflated:
		return flate.NewReader(in), nil // it reads no byte too many of a bufio.Reader
	case e.method == methodStored && !e.described && e.packed != math.MaxUint32:
		return io.LimitReader(in, e.packed), nil
	}
	return nil, errFar
}

// passDescriptor passes over the sizes that follow the contents, of four or eight bytes each: behind them the next entry begins.
func (e local) passDescriptor(in *bufio.Reader) error {
	if !e.described {
		return nil
	}
	for _, size := range []int{shortDescriptor, longDescriptor} {
		next, err := in.Peek(size + 4)
		if err != nil {
			return err
		}
		if binary.LittleEndian.Uint32(next) == descriptorMark && binary.LittleEndian.Uint32(next[size:]) == localMark {
			_, err := in.Discard(size)
			return err
		}
	}
	return errFar
}
