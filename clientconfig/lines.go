package clientconfig

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// lineGrammar is a syntax of one setting a line.
type lineGrammar struct {
	// sections says that keys begin with the name of a section; without it they stand before the first.
	sections bool
	comments string
	// read splits a line into name and value; from is where in the line the value begins, to where it ends.
	read func(text string) (name, value string, from, to int)
	// write is its inverse.
	write func(name, value string) (string, error)
	// header returns the section that a line begins.
	header func(text string) (name string, ok bool)
	// continued reports whether next goes on with a setting that begins on the line first and has come to last.
	continued func(first, last, next line) bool
}

var (
	// npm's ini module: lib/ini.js, decode and encode.
	npmrc = lineGrammar{comments: ";#", read: readNPM, write: writeNPM, header: headerNPM, continued: never}
	// Python's configparser, RawConfigParser with its defaults.
	ini = lineGrammar{sections: true, comments: commentsINI, read: readINI, write: writeINI, header: headerINI, continued: indented}
	// java.util.Properties, load.
	properties = lineGrammar{comments: "#!", read: readProperty, write: writeProperty, header: noHeader, continued: escapedEnd}
)

const commentsINI = ";#"

// item is a setting of a file of lines, or the header of a section.
type item struct {
	thing
	section, name string
	header        bool
	from          int // where the value begins
}

func (g lineGrammar) scan(text string) (items []item) {
	section := ""
	var first, last line // of the setting before
	var open *item
	for _, l := range linesOf(text) {
		if open != nil && g.continued(first, last, l) {
			open.end, open.lineEnd, open.value = l.end, l.end, open.value+"\n"+strings.TrimSpace(l.text)
			last = l
			continue
		}
		if l.blank() || g.comment(l) {
			continue
		}
		if name, ok := g.header(l.text); ok {
			section, open = name, nil
			items = append(items, item{thing: thing{start: l.start, end: l.end, lineEnd: l.end}, section: section, header: true, from: l.end})
			continue
		}
		name, value, from, to := g.read(l.text)
		items = append(items, item{
			thing:   thing{start: l.start + l.indent(), end: l.start + to, value: value, lineEnd: l.end},
			section: section, name: name, from: l.start + from,
		})
		open, first, last = &items[len(items)-1], l, l
	}
	return items
}

// comment reports whether a line that is not blank is a comment.
func (g lineGrammar) comment(l line) bool {
	return strings.IndexByte(g.comments, strings.TrimSpace(l.text)[0]) >= 0
}

// path says where a key leads in a file of lines: a section, a setting, a word in its value.
func (g lineGrammar) path(key Key) (section, name, word string, err error) {
	if key.last().isEntry() {
		word, key = key.last().Is, key[:len(key)-1]
	}
	names, ok := key.names()
	if g.sections && ok && len(names) == 2 {
		return names[0], names[1], word, nil
	}
	if g.sections && ok && len(names) == 1 && word == "" {
		return names[0], "", "", nil
	}
	if !g.sections && ok && len(names) == 1 && word == "" {
		return "", names[0], "", nil
	}
	return "", "", "", fmt.Errorf("%s is no place in such a file", key)
}

func (g lineGrammar) find(text string, key Key) (found thing, ok bool, err error) {
	section, name, word, err := g.path(key)
	if err != nil {
		return thing{}, false, err
	}
	for _, it := range g.scan(text) {
		if it.section != section || it.name != name || it.header != (name == "") {
			continue
		}
		found, ok = it.thing, true
		if word != "" {
			found, ok = wordIn(text, it, word, g.comments)
		}
		if name == "" {
			break
		}
	}
	return found, ok, nil
}

// wordIn finds a word in the value of a setting.
func wordIn(text string, it item, word, comments string) (thing, bool) {
	for _, l := range linesOf(text[it.from:it.end]) {
		trimmed := strings.TrimSpace(l.text)
		if trimmed == "" || l.start > 0 && strings.IndexByte(comments, trimmed[0]) >= 0 {
			continue
		}
		for at := 0; at < len(l.text); {
			rest := l.text[at:]
			skip := len(rest) - len(strings.TrimLeftFunc(rest, unicode.IsSpace))
			size := strings.IndexFunc(rest[skip:], unicode.IsSpace)
			if size < 0 {
				size = len(rest) - skip
			}
			if start := it.from + l.start + at + skip; rest[skip:skip+size] == word {
				return thing{start: start, end: start + size, value: word}, true
			}
			at += skip + size
		}
	}
	return thing{}, false
}

