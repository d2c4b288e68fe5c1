package catalog

import (
	"time"

	"entrepot/artifact"
)

// Account owns domains, principals and keys.
type Account struct {
	ID           artifact.AccountID
	Name, Email  string    // the email is unique in the installation
	Organization string    // ID of the one that it belongs to; empty for none
	CreatedAt    time.Time // which is also when it joined
	ClosedAt     time.Time // zero while it is open; nobody of a closed account may do anything
	Tags         map[string]string
}

// Organization is several accounts under one that manages them.
type Organization struct {
	ID         string // o-…
	Root       string // r-…
	Management artifact.AccountID
	CreatedAt  time.Time
}

// Path is the place of the organization's accounts, o-…/r-…/, as condition keys have it; empty for the zero Organization.
func (o Organization) Path() string {
	if o.ID == "" {
		return ""
	}
	return o.ID + "/" + o.Root + "/"
}

// Standing is what matters of an account to whoever judges its principals or what it owns.
type Standing struct {
	Closed       bool
	Organization Organization // the zero one if it belongs to none
}

// StandingOf returns the standing of an account; one that is not on record is open and belongs to no organization. It rests on
// PrincipalsTopic, and of an account that owns a domain on DomainTopic of that.
func StandingOf(r AccountReader, id artifact.AccountID) (s Standing, err error) {
	a, err := r.Account(id)
	if artifact.Is(err, artifact.NotFound) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	s.Closed = !a.ClosedAt.IsZero()
	if a.Organization != "" {
		s.Organization, err = r.Organization(a.Organization)
	}
	return s, err
}

// AccountRequest is a request for an account, and what has become of it.
type AccountRequest struct {
	ID           string // car-…
	Organization string
	AccountName  string
	Account      artifact.AccountID // empty where none was made
	Failure      string             // why none was made
	At           time.Time
}

// AccountReader finds accounts.
type AccountReader interface {
	Account(id artifact.AccountID) (Account, error)
	AccountByEmail(email string) (Account, error)
	// Accounts lists the accounts of an organization by ID.
	Accounts(organization string, page Page) (Listing[Account], error)
	Organization(id string) (Organization, error)
	AccountRequest(id string) (AccountRequest, error)
	// AccountRequests lists those of an organization by ID.
	AccountRequests(organization string, page Page) (Listing[AccountRequest], error)
}

// AccountWriter changes accounts. What a principal may do rests on its account, and who may do something with a domain on the
// account that owns it: all but the requests touches PrincipalsTopic, and the DomainTopic of each domain of the accounts concerned.
type AccountWriter interface {
	// CreateAccount stores a; Conflict if its ID or email is taken.
	CreateAccount(a Account) error
	// UpdateAccount replaces the record of a but for the time of its creation; Conflict if its email is another's.
	UpdateAccount(a Account) error
	// CreateOrganization stores o; Conflict if its ID or its management account has one.
	CreateOrganization(o Organization) error
	// DeleteOrganization removes it; Conflict while it has accounts beside the one that manages it, which is left without.
	DeleteOrganization(id string) error
	// PutAccountRequest stores r; Conflict if its ID is taken.
	PutAccountRequest(r AccountRequest) error
}
