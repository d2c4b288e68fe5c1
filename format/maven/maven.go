// Package maven is the format of Maven repositories. Its protocol is not served yet: the format is known by its name and by where this
// machine's clients find its public registry.
package maven

import (
	"entrepot/artifact"
	"entrepot/format"
)

// Format returns the registration of Maven.
func Format() format.Format {
	return format.Format{Name: artifact.Maven, Detect: detectors}
}
