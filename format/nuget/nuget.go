// Package nuget is the format of NuGet feeds. Its protocol is not served yet: the format is known by its name, by how its
// keys are written, and by where this machine's clients find its public registry.
package nuget

import (
	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// Format returns the registration of NuGet.
func Format() format.Format {
	return format.Format{
		Name:   artifact.NuGet,
		Traits: repository.Traits{Canonical: canonical, CanonicalAPI: true},
		Detect: detectors,
	}
}
