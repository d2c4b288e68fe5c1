package ruby

import (
	"strconv"
	"strings"
)

// scalarOrFlow reads a value that is no block: an alias, a scalar in any style, or a flow collection.
func (y *yamlReader) scalarOrFlow(parent, depth int) (*yamlNode, error) {
	text := y.rest()
	switch text[0] {
	case '*':
		name, after, _ := strings.Cut(text[1:], " ")
		known, ok := y.anchors[name]
		if !ok || strings.TrimSpace(after) != "" {
			return nil, y.bad("refers to a value that is not before it")
		}
		// What it refers to counts again: whoever walks through the document meets it again.
		if _, err := y.node(depth); err != nil {
			return nil, err
		}
		y.nextLine()
		return known, nil
	case '|', '>':
		return y.block(parent, depth)
	case '"', '\'':
		n, err := y.node(depth)
		if err != nil {
			return nil, err
		}
		if n.text, err = y.quoted(text[0]); err != nil {
			return nil, err
		}
		return n, y.endLine()
	case '[', '{':
		n, err := y.flow(depth)
		if err != nil {
			return nil, err
		}
		return n, y.endLine()
	case '%', '@', '`', '\t', '!', '&':
		return nil, y.bad("begins with a mark that no gem needs")
	}
	return y.plainScalar(parent, depth)
}

// plainScalar reads a scalar without quotes, which goes on in the lines below that are indented by more than parent.
func (y *yamlReader) plainScalar(parent, depth int) (*yamlNode, error) {
	n, err := y.node(depth)
	if err != nil {
		return nil, err
	}
	n.plain = true
	f := folder{}
	for {
		text, comment := withoutComment(y.rest())
		if strings.HasSuffix(text, ":") || strings.Contains(text, ": ") {
			return nil, y.bad("has a key where none can be")
		}
		f.add(strings.TrimSpace(text))
		y.nextLine()
		next := y.goesOn(parent)
		if comment || next < 0 {
			break
		}
		f.blank += next - y.line
		y.line = next
	}
	n.text = f.text()
	return n, nil
}

// goesOn is the first line from the present one on that is not blank, if it belongs to a scalar in a block that is indented by
// parent; else -1.
func (y *yamlReader) goesOn(parent int) int {
	for at := y.line; at < len(y.lines); at++ {
		text := strings.TrimLeft(y.lines[at], " ")
		if text == "" {
			continue
		}
		if len(y.lines[at])-len(text) > parent && text[0] != '#' && !(parent < 0 && y.endsAt(at)) {
			return at
		}
		break
	}
	return -1
}

func (y *yamlReader) endsAt(at int) bool {
	return y.lines[at] == "..." || strings.HasPrefix(y.lines[at], "---")
}

func withoutComment(text string) (before string, comment bool) {
	if at := strings.Index(text, " #"); at >= 0 {
		return text[:at], true
	}
	return text, false
}

// folder joins lines: a single end of a line is a space, of several each but the first is itself.
type folder struct {
	b     strings.Builder
	begun bool
	blank int // lines that are blank, since the last that was added
}

func (f *folder) add(line string) {
	if f.begun && f.blank == 0 {
		f.b.WriteByte(' ')
	}
	f.b.WriteString(strings.Repeat("\n", f.blank))
	f.begun, f.blank = true, 0
	f.b.WriteString(line)
}

func (f *folder) text() string { return f.b.String() }

