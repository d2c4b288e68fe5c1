package clientconfig

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// yaml is the syntax of YAML documents that are block mappings, as tools write them.
type yaml struct{}

func (g yaml) find(text string, key Key) (thing, bool, error) {
	all, err := scanYAML(text)
	if err != nil {
		return thing{}, false, err
	}
	entry := key.last()
	if entry.isEntry() {
		key = key[:len(key)-1]
	}
	n, ok, err := nodeAt(all, key)
	if !ok || err != nil {
		return thing{}, false, err
	}
	if !entry.isEntry() {
		return thing{start: n.start, end: n.end, value: plainYAML(strings.TrimSpace(text[n.from:n.end]))}, true, nil
	}
	for _, e := range entriesOf(text, n) {
		if e.value == entry.Is {
			return e, true, nil
		}
	}
	return thing{}, false, nil
}

// nodeAt finds a key of names; the last counts.
func nodeAt(all []node, key Key) (node, bool, error) {
	path, ok := key.names()
	if !ok {
		return node{}, false, fmt.Errorf("%s is no place in YAML", key)
	}
	for i := len(all) - 1; i >= 0; i-- {
		if slices.Equal(all[i].path, path) {
			return all[i], true, nil
		}
	}
	return node{}, false, nil
}

// entriesOf are the scalar entries of a block sequence. A thing is an entry without its dash.
func entriesOf(text string, n node) (entries []thing) {
	for _, l := range linesOf(text[n.from:n.lineEnd]) {
		if l.start == 0 || !strings.HasPrefix(strings.TrimLeft(l.text, " "), "- ") {
			continue
		}
		start := n.from + l.start + len(l.text) - len(strings.TrimLeft(l.text, " -"))
		end := n.from + l.start + entryEnd(l.text)
		if start < end {
			entries = append(entries, thing{start: start, end: end, value: plainYAML(text[start:end])})
		}
	}
	return entries
}

func (yaml) parents(key Key) (all []Key) {
	for n := 1; n < len(key); n++ {
		all = append(all, key[:n:n])
	}
	return all
}

func (g yaml) place(text string, key Key, value string) (insertion, error) {
	all, err := scanYAML(text)
	if err != nil {
		return insertion{}, err
	}
	nl := newline(text)
	if len(key) == 1 {
		return g.placeAtTop(text, all, writeYAML(key, value)), nil
	}
	parent, ok, err := nodeAt(all, key[:len(key)-1])
	if !ok || err != nil {
		return insertion{}, fault("%s is not there", key[:len(key)-1])
	}
	indent := parent.indent + 2
	if key.last().isEntry() {
		for _, l := range linesOf(text[parent.from:parent.end]) {
			if strings.HasPrefix(strings.TrimLeft(l.text, " "), "-") && l.start > 0 {
				indent = l.indent()
				break
			}
		}
		return insertion{at: parent.lineEnd, lead: nl + strings.Repeat(" ", indent) + "- ", body: writeYAML(key, value)}, nil
	}
	for _, n := range all {
		if len(n.path) == len(parent.path)+1 && slices.Equal(n.path[:len(parent.path)], parent.path) {
			indent = n.indent
		}
	}
	return insertion{at: parent.lineEnd, lead: nl + strings.Repeat(" ", indent), body: writeYAML(key, value)}, nil
}

// placeAtTop puts a key behind all others, else behind what comments there are.
func (yaml) placeAtTop(text string, all []node, body string) insertion {
	end := -1
	for _, n := range all {
		end = n.lineEnd
	}
	if end < 0 {
		for _, l := range linesOf(text) {
			if !l.blank() {
				end = l.end
			}
		}
	}
	if end < 0 {
		return atStart(text, body)
	}
	return below(text, end, body, false)
}

func writeYAML(key Key, value string) string {
	if key.last().isEntry() {
		return QuoteYAML(key.last().Is)
	}
	name := key.last().Name
	if got, from, ok := keyYAML(name + ":"); !ok || got != name || from != len(name)+1 {
		name = QuoteYAML(name)
	}
	if value == "" || strings.HasPrefix(value, "\n") { // a block stands in lines of its own
		return name + ":" + value
	}
	return name + ": " + value
}

// QuoteYAML writes a text as a YAML scalar.
func QuoteYAML(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string is always JSON
	}
	return string(quoted)
}

// plainYAML reads a scalar of one line. One with escapes stays as it is.
func plainYAML(text string) string {
	if len(text) < 2 || text[0] != text[len(text)-1] {
		return text
	}
	inner := text[1 : len(text)-1]
	switch {
	case text[0] == '"' && !strings.ContainsAny(inner, "\"\\\n"), text[0] == '\'' && !strings.ContainsAny(inner, "'\n"):
		return inner
	}
	return text
}

func (yaml) replace(_ string, found thing, key Key, value string) (string, error) {
	return writeYAML(key, value), nil
}

// open turns a list in brackets on one line into a block, so that entries can be put into it; braces with nothing inside
// become an empty block.
func (yaml) open(text string, found thing, key Key) (string, error) {
	all, err := scanYAML(text)
	if err != nil {
		return "", err
	}
	n, ok, err := nodeAt(all, key)
	if !ok || err != nil {
		return "", err
	}
	value := strings.TrimSpace(text[n.from:n.end])
	name := text[n.start:n.from]
	switch {
	case value == "" || strings.HasPrefix(strings.TrimSpace(firstLine(text[n.from:n.end])), "#") || firstLine(text[n.from:n.end]) == "":
		return "", nil
	case value == "{}" || value == "[]":
		return name, nil
	case value[0] != '[' || strings.Contains(value, "\n"):
		return "", fault("%s is neither a block nor a list on one line", key)
	}
	block := name
	for _, item := range strings.Split(value[1:len(value)-1], ",") {
		item = strings.TrimSpace(item)
		if item == "" || strings.ContainsAny(item, "{}[]\"'") && plainYAML(item) == item {
			return "", fault("%s is a list of other things than texts", key)
		}
		block += newline(text) + strings.Repeat(" ", n.indent+2) + "- " + item
	}
	return block, nil
}

func firstLine(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(first)
}

func (yaml) bare(_ string, found thing, _ Key) bool { return found.value == "" }
