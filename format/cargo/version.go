package cargo

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"entrepot/artifact"
	"entrepot/format/semver"
)

// maxVersion is how long a version may be, in bytes.
const maxVersion = 255

// maxNumber is the largest number of a release: cargo's numbers have 64 bits.
var maxNumber = strconv.FormatUint(math.MaxUint64, 10)

// parseVersion reads a version as cargo does: strictly, with numbers of 64 bits. Invalid: it is none. Builds of one version are one
// to cargo.
func parseVersion(text string) (semver.Version, error) {
	v, err := semver.Parse(text)
	if err != nil || len(text) > maxVersion {
		return semver.Version{}, invalid("%.100q is not a semantic version of at most %d bytes.", text, maxVersion).Causing(err)
	}
	for _, number := range v.Core {
		if semver.CompareNumbers(number, maxNumber) > 0 {
			return semver.Version{}, invalid("%.100q has a number that is too large for a version.", text)
		}
	}
	return v, nil
}

// foldVersion returns what may be there only once: builds of one version are one version to cargo (Cargo's book, "Index
// files").
func foldVersion(text string) string {
	plain, _, _ := strings.Cut(text, "+")
	return plain
}

// assetOf is the one asset of a version.
func assetOf(v artifact.VersionKey) string { return v.Name + "-" + v.Version + ".crate" }

// requirement is one of a list of comparators (Cargo's book, "Version requirement syntax"): with * or x, of which a release
// may end.
var requirement = regexp.MustCompile(`^(=|>=|>|<=|<|\^|~)?\s*((?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*|[*xX])){0,2}` +
	`(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)$`)

// maxComparators is how many cargo takes in one requirement.
const maxComparators = 32

// plainRequirement writes a version requirement in one of the ways that mean the same, and reports whether it is one: cargo has
// written some of them anew, each of its versions in its own way.
func plainRequirement(text string) (plain string, ok bool) {
	if text = strings.TrimSpace(text); text == "*" || text == "" {
		return "*", true
	}
	comparators := strings.Split(text, ",")
	for i, c := range comparators {
		parts := requirement.FindStringSubmatch(strings.TrimSpace(c))
		if parts == nil {
			return "", false
		}
		operator, release := parts[1], parts[2]
		core, _, _ := strings.Cut(strings.SplitN(release, "-", 2)[0], "+")
		wildcard := strings.IndexAny(core, "*xX")
		if wildcard > 0 {
			release = core[:wildcard-1]
		}
		switch {
		case operator == "" && wildcard > 0 && strings.Contains(release, "."):
			operator = "~" // 1.2.*
		case operator == "":
			operator = "^"
		}
		comparators[i] = operator + release
	}
	return strings.Join(comparators, ", "), len(comparators) <= maxComparators
}
