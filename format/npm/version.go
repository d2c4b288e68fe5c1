package npm

import (
	"cmp"
	"fmt"
	"strings"
)

// maxVersion and maxNumber are node-semver's own bounds: a longer version, or a number that JavaScript cannot hold
// exactly, is not a version to any client.
const (
	maxVersion = 256
	maxNumber  = "9007199254740991"
)

// version is a parsed semantic version. The numbers stay text: they have no leading zeros, so length and bytes order
// them, whatever their size.
type version struct {
	core       [3]string
	prerelease []string // empty for a release
	build      string   // without its +
}

// parseVersion reads a strict SemVer 2.0 version. Unlike node-semver in loose mode it takes no leading v, no spaces and
// no leading zeros, because two spellings of one version would be two keys here.
func parseVersion(s string) (version, error) {
	var v version
	if s == "" || len(s) > maxVersion {
		return v, fmt.Errorf("version %.40q is not 1 to %d characters long", s, maxVersion)
	}
	rest, build, hasBuild := strings.Cut(s, "+")
	if hasBuild && !identifiers(build, false) {
		return v, fmt.Errorf("version %q has a bad build part", s)
	}
	core, pre, hasPre := strings.Cut(rest, "-")
	if hasPre && !identifiers(pre, true) {
		return v, fmt.Errorf("version %q has a bad prerelease part", s)
	}
	parts := strings.Split(core, ".")
	if len(parts) != len(v.core) {
		return v, fmt.Errorf("version %q is not major.minor.patch", s)
	}
	for i, part := range parts {
		if !numeric(part) || !plainNumber(part) {
			return v, fmt.Errorf("version %q has a bad number %q", s, part)
		}
		v.core[i] = part
	}
	if hasPre {
		v.prerelease = strings.Split(pre, ".")
	}
	v.build = build
	return v, nil
}

// identifiers reports whether s is a dotted list of SemVer identifiers; strict refuses leading zeros in numeric ones.
func identifiers(s string, strict bool) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || strings.ContainsFunc(part, notIdentifier) {
			return false
		}
		if strict && numeric(part) && len(part) > 1 && part[0] == '0' {
			return false
		}
	}
	return true
}

func notIdentifier(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-'
}

func numeric(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

func plainNumber(s string) bool {
	return (len(s) == 1 || s[0] != '0') && compareNumbers(s, maxNumber) <= 0
}

func compareNumbers(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// stable reports whether v is a release rather than a prerelease.
func (v version) stable() bool { return len(v.prerelease) == 0 }

// compare orders by SemVer 2.0 §11; versions that differ only in build metadata are ordered by it as text, so that the
// order is total.
func (v version) compare(w version) int {
	for i := range v.core {
		if c := compareNumbers(v.core[i], w.core[i]); c != 0 {
			return c
		}
	}
	if v.stable() != w.stable() {
		if v.stable() {
			return 1
		}
		return -1
	}
	for i := range min(len(v.prerelease), len(w.prerelease)) {
		if c := compareIdentifiers(v.prerelease[i], w.prerelease[i]); c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(len(v.prerelease), len(w.prerelease)), cmp.Compare(v.build, w.build))
}

func compareIdentifiers(a, b string) int {
	switch an, bn := numeric(a), numeric(b); {
	case an && bn:
		return compareNumbers(a, b)
	case an:
		return -1
	case bn:
		return 1
	}
	return cmp.Compare(a, b)
}

// Compare orders version texts by SemVer 2.0 precedence: negative if a comes before b. What is not a version comes
// before everything that is, ordered as text.
func Compare(a, b string) int {
	v, errA := parseVersion(a)
	w, errB := parseVersion(b)
	switch {
	case errA != nil && errB != nil:
		return cmp.Compare(a, b)
	case errA != nil:
		return -1
	case errB != nil:
		return 1
	}
	return v.compare(w)
}

// prefer orders versions for where latest points if nobody has pointed it anywhere: the highest release, else the highest
// prerelease, as npm unpublish moves it.
func prefer(a, b string) int {
	v, errA := parseVersion(a)
	w, errB := parseVersion(b)
	if errA == nil && errB == nil && v.stable() != w.stable() {
		if v.stable() {
			return 1
		}
		return -1
	}
	return Compare(a, b)
}
