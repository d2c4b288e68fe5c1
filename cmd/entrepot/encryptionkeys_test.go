package main

import (
	"path/filepath"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/mem"
	"entrepot/blob/sealed"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/catalog/sqlcatalog/sqlcatalogtest"
	"entrepot/kms"
	"entrepot/repository"
	"entrepot/repository/repositorytest"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
)

// inMemory is a place whose stores are empty each time.
type inMemory struct{ place }

func (inMemory) Space(string) (blob.Store, error) { return mem.New(time.Now), nil }

// TestADomainThatWasReadBeforeItsKeyWasRotatedOpens is about requests that are under way while a key gets new material.
func TestADomainThatWasReadBeforeItsKeyWasRotatedOpens(t *testing.T) {
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	store := sqlcatalogtest.Open(t, filepath.Join(t.TempDir(), "catalog.sqlite"), sqlcatalog.Options{})
	t.Cleanup(func() { _ = store.Close() })
	keyring, err := sealed.OpenKeyring(t.TempDir())
	check(err)
	stores, err := newDomainStores(inMemory{}, "memory", keyring, store, admitAll, prometheus.NewRegistry(), 0)
	check(err)
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	keys := kms.New(kms.Options{Catalog: store, Keyring: stores, Region: "us-east-1", Now: func() time.Time { return now }, NewID: uuid.NewString})
	owner := repositorytest.Caller(t, "123456789012", "owner", repositorytest.AllowAll)
	k, err := keys.CreateKey(t.Context(), owner, kms.Spec{})
	check(err)
	check(keys.EnableRotation(t.Context(), owner, k.ID, 0))
	var before catalog.Domain
	check(store.Write(t.Context(), func(w catalog.Writer) error {
		made, err := keys.DomainKey(w, owner, k.ID)
		if err != nil {
			return err
		}
		before = catalog.Domain{DomainKey: artifact.DomainKey{Owner: "123456789012", Name: "acme"}, EncryptionKey: made.EncryptionKey,
			DataKey: made.DataKey, WrappedUnder: made.WrappedUnder, CreatedAt: now}
		before.ID, err = w.CreateDomain(before)
		return err
	}))
	now = now.AddDate(2, 0, 0)
	check(keys.Tend(t.Context()))
	after := before
	check(store.Read(t.Context(), func(r catalog.Reader) (err error) {
		after, err = r.DomainByID(before.ID)
		return err
	}))
	if string(after.DataKey) == string(before.DataKey) {
		t.Fatal("the key was not rotated")
	}
	for _, d := range []catalog.Domain{before, after} {
		if _, err := stores.Open(d); err != nil {
			t.Error(err)
		}
	}
	if _, err := stores.openToCheck(before); err != nil {
		t.Error(err)
	}
}

// What remotes want to see is sealed under the master key, and not under their domain's.
func TestTheCredentialOfARemoteOutlivesItsDomainsKeys(t *testing.T) {
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(t.TempDir(), "data")
	a := started(t, data)
	k, err := a.keys.CreateKey(t.Context(), owner(t), kms.Spec{})
	check(err)
	check(a.keys.EnableRotation(t.Context(), owner(t), k.ID, 0))
	_, err = a.rules.CreateDomain(t.Context(), owner(t), repository.DomainSpec{Name: "d1", EncryptionKey: k.ID})
	check(err)
	_, err = a.rules.PutRemote(t.Context(), owner(t), repository.RemoteSpec{Domain: domainKey("d1"), Name: "central",
		URL: "https://registry.example.test/", Format: artifact.NPM, Credential: repository.RemoteCredential{Token: artifact.NewSecret("hush")}})
	check(err)
	domain := func() (d catalog.Domain) {
		t.Helper()
		check(a.catalog.Read(t.Context(), func(r catalog.Reader) (err error) {
			d, err = r.Domain(domainKey("d1"))
			return err
		}))
		return d
	}
	before := domain()
	later := kms.New(kms.Options{Catalog: a.catalog, Keyring: a.stores, Region: a.config.Region, NewID: uuid.NewString,
		Now: func() time.Time { return time.Now().AddDate(2, 0, 0) }})
	check(later.Tend(t.Context()))
	if after := domain(); string(after.DataKey) == string(before.DataKey) {
		t.Fatal("the key was not rotated")
	}
	a.stop(t)
	a = started(t, data)
	t.Cleanup(func() { a.stop(t) })
	all, err := a.rules.RemotesOf(t.Context(), owner(t), domainKey("d1"))
	check(err)
	if len(all) != 1 {
		t.Fatalf("got %+v", all)
	}
	got, err := repository.OpenCredential(a.stores, all[0].Remote)
	if err != nil || got.Token.Reveal() != "hush" {
		t.Errorf("got %q, %v", got.Token.Reveal(), err)
	}
}
