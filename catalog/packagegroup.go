package catalog

import (
	"time"

	"entrepot/artifact"
)

// PackageGroupID is a package group's internal identity; it is never reused.
type PackageGroupID int64

// PackageGroup is a package group's record.
type PackageGroup struct {
	ID                       PackageGroupID
	Domain                   DomainID
	Pattern                  string
	ContactInfo, Description string
	// Restrictions has all types.
	Restrictions map[artifact.RestrictionType]Restriction
	CreatedAt    time.Time
}

// Restriction is what a group says of one way into repositories.
type Restriction struct {
	Mode artifact.RestrictionMode
	// Repositories are those of the domain that the way is open for where the mode says so, ordered by name. They are kept
	// whatever the mode.
	Repositories []AllowedRepository
}

// AllowedRepository is a repository in the list of a restriction.
type AllowedRepository struct {
	ID   RepositoryID
	Name string
}

// PackageGroupReader finds package groups.
type PackageGroupReader interface {
	// PackageGroup returns the group of the pattern, or NotFound.
	PackageGroup(id DomainID, pattern string) (PackageGroup, error)
	// PackageGroups returns every group of a domain, ordered by pattern.
	PackageGroups(id DomainID) ([]PackageGroup, error)
	// PackageGroupsRevision returns a number that is higher after every change of the domain's groups, the deletion of a
	// repository among them. Numbers of a write that was given up are given out again.
	PackageGroupsRevision(id DomainID) (int64, error)
}

// PackageGroupWriter changes package groups. Touches DomainTopic.
type PackageGroupWriter interface {
	// CreatePackageGroup stores g and returns its new ID; Conflict if the domain has a group of the pattern. Of repositories
	// only the IDs count.
	CreatePackageGroup(g PackageGroup) (PackageGroupID, error)
	// UpdatePackageGroup replaces contact, description and restrictions of the group g.ID. A repository that the domain does
	// not have is NotFound. One that is deleted later leaves the lists.
	UpdatePackageGroup(g PackageGroup) error
	// DeletePackageGroup removes the group with its tags.
	DeletePackageGroup(id PackageGroupID) error
}
