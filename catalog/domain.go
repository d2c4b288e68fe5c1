package catalog

import (
	"time"

	"entrepot/artifact"
)

// DomainID is a domain's internal identity; it is never reused, so a new domain of an old name shares nothing with it.
type DomainID int64

// Domain is a domain's record.
type Domain struct {
	ID DomainID
	artifact.DomainKey
	EncryptionKey string // key ARN shown to callers
	DataKey       []byte // the key of the domain's assets, wrapped by the master key
	CreatedAt     time.Time
}

// Usage is what a domain holds, live.
type Usage struct {
	Repositories int
	AssetBytes   int64 // each distinct asset counted once
}

// DomainReader finds domains.
type DomainReader interface {
	Domain(key artifact.DomainKey) (Domain, error)
	DomainByID(id DomainID) (Domain, error)
	// Domains lists the domains of one owner.
	Domains(owner artifact.AccountID, page Page) (Listing[Domain], error)
	// AllDomains lists every domain of the installation, ordered by ID.
	AllDomains(page Page) (Listing[Domain], error)
	Usage(id DomainID) (Usage, error)
}

// DomainWriter changes domains. Touches DomainsTopic and DomainTopic; deleting touches TokensTopic too.
type DomainWriter interface {
	// CreateDomain stores d and returns its new ID; Conflict if the owner has one of this name.
	CreateDomain(d Domain) (DomainID, error)
	// DeleteDomain removes the domain with its policy and tags; Conflict while it has repositories. Tokens of the domain go
	// with it.
	DeleteDomain(id DomainID) error
}
