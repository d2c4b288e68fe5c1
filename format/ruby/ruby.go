// Package ruby is the format of RubyGems. Its protocol is not served yet: the format is known by its name and by where this
// machine's clients find its public registry.
package ruby

import (
	"entrepot/artifact"
	"entrepot/format"
)

// Format returns the registration of Ruby.
func Format() format.Format {
	return format.Format{Name: artifact.Ruby, Detect: detectors}
}
