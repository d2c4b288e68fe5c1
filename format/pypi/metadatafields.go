package pypi

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// field is a field of core metadata: its name in lower case, and its value with the lines that continue it.
type field struct{ name, value string }

// splitFields splits core metadata into its fields and what follows the empty line after them, as Python's email parser
// does: a line that begins with white space continues the one before, the first line that is neither that nor a field ends
// the fields and belongs to the body. Lines may end in any of the ways there are. Text that is not UTF-8 is read as Latin-1.
func splitFields(text []byte) ([]field, string, error) {
	rest := plainLines(bytes.TrimPrefix(text, []byte("\uFEFF")))
	var fields []field
	for rest != "" {
		line, after, _ := strings.Cut(rest, "\n")
		if line == "" {
			return fields, after, nil
		}
		if line[0] == ' ' || line[0] == '\t' {
			if len(fields) > 0 {
				last := &fields[len(fields)-1]
				last.value += "\n" + line
			}
			rest = after
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || !fieldName(name) {
			break
		}
		if len(fields) == maxFields {
			return nil, "", invalid("The metadata has more than %d fields.", maxFields)
		}
		fields = append(fields, field{strings.ToLower(name), strings.TrimLeft(value, " \t")})
		rest = after
	}
	return fields, rest, nil
}

// plainLines is text in UTF-8 whose lines end in \n.
func plainLines(text []byte) string {
	var s string
	if utf8.Valid(text) {
		s = string(text)
	} else {
		runes := make([]rune, len(text))
		for i, c := range text {
			runes[i] = rune(c)
		}
		s = string(runes)
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// fieldName reports whether a text can be the name of a field: printable ASCII without spaces.
func fieldName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}
