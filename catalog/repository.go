package catalog

import (
	"time"

	"entrepot/artifact"
)

// RepositoryID is a repository's internal identity; it is never reused. Upstreams are remembered by it, so a repository
// deleted and made again under its old name is another one.
type RepositoryID int64

// Repository is a repository's record.
type Repository struct {
	ID     RepositoryID
	Domain DomainID
	artifact.RepositoryKey
	Administrator artifact.AccountID
	Description   string
	Upstreams     []Upstream // in search order
	Connections   []string   // external connections such as public:npmjs, in the order they were associated
	CreatedAt     time.Time
}

// Upstream refers to a repository by identity. Name is empty when that repository no longer exists.
type Upstream struct {
	ID   RepositoryID
	Name string
}

// RepositoryFilter narrows a list of repositories; zero fields match all.
type RepositoryFilter struct {
	Domain        DomainID
	Administrator artifact.AccountID
	NamePrefix    string
}

// RepositoryReader finds repositories.
type RepositoryReader interface {
	Repository(key artifact.RepositoryKey) (Repository, error)
	RepositoryByID(id RepositoryID) (Repository, error)
	// Repositories lists repositories ordered by name, then by ID of the domain.
	Repositories(filter RepositoryFilter, page Page) (Listing[Repository], error)
}

// RepositoryWriter changes repositories. Touches DomainTopic; deleting touches RepositoryTopic for every
// format and the PackageTopic of each package.
type RepositoryWriter interface {
	// CreateRepository stores r with its upstreams and connections and returns its new ID; Conflict if the domain has one
	// of this name. The domain is r.Domain; the owner and the domain's name come from its record. An upstream need not
	// exist: it then dangles.
	CreateRepository(r Repository) (RepositoryID, error)
	// UpdateRepository replaces description, upstreams and connections of the repository r.ID.
	UpdateRepository(r Repository) error
	// DeleteRepository removes the repository with its packages, versions, policy and tags. Repositories that have it
	// upstream keep the reference, dangling.
	DeleteRepository(id RepositoryID) error
}
