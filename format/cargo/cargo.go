// Package cargo is the format of Cargo registries. Its protocol is not served yet: the format is known by its name, by which
// names mean the same, and by where this machine's clients find its public registry.
package cargo

import (
	"strings"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// Format returns the registration of Cargo.
func Format() format.Format {
	return format.Format{
		Name:   artifact.Cargo,
		Traits: repository.Traits{Fold: fold},
		Detect: detectors,
	}
}

// fold returns what may be there only once: as on the public registry, names that differ in case or between dash and
// underscore alone cannot be beside each other. They are kept as they were published.
func fold(p artifact.PackageKey) string {
	return strings.ReplaceAll(strings.ToLower(p.Name), "_", "-")
}
