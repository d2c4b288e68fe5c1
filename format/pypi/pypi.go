// Package pypi is the format of the Python Package Index. Its protocol is not served yet: the format is known by its name,
// by how its names are written, and by where this machine's clients find its public registry.
package pypi

import (
	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// Format returns the registration of PyPI. Clients may write names as they please; the API takes the normalised form only
// (user guide, "Python package name normalization").
func Format() format.Format {
	return format.Format{
		Name:   artifact.PyPI,
		Traits: repository.Traits{Canonical: canonical},
		Detect: detectors,
	}
}
