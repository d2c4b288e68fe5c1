package kms_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/blob/sealed"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/catalog/sqlcatalog/sqlcatalogtest"
	"entrepot/iam"
	"entrepot/kms"
	"entrepot/repository/repositorytest"
)

const (
	account = "111122223333"
	partner = "444455556666"
)

// fixture is rules over a catalog of a test's own, at a time of its own.
type fixture struct {
	*testing.T
	*kms.Service
	ring  *ring
	now   time.Time
	owner iam.Caller
	made  int
}

func begin(t *testing.T) *fixture {
	t.Helper()
	store := sqlcatalogtest.Open(t, filepath.Join(t.TempDir(), "catalog.sqlite"), sqlcatalog.Options{Rehearse: true})
	t.Cleanup(func() { _ = store.Close() })
	keyring, err := sealed.OpenKeyring(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{T: t, ring: &ring{keyring}, now: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC),
		owner: repositorytest.Caller(t, account, "owner", repositorytest.AllowAll)}
	f.Service = kms.New(kms.Options{Catalog: store, Keyring: f.ring, Region: "us-east-1", Now: func() time.Time { return f.now },
		NewID: f.id, Quotas: kms.Quotas{Keys: 4, Aliases: 2, Tags: 2}})
	return f
}

func (f *fixture) id() string {
	f.made++
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", f.made)
}

// key makes a key of the owner's.
func (f *fixture) key(spec kms.Spec) kms.Key {
	f.Helper()
	k, err := f.CreateKey(f.Context(), f.owner, spec)
	f.check(err)
	return k
}

func (f *fixture) check(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// refused wants an error of the name in KMS's model.
func (f *fixture) refused(name string, err error) {
	f.Helper()
	refusal, ok := errors.AsType[*kms.Error](err)
	if !ok || refusal.Name() != name {
		f.Errorf("got %v, want a %s", err, name)
	}
}

// events are the actions on record, oldest first.
func (f *fixture) events() (actions []string) {
	f.Helper()
	f.check(f.Catalog.Read(f.Context(), func(r catalog.Reader) error {
		found, err := r.Events(0, 1000)
		actions = nil
		for _, e := range found {
			actions = append(actions, e.Action)
		}
		return err
	}))
	return actions
}

// domainKey makes the data key of a domain to be.
func (f *fixture) domainKey(c iam.Caller, asked string) (made catalog.WrappedKey, err error) {
	err = f.Catalog.Read(f.Context(), func(r catalog.Reader) error {
		made, err = f.DomainKey(r, c, asked)
		return err
	})
	return made, err
}

// domain makes a domain of the owner's under a key.
func (f *fixture) domain(name, asked string) catalog.Domain {
	f.Helper()
	wrapped, err := f.domainKey(f.owner, asked)
	f.check(err)
	d := catalog.Domain{DomainKey: artifact.DomainKey{Owner: account, Name: name}, EncryptionKey: wrapped.EncryptionKey,
		DataKey: wrapped.DataKey, WrappedUnder: wrapped.WrappedUnder, CreatedAt: f.now}
	f.check(f.Catalog.Write(f.Context(), func(w catalog.Writer) (err error) {
		d.ID, err = w.CreateDomain(d)
		return err
	}))
	return d
}

// opens reports whether the domain's data key opens under its key as it is on record.
func (f *fixture) opens(id catalog.DomainID) error {
	return f.Catalog.Read(context.Background(), func(r catalog.Reader) error {
		d, err := r.DomainByID(id)
		if err != nil {
			return err
		}
		k, err := r.EncryptionKey(d.WrappedUnder)
		if err != nil {
			return err
		}
		open, err := f.ring.OpenEncryptionKey(k.ID, k.Material)
		if err != nil {
			return err
		}
		_, err = open.Unwrap(d.DataKey)
		return err
	})
}

// ring is a keyring as the rules want it.
type ring struct{ *sealed.Keyring }

func (r *ring) NewMaterial(id string) []byte { return r.NewEncryptionKey(id) }
func (r *ring) NewKey() []byte               { return r.NewDataKey() }

func (r *ring) NewKeyUnder(k catalog.EncryptionKey) ([]byte, error) {
	open, err := r.OpenEncryptionKey(k.ID, k.Material)
	if err != nil {
		return nil, err
	}
	return open.NewDataKey(), nil
}

func (r *ring) Rewrap(wrapped []byte, from, to catalog.EncryptionKey) ([]byte, error) {
	before, err := r.OpenEncryptionKey(from.ID, from.Material)
	if err != nil {
		return nil, err
	}
	after, err := r.OpenEncryptionKey(to.ID, to.Material)
	if err != nil {
		return nil, err
	}
	return before.Rewrap(wrapped, after)
}
