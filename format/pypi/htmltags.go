package pypi

import (
	"bufio"
	"html"
	"io"
	"strings"
)

// maxTag bounds what is kept of one tag, in bytes; a larger one has no attributes.
const maxTag = maxPerFile

// tagReader reads the start tags of a page of HTML, as tolerant as Python's html.parser, which pip reads it with: text, end
// tags, comments and scripts are passed over.
type tagReader struct {
	in   *bufio.Reader
	room int // bytes that the attributes of the present tag may still have
}

// tag is a start tag. Of an attribute that comes twice the first counts (HTML standard, tokenization).
type tag struct {
	name       string
	attributes map[string]string
}

// next returns the next start tag, or io.EOF after the last. A tag that is cut off is none.
func (t *tagReader) next() (tag, error) {
	for {
		if err := t.skipPast("<"); err != nil {
			return tag{}, err
		}
		c, err := t.in.ReadByte()
		switch {
		case err != nil:
			return tag{}, err
		case c == '!':
			err = t.skipDeclaration()
		case c == '/' || c == '?':
			err = t.skipPast(">")
		case isLetter(c):
			return t.startTag(c)
		default:
			err = t.in.UnreadByte()
		}
		if err != nil {
			return tag{}, err
		}
	}
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// skipPast passes everything up to and with the text, which may not repeat its beginning but for single bytes.
func (t *tagReader) skipPast(text string) error {
	matched := 0
	for matched < len(text) {
		c, err := t.in.ReadByte()
		if err != nil {
			return err
		}
		switch {
		case c|0x20 == text[matched]|0x20 && isLetter(c), c == text[matched]:
			matched++
		case c == text[0] && (matched < 2 || text[1] != text[0]):
			matched = 1
		case c != text[0]:
			matched = 0
		}
	}
	return nil
}

// skipDeclaration passes a comment, or anything else that begins with an exclamation mark.
func (t *tagReader) skipDeclaration() error {
	if start, err := t.in.Peek(2); err == nil && string(start) == "--" {
		_, _ = t.in.Discard(2) // they were peeked at
		return t.skipPast("-->")
	}
	return t.skipPast(">")
}

func (t *tagReader) startTag(first byte) (tag, error) {
	t.room = maxTag
	name, err := t.word(first, " \t\r\n\f/>")
	if err != nil {
		return tag{}, err
	}
	found := tag{name: strings.ToLower(name)}
	if found.attributes, err = t.attributes(); err != nil {
		return tag{}, err
	}
	if t.room < 0 {
		found.attributes = nil
	}
	if found.name == "script" || found.name == "style" {
		err = t.skipPast("</" + found.name)
	}
	return found, err
}

func (t *tagReader) attributes() (map[string]string, error) {
	all := map[string]string{}
	for {
		c, err := t.skipSpace("/")
		if err != nil || c == '>' {
			return all, err
		}
		name, err := t.word(c, " \t\r\n\f/>=")
		if err != nil {
			return nil, err
		}
		value, err := t.value()
		if err != nil {
			return nil, err
		}
		name = strings.ToLower(name)
		if _, twice := all[name]; !twice && t.room >= 0 {
			all[name] = html.UnescapeString(value)
		}
	}
}

// value reads what follows the name of an attribute; empty if it has no value.
func (t *tagReader) value() (string, error) {
	c, err := t.skipSpace("")
	if err != nil {
		return "", err
	}
	if c != '=' {
		return "", t.in.UnreadByte()
	}
	switch c, err = t.skipSpace(""); {
	case err != nil:
		return "", err
	case c == '>':
		return "", t.in.UnreadByte()
	case c == '"' || c == '\'':
		return t.quoted(c)
	}
	return t.word(c, " \t\r\n\f>")
}

// skipSpace returns the next byte that is neither white space nor one of also.
func (t *tagReader) skipSpace(also string) (byte, error) {
	for {
		c, err := t.in.ReadByte()
		if err != nil || !strings.ContainsRune(" \t\r\n\f"+also, rune(c)) {
			return c, err
		}
	}
}

// word reads on from the first byte up to one of the ends, which it leaves.
func (t *tagReader) word(first byte, ends string) (string, error) {
	text := []byte{first}
	for {
		c, err := t.in.ReadByte()
		if err != nil {
			return "", err
		}
		if strings.IndexByte(ends, c) >= 0 {
			return string(text), t.in.UnreadByte()
		}
		text = t.keep(text, c)
	}
}

func (t *tagReader) quoted(quote byte) (string, error) {
	var text []byte
	for {
		c, err := t.in.ReadByte()
		if err != nil {
			return "", err
		}
		if c == quote {
			return string(text), nil
		}
		text = t.keep(text, c)
	}
}

func (t *tagReader) keep(text []byte, c byte) []byte {
	if t.room--; t.room < 0 {
		return text
	}
	return append(text, c)
}

// readTags calls each for every start tag of a page.
func readTags(in *bufio.Reader, each func(tag) error) error {
	tags := tagReader{in: in}
	for {
		found, err := tags.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := each(found); err != nil {
			return err
		}
	}
}
