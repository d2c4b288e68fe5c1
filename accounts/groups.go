package accounts

import (
	"context"
	"slices"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// CreateGroup makes a group of users, with a name and a path.
func (s *Service) CreateGroup(ctx context.Context, c iam.Caller, n NewPrincipal) (group catalog.Principal, err error) {
	err = s.change(ctx, c, "iam:CreateGroup", func(a *changing) error {
		group, err = a.create(Group(n.Name), groupPrefix, n)
		return err
	})
	return group, err
}

// GetGroup returns a group and lists the users in it by name.
func (s *Service) GetGroup(ctx context.Context, c iam.Caller, name string, page catalog.Page) (
	group catalog.Principal, users catalog.Listing[catalog.Principal], err error) {
	err = s.look(ctx, c, "iam:GetGroup", func(a *reading) error {
		if group, err = a.entity(Group(name), Subject{}); err != nil {
			return err
		}
		users, err = a.Members(group.ID, page)
		return err
	})
	return group, users, err
}

// ListGroups lists the groups of the caller's account by name.
func (s *Service) ListGroups(ctx context.Context, c iam.Caller, pathPrefix string, page catalog.Page) (
	catalog.Listing[catalog.Principal], error) {
	return s.list(ctx, c, catalog.GroupPrincipal, pathPrefix, page)
}

// UpdateGroup gives a group another path, another name or both; empty means as it is.
func (s *Service) UpdateGroup(ctx context.Context, c iam.Caller, name, newPath, newName string) error {
	return s.change(ctx, c, "iam:UpdateGroup", func(a *changing) error {
		return a.update(Group(name), newPath, newName)
	})
}

// DeleteGroup removes a group that has neither users nor policies any more.
func (s *Service) DeleteGroup(ctx context.Context, c iam.Caller, name string) error {
	return s.change(ctx, c, "iam:DeleteGroup", func(a *changing) error {
		group, err := a.entity(Group(name), Subject{})
		if err != nil {
			return err
		}
		users, err := a.Members(group.ID, catalog.Page{Limit: 1})
		if err != nil {
			return err
		}
		if len(users.Items) > 0 {
			return InUse.errorf("Cannot delete entity, must remove users from group first.")
		}
		if err := a.free(group); err != nil {
			return err
		}
		if err := a.write.DeletePrincipal(group.ID); err != nil {
			return err
		}
		return a.record(group.ARN, nil)
	})
}

// AddUserToGroup puts a user into a group. Nothing happens if it is there.
func (s *Service) AddUserToGroup(ctx context.Context, c iam.Caller, group, user string) error {
	return s.change(ctx, c, "iam:AddUserToGroup", func(a *changing) error {
		to, who, err := a.membership(group, user)
		if err != nil {
			return err
		}
		have, err := a.GroupsOf(who.ID)
		if err != nil {
			return err
		}
		in := slices.ContainsFunc(have, func(g catalog.Principal) bool { return g.ID == to.ID })
		if !in && len(have) >= s.Quotas.GroupsOfUser {
			return artifact.Errorf(artifact.Quota, "Cannot exceed quota for GroupsPerUser: %d", s.Quotas.GroupsOfUser)
		}
		if err := a.write.AddMember(to.ID, who.ID); err != nil {
			return err
		}
		return a.record(to.ARN, map[string]any{"userName": who.Name})
	})
}

// RemoveUserFromGroup takes a user out of a group. Nothing happens if it is not there.
func (s *Service) RemoveUserFromGroup(ctx context.Context, c iam.Caller, group, user string) error {
	return s.change(ctx, c, "iam:RemoveUserFromGroup", func(a *changing) error {
		from, who, err := a.membership(group, user)
		if err != nil {
			return err
		}
		err = a.write.RemoveMember(from.ID, who.ID)
		if artifact.Is(err, artifact.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return a.record(from.ARN, map[string]any{"userName": who.Name})
	})
}

// membership finds a group, on which the permission rests, and a user.
func (a *reading) membership(group, user string) (to, who catalog.Principal, err error) {
	if to, err = a.entity(Group(group), Subject{}); err != nil {
		return to, who, err
	}
	who, err = a.PrincipalByName(a.account(), catalog.UserPrincipal, user)
	if artifact.Is(err, artifact.NotFound) {
		err = noEntity(User(user))
	}
	return to, who, err
}

// ListGroupsForUser lists the groups that a user is in, by name.
func (s *Service) ListGroupsForUser(ctx context.Context, c iam.Caller, user string, page catalog.Page) (
	l catalog.Listing[catalog.Principal], err error) {
	err = s.look(ctx, c, "iam:ListGroupsForUser", func(a *reading) error {
		who, err := a.entity(User(user), Subject{})
		if err != nil {
			return err
		}
		all, err := a.GroupsOf(who.ID)
		if err != nil {
			return err
		}
		l, err = catalog.PageOf(all, func(g catalog.Principal) string { return g.Name }, page)
		return err
	})
	return l, err
}
