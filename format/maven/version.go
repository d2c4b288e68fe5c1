package maven

import (
	"cmp"
	"slices"
	"strings"
)

// version is a parsed version, in the order of Maven's ComparableVersion (POM reference, "Version Order Specification").
// Every text is a version.
type version struct {
	text  string
	items []item
}

// item is a part of a version: a number, a qualifier with or without a number after it, or a list of what follows a dash
// or a change between letters and digits. Of a missing item everything is empty.
type item struct {
	kind      itemKind
	qualifier string // in lower case, aliases resolved
	number    string // without leading zeros, so that length and bytes order numbers of any size; empty for a missing one
	list      []item
}

type itemKind uint8

const (
	qualifierItem itemKind = iota // the kind of a missing item: a release is a version with an empty qualifier
	numberItem
	listItem
)

// qualifiers are the known ones, in order. Those that mean a release are where the empty one is; others come after all
// of these, by their texts.
var qualifiers = map[string]int{
	"alpha": 0, "beta": 1, "milestone": 2, "rc": 3, "snapshot": 4,
	"": release, "ga": release, "final": release, "release": release,
	"sp": release + 1,
}

const (
	release = 5
	unknown = release + 2
)

// shortQualifiers are letters that mean a qualifier where a number follows.
var shortQualifiers = map[string]string{"a": "alpha", "b": "beta", "m": "milestone"}

func rankOf(qualifier string) int {
	if rank, ok := qualifiers[qualifier]; ok {
		return rank
	}
	return unknown
}

// parseVersion reads a version. It never fails.
func parseVersion(text string) version {
	p := versionParser{text: strings.ToLower(text), levels: [][]item{nil}}
	for p.at = 0; p.at < len(p.text); p.at++ {
		p.step(p.text[p.at])
	}
	if p.start < len(p.text) {
		// A qualifier at the end counts as one after a dash, whatever is before it: 1.0.x is 1.0-x.
		if !p.digits {
			p.nest()
		}
		p.add()
	}
	return version{text, p.fold()}
}

// versionParser takes a version apart. Every dash and every change between letters and digits begins a list in the list
// before, so lists lie at the end of each other: levels has the items of each that are no lists.
type versionParser struct {
	text      string
	levels    [][]item
	at, start int  // the byte that is looked at, and where its item begins
	digits    bool // the item ends in digits so far
	combined  bool // the item is a qualifier and a number
}

