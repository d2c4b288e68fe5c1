package stricttar

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
)

func atGzip(in *bufio.Reader) bool {
	magic, _ := in.Peek(2) // what is shorter is no archive, and found to be none
	return bytes.Equal(magic, []byte{0x1f, 0x8b})
}

// members reads the members of a gzip stream one after the other. After the last there may be zeros, with which tapes
// were filled up; anything else clients fail at.
type members struct {
	in  *bufio.Reader
	now *gzip.Reader
	one bool  // there may be one only
	err error // what the stream ended with
}

func newMembers(in *bufio.Reader, one bool) (*members, error) {
	first, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	first.Multistream(false)
	return &members{in: in, now: first, one: one}, nil
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
	if m.one {
		return errMembers
	}
	err := m.now.Reset(m.in)
	m.now.Multistream(false)
	return err
}

var (
	errTrailing = errors.New("bytes follow the end of its gzip stream")
	errMembers  = errors.New("its gzip stream has several members, and some clients read the first alone")
)

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
