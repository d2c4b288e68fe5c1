package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep a policy may nest. The deepest that means anything is a list of condition values: document,
// Statement, statement, Condition, operator, list.
const maxDepth = 8

// DocumentError says what is wrong with a policy document and where.
type DocumentError struct {
	Element string // path from the top, such as "statement 2, Condition, StringEquals"; empty for the document itself
	Offset  int64  // bytes read when it was found
	Problem string // a sentence without its full stop
}

// Error joins place and problem.
func (e *DocumentError) Error() string {
	if e.Element == "" {
		return fmt.Sprintf("policy document: %s (near byte %d)", e.Problem, e.Offset)
	}
	return fmt.Sprintf("policy document: %s: %s (near byte %d)", e.Element, e.Problem, e.Offset)
}

// node is one JSON value with its place. encoding/json's own decoding into structs would take the last of two equal keys
// and match keys in any case, so that {"Effect":"Deny","eFFECT":"Allow"} reads as Allow.
type node struct {
	shape   shape
	text    string  // of a string its value, of a number or boolean its literal
	members []*node // of an object or list, in order
	parent  *node
	name    string // in an object
	index   int    // in an array, from 1
	offset  int64
}

type shape uint8

const (
	objectNode shape = iota
	listNode
	textNode
	numberNode
	boolNode
	nullNode
)

var shapeNames = [...]string{"an object", "a list", "a string", "a number", "a boolean", "null"}

func (s shape) String() string { return shapeNames[s] }

// readTree parses document, which is at most a few kilobytes, strictly: UTF-8, one value, no duplicate keys in any case.
func readTree(document []byte) (*node, error) {
	if !utf8.Valid(document) {
		return nil, &DocumentError{Problem: "not UTF-8"}
	}
	// The whole is checked first: the token stream below would not see trailing data.
	var all json.RawMessage
	if err := json.Unmarshal(document, &all); err != nil {
		offset := int64(len(document))
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			offset = syntax.Offset
		}
		return nil, &DocumentError{Offset: offset, Problem: "not JSON: " + err.Error()}
	}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	root := &node{}
	if err := root.read(decoder, 1); err != nil {
		return nil, err
	}
	return root, nil
}

func (n *node) read(decoder *json.Decoder, depth int) error {
	token, err := decoder.Token()
	n.offset = decoder.InputOffset()
	if err != nil {
		return n.fail("not JSON: %v", err)
	}
	if depth > maxDepth {
		return n.fail("nested deeper than %d levels", maxDepth)
	}
	switch value := token.(type) {
	case json.Delim:
		if value == '{' {
			return n.readObject(decoder, depth)
		}
		return n.readArray(decoder, depth)
	case string:
		n.shape, n.text = textNode, value
		return n.checkText(value)
	case json.Number:
		n.shape, n.text = numberNode, value.String()
	case bool:
		n.shape, n.text = boolNode, fmt.Sprint(value)
	default:
		n.shape = nullNode
	}
	return nil
}

func (n *node) readObject(decoder *json.Decoder, depth int) error {
	n.shape = objectNode
	seen := make(map[string]bool)
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return n.fail("not JSON: %v", err)
		}
		member := &node{parent: n, name: key.(string), offset: decoder.InputOffset()}
		if err := member.checkText(member.name); err != nil {
			return err
		}
		folded := strings.ToLower(strings.ToUpper(member.name))
		if seen[folded] {
			return member.fail("the key stands here twice; case makes no difference")
		}
		seen[folded] = true
		if err := member.read(decoder, depth+1); err != nil {
			return err
		}
		n.members = append(n.members, member)
	}
	return n.close(decoder)
}

func (n *node) readArray(decoder *json.Decoder, depth int) error {
	n.shape = listNode
	for decoder.More() {
		item := &node{parent: n, index: len(n.members) + 1}
		if err := item.read(decoder, depth+1); err != nil {
			return err
		}
		n.members = append(n.members, item)
	}
	return n.close(decoder)
}

func (n *node) close(decoder *json.Decoder) error {
	if _, err := decoder.Token(); err != nil && !errors.Is(err, io.EOF) {
		return n.fail("not JSON: %v", err)
	}
	return nil
}

// checkText refuses the replacement character: it is what encoding/json makes of half a surrogate pair, so two texts that
// differ outside would be equal here.
func (n *node) checkText(value string) error {
	if strings.ContainsRune(value, utf8.RuneError) {
		return n.fail("holds a character that is not Unicode text")
	}
	return nil
}

// member returns the object's member called name, or nil.
func (n *node) member(name string) *node {
	for _, m := range n.members {
		if m.name == name {
			return m
		}
	}
	return nil
}

// allow refuses members of the object that names does not list.
func (n *node) allow(names map[string]bool) error {
	if n.shape != objectNode {
		return n.fail("want an object, got %v", n.shape)
	}
	for _, m := range n.members {
		if !names[m.name] {
			return m.fail("unknown element")
		}
	}
	return nil
}

// string returns the value of a string.
func (n *node) string() (string, error) {
	if n.shape != textNode {
		return "", n.fail("want a string, got %v", n.shape)
	}
	return n.text, nil
}

// strings returns the string, or the strings of a list that is not empty.
func (n *node) strings() ([]*node, error) {
	list := []*node{n}
	if n.shape == listNode {
		list = n.members
	}
	if len(list) == 0 {
		return nil, n.fail("the list is empty")
	}
	for _, item := range list {
		if _, err := item.string(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// mentions reports whether any string at or below the node contains part.
func (n *node) mentions(part string) bool {
	return n.shape == textNode && strings.Contains(n.text, part) ||
		slices.ContainsFunc(n.members, func(m *node) bool { return m.mentions(part) })
}

// fail makes a DocumentError at the node's place.
func (n *node) fail(format string, args ...any) error {
	return &DocumentError{Element: n.path(), Offset: n.offset, Problem: fmt.Sprintf(format, args...)}
}

// path names the node's place, from the top.
func (n *node) path() string {
	name := clip(n.name)
	top := n.parent != nil && n.parent.parent == nil
	switch {
	case n.parent == nil:
		return ""
	case top && n.name == "Statement" && n.shape == objectNode:
		name = "statement 1"
	case n.index > 0 && n.parent.path() == "Statement":
		return fmt.Sprintf("statement %d", n.index)
	case n.index > 0:
		name = fmt.Sprintf("value %d", n.index)
	}
	if above := n.parent.path(); above != "" {
		return above + ", " + name
	}
	return name
}
