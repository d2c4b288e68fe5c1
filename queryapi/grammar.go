package queryapi

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// grammar says what values of a service are like, by the names of the shapes in its model.
type grammar map[string]shape

// shape is what a value must be like. Lengths are in characters; of numbers, min and max bound the value. Zero means no
// bound.
type shape struct {
	min, max  int
	pattern   string // of the whole value, as the model has it
	match     *regexp.Regexp
	enum      []string
	key, each string // of a map of texts: the shapes of its keys and values
	most      int    // of a map of texts: entries
}

// text is the shape of a text; patterns that Go writes otherwise than the model are given twice.
func text(least, most int, pattern ...string) shape {
	s := shape{min: least, max: most}
	if len(pattern) > 0 {
		s.pattern = pattern[0]
		s.match = regexp.MustCompile(`^(?:` + pattern[len(pattern)-1] + `)$`)
	}
	return s
}

// texts is the shape of a map of texts, with the names of the shapes of its keys and values.
func texts(most int, key, each string) shape { return shape{most: most, key: key, each: each} }

// number is the shape of a number.
func number(least, most int) shape { return shape{min: least, max: most} }

// oneOf is the shape of a text that is one of some.
func oneOf(values ...string) shape { return shape{enum: values} }

// check looks at a text. shown is what errors may show of it, or nil.
func (d *decoder) check(shown fmt.Stringer, text string, s shape, at string) {
	length := utf8.RuneCountInString(text)
	switch {
	case len(s.enum) > 0 && !slices.Contains(s.enum, text):
		d.fault(shown, at, "Member must satisfy enum value set: [%s]", strings.Join(s.enum, ", "))
	case length < s.min:
		d.fault(shown, at, "Member must have length greater than or equal to %d", s.min)
	case s.max > 0 && length > s.max:
		d.fault(shown, at, "Member must have length less than or equal to %d", s.max)
	case s.match != nil && !s.match.MatchString(text):
		d.fault(shown, at, "Member must satisfy regular expression pattern: %s", s.pattern)
	}
}
