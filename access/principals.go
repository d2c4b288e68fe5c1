package access

import (
	"context"
	"fmt"

	"entrepot/catalog"
	"entrepot/iam"
)

// member is a principal as the rules need it. Its policies are shared by all its requests and never changed.
type member struct {
	principal iam.Principal
	identity  []*iam.Policy
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

// readMember reads what member remembers.
func (g *Guard) readMember(ctx context.Context, id string) (member, error) {
	var p catalog.Principal
	var documents []catalog.IdentityPolicy
	err := g.store.Read(ctx, func(r catalog.Reader) (err error) {
		if p, err = r.Principal(id); err != nil {
			return err
		}
		documents, err = r.IdentityPolicies(id)
		return err
	})
	if err != nil {
		return member{}, fmt.Errorf("read principal %s: %w", id, err)
	}
	m := member{principal: iam.Principal{Account: string(p.Account), ARN: p.ARN, ID: p.ID, Name: p.Name}}
	if p.Root {
		// The account itself needs no policy for what is its own; it has no user name.
		m.principal.Name = ""
		documents = append(documents, catalog.IdentityPolicy{Name: "root", Document: allowAll})
	}
	for _, d := range documents {
		policy, err := iam.Parse([]byte(d.Document), iam.IdentityPolicy)
		if err != nil {
			return member{}, fmt.Errorf("parse policy %s of %s: %w", d.Name, p.ARN, err)
		}
		policy.Name = d.Name
		m.identity = append(m.identity, policy)
	}
	return m, nil
}