// quoted reads a scalar in quotes, which may go on in lines below.
func (y *yamlReader) quoted(quote byte) (string, error) {
	var b []byte
	said := 0 // up to where b is as it was meant, spaces at the end too
	y.col++
	for {
		text := y.rest()
		for i := 0; i < len(text); i++ {
			switch c := text[i]; {
			case c == quote && quote == '\'' && strings.HasPrefix(text[i+1:], "'"):
				b = append(b, c)
				i++
			case c == quote:
				y.col += i + 1
				return string(b), nil
			case c == '\\' && quote == '"' && i < len(text)-1:
				more, n, err := unescape(text[i+1:])
				if err != nil {
					return "", y.bad(err.Error())
				}
				b = append(b, more...)
				said = len(b)
				i += n
			case c != '\\' || quote != '"':
				b = append(b, c)
			}
		}
		escaped := quote == '"' && endsInEscape(text)
		if !escaped {
			for len(b) > said && b[len(b)-1] == ' ' {
				b = b[:len(b)-1]
			}
		}
		blank, err := y.nextQuoted()
		if err != nil {
			return "", err
		}
		if blank == 0 && !escaped {
			b = append(b, ' ')
		}
		b = append(b, strings.Repeat("\n", blank)...)
		said = len(b)
	}
}

