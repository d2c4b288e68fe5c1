package ruby

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"entrepot/artifact"
)

// maxVersion bounds the text of a version, in characters.
const maxVersion = 255

// versionText is what a version may be (Gem::Version::VERSION_PATTERN), without a dash: Gem::Version writes .pre. for it, and in
// lines and names of files a platform follows it.
var versionText = regexp.MustCompile(`^[0-9]+(?:\.[0-9A-Za-z]+)*$`)

func checkVersion(text string) error {
	if len(text) > maxVersion || !versionText.MatchString(text) || !artifact.ValidCoordinate(text) {
		return invalid("%.300q is not a version that a gem can have, such as 1.2.0 or 2.0.0.rc1.", text)
	}
	return nil
}

// prerelease reports whether a version comes before the release of its number: it has a letter (Gem::Version#prerelease?).
func prerelease(version string) bool {
	return strings.ContainsFunc(version, func(r rune) bool { return !digit(byte(r)) && r != '.' })
}

// segments splits a version where numbers and letters meet and at dots (Gem::Version#segments).
func segments(version string) []string {
	var all []string
	for part := range strings.SplitSeq(version, ".") {
		for part != "" {
			end := 1
			for end < len(part) && digit(part[end]) == digit(part[0]) {
				end++
			}
			all = append(all, part[:end])
			part = part[end:]
		}
	}
	return all
}

// canonicalSegments are those without the zeros that say nothing: at the end, and before the first letters
// (Gem::Version#canonical_segments).
func canonicalSegments(version string) []string {
	all := segments(version)
	letters := slices.IndexFunc(all, func(s string) bool { return !digit(s[0]) })
	if letters < 0 {
		letters = len(all)
	}
	return append(withoutZeros(all[:letters]), withoutZeros(all[letters:])...)
}

// withoutZeros leaves out the zeros at the end, and those in front of every number.
func withoutZeros(all []string) []string {
	kept := make([]string, 0, len(all))
	for _, s := range all {
		if digit(s[0]) {
			s = strings.TrimLeft(s, "0")
		}
		kept = append(kept, s)
	}
	for len(kept) > 0 && kept[len(kept)-1] == "" {
		kept = kept[:len(kept)-1]
	}
	return kept
}

// foldVersion is the same for versions that are equal to Gem::Version, such as 1.0 and 1.0.0.
func foldVersion(version string) string {
	folded := canonicalSegments(version)
	for i, s := range folded {
		folded[i] = cmp.Or(s, "0")
	}
	return cmp.Or(strings.Join(folded, "."), "0")
}

// compareVersions follows Gem::Version#<=>: numbers by their value, letters by their codes, and letters before every number.
func compareVersions(a, b string) int {
	left, right := canonicalSegments(a), canonicalSegments(b)
	for i := range max(len(left), len(right)) {
		if c := compareSegments(segmentAt(left, i), segmentAt(right, i)); c != 0 {
			return c
		}
	}
	return 0
}

// segmentAt is a segment, of which those behind the last are zero; that is written without digits.
func segmentAt(all []string, i int) string {
	if i < len(all) {
		return all[i]
	}
	return ""
}

func compareSegments(a, b string) int {
	switch letters, others := isLetters(a), isLetters(b); {
	case letters && others:
		return strings.Compare(a, b)
	case letters:
		return -1
	case others:
		return 1
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

func isLetters(segment string) bool { return segment != "" && !digit(segment[0]) }
