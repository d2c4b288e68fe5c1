package nuget

import (
	"strings"
)

// maxRange bounds a range of versions, in bytes.
const maxRange = 2*maxVersion + 8

// versionRange is which versions a dependency takes. A bound that is nil is none.
type versionRange struct {
	low, high                 *version
	includesLow, includesHigh bool
}

// parseRange reads a range of versions (NuGet reference, "Package versioning", version ranges); ok is false for what is none.
// Nothing at all is every version. Floating versions are for projects, and no package may have them.
func parseRange(text string) (r versionRange, ok bool) {
	text = strings.TrimSpace(text)
	if len(text) > maxRange {
		return r, false
	}
	if text == "" {
		return r, true
	}
	if !strings.ContainsAny(text[:1], "[(") {
		v, ok := parseVersion(text)
		return versionRange{low: &v, includesLow: true}, ok
	}
	last := len(text) - 1
	if !strings.ContainsAny(text[last:], "])") {
		return r, false
	}
	r.includesLow, r.includesHigh = text[0] == '[', text[last] == ']'
	low, high, two := strings.Cut(text[1:last], ",")
	if !two {
		// One version alone is exactly that one.
		high = low
		if !r.includesLow || !r.includesHigh || strings.TrimSpace(low) == "" {
			return r, false
		}
	}
	return r.between(strings.TrimSpace(low), strings.TrimSpace(high))
}

// between fills in the bounds; empty ones are none, and what is none is not included.
func (r versionRange) between(low, high string) (versionRange, bool) {
	for _, bound := range []struct {
		text     string
		into     **version
		included *bool
	}{{low, &r.low, &r.includesLow}, {high, &r.high, &r.includesHigh}} {
		if bound.text == "" {
			*bound.included = false
			continue
		}
		v, ok := parseVersion(bound.text)
		if !ok {
			return r, false
		}
		*bound.into = &v
	}
	if r.low != nil && r.high != nil && r.low.compare(*r.high) > 0 {
		return r, false
	}
	return r, true
}

// String writes the range in the normal form of clients (VersionRange.ToNormalizedString), such as "[1.0.0, 2.0.0)".
func (r versionRange) String() string {
	open, low, high, end := "(", "", "", ")"
	if r.includesLow {
		open = "["
	}
	if r.includesHigh {
		end = "]"
	}
	if r.low != nil {
		low = r.low.String()
	}
	if r.high != nil {
		high = r.high.String()
	}
	if r.low != nil && r.high != nil && r.includesLow && r.includesHigh && r.low.compare(*r.high) == 0 {
		return "[" + low + "]"
	}
	return open + low + ", " + high + end
}

// semVer2 reports whether clients of before SemVer 2 could not read a bound.
func (r versionRange) semVer2() bool {
	return r.low != nil && r.low.semVer2() || r.high != nil && r.high.semVer2()
}
