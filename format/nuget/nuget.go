// Package nuget is the format of NuGet feeds. Its protocol is not served yet: the format is known by its name and by where this
// machine's clients find its public registry.
package nuget

import (
	"entrepot/artifact"
	"entrepot/format"
)

// Format returns the registration of NuGet.
func Format() format.Format {
	return format.Format{Name: artifact.NuGet, Detect: detectors}
}
