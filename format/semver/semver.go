// Package semver reads and orders versions as Semantic Versioning 2.0.0 has them: strictly, so that no version has two
// spellings. What a format takes beside that, or bounds further, is its own affair.
package semver

import (
	"cmp"
	"fmt"
	"strings"
)

// MaxLength is how many bytes a version may have; clients that have a bound of their own have this one.
const MaxLength = 256

// Version is a parsed version. The numbers stay text: they have no leading zeros, so length and bytes order them, whatever
// their size.
type Version struct {
	Core       [3]string // major, minor and patch
	Prerelease []string  // empty for a release
	Build      string    // without its +
}

// Parse reads a version: no leading v, no spaces, no leading zeros, all three numbers. The error says what is wrong, as the
// beginning of a sentence that names the version.
func Parse(s string) (Version, error) {
	var v Version
	if s == "" || len(s) > MaxLength {
		return v, fmt.Errorf("version %.40q is not 1 to %d characters long", s, MaxLength)
	}
	rest, build, hasBuild := strings.Cut(s, "+")
	if hasBuild && !IsBuild(build) {
		return v, fmt.Errorf("version %q has a bad build part", s)
	}
	core, pre, hasPre := strings.Cut(rest, "-")
	if hasPre && !isPrerelease(pre) {
		return v, fmt.Errorf("version %q has a bad prerelease part", s)
	}
	parts := strings.Split(core, ".")
	if len(parts) != len(v.Core) {
		return v, fmt.Errorf("version %q is not major.minor.patch", s)
	}
	for i, part := range parts {
		if !IsNumeric(part) || zeroLed(part) {
			return v, fmt.Errorf("version %q has a bad number %q", s, part)
		}
		v.Core[i] = part
	}
	if hasPre {
		v.Prerelease = strings.Split(pre, ".")
	}
	v.Build = build
	return v, nil
}

// IsBuild reports whether s is build metadata, without its +: identifiers between dots (§10).
func IsBuild(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || strings.ContainsFunc(part, notIdentifier) {
			return false
		}
	}
	return true
}

// isPrerelease reports whether s is a prerelease part: identifiers of which numeric ones have no leading zeros (§9).
func isPrerelease(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if IsNumeric(part) && zeroLed(part) {
			return false
		}
	}
	return IsBuild(s)
}

func notIdentifier(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-'
}

// IsNumeric reports whether s is ASCII digits, at least one.
func IsNumeric(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

func zeroLed(number string) bool { return len(number) > 1 && number[0] == '0' }

// CompareNumbers orders digits without leading zeros by the numbers they are.
func CompareNumbers(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// Stable reports whether v is a release rather than a prerelease.
func (v Version) Stable() bool { return len(v.Prerelease) == 0 }

// Compare orders by precedence (§11); versions that differ only in build metadata are ordered by it as text, so that the
// order is total.
func (v Version) Compare(w Version) int {
	for i := range v.Core {
		if c := CompareNumbers(v.Core[i], w.Core[i]); c != 0 {
			return c
		}
	}
	if v.Stable() != w.Stable() {
		if v.Stable() {
			return 1
		}
		return -1
	}
	for i := range min(len(v.Prerelease), len(w.Prerelease)) {
		if c := compareIdentifiers(v.Prerelease[i], w.Prerelease[i]); c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(len(v.Prerelease), len(w.Prerelease)), cmp.Compare(v.Build, w.Build))
}

func compareIdentifiers(a, b string) int {
	switch an, bn := IsNumeric(a), IsNumeric(b); {
	case an && bn:
		return CompareNumbers(a, b)
	case an:
		return -1
	case bn:
		return 1
	}
	return cmp.Compare(a, b)
}

// Compare orders the texts of versions: negative if a comes before b. What is not a version comes before everything that
// is, ordered as text.
func Compare(a, b string) int {
	v, errA := Parse(a)
	w, errB := Parse(b)
	switch {
	case errA != nil && errB != nil:
		return cmp.Compare(a, b)
	case errA != nil:
		return -1
	case errB != nil:
		return 1
	}
	return v.Compare(w)
}

// Prefer orders the texts of versions for what is shown or installed where nobody names one: any release before any
// prerelease, else as Compare does.
func Prefer(a, b string) int {
	v, errA := Parse(a)
	w, errB := Parse(b)
	if errA == nil && errB == nil && v.Stable() != w.Stable() {
		if v.Stable() {
			return 1
		}
		return -1
	}
	return Compare(a, b)
}
