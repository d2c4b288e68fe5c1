package nuget

import (
	"slices"
	"strings"
)

// Bounds on a $filter.
const (
	maxFilter      = 4 << 10 // bytes
	maxFilterDepth = 32      // expressions in each other
)

// predicate says which versions a $filter wants. id is that of the one package that it can want, in lower case; empty where it
// names none.
type predicate struct {
	test func(row) bool
	id   string
}

// among are the rows of a package's versions that are wanted, lowest first.
func (p predicate) among(versions []entry) []row {
	return slices.DeleteFunc(rowsOf(versions), func(one row) bool { return !p.test(one) })
}

// parseFilter reads the part of OData's filter expressions that clients of NuGet use (OData 2.0, URI conventions, §4.5): and, or,
// not, brackets, eq, ne, tolower, startswith, endswith and substringof, over texts and truth values. Invalid: it is none of
// these.
func parseFilter(text string) (predicate, error) {
	if strings.TrimSpace(text) == "" {
		return predicate{test: func(row) bool { return true }}, nil
	}
	if len(text) > maxFilter {
		return predicate{}, invalid("A $filter may have at most %d bytes.", maxFilter)
	}
	p := filterParser{left: text}
	found, ok := p.either(0)
	if !ok || strings.TrimSpace(p.left) != "" {
		return predicate{}, invalid("The $filter %.200q is not understood at %.60q.", text, p.left)
	}
	return found, nil
}

type filterParser struct{ left string }

// word takes the next word if it is one of those.
func (p *filterParser) word(wanted ...string) (string, bool) {
	p.left = strings.TrimLeft(p.left, " \t")
	end := 0
	for end < len(p.left) && (alphanumeric(p.left[end]) || p.left[end] == '_') {
		end++
	}
	if word := p.left[:end]; end > 0 && (len(wanted) == 0 || slices.Contains(wanted, strings.ToLower(word))) {
		p.left = p.left[end:]
		return word, true
	}
	return "", false
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// mark takes the next character if it is this one.
func (p *filterParser) mark(c byte) bool {
	p.left = strings.TrimLeft(p.left, " \t")
	if p.left == "" || p.left[0] != c {
		return false
	}
	p.left = p.left[1:]
	return true
}

func (p *filterParser) either(depth int) (predicate, bool) {
	one, ok := p.both(depth)
	for ok {
		if _, more := p.word("or"); !more {
			return one, true
		}
		var other predicate
		before := one
		if other, ok = p.both(depth); ok {
			one = predicate{test: func(r row) bool { return before.test(r) || other.test(r) }}
			if before.id == other.id {
				one.id = before.id
			}
		}
	}
	return one, ok
}

func (p *filterParser) both(depth int) (predicate, bool) {
	one, ok := p.single(depth)
	for ok {
		if _, more := p.word("and"); !more {
			return one, true
		}
		var other predicate
		before := one
		if other, ok = p.single(depth); ok {
			one = predicate{test: func(r row) bool { return before.test(r) && other.test(r) }, id: before.id}
			if one.id == "" {
				one.id = other.id
			}
		}
	}
	return one, ok
}

func (p *filterParser) single(depth int) (predicate, bool) {
	if depth == maxFilterDepth {
		return predicate{}, false
	}
	if _, negated := p.word("not"); negated {
		one, ok := p.single(depth + 1)
		return predicate{test: func(r row) bool { return !one.test(r) }}, ok
	}
	if p.mark('(') {
		one, ok := p.either(depth + 1)
		return one, ok && p.mark(')')
	}
	left, ok := p.value(depth + 1)
	if !ok {
		return predicate{}, false
	}
	operator, compared := p.word("eq", "ne")
	if !compared {
		return predicate{test: func(r row) bool { return left.of(r) == "true" }}, true
	}
	right, ok := p.value(depth + 1)
	equal := strings.EqualFold(operator, "eq")
	same := func(a, b string) bool { return a == b }
	if strings.EqualFold(left.name, "id") { // which has no case
		same = strings.EqualFold
	}
	one := predicate{test: func(r row) bool { return same(left.of(r), right.of(r)) == equal }}
	if equal && strings.EqualFold(left.name, "id") && right.constant {
		one.id = strings.ToLower(right.of(row{}))
	}
	return one, ok
}

// operand is a value in a filter, written as a text.
type operand struct {
	of       func(row) string
	name     string // of a property, also below tolower
	constant bool
}

// textFunctions are functions of two texts.
var textFunctions = map[string]func(a, b string) bool{
	"startswith":  strings.HasPrefix,
	"endswith":    strings.HasSuffix,
	"substringof": func(part, text string) bool { return strings.Contains(text, part) },
}

func (p *filterParser) value(depth int) (operand, bool) {
	if depth >= maxFilterDepth {
		return operand{}, false
	}
	if p.mark('\'') {
		text, ok := p.quoted()
		return operand{of: func(row) string { return text }, constant: true}, ok
	}
	word, ok := p.word()
	if !ok {
		return operand{}, false
	}
	name := strings.ToLower(word)
	switch {
	case name == "true" || name == "false":
		return operand{of: func(row) string { return name }, constant: true}, true
	case name == "tolower":
		inner, ok := p.arguments(depth, 1)
		if !ok {
			return operand{}, false
		}
		return operand{of: func(r row) string { return strings.ToLower(inner[0].of(r)) }, name: inner[0].name}, true
	case textFunctions[name] != nil:
		inner, ok := p.arguments(depth, 2)
		if !ok {
			return operand{}, false
		}
		return operand{of: func(r row) string {
			if textFunctions[name](inner[0].of(r), inner[1].of(r)) {
				return "true"
			}
			return "false"
		}}, true
	}
	for _, property := range properties {
		if strings.EqualFold(property.name, word) {
			return operand{of: property.of, name: name}, true
		}
	}
	return operand{}, false
}

// arguments reads so many values in brackets.
func (p *filterParser) arguments(depth, count int) ([]operand, bool) {
	if !p.mark('(') {
		return nil, false
	}
	var all []operand
	for i := range count {
		if i > 0 && !p.mark(',') {
			return nil, false
		}
		one, ok := p.value(depth + 1)
		if !ok {
			return nil, false
		}
		all = append(all, one)
	}
	return all, p.mark(')')
}

// quoted reads a text up to its quote; two quotes are one in it.
func (p *filterParser) quoted() (string, bool) {
	var text strings.Builder
	for {
		part, rest, ok := strings.Cut(p.left, "'")
		if !ok {
			return "", false
		}
		text.WriteString(part)
		if p.left = rest; !strings.HasPrefix(rest, "'") {
			return text.String(), true
		}
		text.WriteByte('\'')
		p.left = rest[1:]
	}
}
