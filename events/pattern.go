package events

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"entrepot/strictjson"
)

// Pattern says which events are meant, as EventBridge's rules do (user guide, "Creating event patterns"). An object
// wants each of its fields; a list wants one of its matchers. The zero value means every event.
type Pattern struct{ root *node }

// MaxPattern is the longest pattern, in bytes (service model, EventPattern).
const MaxPattern = 4096

var (
	patternRules = strictjson.Rules{Size: MaxPattern, Depth: 32, Keys: 500}
	eventRules   = strictjson.Rules{Size: 256 << 10, Depth: 64, Keys: 5000}
)

// node is an object of a pattern.
type node struct {
	fields []field
	any    [][]*node // of each $or one has to match
}

// field is a member of an object: either an object again or matchers.
type field struct {
	name    string
	inner   *node
	matches []matcher
}

// matcher is one of the things that a value may be.
type matcher struct {
	// absent wants no value at all; the others want one that meets holds.
	absent bool
	holds  func(v *strictjson.Value) bool
}

// ParsePattern reads a pattern. The error says what is wrong in words for whoever wrote it.
func ParsePattern(text string) (Pattern, error) {
	if len(text) > MaxPattern {
		return Pattern{}, fmt.Errorf("it is longer than %d bytes", MaxPattern)
	}
	v, err := strictjson.Parse([]byte(text), patternRules)
	if err != nil {
		return Pattern{}, fmt.Errorf("it cannot be read: %w", err)
	}
	if v.Kind != strictjson.Object {
		return Pattern{}, errors.New("it is not an object")
	}
	root, err := parseNode(v)
	return Pattern{root}, err
}

func parseNode(v *strictjson.Value) (*node, error) {
	if len(v.Members) == 0 {
		return nil, fmt.Errorf("empty objects are not allowed%s", at(v))
	}
	n := &node{}
	for _, m := range v.Members {
		switch {
		case isOr(m):
			var ways []*node
			for _, way := range m.Members {
				inner, err := parseNode(way)
				if err != nil {
					return nil, err
				}
				ways = append(ways, inner)
			}
			n.any = append(n.any, ways)
		case m.Kind == strictjson.Object:
			inner, err := parseNode(m)
			if err != nil {
				return nil, err
			}
			n.fields = append(n.fields, field{name: m.Name, inner: inner})
		case m.Kind == strictjson.List:
			matches, err := parseMatchers(m)
			if err != nil {
				return nil, err
			}
			n.fields = append(n.fields, field{name: m.Name, matches: matches})
		default:
			return nil, fmt.Errorf("%q must be an object or an array", m.Name)
		}
	}
	return n, nil
}

// isOr reports whether a member is an alternative of two or more objects, and no field that is called $or.
func isOr(v *strictjson.Value) bool {
	return v.Name == "$or" && v.Kind == strictjson.List && len(v.Members) >= 2 &&
		!slices.ContainsFunc(v.Members, func(m *strictjson.Value) bool {
			if m.Kind != strictjson.Object {
				return true
			}
			return slices.ContainsFunc(m.Members, func(f *strictjson.Value) bool { _, reserved := matchers[f.Name]; return reserved })
		})
}

// at says where a value is, for errors.
func at(v *strictjson.Value) string {
	for ; v != nil; v = v.Parent {
		if v.Name != "" {
			return fmt.Sprintf(" at %q", v.Name)
		}
	}
	return ""
}

func parseMatchers(list *strictjson.Value) ([]matcher, error) {
	if len(list.Members) == 0 {
		return nil, fmt.Errorf("empty arrays are not allowed%s", at(list))
	}
	var all []matcher
	for _, v := range list.Members {
		m, err := parseMatcher(v)
		if err != nil {
			return nil, fmt.Errorf("%w%s", err, at(list))
		}
		all = append(all, m)
	}
	return all, nil
}

func parseMatcher(v *strictjson.Value) (matcher, error) {
	switch v.Kind {
	case strictjson.List:
		return matcher{}, errors.New("a match value must be a string, number, true, false, null or an object")
	case strictjson.Object:
		if len(v.Members) != 1 {
			return matcher{}, errors.New("an object among match values has exactly one key")
		}
		read, known := matchers[v.Members[0].Name]
		if !known {
			return matcher{}, fmt.Errorf("unrecognized match type %q", v.Members[0].Name)
		}
		return read(v.Members[0])
	}
	return matcher{holds: equal(v)}, nil
}

