package stricttar

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"strconv"
)

// block is what a tar is made of, in bytes: headers are one each, contents are filled up to whole ones.
const block = 512

// headers reads a tar and watches its raw headers on the way. archive/tar shows what it makes of them: of two headers in a
// row that describe the next entry it may drop the first, which other readers keep; and where a record corrects a size,
// others go on by the one that was there. So neither may be.
type headers struct {
	r       io.Reader
	largest int64 // size that an entry may have, in bytes
	header  [block]byte
	filled  int   // of header
	content int64 // bytes of contents until the next header
	before  byte  // type of the latest header, if it describes the entry after it
	size    int64 // that the latest header says
	ended   bool  // a block of zeros has come: what follows is no part of the archive
	err     error
}

var (
	errDescribedTwice = errors.New("it has two headers in a row that describe one entry")
	errNoSize         = errors.New("an entry has a size that is no number")
)

// describing are the headers that describe the entry after them. One for all that follow may stand before another.
var describing = map[byte]bool{tar.TypeXHeader: true, tar.TypeGNULongName: true, tar.TypeGNULongLink: true}

func (t *headers) Read(p []byte) (int, error) {
	if t.err != nil {
		return 0, t.err
	}
	n, err := t.r.Read(p)
	if t.err = t.watch(p[:n]); t.err != nil {
		return 0, t.err
	}
	return n, err
}

func (t *headers) watch(p []byte) error {
	for len(p) > 0 && !t.ended {
		if t.content > 0 {
			passed := min(t.content, int64(len(p)))
			t.content -= passed
			p = p[passed:]
			continue
		}
		n := copy(t.header[t.filled:], p)
		t.filled += n
		p = p[n:]
		if t.filled < block {
			return nil
		}
		t.filled = 0
		if err := t.judge(); err != nil {
			return err
		}
	}
	return nil
}

// judge looks at a whole header.
func (t *headers) judge() error {
	if t.ended = t.header == [block]byte{}; t.ended {
		return nil
	}
	size, ok := sizeIn(t.header[124:136], t.largest)
	if !ok {
		return errNoSize
	}
	kind, before := t.header[156], t.before
	special := describing[kind] || kind == tar.TypeXGlobalHeader
	// GNU tar describes a long name and a long link one after the other.
	names := before != tar.TypeXHeader && kind != before && describing[kind] && kind != tar.TypeXHeader
	if before != 0 && special && !names {
		return errDescribedTwice
	}
	t.size, t.content, t.before = size, (size+block-1)/block*block, 0
	if describing[kind] {
		t.before = kind
	}
	return nil
}

// sizeIn reads a size: octal digits, or a number in bytes where the first bit is set. None is larger than largest.
func sizeIn(field []byte, largest int64) (int64, bool) {
	if field[0] != 0x80 {
		digits := string(bytes.Trim(field, " \x00"))
		if digits == "" {
			return 0, true
		}
		n, err := strconv.ParseInt(digits, 8, 64)
		return n, err == nil && n >= 0 && n <= largest
	}
	var n int64
	for _, digit := range field[1:] {
		if n = n<<8 | int64(digit); n > largest {
			return 0, false
		}
	}
	return n, true
}
