// Package kms has the rules of encryption keys: who may make, change and destroy the keys of an account, and wrap the data
// keys of domains under them. It is what Entrepot offers of AWS's Key Management Service: keys for domains, and nothing
// that encrypts for others.
//
// A domain's bytes are sealed under its data key, the data key is wrapped under an encryption key of the account that made
// the domain, and that key is sealed under the installation's master key. A key that is disabled, or whose deletion is
// scheduled, opens nothing until it is enabled again; one that was destroyed opens nothing ever again.
//
// Errors that callers can act on are *Error, which know what KMS's service model calls them.
package kms

import (
	"context"
	"time"

	"entrepot/accounts"
	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// Options are what the rules work with. All are needed unless they say otherwise.
type Options struct {
	Catalog   catalog.Store
	Keyring   Keyring
	Partition string // of ARNs; empty means aws
	Region    string
	Now       func() time.Time
	NewID     func() string // UUIDs, unguessable
	// RecordLater puts an event on record without anybody waiting for it: that a look was refused. nil means that none is.
	RecordLater func(e catalog.Event)
	Quotas      Quotas // zero members take AWS's
}

// Keyring makes and opens the keys themselves, under the master key.
type Keyring interface {
	// NewMaterial makes the material of an encryption key, sealed and bound to the key's id.
	NewMaterial(id string) []byte
	// NewKey makes a data key, wrapped under the master key.
	NewKey() []byte
	// NewKeyUnder makes a data key, wrapped under an encryption key.
	NewKeyUnder(k catalog.EncryptionKey) ([]byte, error)
	// Rewrap wraps a data key that is wrapped under one key under another.
	Rewrap(wrapped []byte, from, to catalog.EncryptionKey) ([]byte, error)
}

// Quotas bound what an account may have (KMS developer guide, "Quotas").
type Quotas struct {
	Keys    int // of an account; 100,000
	Aliases int // of a key; 50
	Tags    int // of a key; 50
}

// Service has the rules. All its methods may be used at once from any number of goroutines.
type Service struct{ Options }

// New returns the rules over the given parts.
func New(o Options) *Service {
	if o.Partition == "" {
		o.Partition = "aws"
	}
	for _, q := range []struct {
		value    *int
		standard int
	}{{&o.Quotas.Keys, 100_000}, {&o.Quotas.Aliases, 50}, {&o.Quotas.Tags, 50}} {
		if *q.value == 0 {
			*q.value = q.standard
		}
	}
	return &Service{o}
}

// change finds a key by its id or ARN, asks permission, and has step change its record, which is written down with the
// change. What step refuses is not.
func (s *Service) change(ctx context.Context, c iam.Caller, a ask, step func(w catalog.Writer, k *Key) error) error {
	return s.write(ctx, c, a.action, func(w catalog.Writer) error {
		k, err := s.permitted(w, c, a, byKey)
		if err != nil {
			return err
		}
		if k.Managed {
			return fail(accessDenied, "The key %s is kept by the service for the account: it cannot be changed.", k.ARN)
		}
		if err := step(w, &k); err != nil {
			return err
		}
		if err := w.UpdateEncryptionKey(k.EncryptionKey); err != nil {
			return err
		}
		return s.audit(w, c, a.action, k.ARN, a.detail)
	})
}

// write runs fn in a transaction. That somebody was not allowed to do the action is recorded in one of its own.
func (s *Service) write(ctx context.Context, c iam.Caller, action string, fn func(w catalog.Writer) error) error {
	return s.ledger().Changed(ctx, c, "kms:"+action, s.Catalog.Write(ctx, fn))
}

// read finds a key as it was asked for, on one snapshot, for an action that permission is asked for.
func (s *Service) read(ctx context.Context, c iam.Caller, a ask, by naming, fn func(r catalog.Reader, k Key) error) error {
	err := s.Catalog.Read(ctx, func(r catalog.Reader) error {
		k, err := s.permitted(r, c, a, by)
		if err != nil {
			return err
		}
		return fn(r, k)
	})
	return s.looked(c, a.action, err)
}

// looked is err, which looking at something ended with. That it was refused is recorded while nobody waits.
func (s *Service) looked(c iam.Caller, action string, err error) error {
	return s.ledger().Looked(c, "kms:"+action, err)
}

// audit records a change in the transaction that makes it.
func (s *Service) audit(w catalog.Writer, c iam.Caller, action, resource string, detail map[string]any) error {
	return s.ledger().Done(w, c, "kms:"+action, resource, detail)
}

func (s *Service) ledger() accounts.Ledger {
	return accounts.Ledger{Catalog: s.Catalog, Now: s.Now, Later: s.RecordLater}
}

// owner is the account of a caller, in which keys are made and listed.
func owner(c iam.Caller) artifact.AccountID { return artifact.AccountID(c.Principal.Account) }
