package accounts

import (
	"context"
	"fmt"
	"maps"

	"entrepot/catalog"
	"entrepot/iam"
)

// Standing returns a user or a role of the caller's account as it would call: with its policies of the moment, under the
// circumstances of the caller. It takes the permission that SimulatePrincipalPolicy takes: Denied, whether or not it is there;
// else NotFound if it is not.
func (s *Service) Standing(ctx context.Context, c iam.Caller, arn string) (as iam.Caller, err error) {
	err = s.look(ctx, c, "iam:SimulatePrincipalPolicy", func(a *reading) error {
		from, err := a.source(arn)
		if err != nil {
			return err
		}
		if from.Kind == catalog.GroupPrincipal {
			return InvalidInput.errorf("A group makes no requests: name one of its users.")
		}
		as = iam.Caller{Circumstances: c.Circumstances, Context: maps.Clone(c.Context), Principal: iam.Principal{Account: string(from.Account),
			ARN: from.ARN, ID: from.ID, Name: from.Principal.Name, Tags: from.Tags, OrgID: c.Principal.OrgID, OrgPath: c.Principal.OrgPath}}
		for _, key := range ofSessions {
			delete(as.Context, key)
		}
		if from.Kind == catalog.RolePrincipal {
			as.Principal.Role, as.Principal.Name = from.ARN, ""
		}
		for _, p := range from.policies {
			policy, err := standingPolicy(p.Name, p.Document)
			if err != nil {
				return err
			}
			as.Identity = append(as.Identity, policy)
		}
		if from.boundary != "" {
			as.Boundary, err = standingPolicy(from.Boundary, from.boundary)
		}
		return err
	})
	return as, err
}

// ofSessions are the condition keys that are known of sessions only.
var ofSessions = []string{"aws:tokenissuetime", "aws:multifactorauthpresent", "aws:sourceidentity", "aws:federatedprovider"}

func standingPolicy(name, document string) (*iam.Policy, error) {
	policy, err := iam.Parse([]byte(document), iam.IdentityPolicy)
	if err != nil {
		return nil, fmt.Errorf("stored policy %s: %w", name, err)
	}
	policy.Name = name
	return policy, nil
}
