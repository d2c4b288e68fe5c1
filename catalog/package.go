package catalog

import (
	"iter"

	"entrepot/artifact"
)

// PackageFilter narrows a list of packages; zero fields match all.
type PackageFilter struct {
	Format          artifact.Format
	NamespacePrefix string
	NamePrefix      string
	Controls        artifact.Controls // Publish and Upstream each, if set, must be equal
}

// HeldPackage is a package, the repository that holds it, and how much of it that holds.
type HeldPackage struct {
	Repository RepositoryID
	artifact.Package
	Usage PackageUsage
}

// PackageUsage is how much of a package a repository holds. It is counted as it is written, so that asking costs the
// same whatever there is.
type PackageUsage struct {
	Versions   int
	Labels     int
	IndexBytes int64 // of all versions together, see artifact.Version.IndexBytes
}

// PackageReader finds packages.
type PackageReader interface {
	Package(id RepositoryID, key artifact.PackageKey) (artifact.Package, error)
	// PackageIn returns the package as each of the repositories holds it; those without it are missing from the map.
	PackageIn(ids []RepositoryID, key artifact.PackageKey) (map[RepositoryID]HeldPackage, error)
	// FoldedIn returns, for each of the repositories that holds one, the package of the format that has this Folded, which is not
	// empty.
	FoldedIn(ids []RepositoryID, format artifact.Format, folded string) (map[RepositoryID]artifact.Package, error)
	// PackageUsage returns how much of the package a repository holds: nothing, if it does not hold the package.
	PackageUsage(id RepositoryID, key artifact.PackageKey) (PackageUsage, error)
	// Packages lists packages ordered by format, namespace and name.
	Packages(id RepositoryID, filter PackageFilter, page Page) (Listing[artifact.Package], error)
	// EachPackage yields every package that any of the repositories holds and the filter lets through, in
	// the order of Packages; one that several hold comes once for each, in the order of ids. It is streamed, not collected,
	// and the loop's body may use the same Reader or Writer. After an error the sequence ends.
	EachPackage(ids []RepositoryID, filter PackageFilter) iter.Seq2[HeldPackage, error]
	// DomainPackages yields every package of a format that any repository of the domain holds, each once, ordered by name,
	// then by namespace. after is the package to go on behind, zero for the beginning. It is streamed as EachPackage is.
	DomainPackages(id DomainID, format artifact.Format, after artifact.PackageKey) iter.Seq2[artifact.PackageKey, error]
	// SearchPackages lists packages of one format in any of the repositories where every term is part of the namespace,
	// the name or the text (see PackageWriter.DescribePackage), case aside as by strings.ToLower; a package held by
	// several of them comes once. Ordered by name, then by namespace. It reads an index and does not scan a repository for
	// a rare term. Empty terms are in every package. More than 32 terms, or one of more than 1 KiB, are Invalid.
	SearchPackages(ids []RepositoryID, format artifact.Format, terms []string, page Page) (
		Listing[artifact.PackageKey], error)
}

// PackageWriter changes packages. Touches PackageTopic and RepositoryTopic, and for packages with Folded, when they are put
// or deleted, FoldedTopic.
type PackageWriter interface {
	// PutPackage creates the package or replaces its controls; its labels and Folded stay. NotFound without the repository;
	// Conflict if the repository holds another package of the same format and the same Folded, unless that is empty.
	PutPackage(id RepositoryID, p artifact.Package) error
	// DescribePackage sets the text under which search finds the package: a few words or sentences, cut at 4 KiB. Setting
	// the text it has costs next to nothing, so it may be done with each version. A package is found by its name without
	// one.
	DescribePackage(id RepositoryID, key artifact.PackageKey, text string) error
	// DeletePackage removes the package with all its versions and labels.
	DeletePackage(id RepositoryID, key artifact.PackageKey) error
}
