package clientconfig

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// markup is the syntax of XML documents whose elements hold texts or elements.
type markup struct{}

// element is an element of a document. Offsets are bytes of the text.
type element struct {
	thing
	name string
	// inner and outer are where the content begins and ends; the same offset as end if the element is one tag.
	inner, outer int
	children     []*element
	attributes   []xml.Attr
	text         string
}

// attribute is the name of an attribute that a step looks at; ok is false if it looks at elements.
func (s Step) attribute() (name string, ok bool) { return strings.CutPrefix(s.By, "@") }

// scanXML reads the tree of elements, under an element without a name that is the document.
func scanXML(text string) (*element, error) {
	decoder := xml.NewDecoder(strings.NewReader(text))
	document := &element{thing: thing{end: len(text)}, outer: len(text)}
	open := []*element{document}
	for {
		start := int(decoder.InputOffset())
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fault("the file is no XML that is understood here: %v", err)
		}
		end := int(decoder.InputOffset())
		within := open[len(open)-1]
		switch t := token.(type) {
		case xml.StartElement:
			e := &element{thing: thing{start: start}, name: t.Name.Local, inner: end, attributes: t.Attr}
			within.children = append(within.children, e)
			if open = append(open, e); len(open) > maxDepth {
				return nil, fault("elements lie too deep in each other")
			}
		case xml.EndElement:
			if within == document || within.name != t.Name.Local {
				return nil, fault("line %d ends an element that is not open", 1+strings.Count(text[:start], "\n"))
			}
			within.outer, within.end = start, end
			open = open[:len(open)-1]
		case xml.CharData:
			within.text += string(t)
		}
	}
	if len(open) > 1 {
		return nil, fault("element %s does not end", open[len(open)-1].name)
	}
	return document, nil
}

// single reports whether an element is one tag without content.
func (e *element) single() bool { return e.inner == e.end }

func (e *element) at(key Key) (*element, bool) {
	for _, step := range key {
		found := false
		for _, child := range e.children {
			if child.name == step.Name && child.is(step) {
				e, found = child, true
				break
			}
		}
		if !found {
			return nil, false
		}
	}
	return e, true
}

func (e *element) is(step Step) bool {
	if !step.isMember() {
		return true
	}
	if step.By == "" {
		return strings.TrimSpace(e.text) == step.Is
	}
	if name, ok := step.attribute(); ok {
		return slices.ContainsFunc(e.attributes, func(a xml.Attr) bool { return a.Name.Local == name && a.Value == step.Is })
	}
	for _, child := range e.children {
		if child.name == step.By {
			return strings.TrimSpace(child.text) == step.Is
		}
	}
	return false
}

func (markup) find(text string, key Key) (thing, bool, error) {
	document, err := scanXML(text)
	if err != nil {
		return thing{}, false, err
	}
	if len(document.children) > 0 && document.children[0].name != key[0].Name {
		return thing{}, false, fault("the file's element is %s and not %s", document.children[0].name, key[0].Name)
	}
	e, ok := document.at(key)
	if !ok {
		return thing{}, false, nil
	}
	if name, ok := key.last().attribute(); ok {
		return thing{start: e.start, end: e.end, value: e.others(name)}, true, nil
	}
	return thing{start: e.start, end: e.end, value: strings.Join(strings.Fields(text[e.inner:max(e.inner, e.outer)]), " ")}, true, nil
}

// others writes the attributes but for the one of a name.
func (e *element) others(name string) string {
	var all []string
	for _, a := range e.attributes {
		if a.Name.Local != name {
			all = append(all, fmt.Sprintf(`%s="%s"`, a.Name.Local, EscapeXML(a.Value)))
		}
	}
	return strings.Join(all, " ")
}

func (markup) parents(key Key) (all []Key) {
	for n := 1; n < len(key); n++ {
		all = append(all, key[:n:n])
	}
	return all
}

// withComment is where the line of an element goes on after a comment beside it, or the end of the element.
func withComment(text string, end int) int {
	rest, _, _ := strings.Cut(text[end:], "\n")
	if comment := strings.TrimSpace(rest); strings.HasPrefix(comment, "<!--") && strings.Index(comment, "-->") == len(comment)-len("-->") {
		return end + len(strings.TrimRight(rest, " \t\r"))
	}
	return end
}

