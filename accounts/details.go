package accounts

import (
	"context"

	"entrepot/catalog"
	"entrepot/iam"
)

// Details are the users, groups, roles and policies of an account with what hangs on each.
type Details struct {
	Users    []UserDetail
	Groups   []GroupDetail
	Roles    []RoleDetail
	Policies []PolicyDetail
	Next     string // marker of the next page; empty on the last
}

// Holding is what is granted to a principal by itself.
type Holding struct {
	Embedded []catalog.IdentityPolicy
	Attached []catalog.ManagedPolicy
}

// UserDetail is a user with what is granted to it and the names of its groups.
type UserDetail struct {
	catalog.Principal
	Holding
	Groups []string
}

// GroupDetail is a group with what is granted to it.
type GroupDetail struct {
	catalog.Principal
	Holding
}

// RoleDetail is a role with what is granted to it.
type RoleDetail struct {
	RoleAbout
	Holding
}

// PolicyDetail is a managed policy with all its versions, the newest first.
type PolicyDetail struct {
	Policy
	Versions []catalog.ManagedVersion
}

// DetailFilter says what of an account is wanted. The zero filter wants all.
type DetailFilter struct{ Users, Groups, Roles, Own, AWS bool }

// The markers of details say in which part they are.
const (
	usersPart  = "u"
	groupsPart = "g"
	rolesPart  = "r"
)

// GetAccountAuthorizationDetails lists users, groups, roles and policies of the caller's account, each by name, one kind after the
// other. Of AWS's policies it has those that somebody uses.
func (s *Service) GetAccountAuthorizationDetails(ctx context.Context, c iam.Caller, f DetailFilter, page catalog.Page) (d Details, err error) {
	if f == (DetailFilter{}) {
		f = DetailFilter{true, true, true, true, true}
	}
	err = s.look(ctx, c, "iam:GetAccountAuthorizationDetails", func(a *reading) error {
		if err := a.may(Subject{}); err != nil {
			return err
		}
		d = Details{}
		var parts []part
		for _, of := range []struct {
			wanted bool
			part   part
		}{
			{f.Users, a.detailed(usersPart, catalog.UserPrincipal, d.addUser)},
			{f.Groups, a.detailed(groupsPart, catalog.GroupPrincipal, d.addGroup)},
			{f.Roles, a.detailed(rolesPart, catalog.RolePrincipal, d.addRole)},
			{f.Own, a.detailedPolicies(ownPart, PolicyFilter{Own: true}, &d)},
			{f.AWS, a.detailedPolicies(awsPart, PolicyFilter{AWS: true, Used: true, Use: catalog.EitherUse}, &d)},
		} {
			if of.wanted {
				parts = append(parts, of.part)
			}
		}
		d.Next, err = inParts(parts, page)
		return err
	})
	return d, err
}

// detailed is the part of the principals of a kind.
func (a *reading) detailed(mark string, kind catalog.PrincipalKind, add func(*reading, catalog.Principal, Holding) error) part {
	return part{mark, func(page catalog.Page) (int, string, error) {
		l, err := a.Principals(catalog.PrincipalFilter{Account: a.account(), Kind: kind}, page)
		if err != nil {
			return 0, "", err
		}
		for _, p := range l.Items {
			var h Holding
			if h.Embedded, err = a.IdentityPolicies(p.ID); err != nil {
				return 0, "", err
			}
			if h.Attached, err = a.Reader.AttachedPolicies(p.ID); err != nil {
				return 0, "", err
			}
			if err := add(a, p, h); err != nil {
				return 0, "", err
			}
		}
		return len(l.Items), l.Next, nil
	}}
}

func (d *Details) addUser(a *reading, p catalog.Principal, h Holding) error {
	groups, err := a.GroupsOf(p.ID)
	user := UserDetail{Principal: p, Holding: h}
	for _, g := range groups {
		user.Groups = append(user.Groups, g.Name)
	}
	d.Users = append(d.Users, user)
	return err
}

func (d *Details) addGroup(_ *reading, p catalog.Principal, h Holding) error {
	d.Groups = append(d.Groups, GroupDetail{p, h})
	return nil
}

func (d *Details) addRole(a *reading, p catalog.Principal, h Holding) error {
	role, err := a.Role(p.ID)
	if err != nil {
		return err
	}
	about, err := shown(a.Reader, RoleAbout{p, role})
	d.Roles = append(d.Roles, RoleDetail{about, h})
	return err
}

// detailedPolicies is a part of the managed policies.
func (a *reading) detailedPolicies(mark string, f PolicyFilter, d *Details) part {
	return part{mark, func(page catalog.Page) (int, string, error) {
		l, err := a.policies(f, page)
		if err != nil {
			return 0, "", err
		}
		for _, p := range l.Items {
			versions, err := a.ManagedVersions(p.ARN)
			if err != nil {
				return 0, "", err
			}
			d.Policies = append(d.Policies, PolicyDetail{p, versions})
		}
		return len(l.Items), l.Next, nil
	}}
}
