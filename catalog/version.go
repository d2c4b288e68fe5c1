package catalog

import (
	"iter"
	"time"

	"entrepot/artifact"
)

// VersionFilter narrows a list of versions; zero fields match all.
type VersionFilter struct {
	Status     artifact.Status
	OriginType artifact.OriginType
	// NewestFirst orders by PublishedAt descending, then by version; otherwise the order is that of the version text.
	NewestFirst bool
}

// VersionSummary is a version without manifest, details and assets.
type VersionSummary struct {
	Version     string
	Revision    string
	Status      artifact.Status
	Origin      artifact.Origin
	PublishedAt time.Time
}

// HeldVersion is a version and the repository that holds it.
type HeldVersion struct {
	Repository RepositoryID
	artifact.Version
}

// VersionReader finds versions.
type VersionReader interface {
	// Version returns one version, whole.
	Version(id RepositoryID, key artifact.VersionKey) (artifact.Version, error)
	// VersionIn returns the version, without manifest and details, as each of the repositories holds it; those without it
	// are missing from the map. It is one look-up, made for the hot path.
	VersionIn(ids []RepositoryID, key artifact.VersionKey) (map[RepositoryID]artifact.Version, error)
	// SpelledIn returns, for each of the repositories that holds any, the texts of the package's versions that have this
	// Folded, which is not empty, in their order. Versions of which it is not known, because they were written before it
	// was kept, are among them: whoever asks folds those himself.
	SpelledIn(ids []RepositoryID, key artifact.PackageKey, folded string) (map[RepositoryID][]string, error)
	// Versions lists summaries of the package's versions; NotFound if the repository does not hold the package.
	Versions(id RepositoryID, key artifact.PackageKey, filter VersionFilter, page Page) (Listing[VersionSummary], error)
	// EachVersion yields every version of the package in any of the repositories, whole but for Details, in the order of
	// the version text; one that several hold comes once for each, in the order of ids. Large packages are streamed, not
	// collected, and the loop's body may use the same Reader or Writer. After an error the sequence ends.
	EachVersion(ids []RepositoryID, key artifact.PackageKey) iter.Seq2[HeldVersion, error]
	// LatestPublished returns the Published version with the newest PublishedAt (of several, the least by text), or
	// NotFound.
	LatestPublished(id RepositoryID, key artifact.PackageKey) (VersionSummary, error)
}

// VersionWriter changes versions. Touches PackageTopic and RepositoryTopic, and keeps Usage.AssetBytes right. An asset
// whose content is not in use in the domain must have been claimed in the same transaction: see BlobWriter.ClaimBlobs
// and ErrUnclaimed.
type VersionWriter interface {
	// CreateVersion stores a new version with its assets into an existing package; Conflict if the repository has it.
	// Assets keep their order; two of one name are Invalid. Promised assets refer to no bytes and count for nothing.
	CreateVersion(id RepositoryID, v artifact.Version) error
	// UpdateVersion replaces everything about the version but its key and Folded.
	UpdateVersion(id RepositoryID, v artifact.Version) error
	// SetStatus changes the status alone; the revision stays.
	SetStatus(id RepositoryID, key artifact.VersionKey, status artifact.Status) error
	// DeleteVersion removes the record. Labels that point at it go too.
	DeleteVersion(id RepositoryID, key artifact.VersionKey) error
}
