package clientconfig

import (
	"strings"
)

// node is a key of a block mapping in a YAML document, with its value.
type node struct {
	thing
	path   []string
	indent int
	// from is where the value begins, on the key's line.
	from int
	// lineEnd is where the line ends on which the value does.
	lineEnd int
}

// scanYAML finds the keys of a document that is block mappings, as deep as those go. Sequences and scalars of several
// lines are skipped whole. What only full YAML has, such as anchors, tags, merged mappings and several documents, is refused.
func scanYAML(text string) (all []node, err error) {
	s := yamlScanner{text: text, lines: linesOf(text)}
	for s.at < len(s.lines) {
		l := s.lines[s.at]
		trimmed := strings.TrimSpace(l.text)
		switch {
		case trimmed == "" || trimmed[0] == '#':
			s.at++
			continue
		case l.text == "---" && len(s.all) == 0 && !s.begun:
			s.begun = true
			s.at++
			continue
		}
		if err := s.key(l); err != nil {
			return nil, err
		}
	}
	return s.all, nil
}

type yamlScanner struct {
	text  string
	lines []line
	at    int // of lines
	begun bool
	all   []node
	open  []int // the keys that the line may stand below, from the outside in
}

func (s *yamlScanner) fault(what string) error {
	return fault("line %d is no YAML that is understood here: %s", s.at+1, what)
}

// key reads a line with a key, and skips the lines of its value that are no mapping.
func (s *yamlScanner) key(l line) error {
	indent := len(l.text) - len(strings.TrimLeft(l.text, " "))
	for len(s.open) > 0 && s.all[s.open[len(s.open)-1]].indent >= indent {
		s.open = s.open[:len(s.open)-1]
	}
	name, from, ok := keyYAML(l.text[indent:])
	if !ok {
		return s.fault("it begins with no key")
	}
	if strings.Contains(name, "<<") { // which readers take for a merge also behind other letters
		return s.fault("a mapping is merged into another")
	}
	n := node{thing: thing{start: l.start + indent}, indent: indent, from: l.start + indent + from}
	if len(s.open) > 0 {
		n.path = s.all[s.open[len(s.open)-1]].path
	}
	n.path = append(n.path[:len(n.path):len(n.path)], name)
	if len(n.path) > maxDepth {
		return s.fault("mappings lie too deep in each other")
	}
	for _, other := range s.siblings() {
		if other.indent != indent {
			return s.fault("it is indented in another way than its neighbours")
		}
	}
	first := s.at
	end, err := s.value(n, l)
	if err != nil {
		return err
	}
	n.end, n.lineEnd = end, s.lines[s.at-1].end
	s.all = append(s.all, n)
	for _, i := range s.open {
		s.all[i].end, s.all[i].lineEnd = n.end, n.lineEnd
	}
	if n.from == n.end && first == s.at-1 {
		s.open = append(s.open, len(s.all)-1)
	}
	return nil
}

// siblings are the keys next to which the line stands.
func (s *yamlScanner) siblings() (all []node) {
	depth, from := 0, 0
	if len(s.open) > 0 {
		from = s.open[len(s.open)-1]
		depth = len(s.all[from].path)
	}
	for _, n := range s.all[from:] {
		if len(n.path) == depth+1 {
			return []node{n}
		}
	}
	return nil
}

// value skips the lines of a value that is no mapping and returns where it ends, without a comment behind it. The line
// after it is the next.
func (s *yamlScanner) value(n node, l line) (end int, err error) {
	rest := s.text[n.from:l.end]
	value := strings.TrimLeft(rest, " ")
	at := l.end - len(value)
	s.at++
	switch {
	case strings.HasPrefix(value, "#") && at > n.from || value == "":
		return s.sequence(n, n.from)
	case strings.IndexByte("&*!", value[0]) >= 0:
		return 0, s.fault("anchors, aliases and tags")
	case value[0] == '|' || value[0] == '>':
		header, _, _ := strings.Cut(value, " #")
		if strings.Trim(header[1:], "+-123456789 \t") != "" {
			return 0, s.fault("something follows the sign that begins a text")
		}
		end := s.deeper(n, l.end, true)
		if end == l.end {
			s.at--
			return 0, s.fault("a text begins and has no lines")
		}
		return end, nil
	case strings.IndexByte("\"'[{", value[0]) >= 0:
		end, ok := flowEnd(s.text, at)
		if !ok {
			return 0, s.fault("what it begins does not end")
		}
		for s.at < len(s.lines) && s.lines[s.at].start < end {
			s.at++
		}
		tail := s.text[end:s.lines[s.at-1].end]
		if trimmed := strings.TrimLeft(tail, " "); trimmed != "" && (trimmed[0] != '#' || trimmed == tail) {
			return 0, s.fault("something follows a value")
		}
		return end, nil
	}
	plain := value
	if i := strings.Index(plain, " #"); i >= 0 {
		plain = plain[:i]
	}
	if strings.HasSuffix(strings.TrimRight(plain, " \t"), ":") || strings.Contains(plain, ": ") || strings.Contains(plain, "\t") {
		return 0, s.fault("a value has a colon or a tab in it")
	}
	plain = strings.TrimRight(plain, " ")
	return s.deeper(n, at+len(plain), false), nil
}

