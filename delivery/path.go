package delivery

import (
	"errors"
	"strconv"
	"strings"

	"entrepot/strictjson"
)

// path leads to a part of an event: $ and names behind dots, each with the places of items in lists behind it.
type path []step

// step goes into an object by name or, where the name is empty, into a list.
type step struct {
	name string
	item int // from 0
}

// parsePath reads a path: $.detail, $.resources[0].
func parsePath(text string) (p path, ok bool) {
	names := strings.Split(text, ".")
	if names[0] != "$" || strings.ContainsAny(text, "*?@\"' ") {
		return nil, false
	}
	for _, name := range names[1:] {
		name, items, listed := strings.Cut(name, "[")
		if name == "" || strings.Contains(name, "]") {
			return nil, false
		}
		p = append(p, step{name: name})
		for listed {
			var number string
			if number, items, ok = strings.Cut(items, "]"); !ok {
				return nil, false
			}
			item, err := strconv.ParseUint(number, 10, 16)
			if err != nil {
				return nil, false
			}
			p = append(p, step{item: int(item)})
			if items, listed = strings.CutPrefix(items, "["); !listed && items != "" {
				return nil, false
			}
		}
	}
	return p, true
}

// in is where the path leads in a document; nil if that is nowhere.
func (p path) in(v *strictjson.Value) *strictjson.Value {
	for _, s := range p {
		switch {
		case s.name != "":
			v = v.Member(s.name)
		case v.Kind == strictjson.List && s.item < len(v.Members):
			v = v.Members[s.item]
		default:
			return nil
		}
		if v == nil {
			return nil
		}
	}
	return v
}

// partOf is what stands in an event where a path leads, null if there is nothing.
func partOf(event []byte, text string) ([]byte, error) {
	p, ok := parsePath(text)
	if !ok {
		return nil, errors.New("the path cannot be followed")
	}
	document, err := strictjson.Parse(event, eventRules)
	if err != nil {
		return nil, err
	}
	if v := p.in(document); v != nil {
		return event[v.Begin:v.End], nil
	}
	return []byte("null"), nil
}
