package kms

import (
	"context"
	"strings"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// Alias is an alias as it is listed.
type Alias struct {
	catalog.KeyAlias
	ARN string
}

// CreateAlias gives a key of the caller's account another name. AlreadyExists where the account has one of that name;
// InvalidAliasName for one that is none, or that is reserved.
func (s *Service) CreateAlias(ctx context.Context, c iam.Caller, name, target string) error {
	if err := checkAlias(name); err != nil {
		return err
	}
	return s.pointAlias(ctx, c, "CreateAlias", name, target, func(w catalog.Writer, a catalog.KeyAlias) error {
		l, err := w.KeyAliases(a.Account, a.Key, catalog.Page{Limit: s.Quotas.Aliases})
		if err != nil {
			return err
		}
		if len(l.Items) >= s.Quotas.Aliases {
			return fail(limitExceeded, "A key has at most %d aliases.", s.Quotas.Aliases)
		}
		err = w.CreateKeyAlias(a)
		if artifact.Is(err, artifact.Conflict) {
			return fail(alreadyExists, "An alias with the name %s already exists", s.arn(a.Account, a.Name))
		}
		return err
	})
}

// checkAlias refuses what cannot be an alias of somebody's own.
func checkAlias(name string) error {
	if !aliasName.MatchString(name) {
		return fail(invalidAlias, "Alias must start with the prefix \"alias/\" and have letters, digits and the characters /_- behind it.")
	}
	if strings.HasPrefix(name, awsAliases) {
		return fail(invalidAlias, "Aliases that begin with %s are the service's own.", awsAliases)
	}
	return nil
}

// UpdateAlias gives an alias another key of the same account.
func (s *Service) UpdateAlias(ctx context.Context, c iam.Caller, name, target string) error {
	if err := checkAlias(name); err != nil {
		return err
	}
	return s.pointAlias(ctx, c, "UpdateAlias", name, target, func(w catalog.Writer, a catalog.KeyAlias) error {
		before, err := s.find(w, reference{account: a.Account, alias: a.Name})
		if err != nil {
			return err
		}
		if err := s.allow(c, ask{action: "UpdateAlias"}, &before, before.ARN); err != nil {
			return err
		}
		return w.UpdateKeyAlias(a)
	})
}

// pointAlias asks permission on the alias and on the key, both of which must be the caller's account's, and has do write
// the alias down.
func (s *Service) pointAlias(ctx context.Context, c iam.Caller, action, name, target string,
	do func(w catalog.Writer, a catalog.KeyAlias) error) error {
	return s.write(ctx, c, action, func(w catalog.Writer) error {
		if err := s.permittedOnAlias(c, action, name); err != nil {
			return err
		}
		k, err := s.permitted(w, c, ask{action: action, key: target}, byKey)
		if err != nil {
			return err
		}
		if k.Managed || k.Account != owner(c) {
			return fail(notFound, "Key '%s' cannot have aliases of account %s.", k.ARN, owner(c))
		}
		if err := k.notPending(); err != nil {
			return err
		}
		now := s.Now().UTC()
		if err := do(w, catalog.KeyAlias{Account: owner(c), Name: name, Key: k.ID, CreatedAt: now, UpdatedAt: now}); err != nil {
			return err
		}
		return s.audit(w, c, action, s.arn(owner(c), name), map[string]any{"targetKeyId": k.ID})
	})
}

// permittedOnAlias asks for permission on an alias, which has no policy: its account's identity policies decide.
func (s *Service) permittedOnAlias(c iam.Caller, action, name string) error {
	k := Key{EncryptionKey: catalog.EncryptionKey{Account: owner(c), Policy: defaultPolicy(s.Partition, owner(c))}}
	return s.allow(c, ask{action: action}, &k, s.arn(owner(c), name))
}

// DeleteAlias takes a name from a key.
func (s *Service) DeleteAlias(ctx context.Context, c iam.Caller, name string) error {
	if err := checkAlias(name); err != nil {
		return err
	}
	const action = "DeleteAlias"
	return s.write(ctx, c, action, func(w catalog.Writer) error {
		if err := s.permittedOnAlias(c, action, name); err != nil {
			return err
		}
		k, err := s.find(w, reference{account: owner(c), alias: name})
		if err != nil {
			return err
		}
		if err := s.allow(c, ask{action: action}, &k, k.ARN); err != nil {
			return err
		}
		if err := w.DeleteKeyAlias(owner(c), name); err != nil {
			return err
		}
		return s.audit(w, c, action, s.arn(owner(c), name), map[string]any{"targetKeyId": k.ID})
	})
}

// Aliases lists the aliases of the caller's account by name, those of one key unless asked is empty.
func (s *Service) Aliases(ctx context.Context, c iam.Caller, asked string, page catalog.Page) (l catalog.Listing[Alias], err error) {
	if err := s.permittedAnywhere(c, ask{action: "ListAliases"}); err != nil {
		return l, s.looked(c, "ListAliases", err)
	}
	kept := s.managedKey(owner(c))
	first := s.named(catalog.KeyAlias{Account: kept.Account, Name: managedAlias, Key: kept.ID, CreatedAt: kept.CreatedAt,
		UpdatedAt: kept.CreatedAt})
	err = s.Catalog.Read(ctx, func(r catalog.Reader) (err error) {
		of := ""
		if asked != "" {
			named, err := s.refer(c, asked, byKey)
			if err != nil {
				return err
			}
			k, err := s.find(r, named)
			if err != nil {
				return err
			}
			if k.Managed {
				l = catalog.Listing[Alias]{Items: []Alias{first}}
				return nil
			}
			if of = k.ID; page.After == "" {
				page.After = afterFirst
			}
		}
		l, err = listed(page, first, s.named, func(p catalog.Page) (catalog.Listing[catalog.KeyAlias], error) {
			return r.KeyAliases(owner(c), of, p)
		})
		return err
	})
	return l, err
}

func (s *Service) named(a catalog.KeyAlias) Alias { return Alias{a, s.arn(a.Account, a.Name)} }
