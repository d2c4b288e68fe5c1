package artifact

import "slices"

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

// formats is the vocabulary of the service model: the names in its order, whether a package of each has a namespace, and
// what its clients write before and after one.
var formats = []struct {
	name          Format
	namespace     NamespaceRule
	before, after string
}{
	{NPM, NamespaceOptional, "@", "/"},
	{PyPI, NamespaceNever, "", ""},
	{Maven, NamespaceRequired, "", ":"},
	{NuGet, NamespaceNever, "", ""},
	{Generic, NamespaceRequired, "", "/"},
	{Ruby, NamespaceNever, "", ""},
	{Swift, NamespaceRequired, "", "."},
	{Cargo, NamespaceNever, "", ""},
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
