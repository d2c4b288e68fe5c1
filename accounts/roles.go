package accounts

import (
	"context"
	"errors"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// rolePrefix begins the unique identifiers of roles.
const rolePrefix = "AROA"

// RoleAbout is a role with its principal.
type RoleAbout struct {
	catalog.Principal
	catalog.Role
}

// NewRole is what a role is made of, beside what every principal is.
type NewRole struct {
	NewPrincipal
	Trust       string // document of its trust policy
	Description string
	MaxSession  time.Duration // zero means an hour
}

// standardMaxSession is how long the sessions of a role last at most if nobody says so.
const standardMaxSession = time.Hour

// kept is a trust policy as it is kept: it names whom it trusts by what nobody else will ever be, see iam.Bind. MalformedPolicy for
// what is no trust policy, or trusts one who is not there; Quota for one that is too large.
func (a *reading) kept(trust string) (string, error) {
	_, err := iam.Parse([]byte(trust), iam.TrustPolicy)
	if wrong, ok := errors.AsType[*iam.DocumentError](err); ok {
		if wrong.TooLarge {
			return "", artifact.Errorf(artifact.Quota, "Cannot exceed quota for ACLSizePerRole: %d", iam.TrustPolicy.MaxSize())
		}
		return "", MalformedPolicy.errorf("%v", err)
	}
	kept, err := iam.Bind(trust, catalog.Directory{PrincipalReader: a.Reader})
	if wrong, ok := errors.AsType[*iam.DocumentError](err); ok {
		return "", MalformedPolicy.errorf("%s", wrong.Problem)
	}
	return kept, err
}

// shown is a role as it is shown: its trust policy names those it trusts as they are called now.
func shown(r catalog.Reader, role RoleAbout) (RoleAbout, error) {
	trust, err := iam.Unbind(role.Trust, catalog.Directory{PrincipalReader: r})
	role.Trust = trust
	return role, err
}

// CreateRole makes a role, which those may assume whom its trust policy names, and which may do nothing until something is granted.
func (s *Service) CreateRole(ctx context.Context, c iam.Caller, n NewRole) (r RoleAbout, err error) {
	err = s.change(ctx, c, "iam:CreateRole", func(a *changing) error {
		r.Role = catalog.Role{Description: n.Description, MaxSession: n.MaxSession}
		if r.MaxSession == 0 {
			r.MaxSession = standardMaxSession
		}
		if r.Principal, err = a.create(Role(n.Name), rolePrefix, n.NewPrincipal); err != nil {
			return err
		}
		if r.Trust, err = a.kept(n.Trust); err != nil {
			return err
		}
		if err := a.write.PutRole(r.ID, r.Role); err != nil {
			return err
		}
		r.Trust = n.Trust
		return nil
	})
	return r, err
}

// role finds a role of the caller's account, as it is kept, and asks whether the action may be done to it.
func (a *reading) role(name string) (r RoleAbout, err error) {
	if r.Principal, err = a.entity(Role(name), Subject{}); err != nil {
		return r, err
	}
	r.Role, err = a.Role(r.ID)
	return r, err
}

// GetRole returns a role.
func (s *Service) GetRole(ctx context.Context, c iam.Caller, name string) (r RoleAbout, err error) {
	err = s.look(ctx, c, "iam:GetRole", func(a *reading) error {
		if r, err = a.role(name); err != nil {
			return err
		}
		r, err = shown(a.Reader, r)
		return err
	})
	return r, err
}

// ListRoles lists the roles of the caller's account by name.
func (s *Service) ListRoles(ctx context.Context, c iam.Caller, pathPrefix string, page catalog.Page) (
	l catalog.Listing[RoleAbout], err error) {
	roles, err := s.list(ctx, c, catalog.RolePrincipal, pathPrefix, page)
	if err != nil {
		return l, err
	}
	l.Next = roles.Next
	err = s.Catalog.Read(ctx, func(r catalog.Reader) error {
		for _, p := range roles.Items {
			role, err := r.Role(p.ID)
			if artifact.Is(err, artifact.NotFound) {
				continue // deleted since
			}
			if err != nil {
				return err
			}
			about, err := shown(r, RoleAbout{p, role})
			if err != nil {
				return err
			}
			l.Items = append(l.Items, about)
		}
		return nil
	})
	return l, err
}

// RoleChange says what becomes of a role; nil leaves it as it is.
type RoleChange struct {
	Description *string
	MaxSession  *time.Duration
	Trust       *string
}

// changeRole changes a role and records what was changed.
func (s *Service) changeRole(ctx context.Context, c iam.Caller, action, name string, change RoleChange) (r RoleAbout, err error) {
	err = s.change(ctx, c, action, func(a *changing) error {
		if r, err = a.role(name); err != nil {
			return err
		}
		detail := map[string]any{}
		if change.Description != nil {
			r.Description = *change.Description
			detail["description"] = r.Description
		}
		if change.MaxSession != nil {
			r.MaxSession = *change.MaxSession
			detail["maxSessionDuration"] = int(r.MaxSession.Seconds())
		}
		if change.Trust != nil {
			if r.Trust, err = a.kept(*change.Trust); err != nil {
				return err
			}
		}
		if err := a.write.PutRole(r.ID, r.Role); err != nil {
			return err
		}
		if r, err = shown(a.Reader, r); err != nil {
			return err
		}
		return a.record(r.ARN, detail)
	})
	return r, err
}

// UpdateRole gives a role another description, another longest session, or both.
func (s *Service) UpdateRole(ctx context.Context, c iam.Caller, name string, change RoleChange) error {
	_, err := s.changeRole(ctx, c, "iam:UpdateRole", name, change)
	return err
}

// UpdateRoleDescription gives a role another description and returns the role.
func (s *Service) UpdateRoleDescription(ctx context.Context, c iam.Caller, name, description string) (RoleAbout, error) {
	return s.changeRole(ctx, c, "iam:UpdateRoleDescription", name, RoleChange{Description: &description})
}

// UpdateTrust replaces the trust policy of a role. Sessions that have begun go on.
func (s *Service) UpdateTrust(ctx context.Context, c iam.Caller, name, document string) error {
	_, err := s.changeRole(ctx, c, "iam:UpdateAssumeRolePolicy", name, RoleChange{Trust: &document})
	return err
}

// DeleteRole removes a role that has no policies any more. Its sessions and their tokens go with it.
func (s *Service) DeleteRole(ctx context.Context, c iam.Caller, name string) error {
	return s.change(ctx, c, "iam:DeleteRole", func(a *changing) error {
		role, err := a.entity(Role(name), Subject{})
		if err != nil {
			return err
		}
		if err := a.free(role); err != nil {
			return err
		}
		if err := a.write.DeletePrincipal(role.ID); err != nil {
			return err
		}
		return a.record(role.ARN, nil)
	})
}

// InstanceProfiles asks for the instance profiles of a role, of which there are none: there are no instances here.
func (s *Service) InstanceProfiles(ctx context.Context, c iam.Caller, role string) error {
	return s.look(ctx, c, "iam:ListInstanceProfilesForRole", func(a *reading) error {
		_, err := a.entity(Role(role), Subject{})
		return err
	})
}
