package pypi

import (
	"regexp"
	"strings"

	"entrepot/artifact"
)

var separators = regexp.MustCompile("[-_.]+")

// canonical returns the key under which a version is kept: the name in lower case with one dash for each run of
// separators (PEP 503). Versions stay as they are written.
func canonical(v artifact.VersionKey) artifact.VersionKey {
	v.Name = strings.ToLower(separators.ReplaceAllString(v.Name, "-"))
	return v
}
