package iam

import (
	"errors"
	"fmt"

	"entrepot/strictjson"
)

// maxDepth is how deep a policy may nest. The deepest that means anything is a list of condition values: document,
// Statement, statement, Condition, operator, list.
const maxDepth = 8

// DocumentError says what is wrong with a policy document and where.
type DocumentError struct {
	Element string // path from the top, such as "statement 2, Condition, StringEquals"; empty for the document itself
	Offset  int64  // bytes read when it was found
	Problem string // a sentence without its full stop
	// TooLarge says that it is longer than any document of its kind may be.
	TooLarge bool
}

// Error joins place and problem.
func (e *DocumentError) Error() string {
	if e.Element == "" {
		return fmt.Sprintf("policy document: %s (near byte %d)", e.Problem, e.Offset)
	}
	return fmt.Sprintf("policy document: %s: %s (near byte %d)", e.Element, e.Problem, e.Offset)
}

// node is one value of a policy document, with its place.
type node strictjson.Value

// maxKeys bounds the keys of one element far above what a policy of any size can mean.
const maxKeys = 1000

// readTree parses a document of at most maxDocument bytes strictly. Keys that differ in case alone are refused as well: encoding/json, and readers of
// other languages, would match them in any case, so that {"Effect":"Deny","eFFECT":"Allow"} reads as Allow.
func readTree(document []byte) (*node, error) {
	root, err := strictjson.Parse(document, strictjson.Rules{Size: maxDocument, Depth: maxDepth, Keys: maxKeys,
		Fold: true, Unicode: true})
	if wrong, ok := errors.AsType[*strictjson.Error](err); ok {
		return nil, worded(wrong)
	}
	return (*node)(root), err
}

// problems are the words for what no policy document may have.
var problems = map[strictjson.Problem]string{
	strictjson.NotUTF8:     "not UTF-8",
	strictjson.Trailing:    "not JSON: more text after top-level value",
	strictjson.TooDeep:     fmt.Sprintf("nested deeper than %d levels", maxDepth),
	strictjson.TooManyKeys: fmt.Sprintf("has more than %d keys", maxKeys),
	strictjson.Duplicate:   "the key stands here twice; case makes no difference",
	strictjson.NotUnicode:  "holds a character that is not Unicode text",
}

func worded(wrong *strictjson.Error) error {
	e := &DocumentError{Offset: wrong.Offset, Problem: problems[wrong.Problem]}
	if wrong.Problem == strictjson.Syntax {
		e.Problem = "not JSON: " + wrong.Err.Error()
	} else if wrong.At != nil {
		e.Element, e.Offset = (*node)(wrong.At).path(), wrong.At.Offset
	}
	return e
}

// parent returns the value that the node is in, or nil.
func (n *node) parent() *node { return (*node)(n.Parent) }

// members returns the values of an object or a list.
func (n *node) members() []*node {
	list := make([]*node, len(n.Members))
	for i, m := range n.Members {
		list[i] = (*node)(m)
	}
	return list
}

// member returns the object's member called name, or nil.
func (n *node) member(name string) *node {
	for _, m := range n.members() {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// allow refuses members of the object that names does not list.
func (n *node) allow(names map[string]bool) error {
	if n.Kind != strictjson.Object {
		return n.fail("want an object, got %v", n.Kind)
	}
	for _, m := range n.members() {
		if !names[m.Name] {
			return m.fail("unknown element")
		}
	}
	return nil
}

// string returns the value of a string.
func (n *node) string() (string, error) {
	if n.Kind != strictjson.Text {
		return "", n.fail("want a string, got %v", n.Kind)
	}
	return n.Text, nil
}

// strings returns the string, or the strings of a list that is not empty.
func (n *node) strings() ([]*node, error) {
	list := []*node{n}
	if n.Kind == strictjson.List {
		list = n.members()
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

// fail makes a DocumentError at the node's place.
func (n *node) fail(format string, args ...any) error {
	return &DocumentError{Element: n.path(), Offset: n.Offset, Problem: fmt.Sprintf(format, args...)}
}

// path names the node's place, from the top.
func (n *node) path() string {
	name := clip(n.Name)
	top := n.Parent != nil && n.Parent.Parent == nil
	switch {
	case n.Parent == nil:
		return ""
	case top && n.Name == "Statement" && n.Kind == strictjson.Object:
		name = "statement 1"
	case n.Index > 0 && n.parent().path() == "Statement":
		return fmt.Sprintf("statement %d", n.Index)
	case n.Index > 0:
		name = fmt.Sprintf("value %d", n.Index)
	}
	if above := n.parent().path(); above != "" {
		return above + ", " + name
	}
	return name
}
