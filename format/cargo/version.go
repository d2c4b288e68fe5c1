package cargo

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"

	"entrepot/artifact"
)

// maxVersion is how long a version may be, in bytes.
const maxVersion = 255

// semver is the grammar of Semantic Versioning 2.0.0 (semver.org, "Is there a suggested regular expression").
var semver = regexp.MustCompile(`^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)` +
	`(?:-((?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*))?` +
	`(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$`)

// version is a semantic version, without its build metadata: that decides nothing.
type version struct {
	core       [3]uint64
	prerelease []string
}

// parseVersion reads a version as cargo does: strictly, with numbers of 64 bits. Invalid: it is none.
func parseVersion(text string) (version, error) {
	parts := semver.FindStringSubmatch(text)
	if len(text) > maxVersion || parts == nil {
		return version{}, invalid("%.100q is not a semantic version of at most %d bytes.", text, maxVersion)
	}
	var v version
	for i := range v.core {
		n, err := strconv.ParseUint(parts[i+1], 10, 64)
		if err != nil {
			return version{}, invalid("%.100q has a number that is too large for a version.", text).Causing(err)
		}
		v.core[i] = n
	}
	if parts[4] != "" {
		v.prerelease = strings.Split(parts[4], ".")
	}
	return v, nil
}

// compare orders versions by precedence (semver.org, item 11).
func (v version) compare(other version) int {
	for i := range v.core {
		if c := cmp.Compare(v.core[i], other.core[i]); c != 0 {
			return c
		}
	}
	if len(v.prerelease) == 0 || len(other.prerelease) == 0 {
		return cmp.Compare(len(other.prerelease), len(v.prerelease)) // a release comes after its prereleases
	}
	for i := range min(len(v.prerelease), len(other.prerelease)) {
		if c := compareIdentifiers(v.prerelease[i], other.prerelease[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(v.prerelease), len(other.prerelease))
}

// compareIdentifiers orders numbers by size, whatever that is, before texts in the order of ASCII.
func compareIdentifiers(a, b string) int {
	numberA, numberB := strings.Trim(a, "0123456789") == "", strings.Trim(b, "0123456789") == ""
	switch {
	case numberA && numberB:
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	case numberA:
		return -1
	case numberB:
		return 1
	}
	return strings.Compare(a, b)
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
