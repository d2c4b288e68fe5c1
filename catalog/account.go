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

// AccountWriter changes accounts. What a principal may do rests on its account, so all but the requests touches
// PrincipalsTopic.
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