func (g lineGrammar) parents(key Key) (all []Key) {
	for n := 1; g.sections && n < len(key); n++ {
		all = append(all, key[:n:n])
	}
	return all
}

func (g lineGrammar) place(text string, key Key, value string) (insertion, error) {
	section, name, word, err := g.path(key)
	if err != nil {
		return insertion{}, err
	}
	if name == "" {
		return atEnd(text, "["+section+"]"), nil
	}
	if word != "" {
		parent, ok, err := g.find(text, KeyOf(section, name))
		if err != nil || !ok {
			return insertion{}, fault("%s is not there", name)
		}
		nl := newline(text)
		return insertion{at: parent.end, lead: nl + "    ", body: word}, nil
	}
	body, err := g.write(name, value)
	if err != nil {
		return insertion{}, err
	}
	// After the last setting of the section, or its header; before the first section if there are none of either.
	end, items := -1, g.scan(text)
	for _, it := range items {
		if it.section == section {
			end = it.lineEnd
		}
	}
	in := g.first(text, body)
	if end >= 0 {
		in = below(text, end, body, false)
	}
	if len(g.scan(in.into(text))) != len(items)+1 {
		return insertion{}, fault("what follows would become a part of %s", name)
	}
	return in, nil
}

// first returns how the first setting before all sections is inserted: after what is written there, else at the start.
func (g lineGrammar) first(text, body string) insertion {
	end := -1
	for _, l := range linesOf(text) {
		if _, header := g.header(l.text); header {
			break
		}
		if !l.blank() {
			end = l.end
		}
	}
	if end < 0 {
		return atStart(text, body)
	}
	return below(text, end, body, false)
}

func (g lineGrammar) replace(_ string, found thing, key Key, value string) (string, error) {
	_, name, word, err := g.path(key)
	if word != "" || err != nil {
		return word, err
	}
	return g.write(name, value)
}

func (lineGrammar) open(string, thing, Key) (string, error) { return "", nil }

func (g lineGrammar) bare(text string, found thing, key Key) bool {
	_, name, _, err := g.path(key)
	if name != "" || err != nil {
		return err == nil && found.value == ""
	}
	end := len(text)
	for _, it := range g.scan(text) {
		if it.header && it.start > found.start {
			end = it.start
			break
		}
	}
	return strings.TrimSpace(text[found.end:end]) == ""
}

// oneLine refuses what cannot stand on a line.
func oneLine(value string) error {
	if strings.ContainsFunc(value, unicode.IsControl) || strings.TrimSpace(value) != value {
		return fmt.Errorf("the value has control characters, or spaces around it, and cannot be written")
	}
	return nil
}

func never(_, _, _ line) bool        { return false }
func noHeader(string) (string, bool) { return "", false }

func headerNPM(text string) (string, bool) {
	text = strings.TrimRight(text, " \t")
	if len(text) < 2 || text[0] != '[' || strings.IndexByte(text, ']') != len(text)-1 {
		return "", false
	}
	return text, true // with its brackets: the settings before all sections are those of ""
}

func readNPM(text string) (name, value string, from, to int) {
	name, value, _ = strings.Cut(text, "=")
	from = min(len(name)+1, len(text))
	name, _ = plainNPM(name)
	value, size := plainNPM(value)
	return name, value, from, from + size
}

