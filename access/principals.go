package access

import (
	"context"
	"fmt"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// member is a principal as the rules need it. Its policies are shared by all its requests and never changed.
type member struct {
	principal iam.Principal
	identity  []*iam.Policy
	boundary  *iam.Policy // nil means none

	// In a session of it:
	session   []*iam.Policy
	temporary iam.Temporary
	keys      map[string][]string // condition keys
}

// allowAll is the policy of the account itself and of the first administrator.
const allowAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// member returns a principal with its policies of the moment, or NotFound. A policy that does not parse makes the
// principal unusable rather than lighter by a policy: the one left out might be a deny.
func (g *Guard) member(ctx context.Context, id string) (member, error) {
	return g.principals.Get(ctx, id, func(ctx context.Context, on *catalog.Basis) (member, error) {
		on.Topics(catalog.PrincipalTopic(id), catalog.PrincipalsTopic())
		return g.readMember(ctx, id)
	})
}

// readMember reads what member remembers. A group is no member: nobody calls as one. Nor does anybody of a closed account.
func (g *Guard) readMember(ctx context.Context, id string) (member, error) {
	var p catalog.Principal
	var documents []catalog.PolicyInForce
	var boundary string
	var standing catalog.Standing
	err := g.store.Read(ctx, func(r catalog.Reader) (err error) {
		if p, err = r.Principal(id); err != nil {
			return err
		}
		if p.Kind == catalog.GroupPrincipal {
			return artifact.Errorf(artifact.NotFound, "Principal %s is a group.", id)
		}
		if standing, err = catalog.StandingOf(r, p.Account); err != nil {
			return err
		}
		if standing.Closed {
			return artifact.Errorf(artifact.NotFound, "The account of principal %s is closed.", id)
		}
		if documents, err = r.PoliciesInForce(id); err != nil || p.Boundary == "" {
			return err
		}
		boundary, err = r.ManagedDocument(p.Boundary)
		return err
	})
	if err != nil {
		return member{}, fmt.Errorf("read principal %s: %w", id, err)
	}
	m := member{principal: iam.Principal{Account: string(p.Account), ARN: p.ARN, ID: p.ID, Name: p.Name, Tags: p.Tags,
		OrgID: standing.Organization.ID, OrgPath: standing.Organization.Path()}}
	if p.Kind == catalog.RootPrincipal {
		// The account itself needs no policy for what is its own; it has no user name.
		m.principal.Name = ""
		documents = append(documents, catalog.PolicyInForce{Name: "root", Document: allowAll})
	}
	for _, d := range documents {
		policy, err := parse(p, d.Name, d.Document)
		if err != nil {
			return member{}, err
		}
		m.identity = append(m.identity, policy)
	}
	if p.Boundary != "" {
		if m.boundary, err = parse(p, p.Boundary, boundary); err != nil {
			return member{}, err
		}
	}
	return m, nil
}

// parse reads a policy that a principal is judged by.
func parse(p catalog.Principal, name, document string) (*iam.Policy, error) {
	policy, err := iam.Parse([]byte(document), iam.IdentityPolicy)
	if err != nil {
		return nil, fmt.Errorf("parse policy %s of %s: %w", name, p.ARN, err)
	}
	policy.Name = name
	return policy, nil
}
