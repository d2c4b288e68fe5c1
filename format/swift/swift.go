// Package swift is the format of Swift package registries. Its protocol is not served yet: the format is known by its name
// and by how its names are written. There is no external connection for it.
package swift

import (
	"strings"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// Format returns the registration of Swift.
func Format() format.Format {
	return format.Format{
		Name:   artifact.Swift,
		Traits: repository.Traits{Canonical: canonical, CanonicalAPI: true},
	}
}

// canonical returns the key under which a version is kept: scope and name in lower case (user guide, "Swift package name
// and namespace normalization").
func canonical(v artifact.VersionKey) artifact.VersionKey {
	v.Namespace, v.Name = strings.ToLower(v.Namespace), strings.ToLower(v.Name)
	return v
}