func (g markup) place(text string, key Key, value string) (insertion, error) {
	document, err := scanXML(text)
	if err != nil {
		return insertion{}, err
	}
	within, ok := document.at(key[:len(key)-1])
	if !ok {
		return insertion{}, fault("%s is not there", key[:len(key)-1])
	}
	if within == document {
		body := g.write(text, key, value, "", unitOf(text, document))
		if strings.TrimSpace(text) == "" {
			return atStart(text, body), nil
		}
		in := atEnd(text, body)
		in.lead = newline(text)
		return in, nil
	}
	unit := unitOf(text, document)
	at, indent := within.inner, indentAt(text, within.start)+unit
	if n := len(within.children); n > 0 {
		at = withComment(text, within.children[n-1].end)
		indent = indentAt(text, within.children[n-1].start)
	} else if content := strings.TrimRight(text[within.inner:within.outer], " \t\r\n"); content != "" {
		at += len(content)
	}
	return insertion{at: at, lead: newline(text) + indent, body: g.write(text, key, value, indent, unit)}, nil
}

// indentAt is the white space between the begin of a line and what stands at an offset; "" if other things stand there.
func indentAt(text string, at int) string {
	from := strings.LastIndexByte(text[:at], '\n') + 1
	if strings.TrimLeft(text[from:at], " \t") != "" {
		return ""
	}
	return text[from:at]
}

// unitOf is by how much a document indents: as the first element in its root is.
func unitOf(text string, document *element) string {
	for _, root := range document.children {
		if len(root.children) > 0 {
			if unit := indentAt(text, root.children[0].start); unit != "" {
				return unit
			}
		}
	}
	return "  "
}

// write writes an element. One without a value is written so that others can be put into it.
func (markup) write(text string, key Key, value, indent, unit string) string {
	nl := newline(text)
	step := key.last()
	if name, ok := step.attribute(); ok {
		return fmt.Sprintf(`<%s %s="%s" %s />`, step.Name, name, EscapeXML(step.Is), value)
	}
	switch {
	case step.isMember() && step.By == "":
		value = EscapeXML(step.Is)
	case value == "":
		value = nl + indent
	case step.isMember() || strings.Contains(value, "\n"):
		block := ""
		for l := range strings.SplitSeq(value, "\n") {
			inner := strings.TrimLeft(l, " ")
			block += nl + indent + unit + strings.Repeat(unit, (len(l)-len(inner))/2) + inner
		}
		value = block + nl + indent
	}
	return fmt.Sprintf("<%s>%s</%[1]s>", step.Name, value)
}

// EscapeXML writes a text as the content of an element or the value of an attribute.
func EscapeXML(text string) string {
	var escaped strings.Builder
	if err := xml.EscapeText(&escaped, []byte(text)); err != nil {
		panic(err) // a strings.Builder takes everything
	}
	return escaped.String()
}

func (g markup) replace(text string, found thing, key Key, value string) (string, error) {
	document, err := scanXML(text)
	if err != nil {
		return "", err
	}
	return g.write(text, key, value, indentAt(text, found.start), unitOf(text, document)), nil
}

// open gives an element a line of its own for its end, so that elements can be put before it.
func (markup) open(text string, found thing, key Key) (string, error) {
	document, err := scanXML(text)
	if err != nil {
		return "", err
	}
	e, ok := document.at(key)
	if !ok {
		return "", fault("%s is not there", key)
	}
	nl, indent := newline(text), indentAt(text, e.start)
	if e.single() {
		tag := strings.TrimRight(strings.TrimSuffix(text[e.start:e.end], "/>"), " \t\r\n")
		return tag + ">" + nl + indent + fmt.Sprintf("</%s>", qualified(tag)), nil
	}
	content := text[e.inner:e.outer]
	rest := strings.TrimRight(content, " \t\r\n")
	if strings.TrimSpace(e.text) != "" {
		return "", fault("%s has a text", key)
	}
	if strings.Contains(content[len(rest):], "\n") {
		return "", nil
	}
	return text[e.start:e.inner] + rest + nl + indent + text[e.outer:e.end], nil
}

// qualified is the name in a start tag, prefix included.
func qualified(tag string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(tag, "<"), " ")
	return strings.Fields(name)[0]
}

func (markup) bare(_ string, found thing, _ Key) bool { return found.value == "" }
