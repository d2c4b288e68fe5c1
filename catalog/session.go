package catalog

import (
	"time"

	"entrepot/artifact"
)

// Session is what temporary credentials stand for (IAM user guide, "Temporary security credentials in IAM"): a role that
// somebody plays for a while, or a user, with less than he may do.
type Session struct {
	ID        string // of its access key: ASIA…
	Principal string // whose permissions it has at most: the role, or the user
	Kind      SessionKind
	Secret    []byte    // of its access key, sealed
	Token     TokenHash // of its session token, which is kept nowhere
	IssuedAt  time.Time
	ExpiresAt time.Time // its access key's; the tokens that were issued with it have an end of their own
	SessionDetails
}

// SessionDetails are what was said when a session began.
type SessionDetails struct {
	Name           string            // of a role session or a federated user
	Policies       []string          // documents that narrow it; none of them means that nothing does
	Tags           map[string]string // of the session; they go before the principal's
	Transitive     []string          // keys of those tags that sessions begun with this one have as well
	SourceIdentity string
	Provider       string // ARN of the identity provider that vouched for whoever began it; empty where a signature did
}

// SessionKind says how a session began.
type SessionKind string

// The kinds of session.
const (
	RoleSession      SessionKind = "role"      // AssumeRole, AssumeRoleWithWebIdentity
	UserSession      SessionKind = "user"      // GetSessionToken
	FederatedSession SessionKind = "federated" // GetFederationToken
)

// SessionReader finds sessions.
type SessionReader interface {
	// Session returns the session of an access key, over or not, or NotFound.
	Session(id string) (Session, error)
	// Sessions lists the sessions of an account's principals by ID.
	Sessions(account artifact.AccountID, page Page) (Listing[Session], error)
}

// SessionWriter changes sessions. Deleting touches the SessionTopic of each; one that goes with its tokens touches TokensTopic, and
// those that go with their principal touch PrincipalsTopic alone.
type SessionWriter interface {
	// CreateSession stores s; Conflict if its ID is taken, NotFound without its principal.
	CreateSession(s Session) error
	// DeleteSession removes it with its tokens.
	DeleteSession(id string) error
	// DeleteSessionsExpired removes up to limit (clamped as in Page) sessions that expired before t and have no tokens, the
	// oldest first, and returns how many it removed.
	DeleteSessionsExpired(t time.Time, limit int) (int, error)
}
