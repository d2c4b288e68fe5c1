package accounts

import (
	"context"
	"crypto/rand"
	"strings"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// Organization is an organization with the account that manages it.
type Organization struct {
	catalog.Organization
	ARN     string
	RootARN string // of what all its accounts are under
	Manager Member
}

// The lengths of what is random in the ids of organizations and their roots (service model, OrganizationId, RootId).
const (
	organizationRandom = 10
	rootRandom         = 8
)

// newLowerID makes an id of small letters and digits that nobody can guess and none has had before.
func newLowerID(prefix string, length int) string {
	return prefix + strings.ToLower(rand.Text()[:length])
}

// organizationARN is the ARN of what an organization has: a kind and its id, or the organization itself.
func (s *Service) organizationARN(o catalog.Organization, kind, id string) string {
	arn := "arn:" + s.Partition + ":organizations::" + string(o.Management) + ":" + kind + "/" + o.ID
	if id == "" {
		return arn
	}
	return arn + "/" + id
}

func (s *Service) organization(o catalog.Organization, manager catalog.Account) Organization {
	return Organization{o, s.organizationARN(o, "organization", ""), s.organizationARN(o, "root", o.Root), s.memberOf(o, manager)}
}

// ownOrganization is the organization of the caller's account; the zero one if it belongs to none.
func (a *reading) ownOrganization() (o catalog.Organization, err error) {
	own, err := a.Reader.Account(a.account())
	if artifact.Is(err, artifact.NotFound) || err == nil && own.Organization == "" {
		return o, nil
	}
	if err != nil {
		return o, err
	}
	return a.Reader.Organization(own.Organization)
}

// managing asks for an action that is the managing account's alone, on what the organization has of a kind, or on nothing in
// particular without one. NotInOrganization for a caller who has none.
func (a *reading) managing(kind, id string, on Subject) (catalog.Organization, error) {
	o, err := a.ownOrganization()
	if err != nil {
		return o, err
	}
	if o.ID == "" {
		if err := a.may(Subject{}); err != nil {
			return o, err
		}
		return o, NotInOrganization.errorf("Your account is not a member of an organization.")
	}
	if kind != "" {
		on.ARN = a.organizationARN(o, kind, id)
	}
	on.Owner = o.Management
	err = a.may(on)
	if o.Management != a.account() && artifact.Is(err, artifact.Denied) {
		err = artifact.Errorf(artifact.Denied, "You don't have permissions to access this resource.").Causing(err)
	}
	return o, err
}

// CreateOrganization makes an organization that the caller's account manages, and is the first to belong to.
func (s *Service) CreateOrganization(ctx context.Context, c iam.Caller) (made Organization, err error) {
	err = s.change(ctx, c, "organizations:CreateOrganization", func(a *changing) error {
		if err := a.may(Subject{}); err != nil {
			return err
		}
		manager, err := a.Reader.Account(a.account())
		if err != nil {
			return err
		}
		if manager.Organization != "" {
			return AlreadyInOrganization.errorf("The AWS account is already a member of an organization.")
		}
		o := catalog.Organization{ID: newLowerID("o-", organizationRandom), Root: newLowerID("r-", rootRandom), Management: manager.ID,
			CreatedAt: s.Now().UTC()}
		if err := a.write.CreateOrganization(o); err != nil {
			return err
		}
		manager.Organization = o.ID
		if err := a.write.UpdateAccount(manager); err != nil {
			return err
		}
		made = s.organization(o, manager)
		return a.record(made.ARN, nil)
	})
	return made, err
}

// DescribeOrganization returns the organization of the caller's account. All its accounts may ask.
func (s *Service) DescribeOrganization(ctx context.Context, c iam.Caller) (found Organization, err error) {
	err = s.look(ctx, c, "organizations:DescribeOrganization", func(a *reading) error {
		if err := a.may(Subject{}); err != nil {
			return err
		}
		o, err := a.ownOrganization()
		if err != nil {
			return err
		}
		if o.ID == "" {
			return NotInOrganization.errorf("Your account is not a member of an organization.")
		}
		manager, err := a.Reader.Account(o.Management)
		found = s.organization(o, manager)
		return err
	})
	return found, err
}

// DeleteOrganization removes the caller's organization, to which no open account may belong but the one that manages it. Closed
// ones stay closed (docs/decisions/0131-closed-accounts.md).
func (s *Service) DeleteOrganization(ctx context.Context, c iam.Caller) error {
	return s.change(ctx, c, "organizations:DeleteOrganization", func(a *changing) error {
		o, err := a.managing("", "", Subject{})
		if err != nil {
			return err
		}
		members, err := a.members(o)
		if err != nil {
			return err
		}
		for _, m := range members {
			switch {
			case m.ID == o.Management:
				continue
			case m.ClosedAt.IsZero():
				return OrganizationInUse.errorf("To delete an organization you must first close or remove its member accounts: account %s "+
					"still belongs to it.", m.ID)
			}
			m.Organization = ""
			if err := a.write.UpdateAccount(m); err != nil {
				return err
			}
		}
		if err := a.write.DeleteOrganization(o.ID); err != nil {
			return err
		}
		return a.record(s.organizationARN(o, "organization", ""), nil)
	})
}

// members are all accounts of an organization.
func (a *reading) members(o catalog.Organization) (all []catalog.Account, err error) {
	page := func(p catalog.Page) (catalog.Listing[catalog.Account], error) { return a.Reader.Accounts(o.ID, p) }
	for m, err := range catalog.Each(page) {
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// Roots returns the caller's organization for the action, which is the managing account's: it has one root.
func (s *Service) Roots(ctx context.Context, c iam.Caller) (Organization, error) {
	return s.managed(ctx, c, "organizations:ListRoots", "", "")
}

// Services asks for the AWS services that work for the whole organization, of which there are none.
func (s *Service) Services(ctx context.Context, c iam.Caller) error {
	_, err := s.managed(ctx, c, "organizations:ListAWSServiceAccessForOrganization", "", "")
	return err
}

// UnitsUnder asks for the organizational units under a parent, of which there are none. NoSuchParent for anything but the root.
func (s *Service) UnitsUnder(ctx context.Context, c iam.Caller, parent string) error {
	o, err := s.managed(ctx, c, "organizations:ListOrganizationalUnitsForParent", "root", parent)
	if err != nil {
		return err
	}
	return under(o.Organization, parent)
}

// managed is the caller's organization, for an action on something of it.
func (s *Service) managed(ctx context.Context, c iam.Caller, action, kind, id string) (found Organization, err error) {
	err = s.look(ctx, c, action, func(a *reading) error {
		o, err := a.managing(kind, id, Subject{})
		if err != nil {
			return err
		}
		manager, err := a.Reader.Account(o.Management)
		found = s.organization(o, manager)
		return err
	})
	return found, err
}

// under wants a parent to be the root, which all accounts are under.
func under(o catalog.Organization, parent string) error {
	if parent != o.Root {
		return NoSuchParent.errorf("You specified a parent that doesn't exist: all accounts of this organization are under %s.", o.Root)
	}
	return nil
}
