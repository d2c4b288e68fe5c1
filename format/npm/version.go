package npm

import (
	"fmt"

	"entrepot/format/semver"
)

// maxVersion and maxNumber are node-semver's own bounds: a longer version, or a number that JavaScript cannot hold
// exactly, is not a version to any client.
const (
	maxVersion = semver.MaxLength
	maxNumber  = "9007199254740991"
)

// parseVersion reads a strict SemVer 2.0 version within the bounds. Unlike node-semver in loose mode it takes no leading v,
// no spaces and no leading zeros, because two spellings of one version would be two keys here.
func parseVersion(s string) (semver.Version, error) {
	v, err := semver.Parse(s)
	if err != nil {
		return v, err
	}
	for _, number := range v.Core {
		if semver.CompareNumbers(number, maxNumber) > 0 {
			return v, fmt.Errorf("version %q has a bad number %q", s, number)
		}
	}
	return v, nil
}
