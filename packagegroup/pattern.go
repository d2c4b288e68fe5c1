package packagegroup

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"entrepot/artifact"
)

// Root is the pattern that every package matches. Every domain has a group of it.
const Root = "/*"

// The bounds on a pattern, in characters (service model, PackageGroupPattern).
const (
	minPattern = 2
	maxPattern = 520
)

// Pattern names packages by the beginning of their path, /FORMAT/NAMESPACE/NAME, or one package by all of it. Two patterns
// of the same text are equal.
type Pattern struct {
	literal string // without the suffix
	suffix  byte
}

// The suffixes. Only the last character of a pattern is one.
const (
	exactly   = '$' // the package whose path this is
	wholeWord = '~' // paths that go on with the end of a word, or not at all
	anything  = '*' // paths that begin so
)

// Parse reads a pattern:
//
//	/*                       all packages
//	/FORMAT/*                those of a format
//	/FORMAT/PREFIX~          those whose namespace begins so, where a word ends; * in place of ~ where it has ended
//	/FORMAT/[NAMESPACE]/*    those of one namespace, or without one
//	/FORMAT/[NAMESPACE]/PREFIX~  and there those whose name begins so; * as above
//	/FORMAT/[NAMESPACE]/NAME$    one package
//
// Whether a format's packages have a namespace is told by artifact.Format. An error is Invalid and says what to write.
func Parse(text string) (Pattern, error) {
	if text == Root {
		return Pattern{"/", anything}, nil
	}
	if why := fault(text); why != "" {
		return Pattern{}, artifact.Errorf(artifact.Invalid, "'%.200s' is not the pattern of a package group: %s", text, why)
	}
	end := len(text) - 1
	return Pattern{text[:end], text[end]}, nil
}

// fault says what is wrong with a pattern other than the root's, or nothing.
func fault(text string) string {
	n := utf8.RuneCountInString(text)
	if !utf8.ValidString(text) || n < minPattern || n > maxPattern || strings.ContainsFunc(text, unusable) {
		return "it has 2 to 520 characters, none of them white space, a control character or #."
	}
	end := len(text) - 1
	literal, suffix := text[:end], text[end]
	parts := strings.Split(literal, "/")
	if len(parts) < 3 || len(parts) > 4 || parts[0] != "" || !artifact.Format(parts[1]).Valid() {
		return "it is /* or begins with /FORMAT/, with a format of the API, and has at most three slashes."
	}
	format, namespace, named := artifact.Format(parts[1]), parts[2], len(parts) == 4
	rule := format.Namespace()
	switch word := endsInWord(literal); {
	case suffix != exactly && suffix != wholeWord && suffix != anything:
		return "it ends in $ for one package, in ~ for all that begin with a word, or in * for all that begin so."
	case rule == artifact.NamespaceNever && namespace != "":
		return "packages of the format " + parts[1] + " have no namespace; write two slashes before their names."
	case rule == artifact.NamespaceRequired && named && namespace == "":
		return "packages of the format " + parts[1] + " have a namespace, so it has to give one before their names."
	case named && namespace != "" && !artifact.ValidCoordinate(namespace):
		return "no package has such a namespace."
	case suffix == exactly && (!named || !artifact.ValidCoordinate(parts[3])):
		return "$ stands behind the whole name of a package."
	case suffix == wholeWord && !word:
		return "~ stands behind a letter or a digit; behind another character write *."
	case suffix == anything && word:
		return "* stands behind a character that is neither letter nor digit; behind a letter or a digit write ~."
	}
	return ""
}

func unusable(r rune) bool { return r == '#' || unicode.IsSpace(r) || unicode.Is(unicode.C, r) }

// String writes the pattern as it was read.
func (p Pattern) String() string { return p.literal + string(p.suffix) }

// Names is what the pattern says of the packages it matches: format, namespace and name, each as far as it is given. A
// pattern that no package can match gives texts that are not as packages of the format are kept.
func (p Pattern) Names() artifact.PackageKey {
	parts := append(strings.Split(p.literal, "/"), "", "", "")
	return artifact.PackageKey{Format: artifact.Format(parts[1]), Namespace: parts[2], Name: parts[3]}
}

// Respelled is the pattern with other texts in place of those of Names.
func (p Pattern) Respelled(k artifact.PackageKey) string {
	parts := []string{"", string(k.Format), k.Namespace, k.Name}
	return strings.Join(parts[:strings.Count(p.literal, "/")+1], "/") + string(p.suffix)
}

// Contains reports whether each package that the other pattern matches is matched by this one, and some more.
func (p Pattern) Contains(other Pattern) bool {
	return p != other && p.suffix != exactly && p.strong(other.literal)
}

// Association is how a package belongs to a group.
type Association string

// The associations of the service model. A weak one is that of a package whose path is a variant of one that the pattern
// matches: it differs in case, in separators, or in characters that look alike.
const (
	None   Association = ""
	Strong Association = "STRONG"
	Weak   Association = "WEAK"
)

// Match says how a package, by the name under which it is kept, matches the pattern by itself.
func (p Pattern) Match(k artifact.PackageKey) Association {
	path := pathOf(k)
	if p.strong(path) {
		return Strong
	}
	for _, form := range forms {
		if covers(form(p.literal), p.suffix, form(path)) {
			return Weak
		}
	}
	return None
}

// pathOf is what patterns are held against.
func pathOf(k artifact.PackageKey) string { return "/" + k.String() }

func (p Pattern) strong(path string) bool { return covers(p.literal, p.suffix, path) }

// covers reports whether a path is matched by a literal and a suffix.
func covers(literal string, suffix byte, path string) bool {
	rest, begins := strings.CutPrefix(path, literal)
	switch {
	case !begins || suffix == anything:
		return begins
	case rest == "":
		return true
	}
	next, _ := utf8.DecodeRuneInString(rest)
	return suffix == wholeWord && !inWord(next)
}

// A word is a letter or a digit with the letters, digits and marks that follow it.

func inWord(r rune) bool { return beginsWord(r) || unicode.Is(unicode.M, r) }

func beginsWord(r rune) bool { return unicode.Is(unicode.L, r) || unicode.Is(unicode.N, r) }

func endsInWord(text string) bool {
	text = strings.TrimRightFunc(text, func(r rune) bool { return unicode.Is(unicode.M, r) })
	last, _ := utf8.DecodeLastRuneInString(text)
	return beginsWord(last)
}