// endsInEscape reports whether the end of a line is escaped: the next one goes on without a space.
func endsInEscape(line string) bool {
	return (len(line)-len(strings.TrimRight(line, `\`)))%2 == 1
}

// nextQuoted goes to the next line of a scalar in quotes that is not blank, and counts those that are.
func (y *yamlReader) nextQuoted() (blank int, err error) {
	for {
		if y.nextLine(); y.line == len(y.lines) {
			return 0, badYAML("it ends within quotes")
		}
		if y.col = len(y.rest()) - len(strings.TrimLeft(y.rest(), " \t")); y.rest() != "" {
			return blank, nil
		}
		blank++
	}
}

// escapes are what single characters behind a backslash stand for.
var escapes = map[byte]string{'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", 'n': "\n", 'v': "\v", 'f': "\f", 'r': "\r", 'e': "\x1b",
	' ': " ", '"': `"`, '/': "/", '\\': `\`, 'N': "\u0085", '_': "\u00a0", 'L': "\u2028", 'P': "\u2029"}

// escapeDigits are how many digits follow these.
var escapeDigits = map[byte]int{'x': 2, 'u': 4, 'U': 8}

type yamlError string

func (e yamlError) Error() string { return string(e) }

// unescape returns what the text behind a backslash begins with stands for, and how many bytes of the text say it.
func unescape(text string) (meant string, n int, err error) {
	if simple, ok := escapes[text[0]]; ok {
		return simple, 1, nil
	}
	n, ok := escapeDigits[text[0]]
	if !ok || len(text) <= n {
		return "", 0, yamlError("has an unknown escape in quotes")
	}
	code, err := strconv.ParseUint(text[1:n+1], 16, 32)
	if err != nil || code > 0x10ffff || 0xd800 <= code && code < 0xe000 {
		return "", 0, yamlError("has an escape in quotes that is no character")
	}
	return string(rune(code)), n + 1, nil
}

// block reads a literal or folded scalar.
func (y *yamlReader) block(parent, depth int) (*yamlNode, error) {
	n, err := y.node(depth)
	if err != nil {
		return nil, err
	}
	header, _ := withoutComment(y.rest())
	folded, keep, strip, indent := header[0] == '>', false, false, 0
	for _, c := range strings.TrimSpace(header[1:]) {
		switch {
		case c == '+':
			keep = true
		case c == '-':
			strip = true
		case '1' <= c && c <= '9' && indent == 0:
			indent = max(parent, 0) + int(c-'0')
		default:
			return nil, y.bad("has a block whose header is not known")
		}
	}
	y.nextLine()
	lines := y.blockLines(parent, indent)
	end := len(lines)
	for end > 0 && lines[end-1] == "" {
		end--
	}
	text := strings.Join(lines[:end], "\n")
	if folded {
		text = foldBlock(lines[:end])
	}
	switch {
	case keep:
		text += strings.Repeat("\n", len(lines)-end+min(end, 1))
	case !strip && end > 0:
		text += "\n"
	}
	n.text = text
	return n, nil
}

// blockLines are the lines of a block without their indentation, which is that of the first that is not blank unless it is
// known.
func (y *yamlReader) blockLines(parent, indent int) []string {
	var lines []string
	for ; y.line < len(y.lines); y.nextLine() {
		line := y.lines[y.line]
		text := strings.TrimLeft(line, " ")
		at := len(line) - len(text)
		if text == "" && (indent == 0 || at <= indent) {
			lines = append(lines, "")
			continue
		}
		if indent == 0 {
			indent = at
		}
		if at < indent || at <= parent || parent < 0 && y.endsAt(y.line) {
			break
		}
		lines = append(lines, line[indent:])
	}
	return lines
}

// foldBlock joins the lines of a folded scalar; those that are indented further stay as they are.
func foldBlock(lines []string) string {
	var b strings.Builder
	blank := 0
	further := func(line string) bool { return strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") }
	for i, line := range lines {
		switch {
		case i == 0:
		case line == "":
			blank++
			continue
		case further(line) || further(lines[i-1-blank]):
			b.WriteString(strings.Repeat("\n", blank+1))
		case blank > 0:
			b.WriteString(strings.Repeat("\n", blank))
		default:
			b.WriteByte(' ')
		}
		blank = 0
		b.WriteString(line)
	}
	return b.String()
}

// flow reads a collection in brackets or braces, on one line.
func (y *yamlReader) flow(depth int) (*yamlNode, error) {
	n, err := y.node(depth)
	if err != nil {
		return nil, err
	}
	closing := byte(']')
	n.kind = yamlSequence
	if y.rest()[0] == '{' {
		closing, n.kind = '}', yamlMapping
	}
	for y.col++; ; {
		y.skipSpaces()
		switch text := y.rest(); {
		case text == "":
			return nil, y.bad("has brackets that are not closed in it")
		case text[0] == closing:
			y.col++
			return n, nil
		}
		if n.kind == yamlMapping {
			key, err := y.flowItem(depth + 1)
			if err != nil {
				return nil, err
			}
			if y.skipSpaces(); !strings.HasPrefix(y.rest(), ":") || len(n.keys) > maxMappingKeys || n.get(key.text) != nil {
				return nil, y.bad("has braces with what is no key and a value in them, or a key twice")
			}
			y.col++
			y.skipSpaces()
			n.keys = append(n.keys, key.text)
		}
		item, err := y.flowItem(depth + 1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
		y.skipSpaces()
		if strings.HasPrefix(y.rest(), ",") {
			y.col++
		} else if !strings.HasPrefix(y.rest(), string(closing)) {
			return nil, y.bad("has brackets that are not closed in it")
		}
	}
}

func (y *yamlReader) skipSpaces() { y.col += len(y.rest()) - len(strings.TrimLeft(y.rest(), " ")) }

func (y *yamlReader) flowItem(depth int) (*yamlNode, error) {
	p, err := y.properties()
	if err != nil || p.anchor != "" || y.rest() == "" {
		return nil, y.bad("has brackets with what is not known in them")
	}
	if c := y.rest()[0]; c == '[' || c == '{' {
		return y.flow(depth)
	}
	n, err := y.node(depth)
	if err != nil {
		return nil, err
	}
	if c := y.rest()[0]; c == '"' || c == '\'' {
		line := y.line
		if n.text, err = y.quoted(c); err == nil && y.line != line {
			err = y.bad("has brackets that are not closed in it")
		}
		if err != nil {
			return nil, err
		}
		return n, y.tag(n, p.tag)
	}
	end := strings.IndexAny(y.rest(), ",]}[{#")
	if colon := strings.Index(y.rest()+" ", ": "); colon >= 0 && (end < 0 || colon < end) {
		end = colon
	}
	if end < 0 {
		return nil, y.bad("has brackets that are not closed in it")
	}
	n.plain, n.text = true, strings.TrimSpace(y.rest()[:end])
	y.col += end
	return n, y.tag(n, p.tag)
}
