package pypi

import "entrepot/artifact"

// maxName bounds a project's name, in characters (service model, PackageName).
const maxName = 255

// parseName reads a project's name in any spelling and returns the key that it is kept under. Invalid for what no project
// can be called.
func parseName(text string) (artifact.PackageKey, error) {
	if len(text) > maxName || !projectName.MatchString(text) {
		return artifact.PackageKey{}, invalid("%.300q is not a name that a project can have: up to %d letters, digits, dots, "+
			"dashes and underscores, with a letter or a digit at both ends.", text, maxName)
	}
	return artifact.PackageKey{Format: artifact.PyPI, Name: normalName(text)}, nil
}
