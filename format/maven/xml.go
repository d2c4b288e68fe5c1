package maven

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"entrepot/artifact"
)

// maxDepth bounds how deep elements lie in each other.
const maxDepth = 64

// schema says what is read of a kind of document.
type schema[T any] struct {
	name  string                // what sentences call it
	limit int64                 // in bytes
	root  string                // the first element
	known map[string]element[T] // by the names on the way to it, such as project/parent
	// comment, if set, takes every comment.
	comment func(*T, []byte)
}

// element says what is done with a known element.
type element[T any] struct {
	// begin makes a new entry of a list; the element may then come more than once.
	begin func(*T)
	// text takes what stands in the element, without the white space around it.
	text func(*T, string)
}

// readXML reads a document. Elements that are not known are passed over, and so are namespaces: Maven looks at names
// alone. A known element that comes twice is refused, as Maven does: two readers could take two values.
//
// There are no document types, and so no entities but XML's own and those of HTML, which Maven's reader knows as well.
// Errors are Invalid, unless r fails.
func readXML[T any](r io.Reader, s schema[T]) (T, error) {
	source := &boundedReader{r: r, left: s.limit + 1}
	w := walk[T]{schema: s}
	err := w.read(source)
	var none T
	switch {
	case source.err != nil:
		return none, fmt.Errorf("read %s: %w", s.name, source.err)
	case err != nil:
		return none, artifact.Errorf(artifact.Invalid, "%s cannot be read: %v.", s.name, err)
	}
	return w.doc, nil
}

// walk is where a reader is in a document.
type walk[T any] struct {
	schema[T]
	doc  T
	open []opened // from the root
	done bool     // the root has ended
}

func (w *walk[T]) read(source io.Reader) error {
	d := xml.NewDecoder(newTextReader(source))
	d.CharsetReader = func(_ string, text io.Reader) (io.Reader, error) { return text, nil } // newTextReader has done it
	d.Entity = xml.HTMLEntity
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return w.end()
		}
		if err == nil {
			err = w.take(token)
		}
		if err != nil {
			return err
		}
	}
}

type opened struct {
	name string // as it is written
	path string // of local names; empty below what is not known
	text []byte
	seen map[string]bool // names of known children, but for those of lists
}

func (w *walk[T]) take(token xml.Token) error {
	switch token := token.(type) {
	case xml.StartElement:
		return w.begin(token)
	case xml.EndElement:
		return w.close(written(token.Name))
	case xml.CharData:
		if n := len(w.open); n > 0 && w.known[w.open[n-1].path].text != nil {
			w.open[n-1].text = append(w.open[n-1].text, token...)
		}
	case xml.Comment:
		if w.comment != nil {
			w.comment(&w.doc, token)
		}
	case xml.Directive:
		return errors.New("it has a document type")
	}
	return nil
}

func written(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

func (w *walk[T]) begin(start xml.StartElement) error {
	next := opened{name: written(start.Name)}
	switch n := len(w.open); {
	case n == maxDepth:
		return fmt.Errorf("elements lie more than %d deep in each other", maxDepth)
	case n > 0:
		var err error
		if next.path, err = w.enter(&w.open[n-1], start.Name.Local); err != nil {
			return err
		}
	case w.done || start.Name.Local != w.root:
		return fmt.Errorf("<%.80s> stands where <%s> is to begin or has ended", start.Name.Local, w.root)
	default:
		next.path = w.root
	}
	w.open = append(w.open, next)
	return nil
}

// enter begins an element in another and returns its path; empty for one that is not known.
func (w *walk[T]) enter(parent *opened, name string) (string, error) {
	path := parent.path + "/" + name
	e, known := w.known[path]
	switch {
	case parent.path == "" || !known:
		return "", nil
	case e.begin != nil:
		e.begin(&w.doc)
		return path, nil
	case parent.seen[name]:
		return "", fmt.Errorf("<%s> has two <%s>", parent.name, name)
	}
	if parent.seen == nil {
		parent.seen = map[string]bool{}
	}
	parent.seen[name] = true
	return path, nil
}

func (w *walk[T]) close(name string) error {
	last := len(w.open) - 1
	if last < 0 || w.open[last].name != name {
		return fmt.Errorf("</%.80s> ends nothing that is open", name)
	}
	if e := w.known[w.open[last].path]; e.text != nil {
		e.text(&w.doc, string(bytes.TrimSpace(w.open[last].text)))
	}
	w.open, w.done = w.open[:last], last == 0
	return nil
}

func (w *walk[T]) end() error {
	if !w.done {
		return fmt.Errorf("<%s> does not end", w.root)
	}
	return nil
}

// boundedReader reads up to a number of bytes, and remembers a failure of what it reads from: the XML decoder tells
// no reader's error from its own.
type boundedReader struct {
	r    io.Reader
	left int64 // one more than may be read: when it is down to none, that was too much
	err  error
}

// Read follows io.Reader.
func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("it is too long")
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}

