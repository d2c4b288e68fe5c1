// Package pypi is the format of the Python Package Index. Its protocol is not served yet: the format is known by its name and by where this
// machine's clients find its public registry.
package pypi

import (
	"entrepot/artifact"
	"entrepot/format"
)

// Format returns the registration of PyPI.
func Format() format.Format {
	return format.Format{Name: artifact.PyPI, Detect: detectors}
}
