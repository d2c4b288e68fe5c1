package accounts

import (
	"context"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// policyKey is the condition key of the managed policy that is attached or detached.
const policyKey = "iam:policyarn"

// AttachPolicy attaches a managed policy, of the account or of AWS, to an entity. Nothing happens if it is attached.
func (s *Service) AttachPolicy(ctx context.Context, c iam.Caller, e Entity, arn string) error {
	return s.change(ctx, c, e.verb("Attach", "Policy"), func(a *changing) error {
		p, err := a.entity(e, Subject{Keys: map[string][]string{policyKey: {arn}}})
		if err != nil {
			return err
		}
		if _, err := a.attachable(arn); err != nil {
			return err
		}
		have, err := a.Reader.AttachedPolicies(p.ID)
		if err != nil {
			return err
		}
		attached := slices.ContainsFunc(have, func(m catalog.ManagedPolicy) bool { return m.ARN == arn })
		if !attached && len(have) >= s.Quotas.AttachedPolicies {
			return artifact.Errorf(artifact.Quota, "Cannot exceed quota for PoliciesPer%s: %d", words[p.Kind], s.Quotas.AttachedPolicies)
		}
		if err := a.write.AttachPolicy(p.ID, arn); err != nil {
			return err
		}
		return a.record(p.ARN, map[string]any{"policyArn": arn})
	})
}

// DetachPolicy detaches a managed policy from an entity.
func (s *Service) DetachPolicy(ctx context.Context, c iam.Caller, e Entity, arn string) error {
	return s.change(ctx, c, e.verb("Detach", "Policy"), func(a *changing) error {
		p, err := a.entity(e, Subject{Keys: map[string][]string{policyKey: {arn}}})
		if err != nil {
			return err
		}
		err = a.write.DetachPolicy(p.ID, arn)
		if artifact.Is(err, artifact.NotFound) {
			return noPolicy(arn)
		}
		if err != nil {
			return err
		}
		return a.record(p.ARN, map[string]any{"policyArn": arn})
	})
}

// ListAttachedPolicies lists the managed policies that are attached to an entity, by name.
func (s *Service) ListAttachedPolicies(ctx context.Context, c iam.Caller, e Entity, pathPrefix string, page catalog.Page) (
	l catalog.Listing[catalog.ManagedPolicy], err error) {
	err = s.look(ctx, c, "iam:ListAttached"+words[e.Kind]+"Policies", func(a *reading) error {
		p, err := a.entity(e, Subject{})
		if err != nil {
			return err
		}
		all, err := a.Reader.AttachedPolicies(p.ID)
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(m catalog.ManagedPolicy) bool { return !strings.HasPrefix(m.Path, pathPrefix) })
		// Two may have one name: the account's and AWS's.
		l, err = catalog.PageOf(all, func(m catalog.ManagedPolicy) string { return m.Name + " " + m.ARN }, page)
		return err
	})
	return l, err
}

// PutBoundary bounds what may be granted to a user or a role by a managed policy, in place of the one that did.
func (s *Service) PutBoundary(ctx context.Context, c iam.Caller, e Entity, arn string) error {
	return s.change(ctx, c, e.verb("Put", "PermissionsBoundary"), func(a *changing) error {
		p, err := a.entity(e, Subject{Keys: bounded(arn)})
		if err != nil {
			return err
		}
		if _, err := a.attachable(arn); err != nil {
			return err
		}
		return a.bound(p, arn)
	})
}

// DeleteBoundary takes the boundary of a user or a role away.
func (s *Service) DeleteBoundary(ctx context.Context, c iam.Caller, e Entity) error {
	return s.change(ctx, c, e.verb("Delete", "PermissionsBoundary"), func(a *changing) error {
		p, err := a.entity(e, Subject{})
		if err != nil {
			return err
		}
		return a.bound(p, "")
	})
}

func (a *changing) bound(p catalog.Principal, arn string) error {
	p.Boundary = arn
	if err := a.write.UpdatePrincipal(p); err != nil {
		return err
	}
	return a.record(p.ARN, map[string]any{"permissionsBoundary": arn})
}
