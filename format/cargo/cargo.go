// Package cargo is the format of Cargo registries. Its protocol is not served yet: the format is known by its name and by where this
// machine's clients find its public registry.
package cargo

import (
	"entrepot/artifact"
	"entrepot/format"
)

// Format returns the registration of Cargo.
func Format() format.Format {
	return format.Format{Name: artifact.Cargo, Detect: detectors}
}
