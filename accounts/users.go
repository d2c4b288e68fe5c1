package accounts

import (
	"context"

	"entrepot/catalog"
	"entrepot/iam"
)

// CreateUser makes a user, who may do nothing until something is granted.
func (s *Service) CreateUser(ctx context.Context, c iam.Caller, n NewPrincipal) (user catalog.Principal, err error) {
	err = s.change(ctx, c, "iam:CreateUser", func(a *changing) error {
		user, err = a.create(User(n.Name), userPrefix, n)
		return err
	})
	return user, err
}

// GetUser returns a user; the caller where no name is given.
func (s *Service) GetUser(ctx context.Context, c iam.Caller, name string) (user catalog.Principal, err error) {
	err = s.look(ctx, c, "iam:GetUser", func(a *reading) error {
		user, err = a.entity(User(name), Subject{})
		return err
	})
	return user, err
}

// ListUsers lists the users of the caller's account by name.
func (s *Service) ListUsers(ctx context.Context, c iam.Caller, pathPrefix string, page catalog.Page) (
	catalog.Listing[catalog.Principal], error) {
	return s.list(ctx, c, catalog.UserPrincipal, pathPrefix, page)
}

// list lists the principals of a kind, on whose paths permission may rest.
func (s *Service) list(ctx context.Context, c iam.Caller, kind catalog.PrincipalKind, pathPrefix string, page catalog.Page) (
	l catalog.Listing[catalog.Principal], err error) {
	err = s.look(ctx, c, "iam:List"+words[kind]+"s", func(a *reading) error {
		under := pathPrefix
		if under == "" {
			under = rootPath
		}
		if err := a.may(Subject{ARN: a.arnOf(a.account(), string(kind), under, "")}); err != nil {
			return err
		}
		l, err = a.Principals(catalog.PrincipalFilter{Account: a.account(), Kind: kind, PathPrefix: pathPrefix}, page)
		return err
	})
	return l, err
}

// UpdateUser gives a user another path, another name or both; empty means as it is. Policies elsewhere that name the user as
// principal follow; conditions on aws:PrincipalArn do not.
func (s *Service) UpdateUser(ctx context.Context, c iam.Caller, name, newPath, newName string) error {
	return s.change(ctx, c, "iam:UpdateUser", func(a *changing) error {
		return a.update(User(name), newPath, newName)
	})
}

// DeleteUser removes a user that has neither policies, nor access keys, nor groups any more. Its tokens go with it.
func (s *Service) DeleteUser(ctx context.Context, c iam.Caller, name string) error {
	return s.change(ctx, c, "iam:DeleteUser", func(a *changing) error {
		user, err := a.entity(User(name), Subject{})
		if err != nil {
			return err
		}
		groups, err := a.GroupsOf(user.ID)
		if err != nil {
			return err
		}
		if len(groups) > 0 {
			return InUse.errorf("Cannot delete entity, must remove users from group first.")
		}
		keys, err := a.AccessKeys(user.ID)
		if err != nil {
			return err
		}
		if len(keys) > 0 {
			return InUse.errorf("Cannot delete entity, must delete access keys first.")
		}
		if err := a.free(user); err != nil {
			return err
		}
		if err := a.write.DeletePrincipal(user.ID); err != nil {
			return err
		}
		return a.record(user.ARN, nil)
	})
}
