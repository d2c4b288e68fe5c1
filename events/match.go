package events

import (
	"errors"
	"fmt"
	"slices"

	"entrepot/strictjson"
)

// Match reports whether the pattern means an event.
func (p Pattern) Match(e Event) bool {
	matched, err := p.MatchJSON(e.JSON())
	return err == nil && matched
}

// MatchJSON reports whether the pattern means an event that is given as JSON. The error says why the text is no event.
func (p Pattern) MatchJSON(event []byte) (bool, error) {
	v, err := strictjson.Parse(event, eventRules)
	if err != nil {
		return false, fmt.Errorf("the event cannot be read: %w", err)
	}
	if v.Kind != strictjson.Object {
		return false, errors.New("the event is not an object")
	}
	return p.root == nil || p.root.match([]*strictjson.Value{v}), nil
}

// required are the members that every event has (EventBridge API reference, TestEventPattern).
var required = []string{"id", "account", "source", "time", "region", "resources", "detail-type"}

// Missing is the name of the first member that an event lacks; empty if it has all that every event has.
func Missing(event []byte) string {
	v, err := strictjson.Parse(event, eventRules)
	for _, name := range required {
		if err != nil || v.Member(name) == nil {
			return name
		}
	}
	return ""
}

// match reports whether one of the values is an object that the node means. Where there is none, a field is absent, which
// may be what is wanted.
func (n *node) match(values []*strictjson.Value) bool {
	objects := slices.DeleteFunc(slices.Clone(values), func(v *strictjson.Value) bool { return v.Kind != strictjson.Object })
	if len(objects) == 0 {
		return n.matchOne(nil)
	}
	return slices.ContainsFunc(objects, n.matchOne)
}

// matchOne reports whether the object, nil for none, has all that the node wants.
func (n *node) matchOne(object *strictjson.Value) bool {
	for _, f := range n.fields {
		var values []*strictjson.Value
		if object != nil {
			values = flat(object.Member(f.name), nil)
		}
		if !f.match(values) {
			return false
		}
	}
	for _, ways := range n.any {
		if !slices.ContainsFunc(ways, func(way *node) bool { return way.matchOne(object) }) {
			return false
		}
	}
	return true
}

// match reports whether the field's values are meant. What has an object for its value is no leaf, and matchers see leaves
// alone.
func (f field) match(values []*strictjson.Value) bool {
	if f.inner != nil {
		return f.inner.match(values)
	}
	leaves := slices.DeleteFunc(values, func(v *strictjson.Value) bool { return v.Kind == strictjson.Object })
	return slices.ContainsFunc(f.matches, func(m matcher) bool {
		if m.absent {
			return len(leaves) == 0
		}
		return slices.ContainsFunc(leaves, m.holds)
	})
}

// flat adds a value to the list, or what a list of them has, lists inside it too. Nothing is added of nothing.
func flat(v *strictjson.Value, to []*strictjson.Value) []*strictjson.Value {
	switch {
	case v == nil:
	case v.Kind == strictjson.List:
		for _, item := range v.Members {
			to = flat(item, to)
		}
	default:
		to = append(to, v)
	}
	return to
}
