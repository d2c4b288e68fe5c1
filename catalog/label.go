package catalog

import "entrepot/artifact"

// LabelReader finds the labels of packages, which point from names to versions. npm calls them dist-tags; other formats
// have none.
type LabelReader interface {
	// LabelsIn returns the package's labels as each of the repositories has them; those without labels are missing from
	// the map.
	LabelsIn(ids []RepositoryID, key artifact.PackageKey) (map[RepositoryID]map[string]string, error)
	// Label returns the version that a label points at, or NotFound.
	Label(id RepositoryID, key artifact.PackageKey, name string) (string, error)
}

// LabelWriter changes labels. Touches PackageTopic and RepositoryTopic.
type LabelWriter interface {
	// SetLabels points labels at a version, which may not be there (yet). What it costs depends on how many names there
	// are, not on the labels that the package has. NotFound without the package.
	SetLabels(id RepositoryID, key artifact.VersionKey, names ...string) error
	// DeleteLabel removes a label, or is NotFound.
	DeleteLabel(id RepositoryID, key artifact.PackageKey, name string) error
}
