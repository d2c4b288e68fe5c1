package jsonscan

import (
	"encoding/json"
	"io"
)

// capture collects a compact copy of a value, up to a limit.
type capture struct {
	out   []byte
	limit int
	over  bool
	marks []mark // members of the objects that are open now
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

// Raw returns the next value without white space, or ErrTooBig once it has passed a value over limit bytes, or with a key
// over MaxKey.
func (s *Scanner) Raw(limit int) ([]byte, error) { return s.RawInto(nil, limit) }

// RawInto is Raw with the room of buf, which may be used again when the value is done with.
func (s *Scanner) RawInto(buf []byte, limit int) ([]byte, error) {
	c := &capture{out: buf[:0], limit: limit, marks: s.marks[:0]}
	err := s.value(c)
	s.marks = c.marks
	if err != nil {
		return nil, err
	}
	if c.over {
		return nil, ErrTooBig
	}
	return c.out, nil
}

// Skip passes the next value.
func (s *Scanner) Skip() error { return s.value(nil) }

// value passes the next value and checks its grammar, and where it is captured, that no object has a key twice.
func (s *Scanner) value(out *capture) error {
	c, err := s.Peek()
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
		err := s.Array(func() error {
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

// inScalar reports whether a byte can belong to a number or a literal.
func inScalar(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '.' || c == '+'
}

func literal(p []byte) bool {
	return string(p) == "true" || string(p) == "false" || string(p) == "null"
}

func (s *Scanner) rawObject(out *capture) error {
	s.pos++
	out.add('{')
	if err := s.enter(); err != nil {
		return err
	}
	if c, err := s.Peek(); err != nil {
		return err
	} else if c == '}' {
		s.pos++
		s.depth--
		out.add('}')
		return nil
	}
	outer := out.level()
	for {
		if c, err := s.Peek(); err != nil {
			return err
		} else if c != '"' {
			return s.Fail("%q where a key belongs", c)
		}
		start := out.length()
		if err := s.rawString(out); err != nil {
			return err
		}
		out.beginMember(start)
		if err := s.Expect(':'); err != nil {
			return err
		}
		out.add(':')
		if err := s.value(out); err != nil {
			return err
		}
		out.endMember()
		done, err := s.endOr('}')
		if err != nil {
			return err
		}
		if done {
			s.depth--
			err := s.unique(out, outer)
			out.add('}')
			return err
		}
		out.add(',')
	}
}

// scalar passes a number or a literal: everything up to the next byte that cannot belong to one.
func (s *Scanner) scalar(out *capture, valid func([]byte) bool) error {
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
		if !inScalar(c) {
			break
		}
		word = append(word, c)
		s.pos++
	}
	if !valid(word) {
		return s.Fail("%.40q is not a JSON value", word)
	}
	out.add(word...)
	return nil
}
