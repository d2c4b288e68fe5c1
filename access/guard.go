// Package access tells who calls.
//
// API calls are signed (SigV4) with an access key; package managers send an authorization token. Both end in one type,
// iam.Caller: a principal with the policies it has at this moment. What a caller may do is package iam's to say and the
// rules' to ask; this room only refuses those it cannot name.
//
// Errors of API calls are *sigv4.Error where the signature is refused. Otherwise they are *artifact.Error:
// Unauthenticated for credentials that are missing or no good (any more), and the kinds that the methods name.
package access

import (
	"crypto/rand"
	"fmt"
	"time"

	"entrepot/access/sigv4"
	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/ratelimit"
)

// Ceilings of what is remembered: the principals, keys, tokens and sessions that are in use at a time.
const (
	rememberedPrincipals = 4096
	rememberedKeys       = 4096
	rememberedTokens     = 32768
	rememberedSessions   = 4096
)

// Config is what a Guard is made of. All of it is needed but for what says so.
type Config struct {
	Catalog catalog.Store
	Sealer  Sealer
	Now     func() time.Time
	Region  string // of the installation, such as us-east-1
	// AnonymousReads lets those who only want to read in without a token, as nobody in particular. What nobody in
	// particular may read is for policies to say. May be false.
	AnonymousReads bool
	// TokenRate is how many requests a second may be made with one authorization token; 0 for any number.
	TokenRate int
}

// Guard authenticates calls and keeps what they are authenticated with. Several goroutines may use one.
type Guard struct {
	store    catalog.Store
	sealer   Sealer
	now      func() time.Time
	region   string
	verifier *sigv4.Verifier

	anonymousReads bool
	paces          *ratelimit.Limiter[catalog.TokenHash]

	unknownKey catalog.AccessKey // stands in for a key nobody has, so that asking for one costs the same
	principals *catalog.Memo[string, member]
	keys       *catalog.Memo[string, keyInUse]
	tokens     *catalog.Memo[catalog.TokenHash, catalog.Token]
	sessions   *catalog.Memo[string, member]
	uses       uses
}

// globalRegion is the region that calls to AWS's global services are signed for, wherever they come from.
const globalRegion = "us-east-1"

// scopes are what calls may be signed for. STS is both regional and, under its old endpoint, global.
func scopes(region string) []sigv4.Scope {
	all := []sigv4.Scope{
		{Region: region, Service: "codeartifact"},
		{Region: region, Service: "sts"},
		{Region: region, Service: "kms"},
		{Region: region, Service: "cloudtrail"},
		{Region: region, Service: "events"},
		{Region: globalRegion, Service: "iam"},
		{Region: globalRegion, Service: "organizations"},
	}
	if region != globalRegion {
		all = append(all, sigv4.Scope{Region: globalRegion, Service: "sts"})
	}
	return all
}

// New makes a guard. It fails if the sealer does.
func New(c Config) (*Guard, error) {
	dummy := catalog.AccessKey{ID: keyIDPrefix + rand.Text()[:keyIDRandom]}
	sealed, err := c.Sealer.Seal([]byte(newKeySecret().Reveal()), []byte(dummy.ID))
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	dummy.Secret = sealed
	return &Guard{
		store:  c.Catalog,
		sealer: c.Sealer,
		now:    c.Now,
		region: c.Region,

		anonymousReads: c.AnonymousReads,
		paces:          ratelimit.New[catalog.TokenHash](c.TokenRate, c.Now),

		verifier:   sigv4.New(c.Now, scopes(c.Region)...),
		unknownKey: dummy,
		principals: catalog.NewMemo[string, member](c.Catalog, rememberedPrincipals),
		keys:       catalog.NewMemo[string, keyInUse](c.Catalog, rememberedKeys),
		tokens:     catalog.NewMemo[catalog.TokenHash, catalog.Token](c.Catalog, rememberedTokens),
		sessions:   catalog.NewMemo[string, member](c.Catalog, rememberedSessions),
	}, nil
}

// refused is the one answer to every token that is no good, so that the words do not tell why.
func refused() *artifact.Error {
	return artifact.Errorf(artifact.Unauthenticated, "The authorization token is not valid or has expired.")
}
