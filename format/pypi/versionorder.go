package pypi

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// compareVersions orders the texts of versions as pip sorts them, the lower first: negative if a comes before b. What
// PEP 440 cannot read comes before everything that it can, in the order that Python's packaging tools had for such versions
// (legacyKey). Different texts of one version are ordered as texts, so that the order is total; sameVersion says that they
// are one.
func compareVersions(a, b string) int {
	v, errA := parseVersion(a)
	w, errB := parseVersion(b)
	switch {
	case errA != nil && errB != nil:
		return cmp.Or(slices.Compare(legacyKey(a), legacyKey(b)), cmp.Compare(a, b))
	case errA != nil:
		return -1
	case errB != nil:
		return 1
	}
	return cmp.Or(v.compare(w), cmp.Compare(a, b))
}

// sameVersion reports whether two texts are one version: 1.0, v1 and 1.0.0 are. What PEP 440 cannot read is one only with
// itself.
func sameVersion(a, b string) bool { return versionKey(a) == versionKey(b) }

// versionKey is version.key of a text, or the text itself where PEP 440 cannot read it.
func versionKey(text string) string {
	v, err := parseVersion(text)
	if err != nil {
		return text
	}
	return v.key()
}

// normalVersion writes a version as PEP 440 normalises it; what it cannot read stays as it is.
func normalVersion(text string) string {
	v, err := parseVersion(text)
	if err != nil {
		return text
	}
	return v.String()
}

// prerelease reports whether installers pass the version over unless they are asked for pre-releases.
func (v version) prerelease() bool { return v.pre != "" || v.dev != "" }

// compare orders by PEP 440, "Summary of permitted suffixes and relative ordering": 0 for equal versions.
func (v version) compare(w version) int {
	return cmp.Or(
		compareNumbers(v.epoch, w.epoch),
		slices.CompareFunc(v.significant(), w.significant(), compareNumbers),
		cmp.Compare(v.phase(), w.phase()),
		compareNumbers(v.preNum, w.preNum),
		compareNumbers(v.post, w.post), // none is the shortest
		compareDev(v.dev, w.dev),
		slices.CompareFunc(v.local, w.local, compareLocal),
	)
}

// The phases of a release. A development release of the release itself comes before all its pre-releases.
const (
	developing = iota
	alpha
	beta
	candidate
	released
)

func (v version) phase() int {
	switch {
	case v.pre == "a":
		return alpha
	case v.pre == "b":
		return beta
	case v.pre == "rc":
		return candidate
	case v.post == "" && v.dev != "":
		return developing
	}
	return released
}

func compareNumbers(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// compareDev puts a development release before what it leads to.
func compareDev(a, b string) int {
	if (a == "") != (b == "") {
		return cmp.Compare(len(b), len(a))
	}
	return compareNumbers(a, b)
}

// compareLocal orders segments of local versions: numbers come after words.
func compareLocal(a, b string) int {
	switch an, bn := numeric(a), numeric(b); {
	case an && bn:
		return compareNumbers(a, b)
	case an:
		return 1
	case bn:
		return -1
	}
	return cmp.Compare(a, b)
}

// legacyPart finds what a legacy version is made of. Whatever stands between is a part as well.
var legacyPart = regexp.MustCompile(`[0-9]+|[a-z]+|\.|-`)

// legacyWords are the words that mean the same or stand before or after a release.
var legacyWords = map[string]string{"pre": "c", "preview": "c", "rc": "c", "-": "final-", "dev": "@"}

// legacyKey is what orders versions that PEP 440 cannot read, as setuptools ordered all versions before it: numbers by
// value, the words alpha to candidate and dev before the release, others after it, zeros at the end of a run of numbers
// without meaning.
func legacyKey(text string) []string {
	var key []string
	for _, part := range append(legacyParts(strings.ToLower(text)), "*final") {
		if strings.HasPrefix(part, "*") {
			if part < "*final" { // dashes before the tag of a pre-release
				key = withoutLast(key, "*final-")
			}
			key = withoutLast(key, zero)
		}
		key = append(key, part)
	}
	return key
}

// legacyDigits is the width to which numbers are filled up, so that texts order them.
const legacyDigits = 8

var zero = strings.Repeat("0", legacyDigits)

func legacyParts(text string) []string {
	var parts []string
	add := func(part string) {
		if word, ok := legacyWords[part]; ok {
			part = word
		}
		switch {
		case part == "" || part == ".":
		case digit(part[0]):
			parts = append(parts, strings.Repeat("0", max(0, legacyDigits-len(part)))+part)
		default:
			parts = append(parts, "*"+part)
		}
	}
	end := 0
	for _, at := range legacyPart.FindAllStringIndex(text, -1) {
		add(text[end:at[0]])
		add(text[at[0]:at[1]])
		end = at[1]
	}
	add(text[end:])
	return parts
}

func withoutLast(key []string, part string) []string {
	for len(key) > 0 && key[len(key)-1] == part {
		key = key[:len(key)-1]
	}
	return key
}
