package ruby

import (
	"encoding/base64"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds on a document of YAML.
const (
	maxYAML      = 4 << 20 // bytes
	maxYAMLNodes = 200_000
	maxYAMLDepth = 32
)

// yamlNode is a value of the subset of YAML that gems are described in: block mappings and sequences, flow ones on one line,
// scalars of every style, anchors and aliases. Scalars have no types: 1.10 stays 1.10. Tags make nothing of a value; they are
// told, and only those of yamlTags may stand.
type yamlNode struct {
	kind  yamlKind
	tag   string // without an exclamation mark
	text  string // of a scalar
	plain bool   // the scalar has no quotes
	items []*yamlNode
	keys  []string // of a mapping, whose values are items
}

type yamlKind uint8

const (
	yamlScalar yamlKind = iota
	yamlSequence
	yamlMapping
)

// get is the value under a key; nil if there is none.
func (n *yamlNode) get(key string) *yamlNode {
	if n == nil || n.kind != yamlMapping {
		return nil
	}
	if at := slices.Index(n.keys, key); at >= 0 {
		return n.items[at]
	}
	return nil
}

// scalar is the text of a scalar; ok is false for nothing, null and what is no scalar.
func (n *yamlNode) scalar() (text string, ok bool) {
	if n == nil || n.kind != yamlScalar || n.plain && slices.Contains([]string{"", "~", "null", "Null", "NULL"}, n.text) {
		return "", false
	}
	return n.text, true
}

// yamlTags are those that may stand: of the classes that gem itself reads (Gem::SafeYAML), and of YAML's own scalars.
var yamlTags = []string{"", "ruby/object:Gem::Specification", "ruby/object:Gem::Version", "ruby/object:Gem::Requirement",
	"ruby/object:Gem::Version::Requirement", "ruby/object:Gem::Dependency", "ruby/object:Gem::Platform", "ruby/symbol", "ruby/sym",
	"binary", "str", "!str", "!binary", "!float", "!int", "!timestamp", "!null", "!map", "!seq"}

// yamlReader reads a document line by line.
type yamlReader struct {
	lines   []string
	line    int // the present one
	col     int // bytes of it that are read
	nodes   int
	anchors map[string]*yamlNode
}

func badYAML(text string, args ...any) error {
	return invalid("The gem's metadata cannot be read: "+text+".", args...)
}

func (y *yamlReader) bad(text string) error { return badYAML("line %d %s", y.line+1, text) }

// parseYAML reads one document. Invalid for what is outside of the subset, ambiguous or beyond the limits.
func parseYAML(text []byte) (*yamlNode, error) {
	if len(text) > maxYAML || !utf8.Valid(text) {
		return nil, badYAML("it is larger than %d bytes or not in UTF-8", maxYAML)
	}
	y := &yamlReader{lines: strings.Split(strings.TrimPrefix(string(text), "\ufeff"), "\n"), anchors: map[string]*yamlNode{}}
	for i, l := range y.lines {
		y.lines[i] = strings.TrimRight(l, "\r")
	}
	y.skipBlank()
	if y.line < len(y.lines) && (y.rest() == "---" || strings.HasPrefix(y.rest(), "--- ")) {
		y.col += 3
	}
	n, err := y.value(place{-1, 0}, 0)
	if err != nil {
		return nil, err
	}
	y.skipBlank()
	if y.line < len(y.lines) && y.rest() != "..." {
		return nil, y.bad("does not belong to what is before it")
	}
	for y.line++; y.line < len(y.lines); y.line++ {
		if strings.TrimSpace(y.lines[y.line]) != "" {
			return nil, y.bad("follows the end of the document")
		}
	}
	return n, nil
}

func (y *yamlReader) rest() string { return y.lines[y.line][y.col:] }

// skipBlank goes to the first line from the present place on that says something, and to what that says.
func (y *yamlReader) skipBlank() {
	for y.line < len(y.lines) {
		text := strings.TrimLeft(y.rest(), " ")
		if text != "" && text[0] != '#' {
			y.col = len(y.lines[y.line]) - len(text)
			return
		}
		y.nextLine()
	}
}

func (y *yamlReader) nextLine() {
	y.line++
	y.col = 0
}

// endLine leaves a line of which nothing but a comment may be left.
func (y *yamlReader) endLine() error {
	if text := strings.TrimLeft(y.rest(), " "); text != "" && (text[0] != '#' || len(text) == len(y.rest()) && y.col > 0) {
		return y.bad("goes on after the end of a value")
	}
	y.nextLine()
	return nil
}

// node counts a value.
func (y *yamlReader) node(depth int) (*yamlNode, error) {
	if y.nodes++; y.nodes > maxYAMLNodes || depth > maxYAMLDepth {
		return nil, badYAML("it has more than %d values, or more than %d within each other", maxYAMLNodes, maxYAMLDepth)
	}
	return &yamlNode{}, nil
}

// properties are a tag and an anchor before a value.
type properties struct{ tag, anchor string }

func (y *yamlReader) properties() (p properties, err error) {
	for y.line < len(y.lines) {
		y.col += len(y.rest()) - len(strings.TrimLeft(y.rest(), " "))
		text := y.rest()
		if text == "" || text[0] != '!' && text[0] != '&' {
			break
		}
		word, _, _ := strings.Cut(text, " ")
		y.col += len(word)
		if word[0] == '&' {
			p.anchor = word[1:]
			continue
		}
		if p.tag = word[1:]; !slices.Contains(yamlTags, p.tag) {
			return p, badYAML("line %d has a value of the kind %.100q, which no gem needs", y.line+1, word)
		}
	}
	return p, nil
}

// place is where a value may stand that is in no line: below what it belongs to, indented by more than that; a sequence may stand
// in the column of its key.
type place struct{ parent, sequence int }

// value reads the value that begins at the present place, or in a line below.
func (y *yamlReader) value(at place, depth int) (*yamlNode, error) {
	p, err := y.properties()
	if err != nil {
		return nil, err
	}
	if p != (properties{}) && strings.HasPrefix(y.rest(), "*") {
		return nil, y.bad("has a kind or an anchor before an alias")
	}
	n, err := y.bare(at, depth)
	if err != nil {
		return nil, err
	}
	if p.anchor != "" {
		y.anchors[p.anchor] = n
	}
	return n, y.tag(n, p.tag)
}

// tag gives a value its tag. What is binary stands there in base64, and means what that says, names too: Psych once wrote every text
// beyond ASCII so.
func (y *yamlReader) tag(n *yamlNode, tag string) error {
	if tag == "" || n.tag != "" {
		return nil
	}
	n.tag = tag
	if n.kind != yamlScalar || tag != "binary" && tag != "!binary" {
		return nil
	}
	content, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.text), ""))
	if err != nil {
		return y.bad("follows a binary text that is no base64")
	}
	n.plain, n.text = false, strings.ToValidUTF8(string(content), "\uFFFD")
	return nil
}

