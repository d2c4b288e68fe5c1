package pypi

import (
	"regexp"
	"strings"

	"entrepot/artifact"
)

var separators = regexp.MustCompile("[-_.]+")

// normalName writes a project's name in lower case with one dash for each run of separators (PEP 503).
func normalName(name string) string {
	return strings.ToLower(separators.ReplaceAllString(name, "-"))
}

// canonical returns the key under which a version is kept: the name normalised. Versions stay as they are written.
func canonical(v artifact.VersionKey) artifact.VersionKey {
	v.Name = normalName(v.Name)
	return v
}

func invalid(format string, args ...any) *artifact.Error {
	return artifact.Errorf(artifact.Invalid, format, args...)
}
