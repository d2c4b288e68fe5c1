package cargo

import (
	"regexp"
	"strings"

	"entrepot/artifact"
)

// maxName is how long a name may be, in bytes: as on the public registry.
const maxName = 64

var (
	namePattern    = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	newNamePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)
)

// reserved are the names, folded, that nothing new may have: crates that come with the compiler, and devices of Windows, where
// no folder can be called so.
var reserved = map[string]bool{
	"alloc": true, "core": true, "proc-macro": true, "std": true, "test": true,
	"aux": true, "con": true, "nul": true, "prn": true,
	"com0": true, "com1": true, "com2": true, "com3": true, "com4": true,
	"com5": true, "com6": true, "com7": true, "com8": true, "com9": true,
	"lpt0": true, "lpt1": true, "lpt2": true, "lpt3": true, "lpt4": true,
	"lpt5": true, "lpt6": true, "lpt7": true, "lpt8": true, "lpt9": true,
}

// canonical returns the key under which a version is kept: the name in lower case, which is all that the paths of an index tell
// of it (Cargo's book, "Index files"). How it was published stands in the line of each version.
func canonical(v artifact.VersionKey) artifact.VersionKey {
	v.Name = strings.ToLower(v.Name)
	return v
}

// fold returns what may be there only once: as on the public registry, names that differ in case or between dash and
// underscore alone cannot be beside each other.
func fold(p artifact.PackageKey) string { return foldName(p.Name) }

func foldName(name string) string { return strings.ReplaceAll(strings.ToLower(name), "_", "-") }

// parseName returns the crate of a name that a client writes. NotFound: there can be none.
func parseName(name string) (artifact.PackageKey, error) {
	if len(name) > maxName || !namePattern.MatchString(name) {
		return artifact.PackageKey{}, notFound("%.100q is not a name that a crate can have.", name)
	}
	return artifact.PackageKey{Format: artifact.Cargo, Name: strings.ToLower(name)}, nil
}

// checkNewName refuses names that nothing may be published under.
func checkNewName(name string) error {
	switch {
	case len(name) > maxName:
		return invalid("The name of a crate may have at most %d bytes.", maxName)
	case !newNamePattern.MatchString(name):
		return invalid("The crate cannot be called %.100q: a name begins with a letter and has letters, digits, dashes and "+
			"underscores of ASCII only.", name)
	case reserved[foldName(name)]:
		return invalid("The crate cannot be called %q: that name is reserved.", name)
	}
	return nil
}

// indexPath is where an index has the file about a crate, whose name is in lower case (Cargo's book, "Index files").
func indexPath(name string) string {
	switch len(name) {
	case 1, 2:
		return string(rune('0'+len(name))) + "/" + name
	case 3:
		return "3/" + name[:1] + "/" + name
	}
	return name[:2] + "/" + name[2:4] + "/" + name
}

// prefix is the folder of a file in an index, of a name as it is written.
func prefix(name string) string {
	path := indexPath(name)
	return path[:len(path)-len(name)-1]
}

func invalid(text string, args ...any) *artifact.Error {
	return artifact.Errorf(artifact.Invalid, text, args...)
}

func notFound(text string, args ...any) *artifact.Error {
	return artifact.Errorf(artifact.NotFound, text, args...)
}
