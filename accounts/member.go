package accounts

import (
	"context"
	"maps"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// Member is an account of an organization.
type Member struct {
	catalog.Account
	ARN      string
	Path     string // o-…/r-…/ACCOUNT/
	Manages  bool   // it is the managing account
	JoinedAt time.Time
}

func (s *Service) memberOf(o catalog.Organization, a catalog.Account) Member {
	m := Member{a, s.organizationARN(o, "account", string(a.ID)), o.Path() + string(a.ID) + "/", a.ID == o.Management, a.CreatedAt}
	if m.Manages {
		m.JoinedAt = o.CreatedAt
	}
	return m
}

// member finds an account of the organization that the caller's manages, and asks whether the action may be done to it. Whoever
// may not learns no more. missing is the problem with one that is not there.
func (a *reading) member(id string, missing Problem, with Subject) (catalog.Organization, catalog.Account, error) {
	own, err := a.ownOrganization()
	if err != nil {
		return own, catalog.Account{}, err
	}
	found, err := a.Reader.Account(artifact.AccountID(id))
	if err != nil && !artifact.Is(err, artifact.NotFound) {
		return own, found, err
	}
	there := err == nil && own.ID != "" && found.Organization == own.ID
	if there {
		with.Tags = found.Tags
	}
	if _, err := a.managing("account", id, with); err != nil {
		return own, found, err
	}
	if !there {
		return own, found, missing.errorf("The organization has no account %.64s.", id)
	}
	return own, found, nil
}

// DescribeAccount returns an account of the caller's organization.
func (s *Service) DescribeAccount(ctx context.Context, c iam.Caller, id string) (m Member, err error) {
	err = s.look(ctx, c, "organizations:DescribeAccount", func(a *reading) error {
		o, found, err := a.member(id, NoSuchAccount, Subject{})
		m = s.memberOf(o, found)
		return err
	})
	return m, err
}

// ListAccounts lists the accounts of the caller's organization by ID, closed ones too.
func (s *Service) ListAccounts(ctx context.Context, c iam.Caller, page catalog.Page) (catalog.Listing[Member], error) {
	return s.listMembers(ctx, c, "organizations:ListAccounts", "", page)
}

// AccountsUnder lists the accounts under a parent. NoSuchParent for anything but the root.
func (s *Service) AccountsUnder(ctx context.Context, c iam.Caller, parent string, page catalog.Page) (catalog.Listing[Member], error) {
	return s.listMembers(ctx, c, "organizations:ListAccountsForParent", parent, page)
}

// Children lists, as AccountsUnder does, what is under a parent: accounts and nothing else.
func (s *Service) Children(ctx context.Context, c iam.Caller, parent string, page catalog.Page) (catalog.Listing[Member], error) {
	return s.listMembers(ctx, c, "organizations:ListChildren", parent, page)
}

// listMembers lists accounts under a parent, or wherever they are where that is empty.
func (s *Service) listMembers(ctx context.Context, c iam.Caller, action, parent string, page catalog.Page) (
	l catalog.Listing[Member], err error) {
	err = s.look(ctx, c, action, func(a *reading) error {
		kind := ""
		if parent != "" {
			kind = "root"
		}
		o, err := a.managing(kind, parent, Subject{})
		if err != nil {
			return err
		}
		if parent != "" {
			if err := under(o, parent); err != nil {
				return err
			}
		}
		accounts, err := a.Reader.Accounts(o.ID, page)
		l = catalog.Listing[Member]{Next: accounts.Next}
		for _, account := range accounts.Items {
			l.Items = append(l.Items, s.memberOf(o, account))
		}
		return err
	})
	return l, err
}

// Parent returns the root that an account of the caller's organization is under.
func (s *Service) Parent(ctx context.Context, c iam.Caller, child string) (root string, err error) {
	err = s.look(ctx, c, "organizations:ListParents", func(a *reading) error {
		o, _, err := a.member(child, NoSuchChild, Subject{})
		root = o.Root
		return err
	})
	return root, err
}

// CloseAccount closes an account of the caller's organization. From the next request on nobody of it may do anything, nobody may
// do anything with its domains, and there is no way back (docs/decisions/0131-closed-accounts.md).
func (s *Service) CloseAccount(ctx context.Context, c iam.Caller, id string) error {
	return s.change(ctx, c, "organizations:CloseAccount", func(a *changing) error {
		o, m, err := a.member(id, NoSuchAccount, Subject{})
		switch {
		case err != nil:
			return err
		case m.ID == o.Management:
			return Constraint.errorf("You can't close the management account of an organization.")
		case !m.ClosedAt.IsZero():
			return AlreadyClosed.errorf("You attempted to close an account that is already closed.")
		}
		m.ClosedAt = s.Now().UTC()
		if err := a.write.UpdateAccount(m); err != nil {
			return err
		}
		return a.record(s.organizationARN(o, "account", id), nil)
	})
}

// RemoveAccount has an account of the caller's organization stand by itself. Its principals, and the role that the managing account's
// play in it, are as before.
func (s *Service) RemoveAccount(ctx context.Context, c iam.Caller, id string) error {
	return s.change(ctx, c, "organizations:RemoveAccountFromOrganization", func(a *changing) error {
		o, m, err := a.member(id, NoSuchAccount, Subject{})
		switch {
		case err != nil:
			return err
		case m.ID == o.Management:
			return ManagerStays.errorf("You can't remove the management account from its organization; delete the organization instead.")
		case !m.ClosedAt.IsZero():
			return Constraint.errorf("Account %s is closed, and stays in the organization until that is deleted.", m.ID)
		}
		m.Organization = ""
		if err := a.write.UpdateAccount(m); err != nil {
			return err
		}
		return a.record(s.organizationARN(o, "account", id), nil)
	})
}

// AccountTags returns the tags of an account of the caller's organization.
func (s *Service) AccountTags(ctx context.Context, c iam.Caller, id string) (tags map[string]string, err error) {
	err = s.look(ctx, c, "organizations:ListTagsForResource", func(a *reading) error {
		_, m, err := a.member(id, NoSuchTarget, Subject{})
		tags = m.Tags
		return err
	})
	return tags, err
}

// TagAccount puts tags to an account of the caller's organization or overwrites their values.
func (s *Service) TagAccount(ctx context.Context, c iam.Caller, id string, tags []Tag) error {
	given := tagMap(tags)
	return s.retagAccount(ctx, c, "organizations:TagResource", id, Subject{Given: given}, map[string]any{"tags": given},
		func(have map[string]string) (map[string]string, error) { return s.labelled(have, tags) })
}

// UntagAccount takes tags away from an account of the caller's organization. Those it does not have are passed over.
func (s *Service) UntagAccount(ctx context.Context, c iam.Caller, id string, keys []string) error {
	return s.retagAccount(ctx, c, "organizations:UntagResource", id, Subject{Taken: keys}, map[string]any{"tagKeys": keys},
		func(have map[string]string) (map[string]string, error) {
			left := maps.Clone(have)
			for _, key := range keys {
				delete(left, key)
			}
			return left, nil
		})
}

func (s *Service) retagAccount(ctx context.Context, c iam.Caller, action, id string, on Subject, detail map[string]any,
	change func(have map[string]string) (map[string]string, error)) error {
	return s.change(ctx, c, action, func(a *changing) error {
		o, m, err := a.member(id, NoSuchTarget, on)
		if err != nil {
			return err
		}
		if m.Tags, err = change(m.Tags); err != nil {
			return err
		}
		if err := a.write.UpdateAccount(m); err != nil {
			return err
		}
		return a.record(s.organizationARN(o, "account", id), detail)
	})
}

// labelled returns an account's tags with more put to them. Unlike those of IAM they differ by the case of their keys
// (Organizations user guide, "Tagging").
func (s *Service) labelled(have map[string]string, more []Tag) (map[string]string, error) {
	after, given := maps.Clone(have), map[string]bool{}
	if after == nil {
		after = map[string]string{}
	}
	for _, t := range more {
		if strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return nil, InvalidInput.errorf("Tag keys may not begin with aws:, which is AWS's own.")
		}
		if given[t.Key] {
			return nil, InvalidInput.errorf("The tag key %s is given twice.", t.Key)
		}
		after[t.Key], given[t.Key] = t.Value, true
	}
	if len(after) > s.Quotas.Tags {
		return nil, artifact.Errorf(artifact.Quota, "An account may have %d tags at most.", s.Quotas.Tags)
	}
	return after, nil
}