// textReader turns a document in one of the encodings that POMs have into UTF-8, a character at a time.
type textReader struct {
	src  *bufio.Reader
	next func() (rune, error)
	rest []byte // of a character that did not fit
}

// newTextReader takes the encoding from a byte order mark, or from the declaration at the beginning. Without one it is
// UTF-8, and bytes that are none become U+FFFD, as they do for Maven: old POMs say UTF-8 and are Latin-1.
func newTextReader(r io.Reader) *textReader {
	t := &textReader{src: bufio.NewReaderSize(r, 4096)}
	head, _ := t.src.Peek(256) // its error comes again when it is read
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, _ = t.src.Discard(3)
		t.next = t.utf8
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		_, _ = t.src.Discard(2)
		t.next = t.utf16(1)
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		_, _ = t.src.Discard(2)
		t.next = t.utf16(0)
	case bytes.HasPrefix(head, []byte("\x00<")):
		t.next = t.utf16(1)
	case bytes.HasPrefix(head, []byte("<\x00")):
		t.next = t.utf16(0)
	default:
		t.next = t.utf8
		if m := declaration.FindSubmatch(head); m != nil {
			if table, ok := charsets[strings.ToLower(string(m[1]))]; ok {
				t.next = t.single(table)
			}
		}
	}
	return t
}

var declaration = regexp.MustCompile(`^\s*<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._:\-]+)["']`)

// charsets are the encodings of one byte a character, by their names in lower case: what stands at 0x80 to 0x9f. All
// else is as in Latin-1. Any other encoding is read as UTF-8.
var charsets = map[string]string{
	"iso-8859-1": "", "iso8859-1": "", "iso8859_1": "", "iso_8859-1": "", "latin1": "", "latin-1": "", "l1": "",
	"us-ascii": "", "ascii": "",
	"windows-1252": windows1252, "cp1252": windows1252,
}

const windows1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"

func (t *textReader) utf8() (rune, error) {
	r, _, err := t.src.ReadRune()
	return r, err
}

func (t *textReader) single(table string) func() (rune, error) {
	high := []rune(table)
	return func() (rune, error) {
		b, err := t.src.ReadByte()
		if i := int(b) - 0x80; i >= 0 && i < len(high) {
			return high[i], err
		}
		return rune(b), err
	}
}

// utf16 reads units of two bytes, of which the one at low is the lower.
func (t *textReader) utf16(low int) func() (rune, error) {
	unit := func() (rune, error) {
		var pair [2]byte
		_, err := io.ReadFull(t.src, pair[:])
		return rune(pair[low]) | rune(pair[1-low])<<8, err
	}
	return func() (rune, error) {
		r, err := unit()
		if err != nil || !utf16.IsSurrogate(r) {
			return r, err
		}
		second, err := unit()
		return utf16.DecodeRune(r, second), err
	}
}

// Read follows io.Reader.
func (t *textReader) Read(p []byte) (int, error) {
	n := copy(p, t.rest)
	t.rest = t.rest[n:]
	for n < len(p) && len(t.rest) == 0 {
		r, err := t.next()
		if err != nil {
			return n, err
		}
		var whole [utf8.UTFMax]byte
		size := utf8.EncodeRune(whole[:], r)
		copied := copy(p[n:], whole[:size])
		n, t.rest = n+copied, whole[copied:size]
	}
	return n, nil
}
