package lockfile

import (
	"errors"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// maxNesting is how many lists and tables may stand in a value.
const maxNesting = 64

// table is a table of TOML.
type table map[string]any

// parseTOML reads a document.
func parseTOML(text []byte) (table, error) {
	if !utf8.Valid(text) {
		return nil, wrong(0, "it is not UTF-8")
	}
	if tooNested(text) {
		return nil, wrong(0, "it is nested deeper than %d lists and tables", maxNesting)
	}
	var all map[string]any
	_, err := toml.Decode(string(text), &all)
	if e, ok := errors.AsType[toml.ParseError](err); ok {
		return nil, wrong(e.Position.Line, "%s", e.Message)
	}
	if err != nil {
		return nil, wrong(0, "%v", err)
	}
	return all, nil
}

// tooNested reports whether brackets are open inside each other as no lockfile has them: the decoder goes as deep as they do.
func tooNested(text []byte) bool {
	depth := 0
	for _, c := range text {
		switch c {
		case '[', '{':
			if depth++; depth > maxNesting {
				return true
			}
		case ']', '}':
			depth = max(depth-1, 0)
		}
	}
	return false
}

// text is the string at a key; empty if there is none.
func (t table) text(key string) string {
	s, _ := t[key].(string)
	return s
}

// table is the table at a key; empty if there is none.
func (t table) table(key string) table {
	inner, _ := t[key].(map[string]any)
	return inner
}

// has reports whether one of the keys is there.
func (t table) has(keys ...string) bool {
	for _, k := range keys {
		if _, ok := t[k]; ok {
			return true
		}
	}
	return false
}

// tables are those of a list at a key, written as [[key]] or in one line.
func (t table) tables(key string) []table {
	var all []table
	switch list := t[key].(type) {
	case []map[string]any:
		for _, one := range list {
			all = append(all, one)
		}
	case []any:
		for _, one := range list {
			if inner, ok := one.(map[string]any); ok {
				all = append(all, inner)
			}
		}
	}
	return all
}
