package accounts

import (
	"context"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// Policy is a managed policy with how often the principals of an account use it.
type Policy struct {
	catalog.ManagedPolicy
	Attached, Bounding int
}

// NewPolicy is what a managed policy is made of.
type NewPolicy struct {
	Name, Path  string // no path means /
	Description string
	Document    string
	Tags        []Tag
}

func noPolicy(arn string) error {
	return artifact.Errorf(artifact.NotFound, "Policy %s was not found.", arn)
}

// policy finds a managed policy, of the account or of AWS, and asks whether the action may be done to it.
func (a *reading) policy(arn string, with Subject) (catalog.ManagedPolicy, error) {
	if _, err := iam.ParseARN(arn); err != nil {
		return catalog.ManagedPolicy{}, InvalidInput.errorf("ARN %s is not valid.", arn)
	}
	p, err := a.attachable(arn)
	if err != nil && !artifact.Is(err, artifact.NotFound) {
		return p, err
	}
	with.ARN = arn
	if err == nil {
		with.Tags = p.Tags
	}
	if refused := a.may(with); refused != nil {
		return p, refused
	}
	if err != nil {
		return p, noPolicy(arn)
	}
	return p, nil
}

// own is policy for an action that changes it, which is done to the account's own only.
func (a *changing) own(arn string, with Subject) (catalog.ManagedPolicy, error) {
	p, err := a.policy(arn, with)
	if err == nil && p.Account == catalog.AWSAccount {
		err = NotModifiable.errorf("Policy %s is AWS's and cannot be changed; make one of your own.", arn)
	}
	return p, err
}

// counted adds to a policy how often it is used.
func (a *reading) counted(m catalog.ManagedPolicy) (p Policy, err error) {
	p.ManagedPolicy = m
	if p.Attached, err = a.CountPolicyUsers(m.ARN, a.account(), catalog.AttachedPolicy); err != nil {
		return p, err
	}
	p.Bounding, err = a.CountPolicyUsers(m.ARN, a.account(), catalog.BoundaryPolicy)
	return p, err
}

// CreatePolicy makes a managed policy of the caller's account.
func (s *Service) CreatePolicy(ctx context.Context, c iam.Caller, n NewPolicy) (p Policy, err error) {
	err = s.change(ctx, c, "iam:CreatePolicy", func(a *changing) error {
		now := s.Now().UTC()
		p = Policy{ManagedPolicy: catalog.ManagedPolicy{ID: newID(policyPrefix), Account: a.account(), Path: n.Path, Name: n.Name,
			Description: n.Description, Default: 1, CreatedAt: now, UpdatedAt: now}}
		if p.Path == "" {
			p.Path = rootPath
		}
		p.ARN = s.policyARN(p.ManagedPolicy)
		on := Subject{ARN: p.ARN, Given: tagMap(n.Tags)}
		if err := a.may(on); err != nil {
			return err
		}
		if len(n.Tags) > 0 {
			if err := Authorize(c, "iam:TagPolicy", on); err != nil {
				return err
			}
		}
		if err := checkManaged(n.Document); err != nil {
			return err
		}
		usage, err := a.AccountUsage(a.account())
		if err != nil {
			return err
		}
		if usage.Policies >= s.Quotas.Policies {
			return artifact.Errorf(artifact.Quota, "Cannot exceed quota for PoliciesPerAccount: %d", s.Quotas.Policies)
		}
		if p.Tags, err = s.tagged(nil, n.Tags); err != nil {
			return err
		}
		err = a.write.CreateManagedPolicy(p.ManagedPolicy, n.Document)
		if artifact.Is(err, artifact.Conflict) {
			return AlreadyExists.errorf("A policy called %s already exists. Duplicate names are not allowed.", n.Name)
		}
		if err != nil {
			return err
		}
		return a.record(p.ARN, map[string]any{"policyId": p.ID})
	})
	return p, err
}

// GetPolicy returns a managed policy.
func (s *Service) GetPolicy(ctx context.Context, c iam.Caller, arn string) (p Policy, err error) {
	err = s.look(ctx, c, "iam:GetPolicy", func(a *reading) error {
		m, err := a.policy(arn, Subject{})
		if err != nil {
			return err
		}
		p, err = a.counted(m)
		return err
	})
	return p, err
}

// PolicyFilter narrows a list of managed policies.
type PolicyFilter struct {
	Own, AWS   bool // whose; at least one of them
	PathPrefix string
	Used       bool // only those that principals of the account use
	Use        catalog.PolicyUse
}

// The markers of lists that go through the account's own policies first say in which part they are.
const (
	ownPart = "o"
	awsPart = "a"
)

// ListPolicies lists managed policies: the account's own by name, then AWS's by name.
func (s *Service) ListPolicies(ctx context.Context, c iam.Caller, f PolicyFilter, page catalog.Page) (
	l catalog.Listing[Policy], err error) {
	err = s.look(ctx, c, "iam:ListPolicies", func(a *reading) error {
		if err := a.may(Subject{}); err != nil {
			return err
		}
		l, err = a.policies(f, page)
		return err
	})
	return l, err
}

func (a *reading) policies(f PolicyFilter, page catalog.Page) (l catalog.Listing[Policy], err error) {
	var parts []part
	for _, of := range []struct {
		mark    string
		wanted  bool
		account artifact.AccountID
	}{{ownPart, f.Own, a.account()}, {awsPart, f.AWS, catalog.AWSAccount}} {
		if !of.wanted {
			continue
		}
		filter := catalog.ManagedPolicyFilter{Account: of.account, PathPrefix: f.PathPrefix, Use: f.Use}
		if f.Used {
			filter.UsedBy = a.account()
		}
		parts = append(parts, part{of.mark, func(page catalog.Page) (int, string, error) {
			found, err := a.ManagedPolicies(filter, page)
			if err != nil {
				return 0, "", err
			}
			for _, m := range found.Items {
				p, err := a.counted(m)
				if err != nil {
					return 0, "", err
				}
				l.Items = append(l.Items, p)
			}
			return len(found.Items), found.Next, nil
		}})
	}
	l.Next, err = inParts(parts, page)
	return l, err
}

// DeletePolicy removes a managed policy that nobody uses and that has no version but the default one.
func (s *Service) DeletePolicy(ctx context.Context, c iam.Caller, arn string) error {
	return s.change(ctx, c, "iam:DeletePolicy", func(a *changing) error {
		if _, err := a.own(arn, Subject{}); err != nil {
			return err
		}
		versions, err := a.ManagedVersions(arn)
		if err != nil {
			return err
		}
		if len(versions) > 1 {
			return InUse.errorf("This policy has more than one version. Before you delete a policy, you must delete the " +
				"policy's versions. The default version is deleted with the policy.")
		}
		err = a.write.DeleteManagedPolicy(arn)
		if artifact.Is(err, artifact.Conflict) {
			return InUse.errorf("Cannot delete a policy attached to entities.")
		}
		if err != nil {
			return err
		}
		return a.record(arn, nil)
	})
}

// CreatePolicyVersion adds a version to a managed policy, and puts it in force if asked to.
func (s *Service) CreatePolicyVersion(ctx context.Context, c iam.Caller, arn, document string, inForce bool) (
	v catalog.ManagedVersion, err error) {
	err = s.change(ctx, c, "iam:CreatePolicyVersion", func(a *changing) error {
		if _, err := a.own(arn, Subject{}); err != nil {
			return err
		}
		if err := checkManaged(document); err != nil {
			return err
		}
		versions, err := a.ManagedVersions(arn)
		if err != nil {
			return err
		}
		if len(versions) >= s.Quotas.PolicyVersions {
			return artifact.Errorf(artifact.Quota, "A managed policy can have up to %d versions. Before you create a new version, "+
				"you must delete an existing version.", s.Quotas.PolicyVersions)
		}
		v = catalog.ManagedVersion{Document: document, CreatedAt: s.Now().UTC()}
		if v.Number, err = a.write.CreateManagedVersion(arn, document, v.CreatedAt, inForce); err != nil {
			return err
		}
		return a.record(arn, map[string]any{"version": v.Number, "setAsDefault": inForce})
	})
	return v, err
}

// GetPolicyVersion returns a version of a managed policy, and whether it is in force.
func (s *Service) GetPolicyVersion(ctx context.Context, c iam.Caller, arn string, number int) (
	v catalog.ManagedVersion, inForce bool, err error) {
	err = s.look(ctx, c, "iam:GetPolicyVersion", func(a *reading) error {
		p, err := a.policy(arn, Subject{})
		if err != nil {
			return err
		}
		v, err = a.ManagedVersion(arn, number)
		inForce = p.Default == number
		return noVersion(err, arn, number)
	})
	return v, inForce, err
}

// noVersion words the NotFound of a version.
func noVersion(err error, arn string, number int) error {
	if artifact.Is(err, artifact.NotFound) {
		return artifact.Errorf(artifact.NotFound, "Policy %s version v%d does not exist.", arn, number)
	}
	return err
}

// ListPolicyVersions lists the versions of a managed policy, the newest first, and says which is in force.
func (s *Service) ListPolicyVersions(ctx context.Context, c iam.Caller, arn string) (
	versions []catalog.ManagedVersion, inForce int, err error) {
	err = s.look(ctx, c, "iam:ListPolicyVersions", func(a *reading) error {
		p, err := a.policy(arn, Subject{})
		if err != nil {
			return err
		}
		inForce = p.Default
		versions, err = a.ManagedVersions(arn)
		return err
	})
	return versions, inForce, err
}

// SetDefaultPolicyVersion puts a version of a managed policy in force.
func (s *Service) SetDefaultPolicyVersion(ctx context.Context, c iam.Caller, arn string, number int) error {
	return s.change(ctx, c, "iam:SetDefaultPolicyVersion", func(a *changing) error {
		if _, err := a.own(arn, Subject{}); err != nil {
			return err
		}
		if err := a.write.SetDefaultVersion(arn, number, s.Now().UTC()); err != nil {
			return noVersion(err, arn, number)
		}
		return a.record(arn, map[string]any{"version": number})
	})
}

// DeletePolicyVersion removes a version of a managed policy that is not in force.
func (s *Service) DeletePolicyVersion(ctx context.Context, c iam.Caller, arn string, number int) error {
	return s.change(ctx, c, "iam:DeletePolicyVersion", func(a *changing) error {
		if _, err := a.own(arn, Subject{}); err != nil {
			return err
		}
		err := a.write.DeleteManagedVersion(arn, number)
		if artifact.Is(err, artifact.Conflict) {
			return InUse.errorf("Cannot delete the default version of a policy.")
		}
		if err != nil {
			return noVersion(err, arn, number)
		}
		return a.record(arn, map[string]any{"version": number})
	})
}

// ListEntitiesForPolicy lists the principals of the account that use a managed policy, by name.
func (s *Service) ListEntitiesForPolicy(ctx context.Context, c iam.Caller, arn string, f catalog.PolicyUserFilter,
	page catalog.Page) (l catalog.Listing[catalog.Principal], err error) {
	err = s.look(ctx, c, "iam:ListEntitiesForPolicy", func(a *reading) error {
		if _, err := a.policy(arn, Subject{}); err != nil {
			return err
		}
		f.Account = a.account()
		l, err = a.PolicyUsers(arn, f, page)
		return err
	})
	return l, err
}

// TagPolicy puts tags to a managed policy or overwrites their values.
func (s *Service) TagPolicy(ctx context.Context, c iam.Caller, arn string, tags []Tag) error {
	return s.change(ctx, c, "iam:TagPolicy", func(a *changing) error {
		p, err := a.own(arn, Subject{Given: tagMap(tags)})
		if err != nil {
			return err
		}
		after, err := s.tagged(p.Tags, tags)
		if err != nil {
			return err
		}
		if err := a.write.SetPolicyTags(arn, after); err != nil {
			return err
		}
		return a.record(arn, map[string]any{"tags": tagMap(tags)})
	})
}

// UntagPolicy takes tags away from a managed policy. Those it does not have are passed over.
func (s *Service) UntagPolicy(ctx context.Context, c iam.Caller, arn string, keys []string) error {
	return s.change(ctx, c, "iam:UntagPolicy", func(a *changing) error {
		p, err := a.own(arn, Subject{Taken: keys})
		if err != nil {
			return err
		}
		if err := a.write.SetPolicyTags(arn, untagged(p.Tags, keys)); err != nil {
			return err
		}
		return a.record(arn, map[string]any{"tagKeys": keys})
	})
}

// ListPolicyTags lists the tags of a managed policy by key.
func (s *Service) ListPolicyTags(ctx context.Context, c iam.Caller, arn string, page catalog.Page) (
	l catalog.Listing[Tag], err error) {
	err = s.look(ctx, c, "iam:ListPolicyTags", func(a *reading) error {
		p, err := a.policy(arn, Subject{})
		if err != nil {
			return err
		}
		l, err = catalog.PageOf(TagsOf(p.Tags), Tag.name, page)
		return err
	})
	return l, err
}
