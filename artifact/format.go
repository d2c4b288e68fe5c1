package artifact

import (
	"slices"
	"strings"
)

// Format is a package manager's protocol family, spelled as the CodeArtifact API spells it.
type Format string

// The eight formats of the CodeArtifact API.
const (
	NPM     Format = "npm"
	PyPI    Format = "pypi"
	Maven   Format = "maven"
	NuGet   Format = "nuget"
	Generic Format = "generic"
	Ruby    Format = "ruby"
	Swift   Format = "swift"
	Cargo   Format = "cargo"
)

// NamespaceRule tells whether a package of a format carries a namespace.
type NamespaceRule uint8

// How a format treats namespaces.
const (
	NamespaceNever    NamespaceRule = iota // a namespace is an error
	NamespaceOptional                      // npm: the scope without its @
	NamespaceRequired                      // maven group id, swift scope, generic namespace
)

// formats is the vocabulary of the service model: the names in its order and the rules of each.
var formats = []struct {
	name      Format
	namespace NamespaceRule
	lowerCase bool // the API takes names in any case and keeps them in lower case (user guide, "Name normalization")
}{
	{NPM, NamespaceOptional, false},
	{PyPI, NamespaceNever, false},
	{Maven, NamespaceRequired, false},
	{NuGet, NamespaceNever, true},
	{Generic, NamespaceRequired, false},
	{Ruby, NamespaceNever, false},
	{Swift, NamespaceRequired, true},
	{Cargo, NamespaceNever, false},
}

// Formats lists every format in the order of the service model.
func Formats() []Format {
	names := make([]Format, len(formats))
	for i, f := range formats {
		names[i] = f.name
	}
	return names
}

// Valid reports whether f is one of the eight formats.
func (f Format) Valid() bool { return slices.Contains(Formats(), f) }

// Namespace returns the namespace rule of f; an unknown format never has one.
func (f Format) Namespace() NamespaceRule {
	for _, known := range formats {
		if known.name == f {
			return known.namespace
		}
	}
	return NamespaceNever
}

// Canonical returns the key under which the package is kept, from one as a caller of the API may write it.
func (k PackageKey) Canonical() PackageKey {
	for _, known := range formats {
		if known.name == k.Format && known.lowerCase {
			k.Namespace, k.Name = strings.ToLower(k.Namespace), strings.ToLower(k.Name)
		}
	}
	return k
}
