package jsonscan

import "encoding/json"

// Member is one key of an object with its value, compact.
type Member struct {
	Key   string
	Value []byte
}

// Members are those of an object, in their order.
type Members []Member

// Split splits a compact object, as Raw gives it, into its members in their order. The values share its memory.
func Split(object []byte) (Members, error) {
	s := Over(object)
	all := make(Members, 0, 16)
	err := s.Object(func(key string) error {
		start := s.pos
		err := s.Skip()
		all = append(all, Member{key, s.buf[start:s.pos:s.pos]})
		return err
	})
	if err == nil {
		err = s.Finish()
	}
	return all, err
}

// SplitOutside is Split for a text from outside: it may have white space, must be UTF-8, and has no key twice.
func SplitOutside(text []byte) (Members, error) { return split(Over(text), len(text)) }

// SplitMended is SplitOutside for a text that clients take as it is; see Scanner.Mend.
func SplitMended(text []byte) (Members, error) {
	s := Over(text)
	s.Mend = true
	return split(s, 3*len(text)) // a bad byte becomes three
}

func split(s *Scanner, limit int) (Members, error) {
	compact, err := s.Raw(limit)
	if err == nil {
		err = s.Finish()
	}
	if err != nil {
		return nil, err
	}
	return Split(compact)
}

// Find returns the value under key, or nil.
func (all Members) Find(key string) []byte {
	for _, m := range all {
		if m.Key == key {
			return m.Value
		}
	}
	return nil
}

// Text returns the text under key, and whether there is one.
func (all Members) Text(key string) (string, bool) { return AsText(all.Find(key)) }

// Append writes the members as an object.
func (all Members) Append(dst []byte) []byte {
	dst = append(dst, '{')
	for i, m := range all {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(AppendQuoted(dst, m.Key), ':')
		dst = append(dst, m.Value...)
	}
	return append(dst, '}')
}

// AppendQuoted writes text as a JSON string.
func AppendQuoted(dst []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			escaped, _ := json.Marshal(text) // a string always marshals
			return append(dst, escaped...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, text...)
	return append(dst, '"')
}

// Quoted returns text as a JSON string.
func Quoted(text string) []byte { return AppendQuoted(nil, text) }

// AsText returns the text of a compact JSON string, and whether it is one.
func AsText(value []byte) (string, bool) {
	if len(value) < 2 || value[0] != '"' {
		return "", false
	}
	text, err := unquote(value)
	return text, err == nil
}
