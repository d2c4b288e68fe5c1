package packagegroup

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// forms bring a path into a form in which its variants are equal. Whether case is folded before look-alikes are put
// together or afterwards makes a difference: a capital I looks like a small L and is a small I in capitals. Both count.
var forms = [...]func(string) string{
	formWith(func(r rune) string { return lookalike(fold(r)) }),
	formWith(lookalike),
}

// formWith is the form in which each character is replaced and what comes of it is folded. Names are of ASCII for the most
// part, so that is worked out once.
func formWith(replace func(rune) string) func(string) string {
	folded := func(r rune) string { return strings.Map(fold, replace(r)) }
	var ascii [utf8.RuneSelf]string
	for r := range ascii {
		ascii[r] = folded(rune(r))
	}
	return func(path string) string {
		return formed(path, func(r rune) string {
			switch {
			case r < utf8.RuneSelf:
				return ascii[r]
			case unicode.Is(unicode.Cf, r):
				return ""
			}
			return folded(r)
		})
	}
}

// formed replaces the characters of a path and makes one dot of each run of dots, dashes and underscores.
func formed(path string, replace func(rune) string) string {
	var b strings.Builder
	b.Grow(len(path) + len(path)/8)
	separated := false
	for _, r := range path {
		as := replace(r)
		separator := as == "-" || as == "." || as == "_"
		switch {
		case as == "" || separator && separated:
			continue // what cannot be seen parts nothing
		case separator:
			as = "."
		}
		b.WriteString(as)
		separated = separator
	}
	return b.String()
}

// fold is the simple case folding of a character.
func fold(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }
