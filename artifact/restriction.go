package artifact

import "slices"

// RestrictionType says what a package group restricts: one way by which versions come into a repository.
type RestrictionType string

// The restriction types of the service model.
const (
	ExternalUpstream RestrictionType = "EXTERNAL_UPSTREAM" // ingested from an external connection
	InternalUpstream RestrictionType = "INTERNAL_UPSTREAM" // retained from a repository upstream
	Publishing       RestrictionType = "PUBLISH"           // published by clients
)

// RestrictionTypes lists every type, in the order of the service model.
func RestrictionTypes() []RestrictionType {
	return []RestrictionType{ExternalUpstream, InternalUpstream, Publishing}
}

// Valid reports whether t is a type of the service model.
func (t RestrictionType) Valid() bool { return slices.Contains(RestrictionTypes(), t) }

// RestrictionMode says for which repositories a way is open.
type RestrictionMode string

// The modes of the service model.
const (
	ForAll      RestrictionMode = "ALLOW"
	ForSpecific RestrictionMode = "ALLOW_SPECIFIC_REPOSITORIES" // those of a list
	ForNone     RestrictionMode = "BLOCK"
	Inherited   RestrictionMode = "INHERIT" // as the parent of the group says
)

// RestrictionModes lists every mode, in the order of the service model.
func RestrictionModes() []RestrictionMode {
	return []RestrictionMode{ForAll, ForSpecific, ForNone, Inherited}
}

// Valid reports whether m is a mode of the service model.
func (m RestrictionMode) Valid() bool { return slices.Contains(RestrictionModes(), m) }