// equal holds for the same value. Numbers are compared as they are written (user guide, "Matching values": 300, 300.0 and
// 3.0e2 are not equal).
func equal(want *strictjson.Value) func(*strictjson.Value) bool {
	return func(v *strictjson.Value) bool { return v.Kind == want.Kind && v.Text == want.Text }
}

// matchers read what a matcher of each name wants. They are filled in by init, for some read others.
var matchers map[string]func(*strictjson.Value) (matcher, error)

func init() {
	matchers = map[string]func(*strictjson.Value) (matcher, error){
		"prefix":             parseAffix(strings.HasPrefix, func(s string, n int) string { return s[:n] }),
		"suffix":             parseAffix(strings.HasSuffix, func(s string, n int) string { return s[len(s)-n:] }),
		"equals-ignore-case": parseFolded,
		"wildcard":           parseWildcard,
		"anything-but":       parseAnythingBut,
		"numeric":            parseNumeric,
		"exists":             parseExists,
		"cidr":               parseCIDR,
	}
}

// ofText makes a matcher of what holds for texts.
func ofText(holds func(string) bool) matcher {
	return matcher{holds: func(v *strictjson.Value) bool { return v.Kind == strictjson.Text && holds(v.Text) }}
}

// parseAffix reads what a text begins or ends with: {"prefix": "a"} or {"prefix": {"equals-ignore-case": "a"}}. cut takes
// so many bytes from that end.
func parseAffix(has func(s, affix string) bool, cut func(string, int) string) func(*strictjson.Value) (matcher, error) {
	return func(v *strictjson.Value) (matcher, error) {
		if v.Kind == strictjson.Text && v.Text != "" {
			return ofText(func(s string) bool { return has(s, v.Text) }), nil
		}
		if folded := v.Member("equals-ignore-case"); folded != nil && len(v.Members) == 1 && folded.Kind == strictjson.Text && folded.Text != "" {
			affix := folded.Text
			return ofText(func(s string) bool { return len(s) >= len(affix) && strings.EqualFold(cut(s, len(affix)), affix) }), nil
		}
		return matcher{}, fmt.Errorf("%s wants a string that is not empty", v.Name)
	}
}

func parseFolded(v *strictjson.Value) (matcher, error) {
	if v.Kind != strictjson.Text {
		return matcher{}, errors.New("equals-ignore-case wants a string")
	}
	return ofText(func(s string) bool { return strings.EqualFold(s, v.Text) }), nil
}

// parseWildcard reads a text in which * stands for any characters, \* for an asterisk and \\ for a backslash.
func parseWildcard(v *strictjson.Value) (matcher, error) {
	if v.Kind != strictjson.Text {
		return matcher{}, errors.New("wildcard wants a string")
	}
	var parts []string // what stands between the asterisks
	var part strings.Builder
	for i := 0; i < len(v.Text); i++ {
		switch c := v.Text[i]; {
		case c == '\\':
			if i++; i == len(v.Text) || v.Text[i] != '*' && v.Text[i] != '\\' {
				return matcher{}, errors.New(`a backslash in a wildcard stands before an asterisk or a backslash`)
			}
			part.WriteByte(v.Text[i])
		case c == '*':
			if i+1 < len(v.Text) && v.Text[i+1] == '*' {
				return matcher{}, errors.New("consecutive asterisks in a wildcard are not allowed")
			}
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(c)
		}
	}
	parts = append(parts, part.String())
	return ofText(func(s string) bool { return between(s, parts) }), nil
}

// between reports whether the text has the parts in their order, the first at its beginning and the last at its end, with
// anything between them. Taking each part where it comes first loses nothing.
func between(s string, parts []string) bool {
	last := len(parts) - 1
	if last == 0 {
		return s == parts[0]
	}
	if !strings.HasPrefix(s, parts[0]) {
		return false
	}
	s = s[len(parts[0]):]
	for _, part := range parts[1:last] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return strings.HasSuffix(s, parts[last])
}

