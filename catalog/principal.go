package catalog

import (
	"time"

	"entrepot/artifact"
)

// Principal is a user or role of an account.
type Principal struct {
	ID        string // unguessable, never reused
	Account   artifact.AccountID
	ARN       string
	Name      string
	Root      bool // the account itself
	CreatedAt time.Time
}

// IdentityPolicy is a policy attached to a principal, under a name unique to it.
type IdentityPolicy struct {
	Name     string
	Document string
}

// AccessKey signs API requests for a principal. Its secret is kept sealed, since checking a signature needs it back.
type AccessKey struct {
	ID        string // AKIA…
	Principal string
	Secret    []byte // sealed
	Active    bool
	CreatedAt time.Time
}

// PrincipalReader finds principals and what belongs to them.
type PrincipalReader interface {
	Principal(id string) (Principal, error)
	PrincipalByARN(arn string) (Principal, error)
	// IdentityPolicies returns the principal's policies ordered by name.
	IdentityPolicies(principal string) ([]IdentityPolicy, error)
	AccessKey(id string) (AccessKey, error)
	// AccessKeys returns the principal's keys ordered by creation.
	AccessKeys(principal string) ([]AccessKey, error)
}

// PrincipalWriter changes principals. Touches PrincipalTopic of the one concerned, and AccessKeyTopic of an access key;
// deleting a principal touches PrincipalsTopic and TokensTopic too.
type PrincipalWriter interface {
	// CreatePrincipal stores p; Conflict if its ID or ARN is taken.
	CreatePrincipal(p Principal) error
	// DeletePrincipal removes it with its policies, keys and tokens.
	DeletePrincipal(id string) error
	// PutIdentityPolicy adds a policy or replaces the one of its name.
	PutIdentityPolicy(principal string, p IdentityPolicy) error
	DeleteIdentityPolicy(principal, name string) error
	// CreateAccessKey stores k; Conflict if its ID is taken.
	CreateAccessKey(k AccessKey) error
	SetAccessKeyActive(id string, active bool) error
	DeleteAccessKey(id string) error
}

// TokenHash is the SHA-256 of an authorization token; the token itself is kept nowhere.
type TokenHash [32]byte

// Token lets its bearer use the repositories of one domain with the principal's permissions of the moment.
type Token struct {
	Hash      TokenHash
	Domain    DomainID
	Principal string
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// TokenReader finds tokens.
type TokenReader interface {
	// Token returns the token, expired or not, or NotFound.
	Token(h TokenHash) (Token, error)
}

// TokenWriter changes tokens. Deleting touches the TokenTopic of each.
type TokenWriter interface {
	// CreateToken stores t; Conflict if its hash is taken, NotFound without its domain or principal.
	CreateToken(t Token) error
	DeleteToken(h TokenHash) error
	// DeleteTokensExpired removes up to limit (clamped as in Page) tokens that expired before t, the oldest
	// first, and returns how many it removed.
	DeleteTokensExpired(t time.Time, limit int) (int, error)
}
