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

// encryptionKey returns the key under which a domain's data key is wrapped, open; repository.KeyUnusable's error while it
// cannot be used. It is remembered until the key changes.
func (s *domainStores) encryptionKey(d catalog.Domain) (sealed.EncryptionKey, error) {
	return s.keys.Get(context.Background(), d.WrappedUnder, func(ctx context.Context, on *catalog.Basis) (sealed.EncryptionKey, error) {
		on.Topics(catalog.EncryptionKeyTopic(d.WrappedUnder))
		key, err := findKey(ctx, s.catalog, d.WrappedUnder)
		if err != nil {
			return sealed.EncryptionKey{}, err
		}
		if err := repository.KeyUnusable(d, key); err != nil {
			return sealed.EncryptionKey{}, err
		}
		return s.keyring.OpenEncryptionKey(key.ID, key.Material)
	})
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
	found, err := findKey(context.Background(), s.catalog, d.WrappedUnder)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, repository.KeyUnusable(d, nil)
	}
	key, err := s.keyring.OpenEncryptionKey(found.ID, found.Material)
	if err != nil {
		return nil, err
	}
	data, err := key.Unwrap(d.DataKey)
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