func (p *versionParser) step(c byte) {
	switch {
	case c == '.':
		p.add()
		p.begin(p.at + 1)
	case c == '-' && p.start < p.at && !p.digits && p.at+1 < len(p.text) && isDigit(p.text[p.at+1]):
		p.combined = true // rc-1 is rc1
	case c == '-':
		p.add()
		p.begin(p.at + 1)
		p.nest()
	case isDigit(c):
		if !p.digits && p.start < p.at {
			p.combined = true
			p.nest()
		}
		p.digits = true
	default:
		if p.digits && p.start < p.at {
			p.add()
			p.begin(p.at)
			p.nest()
		}
		p.digits = false
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (p *versionParser) begin(at int) { p.start, p.combined = at, false }

// nest begins a list in the current one, unless that is empty.
func (p *versionParser) nest() {
	if len(p.levels[len(p.levels)-1]) > 0 {
		p.levels = append(p.levels, nil)
	}
}

// add ends the item that began at start; an empty one is a zero.
func (p *versionParser) add() {
	last := len(p.levels) - 1
	p.levels[last] = append(p.levels[last], p.item(p.text[p.start:min(p.at, len(p.text))]))
}

func (p *versionParser) item(text string) item {
	switch {
	case p.combined:
		digits := strings.IndexFunc(text, func(r rune) bool { return r < 0x80 && isDigit(byte(r)) })
		name := strings.TrimSuffix(text[:digits], "-")
		if long, ok := shortQualifiers[name]; ok {
			name = long
		}
		return item{qualifier: alias(name), number: plainNumber(text[digits:])}
	case p.digits || text == "":
		return item{kind: numberItem, number: plainNumber(text)}
	}
	return item{qualifier: alias(text)}
}

func alias(qualifier string) string {
	if qualifier == "cr" {
		return "rc"
	}
	return qualifier
}

// plainNumber strips leading zeros.
func plainNumber(digits string) string { return cmp.Or(strings.TrimLeft(digits, "0"), "0") }

// fold puts the lists into each other, from the innermost.
func (p *versionParser) fold() []item {
	var inner []item
	for i, level := range slices.Backward(p.levels) {
		if i < len(p.levels)-1 {
			level = append(level, item{kind: listItem, list: inner})
		}
		inner = normalize(level)
	}
	return inner
}

// normalize removes the zeros and empty lists at the end of a list, and those before a qualifier.
func normalize(list []item) []item {
	for i, it := range slices.Backward(list) {
		if it.null() && (i == len(list)-1 || list[i+1].qualifies()) {
			list = slices.Delete(list, i, i+1)
		}
	}
	if len(list) == 1 && list[0].kind == listItem {
		return list[0].list
	}
	return list
}

func (i item) null() bool {
	return i.kind == numberItem && i.number == "0" || i.kind == listItem && len(i.list) == 0
}

// qualifies reports whether zeros before the item mean nothing: before a qualifier, and before a list that begins with
// one.
func (i item) qualifies() bool {
	if i.kind == listItem {
		return len(i.list) > 0 && i.list[0].kind == qualifierItem
	}
	return i.kind == qualifierItem && i.number == ""
}

// compare orders versions as Maven does, and those that are equal to it (1.0 and 1) by their texts, so that the order is
// total.
func (v version) compare(w version) int {
	return cmp.Or(compareItems(v.items, w.items), cmp.Compare(v.text, w.text))
}

// compareItems compares item by item; a list that is shorter lacks the rest.
func compareItems(a, b []item) int {
	for i := range max(len(a), len(b)) {
		var x, y item
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if c := x.compare(y); c != 0 {
			return c
		}
	}
	return 0
}

func (i item) compare(j item) int {
	switch {
	case i.kind == numberItem && j.kind == numberItem:
		return compareNumbers(i.number, j.number)
	case i.kind == numberItem:
		return i.against(j)
	case j.kind == numberItem:
		return -j.against(i)
	case i.kind == listItem || j.kind == listItem:
		return compareItems(i.elements(), j.elements())
	}
	return i.compareQualifier(j)
}

// against compares a number with what is none. It is more than anything but nothing, which is a zero: 1 is 1.0.
func (i item) against(j item) int {
	if j.missing() && i.number == "0" {
		return 0
	}
	return 1
}

func (i item) missing() bool { return i.kind == qualifierItem && i.qualifier == "" && i.number == "" }

// elements is a list as it is, nothing as an empty one, and anything else as one of itself.
func (i item) elements() []item {
	switch {
	case i.kind == listItem:
		return i.list
	case i.missing():
		return nil
	}
	return []item{i}
}

// compareQualifier compares qualifiers, then their numbers. A qualifier without a number comes first; but a release
// without one is as one with a zero.
func (i item) compareQualifier(j item) int {
	rank := rankOf(i.qualifier)
	if c := cmp.Compare(rank, rankOf(j.qualifier)); c != 0 {
		return c
	}
	if rank == unknown && i.qualifier != j.qualifier {
		return cmp.Compare(i.qualifier, j.qualifier)
	}
	if rank == release {
		return compareNumbers(cmp.Or(i.number, "0"), cmp.Or(j.number, "0"))
	}
	return compareNumbers(i.number, j.number)
}

// compareNumbers orders numbers without leading zeros; none at all is before all.
func compareNumbers(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// compareVersions orders the texts of two versions: negative if a is before b, zero for equal texts only.
func compareVersions(a, b string) int { return parseVersion(a).compare(parseVersion(b)) }

// sortVersions orders versions from the oldest, each parsed once.
func sortVersions(texts []string) {
	parsed := make([]version, len(texts))
	for i, text := range texts {
		parsed[i] = parseVersion(text)
	}
	slices.SortFunc(parsed, version.compare)
	for i, v := range parsed {
		texts[i] = v.text
	}
}
