package swift

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/format/semver"
)

// canonical returns the key under which a version is kept: scope and name in lower case. Versions stay as they are written.
func canonical(v artifact.VersionKey) artifact.VersionKey {
	v.Namespace, v.Name = strings.ToLower(v.Namespace), strings.ToLower(v.Name)
	return v
}

// withoutBuild is what may be there only once among a package's versions: to clients, versions that differ in build metadata
// alone are one.
func withoutBuild(version string) string {
	plain, _, _ := strings.Cut(version, "+")
	return plain
}

// Scope and name of a package (registry specification, 3.6.1 and 3.6.2). Dashes and underscores stand between letters and
// digits, one at a time.
var (
	scopePattern = regexp.MustCompile(`^[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$`)
	namePattern  = regexp.MustCompile(`^[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*$`)
)

const (
	maxScope   = 39
	maxName    = 100
	maxVersion = 255
)

// reserved cannot be scopes of what is published: a path of theirs means something else.
var reserved = []string{"availability", "identifiers", "login", "submissions"}

// endings select a form of what is said of a release, when they end the last segment of its path. So no version that is
// published may end in one.
const (
	archiveEnding = ".zip"
	jsonEnding    = ".json"
)

// identity is a package as somebody wrote it. Clients send the spelling of whoever depends on it.
type identity struct{ scope, name string }

// identityOf reads the package that a request's path names. Of the last segment an ending is cut before it.
func identityOf(scope, name string) (identity, error) {
	if len(scope) > maxScope || !scopePattern.MatchString(scope) {
		return identity{}, invalid("%.60q is not a scope: those are up to %d letters and digits, with single dashes between them.",
			scope, maxScope)
	}
	if len(name) > maxName || !namePattern.MatchString(name) {
		return identity{}, invalid("%.120q is not the name of a package: those are up to %d letters and digits, with single dashes "+
			"or underscores between them.", name, maxName)
	}
	return identity{scope, name}, nil
}

// key is the package, as it is kept.
func (i identity) key() artifact.PackageKey {
	return canonical(artifact.PackageKey{Format: artifact.Swift, Namespace: i.scope, Name: i.name}.At("")).PackageKey
}

// String is the identifier of the package as it was written: scope.name.
func (i identity) String() string { return i.scope + "." + i.name }

// path is where a version is, below a repository's base. Nothing that a version can have needs escapes in a path.
func (i identity) path(version string) string { return i.scope + "/" + i.name + "/" + version }

// checkVersion refuses what is no version: clients know those of Semantic Versioning 2.0.0 alone.
func checkVersion(version string) error {
	if _, err := semver.Parse(version); err != nil || len(version) > maxVersion {
		return invalid("%.100q is not a version: those are of Semantic Versioning, such as 1.2.0 or 2.0.0-beta.1, in up to %d characters.",
			version, maxVersion)
	}
	return nil
}

// release is a version of a package as a request's path names it.
type release struct {
	identity
	version string
}

// releaseOf reads the version that a path names by scope, name and the text of the version without an ending.
func releaseOf(r *http.Request, version string) (release, error) {
	i, err := identityOf(r.PathValue("scope"), r.PathValue("name"))
	if err != nil {
		return release{}, err
	}
	return release{i, version}, checkVersion(version)
}

// at is the key under which the version is kept.
func (r release) at() artifact.VersionKey { return r.key().At(r.version) }

// checkNew refuses what cannot be told from something else once it is published.
func (r release) checkNew() error {
	if slices.Contains(reserved, strings.ToLower(r.scope)) {
		return invalid("The scope %q cannot be published under: the paths of a registry begin with that word.", r.scope)
	}
	for _, ending := range []string{archiveEnding, jsonEnding} {
		if strings.HasSuffix(r.version, ending) {
			return invalid("The version %q ends in %s, which in a path says what of a release is asked for. Publish another version.",
				r.version, ending)
		}
	}
	return nil
}

func invalid(text string, args ...any) *artifact.Error {
	return artifact.Errorf(artifact.Invalid, text, args...)
}
