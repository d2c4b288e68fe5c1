package accounts

import (
	"crypto/rand"

	"entrepot/artifact"
	"entrepot/catalog"
)

// The prefixes of unique identifiers (IAM user guide, "IAM identifiers").
const (
	userPrefix   = "AIDA"
	groupPrefix  = "AGPA"
	policyPrefix = "ANPA"
)

// newID makes an identifier that nobody can guess and none has had before.
func newID(prefix string) string { return prefix + rand.Text()[:17] }

// rootPath is the path of what was given none.
const rootPath = "/"

// arnOf is the ARN of what an account has in IAM: a kind with a path and a name.
func (s *Service) arnOf(account artifact.AccountID, kind, path, name string) string {
	return "arn:" + s.Partition + ":iam::" + string(account) + ":" + kind + path + name
}

// principalARN is the ARN of a user, a group or a role.
func (s *Service) principalARN(p catalog.Principal) string {
	return s.arnOf(p.Account, string(p.Kind), p.Path, p.Name)
}

// policyARN is the ARN of a managed policy.
func (s *Service) policyARN(p catalog.ManagedPolicy) string {
	return s.arnOf(p.Account, "policy", p.Path, p.Name)
}
