package main

import (
	"context"
	"errors"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/sealed"
	"entrepot/catalog"
	"entrepot/repository"
)

// usable is repository.KeyUnusable's error while the key cannot be used under which a domain's data key is wrapped. That it can is
// remembered until the key changes.
func (s *domainStores) usable(d catalog.Domain) error {
	_, err := s.keys.Get(context.Background(), d.WrappedUnder, func(ctx context.Context, on *catalog.Basis) (struct{}, error) {
		on.Topics(catalog.EncryptionKeyTopic(d.WrappedUnder))
		key, err := findKey(ctx, s.catalog, d.WrappedUnder)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, repository.KeyUnusable(d, key)
	})
	return err
}

// dataKey opens the data key of a domain. Where it is wrapped under an encryption key, both are read on one snapshot: the domain
// may have been read before the key got other material, and what was wrapped under the old one opens no more.
func (s *domainStores) dataKey(d catalog.Domain) (open sealed.DataKey, err error) {
	if d.WrappedUnder == "" {
		return s.keyring.Unwrap(d.DataKey)
	}
	err = s.catalog.Read(context.Background(), func(r catalog.Reader) error {
		now, err := r.DomainByID(d.ID)
		if err != nil {
			return err
		}
		found, err := r.EncryptionKey(d.WrappedUnder)
		if artifact.Is(err, artifact.NotFound) {
			return repository.KeyUnusable(d, nil)
		}
		if err != nil {
			return err
		}
		key, err := s.keyring.OpenEncryptionKey(found.ID, found.Material)
		if err != nil {
			return err
		}
		open, err = key.Unwrap(now.DataKey)
		return err
	})
	return open, err
}

// findKey returns the record of an encryption key, nil for one that was destroyed.
func findKey(ctx context.Context, c catalog.Store, id string) (key *catalog.EncryptionKey, err error) {
	err = c.Read(ctx, func(r catalog.Reader) error {
		found, err := r.EncryptionKey(id)
		if artifact.Is(err, artifact.NotFound) {
			key = nil
			return nil
		}
		key = &found
		return err
	})
	return key, err
}

// openToCollect returns the store of a domain for who only removes contents, which needs no key: where the domain's cannot
// be used, what lies beneath the encryption.
func (s *domainStores) openToCollect(d catalog.Domain) (blob.Store, error) {
	store, err := s.Open(d)
	if errors.Is(err, repository.ErrKeyUnusable) {
		return s.place.Space(spaceOf(d.ID))
	}
	return store, err
}

// openToCheck returns the store of a domain for who checks its bytes, whether or not its key may be used now.
func (s *domainStores) openToCheck(d catalog.Domain) (blob.Store, error) {
	if d.WrappedUnder == "" {
		return s.Open(d)
	}
	data, err := s.dataKey(d)
	if err != nil {
		return nil, err
	}
	space, err := s.place.Space(spaceOf(d.ID))
	if err != nil {
		return nil, err
	}
	return s.stack(space, data, s.admits.content), nil
}

// proveKey wants the key of a domain to open with the master key, whether or not it can be used now. One that was
// destroyed cannot be proven.
func (s *domainStores) proveKey(r catalog.Reader, d catalog.Domain) error {
	if d.WrappedUnder == "" {
		_, err := s.keyring.Unwrap(d.DataKey)
		return err
	}
	key, err := r.EncryptionKey(d.WrappedUnder)
	if artifact.Is(err, artifact.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	open, err := s.keyring.OpenEncryptionKey(key.ID, key.Material)
	if err != nil {
		return err
	}
	_, err = open.Unwrap(d.DataKey)
	return err
}

// NewMaterial makes the material of an encryption key, sealed and bound to its id.
func (s *domainStores) NewMaterial(id string) []byte { return s.keyring.NewEncryptionKey(id) }

// NewKey makes a key for a new domain, wrapped under the master key.
func (s *domainStores) NewKey() []byte { return s.keyring.NewDataKey() }

// NewKeyUnder makes a key for a new domain, wrapped under an encryption key.
func (s *domainStores) NewKeyUnder(k catalog.EncryptionKey) ([]byte, error) {
	open, err := s.keyring.OpenEncryptionKey(k.ID, k.Material)
	if err != nil {
		return nil, err
	}
	return open.NewDataKey(), nil
}

// Rewrap wraps a domain's key that is wrapped under one encryption key under another.
func (s *domainStores) Rewrap(wrapped []byte, from, to catalog.EncryptionKey) ([]byte, error) {
	before, err := s.keyring.OpenEncryptionKey(from.ID, from.Material)
	if err != nil {
		return nil, err
	}
	after, err := s.keyring.OpenEncryptionKey(to.ID, to.Material)
	if err != nil {
		return nil, err
	}
	return before.Rewrap(wrapped, after)
}