// deeper skips lines that are indented more than a key and returns where the last of them ends.
func (s *yamlScanner) deeper(n node, end int, literal bool) int {
	for i := s.at; i < len(s.lines); i++ {
		l := s.lines[i]
		trimmed := strings.TrimSpace(l.text)
		if trimmed == "" || trimmed[0] == '#' && !literal {
			continue
		}
		if len(l.text)-len(strings.TrimLeft(l.text, " ")) <= n.indent {
			break
		}
		s.at, end = i+1, l.end
	}
	return end
}

// sequence skips the lines of a block sequence, whose dashes may stand right below the key.
func (s *yamlScanner) sequence(n node, end int) (int, error) {
	for i := s.at; i < len(s.lines); i++ {
		l := s.lines[i]
		trimmed := strings.TrimSpace(l.text)
		indent := len(l.text) - len(strings.TrimLeft(l.text, " "))
		// A comment that stands as deep as the entries may be a text's of several lines.
		if trimmed == "" || trimmed[0] == '#' && (indent <= n.indent || end == n.from) {
			continue
		}
		dash := trimmed == "-" || strings.HasPrefix(trimmed, "- ")
		if i == s.at || end == n.from {
			if !dash || indent < n.indent {
				return end, nil
			}
		} else if indent < n.indent || indent == n.indent && !dash {
			return end, nil
		}
		if !quotesEnd(l.text) {
			s.at = i
			return 0, s.fault("a quoted text in a sequence has several lines")
		}
		s.at, end = i+1, l.start+entryEnd(l.text)
	}
	return end, nil
}

// entryEnd returns where the scalar of a sequence's entry ends on its line, without a comment behind it. A line that is
// no such scalar ends where it ends.
func entryEnd(text string) int {
	item := strings.TrimLeft(text, " -")
	start := len(text) - len(item)
	if item != "" && (item[0] == '"' || item[0] == '\'') {
		if end := quoteEnd(text, start); end >= 0 && strings.HasPrefix(strings.TrimLeft(text[end:], " ")+"#", "#") {
			return end
		}
	} else if i := strings.Index(item, " #"); i >= 0 && !strings.ContainsAny(item, "\"'") {
		return start + len(strings.TrimRight(item[:i], " "))
	}
	return len(text)
}

// quotesEnd reports whether what is quoted on a line ends on it.
func quotesEnd(text string) bool {
	for at := 0; at < len(text); at++ {
		begins := at == 0 || strings.IndexByte(" -[{,:", text[at-1]) >= 0
		switch c := text[at]; {
		case c == '#' && begins:
			return true
		case (c == '"' || c == '\'') && begins:
			end := quoteEnd(text, at)
			if end < 0 {
				return false
			}
			at = end - 1
		}
	}
	return true
}

// keyYAML reads the key that a line begins with, plain or quoted without escapes; from is where its value begins. A plain one may
// begin with a colon, as symbols of Ruby do.
func keyYAML(text string) (name string, from int, ok bool) {
	first := strings.TrimPrefix(text, ":")
	if first == "" || strings.IndexByte("-?[]{},#&*!|>%@`\t.: ", first[0]) >= 0 {
		return "", 0, false
	}
	if quote := text[0]; quote == '"' || quote == '\'' {
		end := strings.IndexByte(text[1:], quote) + 1
		if end == 0 || strings.ContainsRune(text[:end], '\\') || !strings.HasPrefix(text[end+1:], ":") {
			return "", 0, false
		}
		name, from = text[1:end], end+2
	} else {
		end := strings.Index(text+" ", ": ")
		if end < 0 || strings.Contains(text[:end], " #") || strings.Contains(text[:end], "\t") {
			return "", 0, false
		}
		name, from = strings.TrimRight(text[:end], " "), end+1
	}
	return name, from, from == len(text) || text[from] == ' '
}

// flowEnd returns where what begins at a quote or a bracket ends.
func flowEnd(text string, at int) (end int, ok bool) {
	depth := 0
	for at < len(text) {
		switch c := text[at]; c {
		case '"', '\'':
			end := quoteEnd(text, at)
			if end < 0 {
				return 0, false
			}
			at = end
		case '[', '{':
			depth++
			at++
		case ']', '}':
			depth--
			at++
		case '#', '&', '*', '!':
			return 0, false
		default:
			at++
		}
		if depth <= 0 {
			return at, depth == 0
		}
		if depth > maxDepth {
			return 0, false
		}
	}
	return 0, false
}

// quoteEnd returns where a quoted scalar ends, -1 if it does not.
func quoteEnd(text string, at int) int {
	quote := text[at]
	for at++; at < len(text); at++ {
		switch {
		case text[at] == '\\' && quote == '"':
			at++
		case text[at] == quote && quote == '\'' && strings.HasPrefix(text[at+1:], "'"):
			at++
		case text[at] == quote:
			return at + 1
		}
	}
	return -1
}
