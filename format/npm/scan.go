package npm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Bounds on any JSON that comes in, from clients and from registries.
const (
	maxDepth  = 128
	maxKey    = 4 << 10
	maxKeys   = 8 << 20 // bytes of all keys of one object that is read key by key
	maxScalar = 512     // characters of a number
)

// errTooBig says that a value is over the size its reader allows. The value has been consumed.
var errTooBig = errors.New("value is too large")

// malformed is a syntax error of a document, as opposed to a failure to read it.
type malformed struct {
	at     int64 // bytes from the start
	reason string
}

func (m *malformed) Error() string { return "byte " + strconv.FormatInt(m.at, 10) + ": " + m.reason }

// scanner reads one JSON document in a single pass and in any key order, holding only what its caller asks for:
// encoding/json would hold a whole attachment, or a whole packument, to hand out one token.
type scanner struct {
	src      io.Reader // nil when buf is the whole document
	buf      []byte
	pos, end int
	base     int64 // offset of buf[0] in the document
	depth    int
	// mend replaces invalid UTF-8 by U+FFFD instead of refusing it: registries serve some to everybody.
	mend bool
}

func newScanner(src io.Reader) *scanner { return &scanner{src: src, buf: make([]byte, 64<<10)} }

func scanBytes(p []byte) *scanner { return &scanner{buf: p, end: len(p)} }

func (s *scanner) fail(format string, args ...any) error {
	return &malformed{s.base + int64(s.pos), fmt.Sprintf(format, args...)}
}

