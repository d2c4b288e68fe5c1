package nuget

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
)

// Bounds on a version as anybody may write it.
const (
	maxVersion = 128       // bytes of its normal form with build metadata; the public registry takes 64
	maxNumber  = 1<<31 - 1 // clients keep the numbers in 32 bits
)

// version is a version of NuGet: up to four numbers, the labels of a prerelease, and the metadata of a build.
type version struct {
	numbers  [4]int
	labels   string // of a prerelease as it is written, with dots between them
	metadata string // of a build, as it is written
}

var versionPattern = regexp.MustCompile(
	`^([0-9]{1,20}(?:\.[0-9]{1,20}){0,3})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$`)

// parseVersion reads a version as clients do (NuGetVersion.TryParse); ok is false for what is none.
func parseVersion(text string) (v version, ok bool) {
	if text = strings.TrimSpace(text); len(text) > 2*maxVersion {
		return version{}, false
	}
	parts := versionPattern.FindStringSubmatch(text)
	if parts == nil {
		return version{}, false
	}
	for i, digits := range strings.Split(parts[1], ".") {
		number, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || number > maxNumber {
			return version{}, false
		}
		v.numbers[i] = int(number)
	}
	v.labels, v.metadata = parts[2], parts[3]
	return v, len(v.full()) <= maxVersion
}

// String writes the version in its normal form, with the letters of its labels as they are: three numbers, a fourth that is
// not zero, no build metadata.
func (v version) String() string {
	var text [64]byte
	b := strconv.AppendInt(text[:0], int64(v.numbers[0]), 10)
	for i, n := range v.numbers[1:] {
		if i < 2 || n != 0 {
			b = strconv.AppendInt(append(b, '.'), int64(n), 10)
		}
	}
	if v.labels != "" {
		b = append(append(b, '-'), v.labels...)
	}
	return string(b)
}

// full is String with the build metadata, as clients show it.
func (v version) full() string {
	if v.metadata == "" {
		return v.String()
	}
	return v.String() + "+" + v.metadata
}

// prerelease reports whether the version is shown only to those who ask for such.
func (v version) prerelease() bool { return v.labels != "" }

// semVer2 reports whether clients of before SemVer 2 could not read the version.
func (v version) semVer2() bool { return v.metadata != "" || strings.Contains(v.labels, ".") }

// compare orders versions as clients do: by their numbers, a prerelease before its release, and by labels, of which those
// that are numbers come first.
func (v version) compare(other version) int {
	for i, n := range v.numbers {
		if n != other.numbers[i] {
			return cmp.Compare(n, other.numbers[i])
		}
	}
	switch {
	case v.labels == other.labels:
		return 0
	case v.labels == "":
		return 1
	case other.labels == "":
		return -1
	}
	return compareLabels(strings.Split(strings.ToLower(v.labels), "."), strings.Split(strings.ToLower(other.labels), "."))
}

func compareLabels(some, others []string) int {
	for i, label := range some {
		if i == len(others) {
			return 1
		}
		if c := compareLabel(label, others[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(some), len(others))
}

// compareLabel compares numbers by their value, however many digits they have.
func compareLabel(a, b string) int {
	numberA, numberB := number(a), number(b)
	switch {
	case numberA && numberB:
		a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	case numberA:
		return -1
	case numberB:
		return 1
	}
	return strings.Compare(a, b)
}

func number(label string) bool { return strings.Trim(label, "0123456789") == "" }
