package accounts

import (
	"cmp"
	"context"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// Keys makes access keys, fit to be kept; *access.Guard does.
type Keys interface {
	// NewAccessKey makes an active key of a principal. The secret is told once and kept sealed.
	NewAccessKey(principal string) (record catalog.AccessKey, secret artifact.Secret, err error)
}

// CreateAccessKey makes an access key of a user, the caller where no name is given, and tells its secret.
func (s *Service) CreateAccessKey(ctx context.Context, c iam.Caller, name string) (
	user catalog.Principal, key catalog.AccessKey, secret artifact.Secret, err error) {
	err = s.change(ctx, c, "iam:CreateAccessKey", func(a *changing) error {
		if user, err = a.entity(User(name), Subject{}); err != nil {
			return err
		}
		have, err := a.AccessKeys(user.ID)
		if err != nil {
			return err
		}
		if len(have) >= s.Quotas.AccessKeys {
			return artifact.Errorf(artifact.Quota, "Cannot exceed quota for AccessKeysPerUser: %d", s.Quotas.AccessKeys)
		}
		if key, secret, err = s.Keys.NewAccessKey(user.ID); err != nil {
			return err
		}
		if err := a.write.CreateAccessKey(key); err != nil {
			return err
		}
		return a.record(user.ARN, map[string]any{"accessKeyId": key.ID})
	})
	return user, key, secret, err
}

// ListAccessKeys lists a user's access keys, without their secrets.
func (s *Service) ListAccessKeys(ctx context.Context, c iam.Caller, name string, page catalog.Page) (
	user catalog.Principal, l catalog.Listing[catalog.AccessKey], err error) {
	err = s.look(ctx, c, "iam:ListAccessKeys", func(a *reading) error {
		if user, err = a.entity(User(name), Subject{}); err != nil {
			return err
		}
		all, err := a.AccessKeys(user.ID)
		if err != nil {
			return err
		}
		l, err = catalog.PageOf(all, func(k catalog.AccessKey) string { return k.ID }, page)
		return err
	})
	return user, l, err
}

// UpdateAccessKey switches an access key of a user on or off.
func (s *Service) UpdateAccessKey(ctx context.Context, c iam.Caller, name, id string, active bool) error {
	return s.changeKey(ctx, c, "iam:UpdateAccessKey", name, id, map[string]any{"accessKeyId": id, "active": active},
		func(w catalog.Writer) error { return w.SetAccessKeyActive(id, active) })
}

// DeleteAccessKey removes an access key of a user. Whatever is signed with it is refused from the next request on.
func (s *Service) DeleteAccessKey(ctx context.Context, c iam.Caller, name, id string) error {
	return s.changeKey(ctx, c, "iam:DeleteAccessKey", name, id, map[string]any{"accessKeyId": id},
		func(w catalog.Writer) error { return w.DeleteAccessKey(id) })
}

func (s *Service) changeKey(ctx context.Context, c iam.Caller, action, name, id string, detail map[string]any,
	fn func(w catalog.Writer) error) error {
	return s.change(ctx, c, action, func(a *changing) error {
		user, err := a.entity(User(name), Subject{})
		if err != nil {
			return err
		}
		key, err := a.AccessKey(id)
		if err != nil && !artifact.Is(err, artifact.NotFound) {
			return err
		}
		if err != nil || key.Principal != user.ID {
			return noKey(id)
		}
		if err := fn(a.write); err != nil {
			return err
		}
		return a.record(user.ARN, detail)
	})
}

func noKey(id string) error {
	return artifact.Errorf(artifact.NotFound, "The Access Key with id %s cannot be found.", id)
}

// GetAccessKeyLastUsed says whose an access key of the account is and when it was last used.
func (s *Service) GetAccessKeyLastUsed(ctx context.Context, c iam.Caller, id string) (
	user catalog.Principal, last catalog.KeyUse, err error) {
	err = s.look(ctx, c, "iam:GetAccessKeyLastUsed", func(a *reading) error {
		key, err := a.AccessKey(id)
		if err == nil {
			user, err = a.Principal(key.Principal)
		}
		if err == nil && user.Account == a.account() {
			last = key.LastUse
			denied := a.may(about(user, Subject{}))
			if denied != nil {
				denied = cmp.Or(a.may(Subject{}), denied) // without a word of whose it is
			}
			return denied
		}
		if err != nil && !artifact.Is(err, artifact.NotFound) {
			return err
		}
		user = catalog.Principal{}
		if err := a.may(Subject{}); err != nil {
			return err
		}
		return noKey(id)
	})
	return user, last, err
}
