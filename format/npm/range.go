package npm

import (
	"regexp"
	"strings"

	"entrepot/format/semver"
)

// What node-semver takes for one comparator of a range, in strict mode, once white space and build metadata are gone
// (its internal/re.js). A part that is x, X or * stands for any number, and so does one that is missing.
const (
	rangeNumber  = `0|[1-9][0-9]*`
	rangePart    = `(` + rangeNumber + `|[xX*])`
	rangeRelease = `-(?:[0-9]*[A-Za-z-][0-9A-Za-z-]*|` + rangeNumber + `)(?:\.(?:[0-9]*[A-Za-z-][0-9A-Za-z-]*|` + rangeNumber + `))*`
	partial      = `[v=]*` + rangePart + `(?:\.` + rangePart + `(?:\.` + rangePart + `(?:` + rangeRelease + `)?)?)?$`
)

var (
	rangeBuild = regexp.MustCompile(`\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*`)
	// spreadComparator is ~1.2 or ^1.2: every partial version may follow.
	spreadComparator = regexp.MustCompile(`^(?:~>?|\^)` + partial)
	// openComparator is 1.x, >=1.2 or =*: where a part is any number, so are those after it.
	openComparator = regexp.MustCompile(`^[<>]?=?` + partial)
	// wholeComparator is a whole version with or without an operator. Unlike a partial one it has one v at most.
	wholeComparator = regexp.MustCompile(`^[<>]?=?v?(` + rangeNumber + `)\.(` + rangeNumber + `)\.(` + rangeNumber + `)(?:` + rangeRelease + `)?$`)
	// anyComparator is taken out once wherever it stands, if nothing else fits: 1.2.3* is 1.2.3.
	anyComparator = regexp.MustCompile(`[<>]?=?\*`)
)

// isRange reports whether npm takes s for a version range, in which case no client could reach a tag of that name: npm
// refuses to set one exactly then (npm dist-tag add, npm publish: semver.validRange). s has no white space, which a tag
// cannot have. A number at the edge of what JavaScript holds exactly counts as one here, and where a range ends just above
// it not there; that is all they differ in.
func isRange(s string) bool {
	for alternative := range strings.SplitSeq(s, "||") {
		if !isComparator(rangeBuild.ReplaceAllString(alternative, "")) {
			return false
		}
	}
	return true
}

func isComparator(s string) bool {
	if s == "" {
		return true
	}
	if parts := spreadComparator.FindStringSubmatch(s); parts != nil {
		return countable(parts[1:])
	}
	if parts := openComparator.FindStringSubmatch(s); parts != nil && anyNumber(parts[3]) && inOrder(parts[1:]) {
		return countable(parts[1:])
	}
	if at := anyComparator.FindStringIndex(s); at != nil {
		s = s[:at[0]] + s[at[1]:]
	}
	if s == "" {
		return true
	}
	parts := wholeComparator.FindStringSubmatch(s)
	return parts != nil && len(s) <= maxVersion && countable(parts[1:])
}

func anyNumber(part string) bool { return part == "" || strings.Contains("xX*", part) }

// inOrder reports whether what follows a part that is any number is any number too.
func inOrder(parts []string) bool {
	return (!anyNumber(parts[0]) || anyNumber(parts[1])) && (!anyNumber(parts[1]) || anyNumber(parts[2]))
}

// countable reports whether JavaScript can hold the numbers exactly.
func countable(parts []string) bool {
	for _, part := range parts {
		if !anyNumber(part) && semver.CompareNumbers(part, maxNumber) > 0 {
			return false
		}
	}
	return true
}