func (y *yamlReader) bare(at place, depth int) (*yamlNode, error) {
	if y.line < len(y.lines) && y.col > 0 && y.rest() != "" && y.rest()[0] != '#' {
		return y.scalarOrFlow(at.parent, depth)
	}
	y.skipBlank()
	if y.line == len(y.lines) || y.ended() {
		return y.node(depth)
	}
	switch indent := y.col; {
	case y.atDash() && indent >= at.sequence:
		return y.sequence(indent, depth)
	case indent <= at.parent:
		return y.node(depth)
	}
	if key, _, err := y.key(); err != nil || key {
		return y.mappingOr(err, depth)
	}
	return y.scalarOrFlow(at.parent, depth)
}

// mappingOr reads the mapping that begins at the present place, unless there is an error.
func (y *yamlReader) mappingOr(err error, depth int) (*yamlNode, error) {
	if err != nil {
		return nil, err
	}
	return y.mapping(y.col, depth)
}

// ended reports whether the present line ends the document.
func (y *yamlReader) ended() bool {
	text := y.lines[y.line]
	return text == "..." || text == "---" || strings.HasPrefix(text, "--- ")
}

func (y *yamlReader) atDash() bool { return y.rest() == "-" || strings.HasPrefix(y.rest(), "- ") }

// sequence reads the entries whose dashes stand in one column.
func (y *yamlReader) sequence(indent, depth int) (*yamlNode, error) {
	n, err := y.node(depth)
	if err != nil {
		return nil, err
	}
	n.kind = yamlSequence
	for y.line < len(y.lines) && y.col == indent && y.atDash() && !y.ended() {
		y.col++
		y.col += len(y.rest()) - len(strings.TrimLeft(y.rest(), " "))
		item, err := y.entry(indent, depth+1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
		y.skipBlank()
	}
	return n, nil
}

// entry reads what stands behind a dash: a sequence or a mapping may begin there.
func (y *yamlReader) entry(dash, depth int) (*yamlNode, error) {
	if y.rest() != "" && y.atDash() {
		return y.sequence(y.col, depth)
	}
	if key, _, err := y.key(); err != nil || key {
		return y.mappingOr(err, depth)
	}
	return y.value(place{dash, dash + 1}, depth)
}

// mapping reads the keys that stand in one column.
func (y *yamlReader) mapping(indent, depth int) (*yamlNode, error) {
	n, err := y.node(depth)
	if err != nil {
		return nil, err
	}
	n.kind = yamlMapping
	for y.line < len(y.lines) && y.col == indent && !y.ended() {
		is, name, err := y.key()
		if err != nil {
			return nil, err
		}
		if !is {
			return nil, y.bad("is no key with a value")
		}
		if slices.Contains(n.keys, name) || name == "<<" {
			return nil, badYAML("line %d has the key %.100q, which is there twice or merges others", y.line+1, name)
		}
		if len(n.keys) > maxMappingKeys {
			return nil, badYAML("a mapping has more than %d keys", maxMappingKeys)
		}
		y.col += len(keyIn(y.rest()))
		v, err := y.value(place{indent, indent}, depth+1)
		if err != nil {
			return nil, err
		}
		n.keys, n.items = append(n.keys, name), append(n.items, v)
		y.skipBlank()
	}
	return n, nil
}

// maxMappingKeys bounds a mapping: keys are looked for one after the other.
const maxMappingKeys = 1000

// key reports whether a key with its colon stands at the present place, and what it is. It reads nothing.
func (y *yamlReader) key() (is bool, name string, err error) {
	text := y.rest()
	written := keyIn(text)
	switch {
	case strings.HasPrefix(text, "? ") || strings.HasPrefix(text, "\t"):
		return false, "", y.bad("has a key or an indentation that no gem needs")
	case written == "":
		return false, "", nil
	}
	name = strings.TrimRight(strings.TrimSuffix(written, ":"), " ")
	if name[0] == '"' || name[0] == '\'' {
		name = name[1 : len(name)-1]
	}
	return true, name, nil
}

// keyIn is the key at the beginning of a text with its colon; empty if there is none.
func keyIn(text string) string {
	if text == "" || strings.ContainsRune("!&*|>[{]}#%@`,-", rune(text[0])) && !strings.HasPrefix(text, "-") {
		return ""
	}
	end := strings.Index(text+" ", ": ")
	if end <= 0 {
		return ""
	}
	if quote := text[0]; quote == '"' || quote == '\'' {
		closing := strings.IndexByte(text[1:], quote)
		if closing < 0 || strings.Trim(text[closing+2:max(end, closing+2)], " ") != "" || end < closing+2 ||
			strings.Contains(text[1:closing+1], `\`) {
			return ""
		}
	} else if hash := strings.Index(text, " #"); hash >= 0 && hash < end {
		return ""
	}
	return text[:end+1]
}
