// Package repositorytest opens whole rules for the tests of those who work with them: over a catalog on disk and bytes
// in memory, both gone when the test ends.
package repositorytest

import (
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/mem"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/catalog/sqlcatalog/sqlcatalogtest"
	"entrepot/iam"
	"entrepot/repository"
)

// Rules are rules with the ways of a test around them, which end it on any error.
type Rules struct {
	*repository.Service
	t testing.TB
}

// Open opens rules in a new, empty installation. Members of the options that are not set get parts that do without a
// network; the region is us-east-1.
func Open(t testing.TB, o repository.Options) *Rules {
	t.Helper()
	if o.Catalog == nil {
		store := sqlcatalogtest.Open(t, filepath.Join(t.TempDir(), "catalog.sqlite"), sqlcatalog.Options{Rehearse: true})
		t.Cleanup(func() {
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
		o.Catalog = store
	}
	if o.Stores == nil {
		o.Stores = NewStores()
	}
	if o.Keys == nil {
		o.Keys = Keys{}
	}
	if o.Endpoint == nil {
		o.Endpoint = func(k artifact.RepositoryKey, f artifact.Format) string {
			return fmt.Sprintf("http://entrepot.example.test/%s-%s/%s/%s/", k.Domain, k.Owner, f, k.Name)
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		ids := new(atomic.Int64)
		o.NewID = func() string { return fmt.Sprintf("id-%d", ids.Add(1)) }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Region = "us-east-1"
	rules := repository.New(o)
	t.Cleanup(func() { _ = rules.Close() }) // before the catalog it writes to
	return &Rules{rules, t}
}

// Stores keep the domains' bytes in memory.
type Stores struct {
	mu       sync.Mutex
	byDomain map[catalog.DomainID]*mem.Store
}

// NewStores returns stores that are empty.
func NewStores() *Stores { return &Stores{byDomain: map[catalog.DomainID]*mem.Store{}} }

// Open implements repository.DomainStores.
func (s *Stores) Open(d catalog.Domain) (blob.Store, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byDomain[d.ID] == nil {
		s.byDomain[d.ID] = mem.New(time.Now)
	}
	return s.byDomain[d.ID], nil
}

// Keys are the encryption keys there are, by how callers name them, beside the one that every account has.
type Keys map[string]catalog.WrappedKey

// DomainKey implements repository.DomainKeys.
func (k Keys) DomainKey(_ catalog.Reader, c iam.Caller, asked string) (catalog.WrappedKey, error) {
	if made, ok := k[asked]; ok {
		return made, nil
	}
	if asked != "" {
		return catalog.WrappedKey{}, artifact.Errorf(artifact.Invalid, "KMS key not found: there is no %s.", asked)
	}
	return catalog.WrappedKey{EncryptionKey: "arn:aws:kms:us-east-1:" + c.Principal.Account + ":key/default",
		DataKey: []byte("wrapped")}, nil
}

// AllowAll is an identity policy that allows everything.
const AllowAll = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`

// Caller is a user of an account with identity policies; with none, one that may do nothing.
func Caller(t testing.TB, account artifact.AccountID, name string, policies ...string) iam.Caller {
	t.Helper()
	c := iam.Caller{Principal: iam.Principal{Account: string(account), Name: name, ID: "AIDA" + name,
		ARN: "arn:aws:iam::" + string(account) + ":user/" + name}}
	for _, text := range policies {
		p, err := iam.Parse([]byte(text), iam.IdentityPolicy)
		if err != nil {
			t.Fatal(err)
		}
		c.Identity = append(c.Identity, p)
	}
	return c
}

// Repository makes a repository, and its domain if there is none, for the owner.
func (r *Rules) Repository(key artifact.RepositoryKey, upstreams ...string) {
	r.t.Helper()
	owner := Caller(r.t, key.Owner, "owner", AllowAll)
	_, err := r.CreateDomain(r.t.Context(), owner, repository.DomainSpec{Name: key.Domain})
	if err != nil && !artifact.Is(err, artifact.Conflict) {
		r.t.Fatal(err)
	}
	spec := repository.RepositorySpec{RepositoryKey: key, Upstreams: upstreams}
	if _, err := r.CreateRepository(r.t.Context(), owner, spec); err != nil {
		r.t.Fatal(err)
	}
}

// Hold puts a version on record exactly as it is, in place of one that is there. Assets that are given a content get its
// size and digests, and its bytes are kept; the others are records without bytes.
func (r *Rules) Hold(key artifact.RepositoryKey, v artifact.Version, contents map[string]string) {
	r.t.Helper()
	err := r.Catalog.Write(r.t.Context(), func(w catalog.Writer) error {
		v := v
		v.Assets = slices.Clip(v.Assets)
		repo, err := w.Repository(key)
		if err != nil {
			return err
		}
		domain, err := w.Domain(key.DomainKey())
		if err != nil {
			return err
		}
		for name, text := range contents {
			a, err := r.keep(domain, name, text)
			if err != nil {
				return err
			}
			v.Assets = append(v.Assets, a)
		}
		if _, err := w.Package(repo.ID, v.PackageKey); artifact.Is(err, artifact.NotFound) {
			err = w.PutPackage(repo.ID, artifact.Package{PackageKey: v.PackageKey,
				Controls: artifact.Controls{Publish: artifact.Allow, Upstream: artifact.Allow}})
			if err != nil {
				return err
			}
		}
		fence, _, err := w.BlobFence(domain.ID)
		if err != nil {
			return err
		}
		for _, a := range v.Assets {
			if err := w.ClaimBlobs(domain.ID, fence, a.SHA256); err != nil {
				return err
			}
		}
		if err := w.CreateVersion(repo.ID, v); !artifact.Is(err, artifact.Conflict) {
			return err
		}
		return w.UpdateVersion(repo.ID, v)
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// keep stores a content.
func (r *Rules) keep(d catalog.Domain, name, text string) (a artifact.Asset, err error) {
	store, err := r.Stores.Open(d)
	if err != nil {
		return a, err
	}
	draft, err := store.Create(r.t.Context())
	if err != nil {
		return a, err
	}
	defer draft.Discard()
	digester := artifact.NewDigester()
	if _, err = io.WriteString(io.MultiWriter(draft, digester), text); err != nil {
		return a, err
	}
	a.Name = name
	a.Digests, a.Size = digester.Sum()
	_, err = draft.Commit(r.t.Context(), a.SHA256)
	return a, err
}
