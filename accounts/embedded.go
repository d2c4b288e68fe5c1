package accounts

import (
	"context"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// PutEntityPolicy embeds a policy in an entity, or replaces the one of its name. MalformedPolicy for a document that is
// none, Quota for one that is too large beside the others.
func (s *Service) PutEntityPolicy(ctx context.Context, c iam.Caller, e Entity, in catalog.IdentityPolicy) error {
	return s.change(ctx, c, e.verb("Put", "Policy"), func(a *changing) error {
		p, err := a.entity(e, Subject{})
		if err != nil {
			return err
		}
		if err := a.checkEmbedded(p, in); err != nil {
			return err
		}
		if err := a.write.PutIdentityPolicy(p.ID, in); err != nil {
			return err
		}
		return a.record(p.ARN, map[string]any{"policyName": in.Name})
	})
}

// GetEntityPolicy returns a policy that is embedded in an entity.
func (s *Service) GetEntityPolicy(ctx context.Context, c iam.Caller, e Entity, name string) (
	found catalog.IdentityPolicy, err error) {
	err = s.look(ctx, c, e.verb("Get", "Policy"), func(a *reading) error {
		p, err := a.entity(e, Subject{})
		if err != nil {
			return err
		}
		all, err := a.IdentityPolicies(p.ID)
		if err != nil {
			return err
		}
		for _, found = range all {
			if found.Name == name {
				return nil
			}
		}
		return noEmbedded(p, name)
	})
	return found, err
}

func noEmbedded(p catalog.Principal, name string) error {
	return artifact.Errorf(artifact.NotFound, "The %s policy with name %s cannot be found.", p.Kind, name)
}

// ListEntityPolicies lists the names of the policies that are embedded in an entity.
func (s *Service) ListEntityPolicies(ctx context.Context, c iam.Caller, e Entity, page catalog.Page) (
	l catalog.Listing[string], err error) {
	err = s.look(ctx, c, e.verb("List", "Policies"), func(a *reading) error {
		p, err := a.entity(e, Subject{})
		if err != nil {
			return err
		}
		all, err := a.IdentityPolicies(p.ID)
		if err != nil {
			return err
		}
		names := make([]string, len(all))
		for i, in := range all {
			names[i] = in.Name
		}
		l, err = catalog.PageOf(names, func(name string) string { return name }, page)
		return err
	})
	return l, err
}

// DeleteEntityPolicy removes a policy that is embedded in an entity.
func (s *Service) DeleteEntityPolicy(ctx context.Context, c iam.Caller, e Entity, name string) error {
	return s.change(ctx, c, e.verb("Delete", "Policy"), func(a *changing) error {
		p, err := a.entity(e, Subject{})
		if err != nil {
			return err
		}
		err = a.write.DeleteIdentityPolicy(p.ID, name)
		if artifact.Is(err, artifact.NotFound) {
			return noEmbedded(p, name)
		}
		if err != nil {
			return err
		}
		return a.record(p.ARN, map[string]any{"policyName": name})
	})
}
