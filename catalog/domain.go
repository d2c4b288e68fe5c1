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
	DataKey       []byte // the key of the domain's assets, wrapped
	// WrappedUnder is the EncryptionKey under which DataKey is wrapped; empty for the master key.
	WrappedUnder string
	CreatedAt    time.Time
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
	// LastDomainID returns the highest ID that was given out or passed over, zero if there is none.
	LastDomainID() (DomainID, error)
	// DomainDeleted reports whether this catalog had a domain of that ID and deleted it. What another catalog did with an
	// ID it does not know.
	DomainDeleted(id DomainID) (bool, error)
}

// DomainWriter changes domains. Touches DomainsTopic and DomainTopic; deleting touches TokensTopic too.
type DomainWriter interface {
	// CreateDomain stores d and returns its new ID; Conflict if the owner has one of this name.
	CreateDomain(d Domain) (DomainID, error)
	// DeleteDomain removes the domain with its policy, tags and package groups; Conflict while it has repositories. Tokens of
	// the domain go with it.
	DeleteDomain(id DomainID) error
	// PassOverDomainIDs sees to it that no ID up to this one is given out from now on. A catalog that was restored from a
	// backup does not know which ones were in use after it. Touches nothing.
	PassOverDomainIDs(through DomainID) error
}
