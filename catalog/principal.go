package catalog

import (
	"time"

	"entrepot/artifact"
)

// Principal is an identity of an account (IAM user guide, "IAM identities"): a user, a role, a group of users, or the
// account itself. A group never calls; what is granted to it is granted to its members.
type Principal struct {
	ID        string // unguessable, never reused
	Account   artifact.AccountID
	Kind      PrincipalKind
	Path      string // begins and ends with a slash
	Name      string // of its kind no two in an account differ only in the case of ASCII letters
	ARN       string
	CreatedAt time.Time
	Tags      map[string]string
	Boundary  string // ARN of the managed policy that bounds it; empty means none
}

// PrincipalKind sorts principals.
type PrincipalKind string

// The kinds of principal.
const (
	UserPrincipal  PrincipalKind = "user"
	RolePrincipal  PrincipalKind = "role"
	GroupPrincipal PrincipalKind = "group"
	RootPrincipal  PrincipalKind = "root" // the account itself
)

// PrincipalFilter narrows a list of principals.
type PrincipalFilter struct {
	Account    artifact.AccountID
	Kind       PrincipalKind // empty means all
	PathPrefix string        // empty means all
}

// IdentityPolicy is a policy embedded in a principal, under a name unique to it.
type IdentityPolicy struct {
	Name     string
	Document string
}

// PolicyInForce is one of the policies by which a principal is judged: embedded in it, attached to it, or either of one of
// its groups.
type PolicyInForce struct {
	Holder   string // ID of the principal that holds it: the one asked about, or a group
	Name     string
	ARN      string // of a managed policy; empty for an embedded one
	Document string // of a managed policy its default version
}

// AccessKey signs API requests for a principal. Its secret is kept sealed, since checking a signature needs it back.
type AccessKey struct {
	ID        string // AKIA…
	Principal string
	Secret    []byte // sealed
	Active    bool
	CreatedAt time.Time
	LastUse   KeyUse // the zero KeyUse until it is used
}

// KeyUse is when and for what an access key was used.
type KeyUse struct {
	At      time.Time
	Service string // as in a credential's scope
	Region  string
}

// PrincipalReader finds principals and what belongs to them.
type PrincipalReader interface {
	Principal(id string) (Principal, error)
	PrincipalByARN(arn string) (Principal, error)
	// PrincipalByName finds a principal by exactly its name.
	PrincipalByName(account artifact.AccountID, kind PrincipalKind, name string) (Principal, error)
	// Principals lists principals by name.
	Principals(f PrincipalFilter, page Page) (Listing[Principal], error)
	// GroupsOf returns the groups that a user is in, ordered by name.
	GroupsOf(user string) ([]Principal, error)
	// Members lists the users in a group by name.
	Members(group string, page Page) (Listing[Principal], error)
	// IdentityPolicies returns the policies embedded in the principal, ordered by name.
	IdentityPolicies(principal string) ([]IdentityPolicy, error)
	// PoliciesInForce returns every policy that the principal is judged by: first those embedded in it and in its groups,
	// then those attached to them, each ordered by holder and name. Its boundary is not among them. They rest on
	// PrincipalTopic and PrincipalsTopic.
	PoliciesInForce(principal string) ([]PolicyInForce, error)
	AccessKey(id string) (AccessKey, error)
	// AccessKeys returns the principal's keys ordered by creation.
	AccessKeys(principal string) ([]AccessKey, error)
}

// PrincipalWriter changes principals. Touches PrincipalTopic of the one concerned, and AccessKeyTopic of an access key.
// Deleting a principal touches PrincipalsTopic and TokensTopic too, and changing a policy of a group PrincipalsTopic.
type PrincipalWriter interface {
	// CreatePrincipal stores p; Conflict if its ID, its ARN or its name among those of its kind is taken, NotFound if its
	// boundary does not exist.
	CreatePrincipal(p Principal) error
	// UpdatePrincipal replaces path, name, ARN, tags and boundary; Conflict and NotFound as for CreatePrincipal.
	UpdatePrincipal(p Principal) error
	// DeletePrincipal removes it with its policies, attachments, memberships, keys and tokens.
	DeletePrincipal(id string) error
	// AddMember puts a user into a group; nothing happens if it is there.
	AddMember(group, user string) error
	// RemoveMember takes a user out of a group; NotFound if it is not in it.
	RemoveMember(group, user string) error
	// PutIdentityPolicy adds a policy or replaces the one of its name.
	PutIdentityPolicy(principal string, p IdentityPolicy) error
	DeleteIdentityPolicy(principal, name string) error
	// CreateAccessKey stores k without a use; Conflict if its ID is taken.
	CreateAccessKey(k AccessKey) error
	SetAccessKeyActive(id string, active bool) error
	DeleteAccessKey(id string) error
	// SetAccessKeyUse notes the last use of a key, unless a later one is noted; a key that is gone is passed over. Touches
	// no topic: nobody is judged by it.
	SetAccessKeyUse(id string, last KeyUse) error
}

// TokenHash is the SHA-256 of an authorization token; the token itself is kept nowhere.
type TokenHash [32]byte

// Token lets its bearer use the repositories of one domain with the principal's permissions of the moment.
type Token struct {
	Hash      TokenHash
	Domain    DomainID
	Principal string
	Session   string // ID of the session whose token it is; empty for a principal's own
	AccessKey string // ID of the access key that asked for it; empty where that was not written down
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// TokenReader finds tokens.
type TokenReader interface {
	// Token returns the token, expired or not, or NotFound.
	Token(h TokenHash) (Token, error)
	// Tokens lists the tokens of an account's principals by hash.
	Tokens(account artifact.AccountID, page Page) (Listing[Token], error)
}

// TokenWriter changes tokens. Deleting touches the TokenTopic of each.
type TokenWriter interface {
	// CreateToken stores t; Conflict if its hash is taken, NotFound without its domain, its principal or the session it names.
	CreateToken(t Token) error
	DeleteToken(h TokenHash) error
	// DeleteTokensExpired removes up to limit (clamped as in Page) tokens that expired before t, the oldest
	// first, and returns how many it removed.
	DeleteTokensExpired(t time.Time, limit int) (int, error)
}