// parseAnythingBut reads what a value must not be: a value, a list of texts or of numbers, or a matcher of texts with one
// text or a list of them.
func parseAnythingBut(v *strictjson.Value) (matcher, error) {
	var not []matcher
	switch v.Kind {
	case strictjson.Text, strictjson.Number:
		not = append(not, matcher{holds: equal(v)})
	case strictjson.List:
		for _, item := range v.Members {
			if item.Kind != v.Members[0].Kind || item.Kind != strictjson.Text && item.Kind != strictjson.Number {
				return matcher{}, errors.New("anything-but wants strings alone or numbers alone")
			}
			not = append(not, matcher{holds: equal(item)})
		}
	case strictjson.Object:
		var err error
		if not, err = parseAnythingLike(v); err != nil {
			return matcher{}, err
		}
	}
	if len(not) == 0 {
		return matcher{}, errors.New("anything-but wants a string, a number, a list of them, or an object with one key")
	}
	return matcher{holds: func(v *strictjson.Value) bool {
		return !slices.ContainsFunc(not, func(m matcher) bool { return m.holds(v) })
	}}, nil
}

// likes are the matchers that anything-but takes.
var likes = []string{"prefix", "suffix", "equals-ignore-case", "wildcard"}

func parseAnythingLike(v *strictjson.Value) ([]matcher, error) {
	if len(v.Members) != 1 || !slices.Contains(likes, v.Members[0].Name) {
		return nil, fmt.Errorf("an object in anything-but has one key of %s", strings.Join(likes, ", "))
	}
	like := v.Members[0]
	texts := []*strictjson.Value{like}
	if like.Kind == strictjson.List {
		texts = like.Members
	}
	var all []matcher
	for _, text := range texts {
		if text.Kind != strictjson.Text {
			return nil, fmt.Errorf("%s in anything-but wants strings", like.Name)
		}
		m, err := matchers[like.Name](text)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// largest is the greatest number that numeric compares, either way (user guide, "Numeric matching").
const largest = 5e9

// parseNumeric reads [OPERATOR, NUMBER] or a range, [">", 0, "<=", 5].
func parseNumeric(v *strictjson.Value) (matcher, error) {
	if v.Kind != strictjson.List || len(v.Members) != 2 && len(v.Members) != 4 {
		return matcher{}, errors.New("numeric wants an operator and a number, or two of each")
	}
	var bounds []bound
	for pair := range slices.Chunk(v.Members, 2) {
		b := bound{operator: pair[0].Text}
		var err error
		if b.number, err = strconv.ParseFloat(pair[1].Text, 64); pair[0].Kind != strictjson.Text || pair[1].Kind != strictjson.Number ||
			err != nil || b.number > largest || b.number < -largest {
			return matcher{}, errors.New("numeric wants operators and numbers from -5e9 to 5e9 in turns")
		}
		if !slices.Contains([]string{"=", "<", "<=", ">", ">="}, b.operator) {
			return matcher{}, fmt.Errorf("unrecognized numeric operator %q", b.operator)
		}
		bounds = append(bounds, b)
	}
	if len(bounds) == 2 {
		low, high := bounds[0], bounds[1]
		if low.operator[0] != '>' || high.operator[0] != '<' {
			return matcher{}, errors.New("a range of numeric has > or >= first and < or <= then")
		}
		if low.number >= high.number {
			return matcher{}, errors.New("a range of numeric begins below its end")
		}
	}
	return matcher{holds: func(v *strictjson.Value) bool {
		if v.Kind != strictjson.Number {
			return false
		}
		n, err := strconv.ParseFloat(v.Text, 64)
		return err == nil && n <= largest && n >= -largest &&
			!slices.ContainsFunc(bounds, func(b bound) bool { return !b.holds(n) })
	}}, nil
}

// bound is one comparison of numeric.
type bound struct {
	operator string
	number   float64
}

func (b bound) holds(n float64) bool {
	switch b.operator {
	case "=":
		return n == b.number
	case "<":
		return n < b.number
	case "<=":
		return n <= b.number
	case ">":
		return n > b.number
	}
	return n >= b.number
}

func parseExists(v *strictjson.Value) (matcher, error) {
	if v.Kind != strictjson.Bool {
		return matcher{}, errors.New("exists is true or false")
	}
	return matcher{absent: v.Text == "false", holds: func(*strictjson.Value) bool { return true }}, nil
}

func parseCIDR(v *strictjson.Value) (matcher, error) {
	network, err := netip.ParsePrefix(v.Text)
	if v.Kind != strictjson.Text || err != nil {
		return matcher{}, errors.New("cidr wants a network such as 10.0.0.0/24")
	}
	network = network.Masked()
	return ofText(func(s string) bool {
		a, err := netip.ParseAddr(s)
		return err == nil && network.Contains(a)
	}), nil
}
