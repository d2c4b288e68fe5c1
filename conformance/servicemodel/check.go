package servicemodel

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Check holds a value against a shape and says what is wrong with it, each with the way to it. The value is JSON, decoded with
// numbers as json.Number. Of a structure it looks at the members that travel in the body.
func (m Model) Check(shape string, value any) []string {
	c := checker{model: m}
	c.value("", shape, value)
	return c.wrong
}

type checker struct {
	model Model
	wrong []string
}

func (c *checker) tell(at, format string, args ...any) {
	c.wrong = append(c.wrong, at+": "+fmt.Sprintf(format, args...))
}

func (c *checker) value(at, name string, value any) {
	s := c.model.Shapes[name]
	switch s.Kind {
	case Structure:
		if v, ok := value.(map[string]any); ok {
			c.structure(at, s, v)
			return
		}
	case Map:
		if v, ok := value.(map[string]any); ok {
			for _, key := range slices.Sorted(maps.Keys(v)) {
				c.value(at+" key", s.Key, key)
				c.value(at+"."+key, s.Each, v[key])
			}
			return
		}
	case List:
		if v, ok := value.([]any); ok {
			if len(v) < s.Min || s.Max >= 0 && len(v) > s.Max {
				c.tell(at, "%d entries are not from %d to %d", len(v), s.Min, s.Max)
			}
			for i, item := range v {
				c.value(at+"."+strconv.Itoa(i), s.Each, item)
			}
			return
		}
	case String:
		if v, ok := value.(string); ok {
			if !s.Allows(v) {
				c.tell(at, "%.100q is no %s", v, name)
			}
			return
		}
	case Number:
		if v, ok := value.(json.Number); ok {
			if n, err := v.Int64(); err != nil || s.Max >= 0 && (n < int64(s.Min) || n > int64(s.Max)) {
				c.tell(at, "%s is no %s", v, name)
			}
			return
		}
	case Boolean:
		if _, ok := value.(bool); ok {
			return
		}
	case Timestamp: // seconds; the Go SDK reads nothing else
		if _, ok := value.(json.Number); ok {
			return
		}
	}
	c.tell(at, "%.100v is no %s", value, s.Kind)
}

func (c *checker) structure(at string, s Shape, value map[string]any) {
	known := map[string]bool{}
	for _, member := range s.Members {
		if member.Location != InBody {
			continue
		}
		known[member.Wire] = true
		v, there := value[member.Wire]
		switch {
		case there && v == nil:
			c.tell(at+"."+member.Wire, "null, which is to be left out")
		case there:
			c.value(at+"."+member.Wire, member.Shape, v)
		case member.Required:
			c.tell(at+"."+member.Wire, "required, and not there")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(value)) {
		if !known[name] {
			c.tell(at+"."+name, "%s has no such member", s.Name)
		}
	}
}
