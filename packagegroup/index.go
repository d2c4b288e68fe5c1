package packagegroup

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"entrepot/artifact"
)

// Index holds the patterns of a domain and finds the one that a package belongs to, in a time that grows with the length of
// its name and not with their number. It never changes, so any number of goroutines may use it.
type Index struct {
	literals map[string][]Pattern
	formed   [len(forms)]map[string][]Pattern // by the form of the literal
}

// NewIndex makes an index of patterns, each of which is given once.
func NewIndex(patterns []Pattern) *Index {
	x := &Index{literals: map[string][]Pattern{}}
	for i := range x.formed {
		x.formed[i] = map[string][]Pattern{}
	}
	for _, p := range patterns {
		x.literals[p.literal] = append(x.literals[p.literal], p)
		for i, form := range forms {
			literal := form(p.literal)
			x.formed[i][literal] = append(x.formed[i][literal], p)
		}
	}
	return x
}

// candidate is a pattern that matches, and how far.
type candidate struct {
	pattern     Pattern
	association Association
	length      int // of what it matches by, in characters
}

// better is negative if a is more specific than b: it is longer; or it names one package; or it matches strongly. Of two
// that are the same in all of that the first by its text is taken.
func better(a, b candidate) int {
	return cmp.Or(cmp.Compare(b.length, a.length), last(a.pattern.suffix == exactly, b.pattern.suffix == exactly),
		last(a.association == Strong, b.association == Strong), cmp.Compare(a.pattern.String(), b.pattern.String()))
}

// last is negative if only the first holds, and positive if only the second does.
func last(first, second bool) int {
	switch {
	case first == second:
		return 0
	case first:
		return -1
	}
	return 1
}

// Of returns the most specific of the patterns that match a package, strongly or weakly, and which of the two it is; the
// package is given by the name under which it is kept. None: no pattern matches.
func (x *Index) Of(k artifact.PackageKey) (Pattern, Association) {
	path := pathOf(k)
	var found []candidate
	for i, form := range forms {
		found = append(found, x.longest(path, form(path), x.formed[i])...)
	}
	if len(found) == 0 {
		return Pattern{}, None
	}
	best := slices.MinFunc(found, better)
	return best.pattern, best.association
}

// longest returns those of the patterns that match and whose literals have the longest form.
func (x *Index) longest(path, formed string, patterns map[string][]Pattern) (found []candidate) {
	for literal := range prefixes(formed) {
		for _, p := range patterns[literal] {
			switch {
			case p.strong(path):
				found = append(found, candidate{p, Strong, utf8.RuneCountInString(literal)})
			case covers(literal, p.suffix, formed):
				found = append(found, candidate{p, Weak, utf8.RuneCountInString(literal)})
			}
		}
		if len(found) > 0 {
			break
		}
	}
	return found
}

// Parent returns the most specific of the patterns that contain another one; ok is false if none does.
func (x *Index) Parent(of Pattern) (parent Pattern, ok bool) {
	for literal := range prefixes(of.literal) {
		for _, p := range x.literals[literal] {
			if p.Contains(of) {
				return p, true
			}
		}
	}
	return Pattern{}, false
}

// prefixes yields what a text begins with, the text itself first.
func prefixes(text string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for len(text) > 0 {
			if !yield(text) {
				return
			}
			_, width := utf8.DecodeLastRuneInString(text)
			text = text[:len(text)-width]
		}
	}
}
