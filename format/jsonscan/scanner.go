// Package jsonscan reads JSON documents of any size in a single pass, from clients and from registries, and writes parts
// of them anew. It is for documents that are too large to be held, and whose members are kept as they are. No object that
// it hands out has a key twice: readers that take the first and readers that take the last would see two. Package
// strictjson is for small documents that are read whole.
package jsonscan

import (
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Bounds on any document.
const (
	maxDepth  = 128
	maxKeys   = 8 << 20 // bytes of all keys of one object that is read key by key
	maxScalar = 512     // characters of a number

	// MaxKey bounds a key, in bytes, its escapes included.
	MaxKey = 4 << 10
)

// ErrTooBig says that a value is over the size its reader allows. The value has been consumed.
var ErrTooBig = errors.New("value is too large")

// SyntaxError says that a document is not JSON, or over a bound, as opposed to a failure to read it.
type SyntaxError struct {
	At     int64 // bytes from the start
	Reason string
}

func (e *SyntaxError) Error() string { return "byte " + strconv.FormatInt(e.At, 10) + ": " + e.Reason }

// Scanner reads one JSON document in a single pass and in any key order, holding only what its caller asks for:
// encoding/json would hold a whole attachment, or a whole packument, to hand out one token.
type Scanner struct {
	src      io.Reader // nil when buf is the whole document
	buf      []byte
	pos, end int
	base     int64 // offset of buf[0] in the document
	depth    int
	marks    []mark // room for those of one value after another
	// Mend reads what JavaScript's own parser reads, for documents that clients take as they are: invalid UTF-8 becomes
	// U+FFFD instead of being refused, and of members with one key the last counts.
	Mend bool
}

// New returns a scanner of what src gives.
func New(src io.Reader) *Scanner { return &Scanner{src: src, buf: make([]byte, 64<<10)} }

// Over returns a scanner of a document in memory. Values it gives are copies, but for those of Split.
func Over(p []byte) *Scanner { return &Scanner{buf: p, end: len(p)} }

// Fail makes a SyntaxError at the current place.
func (s *Scanner) Fail(format string, args ...any) error {
	return &SyntaxError{s.base + int64(s.pos), fmt.Sprintf(format, args...)}
}

// fill reads more, so that buf[pos] is there; io.EOF if nothing is left.
func (s *Scanner) fill() error {
	if s.src == nil {
		return io.EOF
	}
	s.base += int64(s.end)
	s.pos, s.end = 0, 0
	for empty := 0; empty < 100; empty++ {
		n, err := s.src.Read(s.buf)
		if n > 0 {
			s.end = n
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// next consumes one byte. The end of the input is a malformed document: every caller is inside a value.
func (s *Scanner) next() (byte, error) {
	if s.pos == s.end {
		if err := s.fill(); err == io.EOF {
			return 0, s.Fail("the document ends too early")
		} else if err != nil {
			return 0, err
		}
	}
	c := s.buf[s.pos]
	s.pos++
	return c, nil
}

// Peek returns the next byte that is not white space, without consuming it.
func (s *Scanner) Peek() (byte, error) {
	for {
		c, err := s.next()
		if err != nil {
			return 0, err
		}
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			s.pos--
			return c, nil
		}
	}
}

// Expect consumes white space and then c.
func (s *Scanner) Expect(c byte) error {
	got, err := s.Peek()
	if err != nil {
		return err
	}
	if got != c {
		return s.Fail("%q where %q belongs", got, c)
	}
	s.pos++
	return nil
}

// Finish fails unless only white space is left.
func (s *Scanner) Finish() error {
	for {
		for ; s.pos < s.end; s.pos++ {
			if c := s.buf[s.pos]; c != ' ' && c != '\n' && c != '\t' && c != '\r' {
				return s.Fail("more text after the document")
			}
		}
		if err := s.fill(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (s *Scanner) enter() error {
	if s.depth++; s.depth > maxDepth {
		return s.Fail("values are nested deeper than %d", maxDepth)
	}
	return nil
}
