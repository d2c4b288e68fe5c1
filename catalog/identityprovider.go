package catalog

import (
	"time"

	"entrepot/artifact"
)

// IdentityProvider is an issuer of OpenID Connect tokens that an account takes as proof (IAM user guide, "Create an OpenID
// Connect (OIDC) identity provider in IAM").
type IdentityProvider struct {
	ARN         string
	Account     artifact.AccountID
	URL         string   // as its tokens have it in iss
	ClientIDs   []string // audiences for which its tokens are taken, in the order in which they came
	Thumbprints []string // of its certificates; kept for those who ask
	CreatedAt   time.Time
	Tags        map[string]string
}

// IdentityProviderReader finds identity providers.
type IdentityProviderReader interface {
	IdentityProvider(arn string) (IdentityProvider, error)
	// IdentityProviders lists an account's by ARN.
	IdentityProviders(account artifact.AccountID, page Page) (Listing[IdentityProvider], error)
}

// IdentityProviderWriter changes identity providers. Touches no topic: they are read when a session begins.
type IdentityProviderWriter interface {
	// CreateIdentityProvider stores p; Conflict if its ARN is taken.
	CreateIdentityProvider(p IdentityProvider) error
	// UpdateIdentityProvider replaces its client IDs, thumbprints and tags.
	UpdateIdentityProvider(p IdentityProvider) error
	DeleteIdentityProvider(arn string) error
}
