package repository

import (
	"context"
	"fmt"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// CreateDomain makes a domain in the caller's account with a key of its own, and a package group of all packages. Conflict
// if the account has one of this name; Quota above the account's number; Invalid for an encryption key that is not there or
// cannot be used.
func (s *Service) CreateDomain(ctx context.Context, c iam.Caller, spec DomainSpec) (DomainInfo, error) {
	key := artifact.DomainKey{Owner: artifact.AccountID(c.Principal.Account), Name: spec.Name}
	if err := s.mayTag(ctx, c, OnDomain(key), spec.Tags); err != nil {
		return DomainInfo{}, err
	}
	d := catalog.Domain{DomainKey: key, CreatedAt: s.Now()}
	err := s.Catalog.Write(ctx, func(w catalog.Writer) error {
		made, err := s.Keys.DomainKey(w, c, spec.EncryptionKey)
		if err != nil {
			return fmt.Errorf("make a key for domain %s: %w", key, err)
		}
		d.EncryptionKey, d.DataKey, d.WrappedUnder = made.EncryptionKey, made.DataKey, made.WrappedUnder
		if _, err := w.Domain(key); err == nil {
			return domainExists(key)
		}
		owned := 0
		domains := func(p catalog.Page) (catalog.Listing[catalog.Domain], error) { return w.Domains(key.Owner, p) }
		for _, err := range catalog.Each(domains) {
			if err != nil {
				return err
			}
			owned++
		}
		if owned >= s.Quotas.Domains {
			return artifact.Errorf(artifact.Quota,
				"Account '%s' has reached its limit of %d domains.", key.Owner, s.Quotas.Domains).
				About(artifact.DomainResource, key.Name)
		}
		if d.ID, err = w.CreateDomain(d); artifact.Is(err, artifact.Conflict) {
			return domainExists(key)
		} else if err != nil {
			return err
		}
		if _, err := w.CreatePackageGroup(rootGroup(d)); err != nil {
			return err
		}
		if err := w.PutTags(catalog.Holder{Domain: d.ID}, spec.Tags); err != nil {
			return err
		}
		return s.audit(w, c, "CreateDomain", OnDomain(key), withTags(map[string]any{"domainName": key.Name}, spec.Tags))
	})
	return DomainInfo{Domain: d}, err
}

func domainExists(key artifact.DomainKey) error {
	return artifact.Errorf(artifact.Conflict, "Domain '%s' already exists.", key.Name).
		About(artifact.DomainResource, key.Name)
}

// Domain describes a domain, live.
func (s *Service) Domain(ctx context.Context, key artifact.DomainKey) (info DomainInfo, err error) {
	err = s.Catalog.Read(ctx, func(r catalog.Reader) error {
		info, err = describeDomain(r, key)
		return err
	})
	return info, err
}

func describeDomain(r catalog.Reader, key artifact.DomainKey) (info DomainInfo, err error) {
	if info.Domain, err = r.Domain(key); artifact.Is(err, artifact.NotFound) {
		return info, noDomain(key)
	} else if err != nil {
		return info, err
	}
	info.Usage, err = r.Usage(info.ID)
	return info, err
}

// DeleteDomain removes a domain that has no repositories; Conflict while it has. A domain that is not there is no
// error, as on AWS: ok is false then.
func (s *Service) DeleteDomain(ctx context.Context, c iam.Caller,
	key artifact.DomainKey) (info DomainInfo, ok bool, err error) {
	var remotes []catalog.Remote
	err = s.Catalog.Write(ctx, func(w catalog.Writer) error {
		ok = false
		info, err = describeDomain(w, key)
		if artifact.Is(err, artifact.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if info.Repositories > 0 {
			return artifact.Errorf(artifact.Conflict, "Domain must contain 0 repositories before deletion").
				About(artifact.DomainResource, key.Name)
		}
		if remotes, err = w.Remotes(info.ID); err != nil {
			return err
		}
		if err := w.DeleteDomain(info.ID); err != nil {
			return err
		}
		ok = true
		return s.audit(w, c, "DeleteDomain", OnDomain(key), map[string]any{"domainName": key.Name})
	})
	if ok = ok && err == nil; ok && s.Remotes != nil {
		for _, r := range remotes {
			s.Remotes.Forget(r.ID)
		}
		for _, held := range s.configured[key] {
			s.Remotes.Forget(held.id(info.ID))
		}
	}
	return info, ok, err
}

// Domains lists the domains that an account owns.
func (s *Service) Domains(ctx context.Context, owner artifact.AccountID,
	page catalog.Page) (l catalog.Listing[catalog.Domain], err error) {
	err = s.Catalog.Read(ctx, func(r catalog.Reader) error {
		l, err = r.Domains(owner, page)
		return err
	})
	return l, err
}

// DomainID returns a domain's internal identity, zero if there is no such domain. It is remembered and costs no
// look-up.
func (s *Service) DomainID(ctx context.Context, key artifact.DomainKey) (catalog.DomainID, error) {
	at, err := s.configuration(ctx, key, "")
	if err != nil || at.domain == nil {
		return 0, err
	}
	return at.domain.ID, nil
}
