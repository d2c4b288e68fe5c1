package jsonscan

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"unicode/utf8"
)

// rawString passes a string with its quotes, its escapes left as they are.
func (s *Scanner) rawString(out *capture) error {
	s.pos++
	var start int
	if out != nil {
		start = len(out.out)
	}
	out.add('"')
	for {
		if s.pos == s.end {
			if err := s.fill(); err == io.EOF {
				return s.Fail("the document ends in a string")
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
			return s.Fail("a control character in a string")
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
func (s *Scanner) escape() (e [5]byte, n int, err error) {
	if e[0], err = s.next(); err != nil {
		return e, 0, err
	}
	if bytes.IndexByte([]byte(`"\/bfnrt`), e[0]) >= 0 {
		return e, 1, nil
	}
	if e[0] != 'u' {
		return e, 0, s.Fail(`\%c is no escape`, e[0])
	}
	for i := 1; i < len(e); i++ {
		if e[i], err = s.next(); err != nil {
			return e, 0, err
		}
		if !isHex(e[i]) {
			return e, 0, s.Fail(`a \u escape without four hex digits`)
		}
	}
	return e, len(e), nil
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// checkText looks at the string just captured, from start on.
func (s *Scanner) checkText(out *capture, start int) error {
	if out == nil || out.over || utf8.Valid(out.out[start:]) {
		return nil
	}
	if !s.Mend {
		return s.Fail("a string is not UTF-8")
	}
	out.out = append(out.out[:start], bytes.ToValidUTF8(out.out[start:], []byte("\uFFFD"))...)
	return nil
}

// Text reads a string of at most limit bytes, escapes included.
func (s *Scanner) Text(limit int) (string, error) {
	if c, err := s.Peek(); err != nil {
		return "", err
	} else if c != '"' {
		return "", s.Fail("%q where a string belongs", c)
	}
	raw, err := s.Raw(limit)
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

// TextOr is Text for a member that may also be null or of another type: then it is passed and the answer is empty.
func (s *Scanner) TextOr(limit int) (string, error) {
	if c, err := s.Peek(); err != nil {
		return "", err
	} else if c != '"' {
		return "", s.Skip()
	}
	text, err := s.Text(limit)
	if err == ErrTooBig {
		return "", nil
	}
	return text, err
}

// asciiString hands out the text of a string as it comes in. It is for base64: anything beyond ASCII is an error.
type asciiString struct {
	s    *Scanner
	done bool
}

// ASCII begins to read a string; the reader ends with io.EOF after its closing quote.
func (s *Scanner) ASCII() (io.Reader, error) {
	if err := s.Expect('"'); err != nil {
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
		return 0, s.Fail("a control character in a string")
	}
	s.pos--
	run := plainRun(s.buf[s.pos:min(s.end, s.pos+len(p))])
	copy(p, s.buf[s.pos:s.pos+run])
	s.pos += run
	return run, nil
}

func (s *Scanner) unescapeASCII(e [5]byte, n int) (byte, error) {
	if n == 1 {
		if i := bytes.IndexByte([]byte("bfnrt"), e[0]); i >= 0 {
			return "\b\f\n\r\t"[i], nil
		}
		return e[0], nil
	}
	code, err := strconv.ParseUint(string(e[1:]), 16, 16)
	if err != nil || code > 0x7f {
		return 0, s.Fail("a character beyond ASCII in base64")
	}
	return byte(code), nil
}
