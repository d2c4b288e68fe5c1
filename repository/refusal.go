package repository

import (
	"context"
	"fmt"

	"entrepot/iam"
)

// refusal is the cause of a Denied: how it was decided, and on what.
type refusal struct {
	decision iam.Decision
	on       Subject
}

// Error tells the operator which statement decided.
func (r *refusal) Error() string { return r.decision.String() }

// The names of resource policies in decisions.
const (
	domainsPolicy     = "the domain's policy"
	repositorysPolicy = "the repository's policy"
)

// simulates is the action by which one is told what policies of identities come to.
const simulates = "iam:SimulatePrincipalPolicy"

// statement names the statement that has refused, in brackets, to a caller who could read it anyway: one of a resource policy to
// whoever may get that policy, one of his own to whoever may have his policies simulated. For all others it is empty, and so
// it is where no statement has decided.
func (s *Service) statement(ctx context.Context, c iam.Caller, r *refusal) string {
	d := r.decision
	if d.Statement == 0 || !s.mayReadPolicy(ctx, c, c.Principal, d, r.on) {
		return ""
	}
	text := fmt.Sprintf("statement %d", d.Statement)
	if d.Sid != "" {
		text += " '" + d.Sid + "'"
	}
	if d.Policy != "" {
		text += " of " + d.Policy
	}
	return " (" + text + ")"
}

// mayReadPolicy reports whether the caller could read the policy that has decided about what a principal does to a subject.
func (s *Service) mayReadPolicy(ctx context.Context, c iam.Caller, of iam.Principal, d iam.Decision, on Subject) bool {
	if d.Reason != iam.DeniedByResource && d.Reason != iam.AllowedByResource {
		_, answer := simulation(c, of)
		return answer.Allowed()
	}
	action, holder := "GetDomainPermissionsPolicy", OnDomain(on.Domain)
	if d.Policy == repositorysPolicy {
		action, holder = "GetRepositoryPermissionsPolicy", Subject{Domain: on.Domain, Repository: on.Repository}
	}
	at, err := s.configuration(ctx, holder.Domain, holder.Repository)
	return err == nil && s.mayDo(at, c, action, holder)
}

// simulation decides whether the caller may ask what the policies of a principal of its own account come to: whoever may use
// IAM's own operation for it may.
func simulation(c iam.Caller, of iam.Principal) (iam.Request, iam.Decision) {
	arn := of.ARN
	if of.Role != "" {
		arn = of.Role
	}
	request := iam.Request{Principal: c.Principal, Action: simulates, Resources: []string{arn}, Context: c.Context}
	policies := iam.Policies{Identity: c.Identity, Boundary: c.Boundary, Session: c.Session}
	return request, iam.Evaluate(request, policies, of.Account == c.Principal.Account)
}
