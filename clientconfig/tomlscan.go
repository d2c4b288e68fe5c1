package clientconfig

import (
	"fmt"
	"strings"
)

// statement is a statement of a TOML document: the header of a table, or a key with its value.
type statement struct {
	thing
	// path is the table's name, or the key's with that of its table before it.
	path []string
	// header is how many brackets the header of a table has; 0 of a key.
	header int
	// table is which header it is or stands below: an index of the statements, -1 for none.
	table int
	// lineEnd is where the line ends on which the statement does, comment included.
	lineEnd int
}

// tableIn is the name of the table that a statement of a document begins or stands in, nil for none.
func (s statement) tableIn(all []statement) []string {
	if s.table < 0 {
		return nil
	}
	return all[s.table].path
}

// maxDepth bounds how deep things lie in each other.
const maxDepth = 100

// scanTOML finds the statements of a document as TOML 1.0 has them. It reads values only so far as to know where they
// end.
func scanTOML(text string) (all []statement, err error) {
	s := tomlScanner{text: text}
	var table []string
	header := -1
	for {
		s.skipBlank()
		if s.at == len(text) {
			return all, nil
		}
		st := statement{table: header}
		st.start = s.at
		if text[s.at] == '[' {
			if st.path, st.header, err = s.header(); err != nil {
				return nil, err
			}
			table, header = st.path, len(all)
			st.end, st.table = s.at, header
		} else {
			key, err := s.keys()
			if err != nil {
				return nil, err
			}
			if !s.take("=") {
				return nil, s.fault("a key has no value")
			}
			s.skipSpace()
			from := s.at
			if err := s.value(0); err != nil {
				return nil, err
			}
			st.path = append(table[:len(table):len(table)], key...)
			st.end, st.value = s.at, text[from:s.at]
		}
		s.skipSpace()
		s.skipComment()
		st.lineEnd = s.at
		if s.at < len(text) && text[s.at] != '\n' && !strings.HasPrefix(text[s.at:], "\r\n") {
			return nil, s.fault("something follows a statement")
		}
		all = append(all, st)
	}
}

type tomlScanner struct {
	text string
	at   int
}

func (s *tomlScanner) fault(what string) error {
	return fault("line %d is no TOML that is understood here: %s", 1+strings.Count(s.text[:s.at], "\n"), what)
}

func (s *tomlScanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func (s *tomlScanner) take(what string) bool {
	if strings.HasPrefix(s.text[s.at:], what) {
		s.at += len(what)
		return true
	}
	return false
}

func (s *tomlScanner) skipSpace() {
	for c := s.peek(); c == ' ' || c == '\t'; c = s.peek() {
		s.at++
	}
}

func (s *tomlScanner) skipComment() {
	if s.peek() == '#' {
		s.at += strings.IndexByte(s.text[s.at:]+"\n", '\n')
	}
}

// skipBlank skips spaces, line ends and comments.
func (s *tomlScanner) skipBlank() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		case '#':
			s.skipComment()
		default:
			return
		}
	}
}

func (s *tomlScanner) header() (path []string, brackets int, err error) {
	for brackets < 2 && s.take("[") {
		brackets++
	}
	if path, err = s.keys(); err != nil {
		return nil, 0, err
	}
	if !s.take(strings.Repeat("]", brackets)) {
		return nil, 0, s.fault("the header of a table does not end")
	}
	return path, brackets, nil
}

// keys reads a dotted key, and the spaces around it.
func (s *tomlScanner) keys() (path []string, err error) {
	for {
		s.skipSpace()
		from := s.at
		switch c := s.peek(); c {
		case '"', '\'':
			if err := s.quoted(c); err != nil {
				return nil, err
			}
			key, ok := plainTOML(s.text[from:s.at])
			if !ok {
				return nil, s.fault("a key has escapes")
			}
			path = append(path, key)
		default:
			for bareTOML(s.peek()) {
				s.at++
			}
			if s.at == from {
				return nil, s.fault("a key is missing")
			}
			path = append(path, s.text[from:s.at])
		}
		s.skipSpace()
		if len(path) > maxDepth {
			return nil, s.fault("a key is too long")
		}
		if !s.take(".") {
			return path, nil
		}
	}
}

func bareTOML(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
}

// quoted skips a string of one line.
func (s *tomlScanner) quoted(quote byte) error {
	for s.at++; s.at < len(s.text) && s.text[s.at] != '\n'; s.at++ {
		switch {
		case s.text[s.at] == '\\' && quote == '"':
			s.at++
		case s.text[s.at] == quote:
			s.at++
			return nil
		}
	}
	s.at = min(s.at, len(s.text))
	return s.fault("a string does not end")
}

// quotedLines skips a string of several lines, which may have one or two of its quotes right before the three at its end.
func (s *tomlScanner) quotedLines(quote byte) error {
	three := strings.Repeat(string(quote), 3)
	for s.at += 3; s.at < len(s.text); s.at++ {
		if s.text[s.at] == '\\' && quote == '"' {
			s.at++
			continue
		}
		if s.take(three) {
			for range 2 {
				s.take(string(quote))
			}
			return nil
		}
	}
	s.at = min(s.at, len(s.text))
	return s.fault("a string does not end")
}

func (s *tomlScanner) value(depth int) error {
	if depth > maxDepth {
		return s.fault("values lie too deep in each other")
	}
	switch c := s.peek(); c {
	case '"', '\'':
		if strings.HasPrefix(s.text[s.at:], strings.Repeat(string(c), 3)) {
			return s.quotedLines(c)
		}
		return s.quoted(c)
	case '[':
		return s.list(']', depth, func() error { return nil })
	case '{':
		return s.list('}', depth, func() error {
			if _, err := s.keys(); err != nil {
				return err
			}
			if !s.take("=") {
				return s.fault("a key has no value")
			}
			s.skipSpace()
			return nil
		})
	}
	from := s.at
	for bareTOML(s.peek()) || s.peek() != 0 && strings.IndexByte("+.:", s.peek()) >= 0 {
		s.at++
	}
	// A date and a time may have a space between them.
	if s.at-from == len("2006-01-02") && s.peek() == ' ' && s.at+1 < len(s.text) && '0' <= s.text[s.at+1] && s.text[s.at+1] <= '9' {
		for s.at++; bareTOML(s.peek()) || s.peek() != 0 && strings.IndexByte("+.:", s.peek()) >= 0; s.at++ {
		}
	}
	if s.at == from {
		return s.fault("a value is missing")
	}
	return nil
}

// list skips an array or an inline table; prefix reads what comes before each value.
func (s *tomlScanner) list(end byte, depth int, prefix func() error) error {
	s.at++
	for {
		s.skipBlank()
		if s.take(string(end)) {
			return nil
		}
		if err := prefix(); err != nil {
			return err
		}
		if err := s.value(depth + 1); err != nil {
			return err
		}
		s.skipBlank()
		if !s.take(",") && s.peek() != end {
			return s.fault(fmt.Sprintf("a list does not end with %c", end))
		}
	}
}

// plainTOML reads a string of one line, unless it has escapes.
func plainTOML(text string) (string, bool) {
	if len(text) < 2 || text[0] != '"' && text[0] != '\'' || text[len(text)-1] != text[0] {
		return "", false
	}
	if text[0] == '"' && strings.ContainsRune(text, '\\') {
		return "", false
	}
	return text[1 : len(text)-1], true
}
