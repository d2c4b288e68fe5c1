package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Rules say how strict to be.
type Rules struct {
	Size  int // bytes of the document
	Depth int // objects and lists inside each other
	Keys  int // of one object
	// Fold makes keys that differ in case alone one key.
	Fold bool
	// Unicode refuses the replacement character: it is what half a surrogate pair is read as, so that two texts that
	// differ outside would be equal here.
	Unicode bool
}

// Problem is what is wrong with a document.
type Problem uint8

// The problems.
const (
	TooLarge    Problem = iota // more than Rules.Size bytes
	NotUTF8                    // bytes that are no text
	Syntax                     // not JSON
	Trailing                   // something after the document
	TooDeep                    // more than Rules.Depth objects and lists inside each other
	TooManyKeys                // an object of more than Rules.Keys
	Duplicate                  // a key that the object has already
	NotUnicode                 // a replacement character
)

var problems = [...]string{"too large", "not UTF-8", "not JSON", "more after the document", "nested too deep",
	"too many keys", "a key given twice", "a replacement character"}

// String names the problem.
func (p Problem) String() string { return problems[p] }

// Error says what is wrong and where.
type Error struct {
	Problem Problem
	At      *Value // where it was found, with what is above it; nil if it concerns the whole
	Offset  int64  // bytes read when it was found
	Err     error  // of Syntax, encoding/json's own; else nil
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%v near byte %d", e.Problem, e.Offset)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Parse reads one document. Every error is an *Error.
func Parse(document []byte, r Rules) (*Value, error) {
	if len(document) > r.Size {
		return nil, &Error{Problem: TooLarge}
	}
	if !utf8.Valid(document) {
		return nil, &Error{Problem: NotUTF8}
	}
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	p := parser{d, r, document}
	root := &Value{}
	if err := p.value(root, 0); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, &Error{Problem: Trailing, Offset: d.InputOffset()}
	}
	return root, nil
}

type parser struct {
	*json.Decoder
	Rules
	document []byte
}

// value reads v, which has depth objects and lists around it.
func (p parser) value(v *Value, depth int) error {
	token, err := p.next(v)
	if err != nil {
		return err
	}
	switch token := token.(type) {
	case json.Delim:
		if depth == p.Depth {
			return p.fail(TooDeep, v)
		}
		if token == '{' {
			return p.object(v, depth+1)
		}
		return p.list(v, depth+1)
	case string:
		v.Kind, v.Text = Text, token
		return p.unicode(v, token)
	case json.Number:
		v.Kind, v.Text = Number, token.String()
	case bool:
		v.Kind, v.Text = Bool, strconv.FormatBool(token)
	default:
		v.Kind = Null
	}
	return nil
}

func (p parser) object(v *Value, depth int) error {
	v.Kind = Object
	seen := map[string]bool{}
	for p.More() {
		key, err := p.Token()
		if err != nil {
			return p.syntax(v, err)
		}
		// Token gives nothing but a string in a key's place.
		m := &Value{Parent: v, Name: key.(string), Offset: p.InputOffset()}
		if err := p.unicode(m, m.Name); err != nil {
			return err
		}
		folded := m.Name
		if p.Fold {
			folded = strings.ToLower(strings.ToUpper(folded))
		}
		if seen[folded] {
			return p.fail(Duplicate, m)
		}
		if seen[folded] = true; len(seen) > p.Keys {
			return p.fail(TooManyKeys, v)
		}
		if err := p.value(m, depth); err != nil {
			return err
		}
		v.Members = append(v.Members, m)
	}
	return p.close(v)
}

func (p parser) list(v *Value, depth int) error {
	v.Kind = List
	for p.More() {
		item := &Value{Parent: v, Index: len(v.Members) + 1}
		if err := p.value(item, depth); err != nil {
			return err
		}
		v.Members = append(v.Members, item)
	}
	return p.close(v)
}

// close reads the end of an object or a list.
func (p parser) close(v *Value) error {
	if _, err := p.Token(); err != nil {
		return p.syntax(v, err)
	}
	v.End = p.InputOffset()
	return nil
}

// next reads the first token of v.
func (p parser) next(v *Value) (json.Token, error) {
	before := p.document[p.InputOffset():]
	token, err := p.Token()
	v.Offset = p.InputOffset()
	if err != nil {
		return nil, p.syntax(v, err)
	}
	// What stands before the value is white space and the one character that parts it from the token before.
	v.Begin = int64(len(p.document) - len(bytes.TrimLeft(before, " \t\r\n,:")))
	v.End = v.Offset
	return token, nil
}

func (p parser) unicode(v *Value, text string) error {
	if p.Unicode && strings.ContainsRune(text, utf8.RuneError) {
		return p.fail(NotUnicode, v)
	}
	return nil
}

func (p parser) fail(problem Problem, v *Value) error {
	return &Error{Problem: problem, At: v, Offset: p.InputOffset()}
}

// syntax hands on what the decoder says. That the document ends is no surprise to it, but to us.
func (p parser) syntax(v *Value, err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &Error{Problem: Syntax, At: v, Offset: p.InputOffset(), Err: err}
}
