package lockfile

import (
	"errors"
	"strings"

	"entrepot/strictjson"
)

// jsonRules are far above what package managers write. npm 6 nested dependencies as its folder did.
var jsonRules = strictjson.Rules{Size: maxFile, Depth: 256, Keys: maxPins}

// parseJSON reads a document that must be an object.
func parseJSON(text []byte) (*strictjson.Value, error) {
	v, err := strictjson.Parse([]byte(strings.TrimPrefix(string(text), "\ufeff")), jsonRules)
	if e, ok := errors.AsType[*strictjson.Error](err); ok {
		return nil, wrong(0, "it is not JSON that can be read: %v", e)
	}
	if v.Kind != strictjson.Object {
		return nil, wrong(0, "it is not a JSON object")
	}
	return v, nil
}

// textAt is the string at a path of members; empty if there is none.
func textAt(v *strictjson.Value, path ...string) string {
	if v = at(v, path...); v == nil || v.Kind != strictjson.Text {
		return ""
	}
	return v.Text
}

// isTrue reports whether a member is true.
func isTrue(v *strictjson.Value, name string) bool {
	m := v.Member(name)
	return m != nil && m.Kind == strictjson.Bool && m.Text == "true"
}

// at is the value at a path of members; nil if there is none.
func at(v *strictjson.Value, path ...string) *strictjson.Value {
	for _, name := range path {
		if v == nil {
			return nil
		}
		v = v.Member(name)
	}
	return v
}

// members are those of an object at a path; none if there is none.
func members(v *strictjson.Value, path ...string) []*strictjson.Value {
	if v = at(v, path...); v == nil || v.Kind != strictjson.Object {
		return nil
	}
	return v.Members
}

// items are those of a list at a path; none if there is none.
func items(v *strictjson.Value, path ...string) []*strictjson.Value {
	if v = at(v, path...); v == nil || v.Kind != strictjson.List {
		return nil
	}
	return v.Members
}