// plainNPM reads a name or a value as npm's ini does: quoted texts are JSON, in others a backslash takes the meaning of ; and #,
// which else begin a comment. Size is how long the text is without the comment and the spaces before it.
func plainNPM(text string) (plain string, size int) {
	size = len(text)
	indent := size - len(strings.TrimLeftFunc(text, unicode.IsSpace))
	text = strings.TrimSpace(text)
	if len(text) > 1 && text[0] == text[len(text)-1] && (text[0] == '"' || text[0] == '\'') {
		if text[0] == '\'' {
			text = text[1 : len(text)-1]
		}
		if json.Unmarshal([]byte(text), &plain) == nil {
			return plain, size
		}
		return text, size
	}
	var value strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == ';' || c == '#':
			return strings.TrimSpace(value.String()), indent + len(strings.TrimRightFunc(text[:i], unicode.IsSpace))
		case c == '\\' && i+1 < len(text) && strings.IndexByte(`\;#`, text[i+1]) >= 0:
			i++
			value.WriteByte(text[i])
		default:
			value.WriteByte(c)
		}
	}
	return strings.TrimSpace(value.String()), size
}

var escapeNPM = strings.NewReplacer(`\`, `\\`, `;`, `\;`, `#`, `\#`)

func writeNPM(name, value string) (string, error) {
	if strings.ContainsAny(name, "=[]\"'") {
		return "", fmt.Errorf("%s cannot be a name in .npmrc", name)
	}
	return escapeNPM.Replace(name) + "=" + escapeNPM.Replace(value), oneLine(name + value)
}

func headerINI(text string) (string, bool) {
	text = strings.TrimSpace(text)
	end := strings.LastIndexByte(text, ']')
	if text == "" || text[0] != '[' || end < 2 {
		return "", false
	}
	return text[1:end], true
}

// indented is how configparser continues a value: on lines that are indented more than its name.
func indented(first, _, next line) bool {
	comment := lineGrammar{comments: commentsINI}.comment
	return !next.blank() && !comment(next) && next.indent() > first.indent()
}

func readINI(text string) (name, value string, from, to int) {
	at := strings.IndexAny(text, "=:")
	if at < 0 {
		return strings.ToLower(strings.TrimSpace(text)), "", len(text), len(text)
	}
	return strings.ToLower(strings.TrimSpace(text[:at])), strings.TrimSpace(text[at+1:]), at + 1, len(text)
}

func writeINI(name, value string) (string, error) {
	if strings.ContainsAny(name, "=:[]#;") || name != strings.ToLower(name) {
		return "", fmt.Errorf("%s cannot be a name in such a file", name)
	}
	if value == "" {
		return name + " =", nil
	}
	return name + " = " + value, oneLine(value)
}

// escapedEnd is how a property is continued: after a line that ends with an odd number of backslashes.
func escapedEnd(_, last, _ line) bool {
	return (len(last.text)-len(strings.TrimRight(last.text, `\`)))%2 == 1
}

func readProperty(text string) (name, value string, from, to int) {
	start := len(text) - len(strings.TrimLeft(text, " \t\f"))
	at := start
	for at < len(text) && strings.IndexByte("=: \t\f", text[at]) < 0 {
		if text[at] == '\\' {
			at++
		}
		at++
	}
	at = min(at, len(text))
	from = at + len(text[at:]) - len(strings.TrimLeft(text[at:], " \t\f"))
	if from < len(text) && (text[from] == '=' || text[from] == ':') {
		from++
		from += len(text[from:]) - len(strings.TrimLeft(text[from:], " \t\f"))
	}
	return plainProperty(text[start:at]), plainProperty(text[from:]), from, len(text)
}

// plainProperty takes the backslashes out of a name or a value. Escapes of characters stay as they are: nothing that is
// looked for here has any.
func plainProperty(text string) string {
	var plain strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) && strings.IndexByte(`\=:#! `, text[i+1]) >= 0 {
			i++
		}
		plain.WriteByte(text[i])
	}
	return plain.String()
}

var escapeProperty = strings.NewReplacer(`\`, `\\`, `=`, `\=`, `:`, `\:`, `#`, `\#`, `!`, `\!`, ` `, `\ `)

func writeProperty(name, value string) (string, error) {
	for _, c := range name + value {
		if c > unicode.MaxASCII {
			return "", fmt.Errorf("the value has characters that a file of properties cannot hold as they are")
		}
	}
	return escapeProperty.Replace(name) + "=" + strings.ReplaceAll(value, `\`, `\\`), oneLine(name + value)
}
