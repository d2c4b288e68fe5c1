package catalog

import (
	"time"

	"entrepot/artifact"
)

// ManagedPolicy is a policy that stands by itself and is attached to principals (IAM user guide, "Managed policies and
// inline policies"). Its document has versions, one of which is in force wherever it is attached.
type ManagedPolicy struct {
	ID          string             // unguessable, never reused
	Account     artifact.AccountID // AWSAccount for those that come with the server
	Path        string             // begins and ends with a slash
	Name        string             // in an account no two differ only in the case of ASCII letters
	ARN         string
	Description string
	Default     int // the number of the version that is in force
	CreatedAt   time.Time
	UpdatedAt   time.Time // when it last got a version, or another default
	Tags        map[string]string
}

// AWSAccount owns the managed policies that every account may attach and none may change.
const AWSAccount artifact.AccountID = "aws"

// ManagedVersion is a version of a managed policy's document.
type ManagedVersion struct {
	Number    int // from 1; never given again
	Document  string
	CreatedAt time.Time
}

// PolicyUse says how a principal uses a managed policy.
type PolicyUse uint8

// The uses of a managed policy.
const (
	AttachedPolicy PolicyUse = iota // it grants and denies
	BoundaryPolicy                  // it bounds what others grant
	EitherUse                       // one or the other
)

// ManagedPolicyFilter narrows a list of managed policies.
type ManagedPolicyFilter struct {
	Account    artifact.AccountID // that owns them
	PathPrefix string             // empty means all
	// UsedBy is the account that must use them as Use says; empty means that they need not be used.
	UsedBy artifact.AccountID
	Use    PolicyUse
}

// PolicyUserFilter narrows a list of the principals that use a managed policy.
type PolicyUserFilter struct {
	PrincipalFilter
	Use PolicyUse
}

// AccountUsage counts what an account has.
type AccountUsage struct {
	Users, Groups, Roles     int
	Policies, PolicyVersions int
}

// ManagedPolicyReader finds managed policies.
type ManagedPolicyReader interface {
	ManagedPolicy(arn string) (ManagedPolicy, error)
	// ManagedPolicies lists an account's managed policies by name.
	ManagedPolicies(f ManagedPolicyFilter, page Page) (Listing[ManagedPolicy], error)
	// ManagedVersions returns the versions of a policy, the newest first.
	ManagedVersions(arn string) ([]ManagedVersion, error)
	// ManagedVersion returns one version of a policy.
	ManagedVersion(arn string, number int) (ManagedVersion, error)
	// ManagedDocument returns the document of a policy that is in force. It rests on PrincipalsTopic.
	ManagedDocument(arn string) (string, error)
	// AttachedPolicies returns the policies attached to a principal, ordered by name and ARN.
	AttachedPolicies(principal string) ([]ManagedPolicy, error)
	// PolicyUsers lists the principals that use a policy, by name.
	PolicyUsers(arn string, f PolicyUserFilter, page Page) (Listing[Principal], error)
	// CountPolicyUsers counts the principals of an account, of any kind, that use a policy.
	CountPolicyUsers(arn string, account artifact.AccountID, use PolicyUse) (int, error)
	// AccountUsage counts what an account has; zeros for one that has nothing.
	AccountUsage(account artifact.AccountID) (AccountUsage, error)
	// AccountAlias returns the other name of an account; empty if it has none.
	AccountAlias(account artifact.AccountID) (string, error)
}

// ManagedPolicyWriter changes managed policies. What changes the document in force touches PrincipalsTopic; attaching and
// detaching touch what PrincipalWriter says of a principal's policies.
type ManagedPolicyWriter interface {
	// CreateManagedPolicy stores p with its first version, number 1, in force; Conflict if its ID, ARN or name is taken.
	CreateManagedPolicy(p ManagedPolicy, document string) error
	// SetPolicyTags replaces the tags of a policy.
	SetPolicyTags(arn string, tags map[string]string) error
	// CreateManagedVersion adds a version under the next number, which it returns, and puts it in force if asked to.
	CreateManagedVersion(arn, document string, at time.Time, inForce bool) (int, error)
	// SetDefaultVersion puts a version in force.
	SetDefaultVersion(arn string, number int, at time.Time) error
	// DeleteManagedVersion removes a version; Conflict if it is in force.
	DeleteManagedVersion(arn string, number int) error
	// DeleteManagedPolicy removes a policy with its versions; Conflict while a principal uses it.
	DeleteManagedPolicy(arn string) error
	// AttachPolicy attaches a policy to a principal; nothing happens if it is attached.
	AttachPolicy(principal, arn string) error
	// DetachPolicy is the inverse; NotFound if it is not attached.
	DetachPolicy(principal, arn string) error
	// SetAccountAlias gives an account another name in place of the one it has; Conflict if another account has it. Touches
	// no topic.
	SetAccountAlias(account artifact.AccountID, alias string) error
	// DeleteAccountAlias takes the name away; NotFound if the account has another or none.
	DeleteAccountAlias(account artifact.AccountID, alias string) error
}
