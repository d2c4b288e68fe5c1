package ruby

import (
	"regexp"
	"strings"

	"entrepot/artifact"
)

// maxName bounds a gem's name, in characters (service model, PackageName).
const maxName = 255

// gemName is what a gem may be called (Gem::Specification::VALID_NAME_PATTERN); publicly not with a mark in front.
var gemName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]*$`)

// checkName refuses what no gem can be called: a name also stands in lines, lists and paths.
func checkName(name string) error {
	if len(name) > maxName || !gemName.MatchString(name) || strings.Trim(name, "0123456789._-") == "" {
		return invalid("%.300q is not a name that a gem can have: up to %d letters, digits, dots, dashes and underscores, "+
			"which begin with a letter or a digit and have a letter among them.", name, maxName)
	}
	return nil
}

// reservedEndings are those of names that would be taken for files and pages of a registry.
var reservedEndings = []string{".gem", ".gemspec", ".json", ".html", ".yaml", ".xml"}

// checkNewName is checkName for a gem that is published.
func checkNewName(name string) error {
	for _, ending := range reservedEndings {
		if strings.HasSuffix(strings.ToLower(name), ending) {
			return invalid("A gem cannot be called %.300q: its name ends as a file's does.", name)
		}
	}
	return checkName(name)
}

// fold returns what may be there only once among the gems that are pushed here (docs/decisions/0076-gems-of-similar-names.md).
func fold(p artifact.PackageKey) string { return strings.ReplaceAll(strings.ToLower(p.Name), "_", "-") }

// parseName returns the key of a package, or Invalid. Names are compared byte by byte: to clients Rack and rack are two gems.
func parseName(name string) (artifact.PackageKey, error) {
	return artifact.PackageKey{Format: artifact.Ruby, Name: name}, checkName(name)
}

func invalid(format string, args ...any) *artifact.Error {
	return artifact.Errorf(artifact.Invalid, format, args...)
}

func notFound(format string, args ...any) *artifact.Error {
	return artifact.Errorf(artifact.NotFound, format, args...)
}