// fill reads more, so that buf[pos] is there; io.EOF if nothing is left.
func (s *scanner) fill() error {
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
func (s *scanner) next() (byte, error) {
	if s.pos == s.end {
		if err := s.fill(); err == io.EOF {
			return 0, s.fail("the document ends too early")
		} else if err != nil {
			return 0, err
		}
	}
	c := s.buf[s.pos]
	s.pos++
	return c, nil
}

// peek returns the next byte that is not white space, without consuming it.
func (s *scanner) peek() (byte, error) {
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

// expect consumes white space and then c.
func (s *scanner) expect(c byte) error {
	got, err := s.peek()
	if err != nil {
		return err
	}
	if got != c {
		return s.fail("%q where %q belongs", got, c)
	}
	s.pos++
	return nil
}

// finish fails unless only white space is left.
func (s *scanner) finish() error {
	for {
		for ; s.pos < s.end; s.pos++ {
			if c := s.buf[s.pos]; c != ' ' && c != '\n' && c != '\t' && c != '\r' {
				return s.fail("more text after the document")
			}
		}
		if err := s.fill(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (s *scanner) enter() error {
	if s.depth++; s.depth > maxDepth {
		return s.fail("values are nested deeper than %d", maxDepth)
	}
	return nil
}

// object reads an object and calls each for every key in turn; each consumes the value. A key that comes twice is
// refused: readers that take the first and readers that take the last would see two documents.
func (s *scanner) object(each func(key string) error) error {
	if err := s.expect('{'); err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	var seen keys
	room := maxKeys
	for first := true; ; first = false {
		c, err := s.peek()
		if err != nil {
			return err
		}
		if c == '}' && first {
			break
		}
		key, err := s.text(maxKey)
		if err != nil {
			return err
		}
		if !seen.add(key) {
			return s.fail("the key %.100q comes twice", key)
		}
		if room -= len(key) + 16; room < 0 {
			return s.fail("an object has too many keys")
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		if err := each(key); err != nil {
			return err
		}
		if done, err := s.endOr('}'); err != nil || done {
			s.depth--
			return err
		}
	}
	s.pos++
	s.depth--
	return nil
}

// keys is a set that needs no map while it is small, as it mostly is.
type keys struct {
	few  []string
	many map[string]struct{}
}

// add reports whether the key is new.
func (k *keys) add(key string) bool {
	if k.many == nil && len(k.few) < 32 {
		if slices.Contains(k.few, key) {
			return false
		}
		k.few = append(k.few, key)
		return true
	}
	if k.many == nil {
		k.many = make(map[string]struct{}, 2*len(k.few))
		for _, known := range k.few {
			k.many[known] = struct{}{}
		}
	}
	_, twice := k.many[key]
	k.many[key] = struct{}{}
	return !twice
}

// endOr consumes a comma, or the closing byte and says so.
func (s *scanner) endOr(closing byte) (bool, error) {
	c, err := s.peek()
	if err != nil {
		return false, err
	}
	if c != ',' && c != closing {
		return false, s.fail("%q where ',' or %q belongs", c, closing)
	}
	s.pos++
	return c == closing, nil
}

// array reads an array and calls each before every element; each consumes it.
func (s *scanner) array(each func() error) error {
	if err := s.expect('['); err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	if c, err := s.peek(); err != nil {
		return err
	} else if c == ']' {
		s.pos++
		s.depth--
		return nil
	}
	for {
		if err := each(); err != nil {
			return err
		}
		if done, err := s.endOr(']'); err != nil || done {
			s.depth--
			return err
		}
	}
}

// capture collects a compact copy of a value, up to a limit.
type capture struct {
	out   []byte
	limit int
	over  bool
}

func (c *capture) add(p ...byte) {
	if c == nil || c.over {
		return
	}
	if len(c.out)+len(p) > c.limit {
		c.over, c.out = true, nil
		return
	}
	c.out = append(c.out, p...)
}

// raw returns the next value without white space, or errTooBig once it has passed a value over limit bytes.
func (s *scanner) raw(limit int) ([]byte, error) { return s.rawInto(nil, limit) }

// rawInto is raw with the room of buf, which may be used again when the value is done with.
func (s *scanner) rawInto(buf []byte, limit int) ([]byte, error) {
	c := &capture{out: buf[:0], limit: limit}
	if err := s.value(c); err != nil {
		return nil, err
	}
	if c.over {
		return nil, errTooBig
	}
	return c.out, nil
}

// skip passes the next value.
func (s *scanner) skip() error { return s.value(nil) }

// value passes the next value and checks its grammar. Objects inside are not checked for double keys.
func (s *scanner) value(out *capture) error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	switch {
	case c == '"':
		return s.rawString(out)
	case c == '{':
		return s.rawObject(out)
	case c == '[':
		out.add('[')
		first := true
		err := s.array(func() error {
			if !first {
				out.add(',')
			}
			first = false
			return s.value(out)
		})
		out.add(']')
		return err
	case c == '-' || c >= '0' && c <= '9':
		return s.scalar(out, json.Valid)
	}
	return s.scalar(out, literal)
}

func literal(p []byte) bool {
	return string(p) == "true" || string(p) == "false" || string(p) == "null"
}

func (s *scanner) rawObject(out *capture) error {
	s.pos++
	out.add('{')
	if err := s.enter(); err != nil {
		return err
	}
	if c, err := s.peek(); err != nil {
		return err
	} else if c == '}' {
		s.pos++
		s.depth--
		out.add('}')
		return nil
	}
	for {
		if c, err := s.peek(); err != nil {
			return err
		} else if c != '"' {
			return s.fail("%q where a key belongs", c)
		}
		if err := s.rawString(out); err != nil {
			return err
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		out.add(':')
		if err := s.value(out); err != nil {
			return err
		}
		done, err := s.endOr('}')
		if err != nil {
			return err
		}
		if done {
			s.depth--
			out.add('}')
			return nil
		}
		out.add(',')
	}
}

// scalar passes a number or a literal: everything up to the next byte that cannot belong to one.
func (s *scanner) scalar(out *capture, valid func([]byte) bool) error {
	var word []byte
	for len(word) <= maxScalar {
		if s.pos == s.end {
			if err := s.fill(); err == io.EOF {
				break
			} else if err != nil {
				return err
			}
		}
		c := s.buf[s.pos]
		if notIdentifier(rune(c)) && c != '.' && c != '+' {
			break
		}
		word = append(word, c)
		s.pos++
	}
	if !valid(word) {
		return s.fail("%.40q is not a JSON value", word)
	}
	out.add(word...)
	return nil
}

// rawString passes a string with its quotes, its escapes left as they are.
func (s *scanner) rawString(out *capture) error {
	s.pos++
	var start int
	if out != nil {
		start = len(out.out)
	}
	out.add('"')
	for {
		if s.pos == s.end {
			if err := s.fill(); err == io.EOF {
				return s.fail("the document ends in a string")
			} else if err != nil {
				return err
			}
		}
		run := plainRun(s.buf[s.pos:s.end])
		out.add(s.buf[s.pos : s.pos+run]...)
		s.pos += run
		if s.pos == s.end {
			continue
		}
		switch c := s.buf[s.pos]; {
		case c == '"':
			s.pos++
			out.add('"')
			return s.checkText(out, start)
		case c != '\\':
			return s.fail("a control character in a string")
		}
		s.pos++
		escape, n, err := s.escape()
		if err != nil {
			return err
		}
		out.add('\\')
		out.add(escape[:n]...)
	}
}

// plainRun counts the bytes up to the first quote, backslash or control character.
func plainRun(p []byte) int {
	for i, c := range p {
		if c == '"' || c == '\\' || c < 0x20 {
			return i
		}
	}
	return len(p)
}

// escape reads what follows a backslash: one byte, or u and four hex digits.
func (s *scanner) escape() (e [5]byte, n int, err error) {
	if e[0], err = s.next(); err != nil {
		return e, 0, err
	}
	if bytes.IndexByte([]byte(`"\/bfnrt`), e[0]) >= 0 {
		return e, 1, nil
	}
	if e[0] != 'u' {
		return e, 0, s.fail(`\%c is no escape`, e[0])
	}
	for i := 1; i < len(e); i++ {
		if e[i], err = s.next(); err != nil {
			return e, 0, err
		}
		if !isHex(e[i]) {
			return e, 0, s.fail(`a \u escape without four hex digits`)
		}
	}
	return e, len(e), nil
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// checkText looks at the string just captured, from start on.
func (s *scanner) checkText(out *capture, start int) error {
	if out == nil || out.over || utf8.Valid(out.out[start:]) {
		return nil
	}
	if !s.mend {
		return s.fail("a string is not UTF-8")
	}
	out.out = append(out.out[:start], bytes.ToValidUTF8(out.out[start:], []byte("\uFFFD"))...)
	return nil
}

// text reads a string of at most limit bytes, escapes included.
func (s *scanner) text(limit int) (string, error) {
	if c, err := s.peek(); err != nil {
		return "", err
	} else if c != '"' {
		return "", s.fail("%q where a string belongs", c)
	}
	raw, err := s.raw(limit)
	if err != nil {
		return "", err
	}
	return unquote(raw)
}

func unquote(raw []byte) (string, error) {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1]), nil
	}
	var text string
	err := json.Unmarshal(raw, &text)
	return text, err
}

// textOr is text for a member that may also be null or of another type: then it is passed and the answer is empty.
func (s *scanner) textOr(limit int) (string, error) {
	if c, err := s.peek(); err != nil {
		return "", err
	} else if c != '"' {
		return "", s.skip()
	}
	text, err := s.text(limit)
	if err == errTooBig {
		return "", nil
	}
	return text, err
}

// asciiString hands out the text of a string as it comes in. It is for base64: anything beyond ASCII is an error.
type asciiString struct {
	s    *scanner
	done bool
}

// ascii begins to read a string; the reader ends with io.EOF after its closing quote.
func (s *scanner) ascii() (*asciiString, error) {
	if err := s.expect('"'); err != nil {
		return nil, err
	}
	return &asciiString{s: s}, nil
}

// Read follows io.Reader.
func (a *asciiString) Read(p []byte) (int, error) {
	s := a.s
	if a.done {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	c, err := s.next()
	if err != nil {
		return 0, err
	}
	switch {
	case c == '"':
		a.done = true
		return 0, io.EOF
	case c == '\\':
		escape, n, err := s.escape()
		if err != nil {
			return 0, err
		}
		p[0], err = s.unescapeASCII(escape, n)
		return 1, err
	case c < 0x20:
		return 0, s.fail("a control character in a string")
	}
	s.pos--
	run := plainRun(s.buf[s.pos:min(s.end, s.pos+len(p))])
	copy(p, s.buf[s.pos:s.pos+run])
	s.pos += run
	return run, nil
}

func (s *scanner) unescapeASCII(e [5]byte, n int) (byte, error) {
	if n == 1 {
		if i := bytes.IndexByte([]byte("bfnrt"), e[0]); i >= 0 {
			return "\b\f\n\r\t"[i], nil
		}
		return e[0], nil
	}
	code, err := strconv.ParseUint(string(e[1:]), 16, 16)
	if err != nil || code > 0x7f {
		return 0, s.fail("a character beyond ASCII in base64")
	}
	return byte(code), nil
}

// member is one key of an object with its value, compact.
type member struct {
	key   string
	value []byte
}

// members splits a compact object, as raw gives it, into its members in their order. The values share its memory.
func members(object []byte) ([]member, error) {
	s := scanBytes(object)
	all := make([]member, 0, 16)
	err := s.object(func(key string) error {
		start := s.pos
		err := s.skip()
		all = append(all, member{key, s.buf[start:s.pos:s.pos]})
		return err
	})
	if err == nil {
		err = s.finish()
	}
	return all, err
}

// outsideMembers is members for a text from outside: it may have white space and must be UTF-8.
func outsideMembers(text []byte) ([]member, error) {
	s := scanBytes(text)
	compact, err := s.raw(len(text))
	if err == nil {
		err = s.finish()
	}
	if err != nil {
		return nil, err
	}
	return members(compact)
}

// find returns the value under key, or nil.
func find(all []member, key string) []byte {
	for _, m := range all {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

// appendObject writes the members as an object.
func appendObject(dst []byte, all []member) []byte {
	dst = append(dst, '{')
	for i, m := range all {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendQuoted(dst, m.key), ':')
		dst = append(dst, m.value...)
	}
	return append(dst, '}')
}

// appendQuoted writes text as a JSON string.
func appendQuoted(dst []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(text) // a string always marshals
			return append(dst, quoted...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, text...)
	return append(dst, '"')
}

func quoted(text string) []byte { return appendQuoted(nil, text) }

// asText returns the text of a compact JSON string, and whether it is one.
func asText(value []byte) (string, bool) {
	if len(value) < 2 || value[0] != '"' {
		return "", false
	}
	text, err := unquote(value)
	return text, err == nil
}
