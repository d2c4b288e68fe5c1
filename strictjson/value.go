// Package strictjson reads small JSON documents in which two readers must not see two things: requests and policies. It
// reads what encoding/json reads, but refuses a key that is given twice, bytes that are not UTF-8 and anything after the
// document. Sizes are bounded.
package strictjson

import "encoding/json"

// Kind is what a value is.
type Kind uint8

// The kinds.
const (
	Object Kind = iota
	List
	Text
	Number
	Bool
	Null
)

var kindNames = [...]string{"an object", "a list", "a string", "a number", "a boolean", "null"}

// String names the kind with its article.
func (k Kind) String() string { return kindNames[k] }

// Value is one value of a document, with its place in it.
type Value struct {
	Kind    Kind
	Text    string   // of a string its value, of a number or boolean its literal
	Members []*Value // of an object or a list, in their order
	Parent  *Value   // nil for the document itself
	Name    string   // the key, in an object
	Index   int      // the place in a list, from 1; 0 elsewhere
	Offset  int64    // bytes read when the value, or for an object or a list its beginning, had been read
	// Begin and End are where the value stands in the document, in bytes: document[Begin:End] is all of it.
	Begin, End int64
}

// Member returns the object's member of that name, nil if there is none.
func (v *Value) Member(name string) *Value {
	if v.Kind != Object {
		return nil
	}
	for _, m := range v.Members {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// Plain returns the value as encoding/json has it: nil, bool, string, json.Number, []any or map[string]any.
func (v *Value) Plain() any {
	switch v.Kind {
	case Object:
		object := make(map[string]any, len(v.Members))
		for _, m := range v.Members {
			object[m.Name] = m.Plain()
		}
		return object
	case List:
		list := make([]any, len(v.Members))
		for i, item := range v.Members {
			list[i] = item.Plain()
		}
		return list
	case Text:
		return v.Text
	case Number:
		return json.Number(v.Text)
	case Bool:
		return v.Text == "true"
	}
	return nil
}
