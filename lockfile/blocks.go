package lockfile

import "strings"

// block is a key of a YAML document with what is written below it. Only the YAML that pnpm and yarn write is read: maps in maps,
// by their indentation, with scalars of one line. What it cannot read is as if it were not there where nobody asks for it.
type block struct {
	key   string
	value string // without quotes; of a flow as it is written
	below []*block
	line  int
}

// maxBlocks is how deep maps are nested.
const maxBlocks = 32

// parseBlocks reads a document, or several that follow each other as if they were one.
func parseBlocks(text []byte) (*block, error) {
	root := &block{}
	// open are the maps that the next line may go on with, with the indentation of what they hold; -1 before the first.
	type opened struct {
		of     *block
		indent int
	}
	open := []opened{{root, -1}}
	err := eachLine(text, func(number int, line string) error {
		content := strings.TrimLeft(line, " ")
		indent := len(line) - len(content)
		switch {
		case content == "" || content[0] == '#' || content == "---" || strings.HasPrefix(content, "%"):
			return nil
		case strings.HasPrefix(content, "? "):
			content += ":" // a key so long that its value has a line of its own
			content = content[2:]
		case strings.HasPrefix(content, ": "):
			content = content[2:]
			indent += 2
		}
		for len(open) > 1 && indent < open[len(open)-1].indent {
			open = open[:len(open)-1]
		}
		top := &open[len(open)-1]
		if indent > top.indent {
			of := top.of
			if top.indent >= 0 {
				of = of.below[len(of.below)-1]
			}
			if len(open) > maxBlocks {
				return wrong(number, "it nests deeper than %d maps", maxBlocks)
			}
			open = append(open, opened{of, indent})
			top = &open[len(open)-1]
		}
		key, value, ok := cutKey(content)
		if !ok {
			key, value = "", content // an item of a list, or a line of a text
		}
		top.of.below = append(top.of.below, &block{key: key, value: unquoted(value), line: number})
		return nil
	})
	return root, err
}

// cutKey cuts a line at the colon that ends its key.
func cutKey(content string) (key, value string, ok bool) {
	if strings.HasPrefix(content, "'") || strings.HasPrefix(content, `"`) {
		end := endOfQuoted(content)
		if end < 0 || !strings.HasPrefix(content[end:], ":") {
			return "", "", false
		}
		return unquoted(content[:end]), strings.TrimSpace(content[end+1:]), true
	}
	if at := strings.Index(content, ": "); at > 0 {
		return content[:at], strings.TrimSpace(content[at+2:]), true
	}
	if key, ok := strings.CutSuffix(strings.TrimRight(content, " "), ":"); ok && key != "" {
		return key, "", true
	}
	return "", "", false
}

// endOfQuoted is where the quoted text ends that the text begins with; -1 if it does not.
func endOfQuoted(text string) int {
	for i := 1; i < len(text); i++ {
		switch {
		case text[0] == '"' && text[i] == '\\':
			i++
		case text[i] == text[0] && text[0] == '\'' && i+1 < len(text) && text[i+1] == '\'':
			i++
		case text[i] == text[0]:
			return i + 1
		}
	}
	return -1
}

// unquoted is a scalar without its quotes. In a name, a version, an address or a digest nothing needs more of YAML's escapes.
func unquoted(text string) string {
	if len(text) < 2 || text[0] != text[len(text)-1] {
		return text
	}
	switch text[0] {
	case '\'':
		return strings.ReplaceAll(text[1:len(text)-1], "''", "'")
	case '"':
		return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(text[1 : len(text)-1])
	}
	return text
}

// at is the first block below of that key, nil if there is none.
func (b *block) at(key string) *block {
	if b == nil {
		return nil
	}
	for _, one := range b.below {
		if one.key == key {
			return one
		}
	}
	return nil
}

// text is the scalar at a key; empty if there is none. A key of a flow, {a: b, c: d}, counts as one.
func (b *block) text(key string) string {
	if one := b.at(key); one != nil {
		return one.value
	}
	if b == nil || !strings.HasPrefix(b.value, "{") {
		return ""
	}
	rest := strings.TrimSuffix(b.value[1:], "}")
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		name, after, ok := strings.Cut(rest, ":")
		if !ok {
			return ""
		}
		after = strings.TrimSpace(after)
		end := strings.IndexByte(after, ',')
		if after != "" && (after[0] == '\'' || after[0] == '"') {
			end = endOfQuoted(after)
		}
		if end < 0 {
			end = len(after)
		}
		if strings.TrimSpace(name) == key {
			return unquoted(strings.TrimSpace(after[:end]))
		}
		rest = strings.TrimPrefix(strings.TrimSpace(after[end:]), ",")
	}
	return ""
}
