package catalog

import (
	"time"

	"entrepot/artifact"
)

// RemoteID is a remote's internal identity; it is never reused. What is remembered of a remote is remembered by it.
type RemoteID int64

// RemoteKind is what speaks at the other side of a remote.
type RemoteKind string

// The kinds of remotes.
const (
	// CodeArtifactRemote is a repository of a service with this API: of another server like this one, or of AWS's own.
	CodeArtifactRemote RemoteKind = "codeartifact"
	// RegistryRemote is a registry of one format.
	RegistryRemote RemoteKind = "registry"
)

// Remote is an external connection that a domain has given itself, beside those that every domain has.
type Remote struct {
	ID     RemoteID
	Domain DomainID
	Name   string // repositories are connected to remote:NAME
	Kind   RemoteKind
	// URL is where it is: the endpoint of a repository for a format, of which the other formats' follow, or a registry's
	// address.
	URL string
	// Format is the one that a registry speaks; empty for the other kind, which speaks all.
	Format artifact.Format
	// Region and API are where calls of the API go, and for which region they are signed; empty for a registry.
	Region, API string
	// Internal has what comes from there count as made inside, else it counts as what comes from public registries.
	Internal bool
	// Freshness is how old an answer may be without being asked for anew.
	Freshness time.Duration
	// DownloadHosts are further hosts that what it says may lead to, wherever they are.
	DownloadHosts []string
	// Certificates, in PEM, are of authorities that are believed there beside those that the system believes.
	Certificates string
	// Credential is what the other side wants to see, sealed; nil if it wants nothing.
	Credential []byte
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// RemoteReader finds remotes.
type RemoteReader interface {
	// Remote returns the remote of a domain by its name, or NotFound.
	Remote(id DomainID, name string) (Remote, error)
	// Remotes returns every remote of a domain, ordered by name.
	Remotes(id DomainID) ([]Remote, error)
}

// RemoteWriter changes remotes. Touches DomainTopic.
type RemoteWriter interface {
	// CreateRemote stores r and returns its new ID; Conflict if the domain has one of this name, NotFound if there is no such
	// domain.
	CreateRemote(r Remote) (RemoteID, error)
	// UpdateRemote replaces the record of r.ID but for its domain, its name and the time of its creation.
	UpdateRemote(r Remote) error
	// DeleteRemote removes a remote. Repositories that are connected to it keep the connection by its name.
	DeleteRemote(id RemoteID) error
}
