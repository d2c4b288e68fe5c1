// Package accounts is the rules of accounts, of the organizations they belong to, and of who acts in them: users, groups, roles,
// managed policies, and what hangs on them. It asks for permission before every action, counts against the quotas, refuses what would leave something hanging
// in the air, and records each change in the transaction that makes it.
//
// Package access says who calls; package iam what a policy means. The source of a rule, unless a comment says otherwise, is
// the IAM user guide and API reference; where they are silent the choice is recorded in docs/decisions.
//
// The files, in the order of reading:
//
//	service.go, action.go, authorize.go   what the rules stand on; an action from the question to the record, which
//	ledger.go                             other rooms that ask here write as well
//	problem.go, exception.go, quotas.go   what can be wrong, how much there may be, how things are called and listed
//	names.go, page.go
//	principals.go, users.go, groups.go,   users and groups, their tags and their access keys
//	tags.go, keys.go
//	document.go, embedded.go,             policies: those embedded in one principal, those that are attached, and what
//	attached.go, managed.go               bounds them
//	account.go, details.go,               the account itself, all that hangs together in it, and who signs in with what
//	credentialreport.go
//	absent.go                             what IAM knows and nobody here has
//	simulation.go, trial.go,              what policies would decide, and a principal as it would call
//	standing.go
//	credentials.go                        tokens and sessions: which there are, and how they are revoked
//	organization.go, member.go,           organizations and the accounts in them; how an account begins
//	newaccount.go
package accounts

import (
	"net/url"
	"time"

	"entrepot/catalog"
)

// Service has the rules. All its methods may be used at once from any number of goroutines.
type Service struct {
	Options
}

// Options are what the rules work with. All members are needed unless they say otherwise.
type Options struct {
	Catalog   catalog.Store
	Keys      Keys
	Partition string // of ARNs; empty means aws
	Region    string // of the installation, where roles are used
	Now       func() time.Time
	// RecordLater puts an event on record without anybody waiting for it: that a look was refused. nil means that none is.
	RecordLater func(e catalog.Event)
	// SessionKeys makes the credentials of sessions, IdentityTokens proves who an identity provider vouches for.
	SessionKeys    SessionKeys
	IdentityTokens IdentityTokens
	// PrivateIssuer reports whether the operator has configured an identity provider, which may then be without TLS; nil means
	// that it has configured none.
	PrivateIssuer func(issuer *url.URL) bool
	Quotas        Quotas // zero members take the service's defaults
}

// New returns the rules over the given parts.
func New(o Options) *Service {
	if o.Partition == "" {
		o.Partition = "aws"
	}
	o.Quotas = o.Quotas.withDefaults()
	return &Service{o}
}
