package nuget

import (
	"regexp"
	"strings"

	"entrepot/artifact"
)

// canonical returns the key under which a version is kept: names in lower case, versions in NuGet's normal form and in lower
// case, as clients write both in addresses (user guide, "NuGet package name, version, and asset name normalization"). What
// is no version stays as it is written.
func canonical(v artifact.VersionKey) artifact.VersionKey {
	v.Name, v.Version = strings.ToLower(v.Name), normalVersion(v.Version)
	return v
}

func normalVersion(text string) string {
	v, ok := parseVersion(text)
	if !ok {
		return text
	}
	return strings.ToLower(v.String())
}

// maxID is how long a package's id may be, in bytes (NuGet.Client, PackageIdValidator).
const maxID = 100

// idPattern is the grammar of ids for letters of ASCII: others have several spellings, and no client needs them.
var idPattern = regexp.MustCompile(`^[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*$`)

func validID(id string) bool { return len(id) <= maxID && idPattern.MatchString(id) }

// packageOf is the package that clients call id, in any case.
func packageOf(id string) (artifact.PackageKey, error) {
	if !validID(id) {
		return artifact.PackageKey{}, invalid("%.120q is not an id that a NuGet package can have: up to %d letters, digits and "+
			"underscores, with single dots and dashes between them.", id, maxID)
	}
	return artifact.PackageKey{Format: artifact.NuGet, Name: strings.ToLower(id)}, nil
}

// versionOf is the version of a package that clients call so, in any spelling.
func versionOf(id, text string) (artifact.VersionKey, error) {
	p, err := packageOf(id)
	if err != nil {
		return artifact.VersionKey{}, err
	}
	v, ok := parseVersion(text)
	if !ok {
		return artifact.VersionKey{}, notVersion(text)
	}
	return canonical(p.At(v.String())), nil
}

func notVersion(text string) error {
	return invalid("%.120q is not a version that a NuGet package can have, such as 1.0.0 or 1.1.0-beta.2.", text)
}

// assetOf is the name of the one asset of a version: its package.
func assetOf(v artifact.VersionKey) string { return v.Name + "." + v.Version + ".nupkg" }

func invalid(format string, args ...any) *artifact.Error {
	return artifact.Errorf(artifact.Invalid, format, args...)
}

func notFound(format string, args ...any) *artifact.Error {
	return artifact.Errorf(artifact.NotFound, format, args...)
}
