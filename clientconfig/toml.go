package clientconfig

import (
	"fmt"
	"slices"
	"strings"
)

// toml is the syntax of TOML 1.0.
type toml struct{}

func (g toml) find(text string, key Key) (thing, bool, error) {
	all, err := scanTOML(text)
	if err != nil {
		return thing{}, false, err
	}
	if key.last().isMember() {
		return g.findMember(text, all, key)
	}
	path, ok := key.names()
	if !ok {
		return thing{}, false, fmt.Errorf("%s is no place in TOML", key)
	}
	for _, s := range all {
		if s.header != 2 && slices.Equal(s.path, path) {
			return s.thing, true, nil
		}
		// What is written as one value, in braces or with dots, has no place for more.
		n := min(len(s.path), len(path))
		if s.header == 0 && len(s.tableIn(all)) < len(path) && slices.Equal(s.path[:n], path[:n]) {
			return thing{}, false, fault("%s is written in another way, as one value or with dots", strings.Join(s.path, "."))
		}
		if s.header == 2 && len(s.path) <= len(path) && slices.Equal(s.path, path[:len(s.path)]) {
			return thing{}, false, fault("%s is a list of tables", strings.Join(s.path, "."))
		}
	}
	return thing{}, false, nil
}

// findMember finds a table of an array by a key of it: from its header to the last statement in it.
func (toml) findMember(text string, all []statement, key Key) (found thing, ok bool, err error) {
	path, names := key[:len(key)-1].names()
	if !names {
		return thing{}, false, fmt.Errorf("%s is no place in TOML", key)
	}
	wanted := key.last()
	path = append(path, wanted.Name)
	if err := mayBeArray(all, path); err != nil {
		return thing{}, false, err
	}
	for i, s := range all {
		if s.header != 2 || !slices.Equal(s.path, path) {
			continue
		}
		end, is := s.end, false
		for _, inner := range all[i+1:] {
			if inner.header > 0 && (len(inner.path) <= len(path) || !slices.Equal(inner.path[:len(path)], path)) ||
				inner.header == 2 && len(inner.path) == len(path) {
				break
			}
			end = inner.end
			if name, plain := plainTOML(inner.value); inner.table == i && plain && name == wanted.Is &&
				slices.Equal(inner.path[len(path):], []string{wanted.By}) {
				is = true
			}
		}
		if is {
			found, ok = thing{start: s.start, end: end, value: strings.ReplaceAll(text[s.start:end], "\r\n", "\n")}, true
		}
	}
	return found, ok, nil
}

// mayBeArray refuses a document in which an array of tables of that name would not be TOML, or would be one in another.
func mayBeArray(all []statement, path []string) error {
	array := false
	for _, s := range all {
		n := min(len(s.path), len(path))
		if !slices.Equal(s.path[:n], path[:n]) {
			continue
		}
		switch {
		case s.header == 1 && n < len(path): // a table that has it
		case s.header == 2 && n < len(path):
			return fault("%s is a list of tables", strings.Join(s.path, "."))
		case s.header == 2 && n == len(s.path):
			array = true
		case !array, s.header == 1 && n == len(s.path), s.header == 0 && len(s.tableIn(all)) < len(path):
			return fault("%s is not written as [[%[1]s]]", strings.Join(path, "."))
		}
	}
	return nil
}

// parents is the table that a key stands in. It stands by itself: [a.b] needs no [a].
func (toml) parents(key Key) []Key {
	if key.last().isMember() || len(key) < 2 {
		return nil
	}
	return []Key{key[: len(key)-1 : len(key)-1]}
}

func (g toml) place(text string, key Key, value string) (insertion, error) {
	all, err := scanTOML(text)
	if err != nil {
		return insertion{}, err
	}
	body, err := g.write(key, value)
	if err != nil {
		return insertion{}, err
	}
	if key.last().isMember() || value == "" {
		return atEnd(text, body), nil
	}
	path, _ := key.names()
	end := -1
	for _, s := range all {
		if len(s.path) > len(path) && slices.Equal(s.path[:len(path)], path) {
			return insertion{}, fault("%s is a table", key) // [a.b] makes one of a
		}
		if slices.Equal(s.tableIn(all), path[:len(path)-1]) && (s.table < 0 || all[s.table].header == 1) {
			end = s.lineEnd
		}
	}
	if end < 0 {
		return atStart(text, body), nil
	}
	return below(text, end, body, false), nil
}

func (g toml) replace(text string, found thing, key Key, value string) (string, error) {
	if text[found.start] == '[' && !key.last().isMember() {
		return "", fault("%s is a table", key)
	}
	body, err := g.write(key, value)
	return strings.ReplaceAll(body, "\n", newline(text)), err
}

// write writes a table's header if the value is empty, a member with the lines of the value below its header, or a key.
func (toml) write(key Key, value string) (string, error) {
	var path []string
	for _, s := range key {
		path = append(path, nameTOML(s.Name))
	}
	name := strings.Join(path, ".")
	switch {
	case key.last().isMember():
		return "[[" + name + "]]\n" + value, nil
	case value == "":
		return "[" + name + "]", nil
	}
	return path[len(path)-1] + " = " + value, nil
}

func nameTOML(name string) string {
	for i := range len(name) {
		if !bareTOML(name[i]) {
			return QuoteTOML(name)
		}
	}
	return name
}

// QuoteTOML writes a text as a TOML string.
func QuoteTOML(text string) string {
	var quoted strings.Builder
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			quoted.WriteString("\\" + string(c))
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&quoted, `\u%04X`, c)
		default:
			quoted.WriteRune(c)
		}
	}
	return `"` + quoted.String() + `"`
}

func (toml) open(string, thing, Key) (string, error) { return "", nil }

func (toml) bare(text string, found thing, _ Key) bool {
	all, err := scanTOML(text)
	if err != nil {
		return false
	}
	end := len(text)
	for _, s := range all {
		if s.start > found.start {
			if s.header == 0 {
				return false
			}
			end = s.start
			break
		}
	}
	return strings.TrimSpace(text[found.end:end]) == ""
}
