package accounts

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/audit"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/catalog/sqlcatalog/sqlcatalogtest"
	"entrepot/iam"
)

// fixture is the rules over a catalog with an account in it, whose root user may do everything.
type fixture struct {
	testing.TB
	*Service
	root  iam.Caller
	clock time.Time
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	store := sqlcatalogtest.Open(t, filepath.Join(t.TempDir(), "catalog"), sqlcatalog.Options{Rehearse: true})
	t.Cleanup(func() { _ = store.Close() })
	f := &fixture{TB: t, clock: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	f.Service = New(Options{Catalog: store, Keys: keys{}, Now: func() time.Time { return f.clock }})
	f.must(f.InstallPolicies(t.Context()))
	f.write(func(w catalog.Writer) error {
		return w.CreatePrincipal(catalog.Principal{ID: account, Account: account, Kind: catalog.RootPrincipal, Path: "/",
			Name: "root", ARN: "arn:aws:iam::" + account + ":root", CreatedAt: f.clock})
	})
	f.must(f.InstallAccount(t.Context(), account))
	f.root = f.callerOf(account)
	f.root.Identity = []*iam.Policy{f.policy(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)}
	return f
}

func (f *fixture) write(fn func(catalog.Writer) error) {
	f.Helper()
	if err := f.Catalog.Write(f.Context(), fn); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) read(fn func(catalog.Reader) error) {
	f.Helper()
	if err := f.Catalog.Read(f.Context(), fn); err != nil {
		f.Fatal(err)
	}
}

// must ends the test on an error.
func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// refused wants an error of a kind, in these words.
func (f *fixture) refused(err error, kind artifact.Kind, words string) {
	f.Helper()
	if err == nil || artifact.KindOf(err) != kind {
		f.Fatalf("got %v, want it %v", err, kind)
	}
	if told, _ := errors.AsType[*artifact.Error](err); told.Reason != words {
		f.Fatalf("got %q\nwant %q", told.Reason, words)
	}
}

func (f *fixture) policy(document string) *iam.Policy {
	f.Helper()
	policy, err := iam.Parse([]byte(document), iam.IdentityPolicy)
	f.must(err)
	return policy
}

// user makes a user with a policy.
func (f *fixture) user(name, document string) catalog.Principal {
	f.Helper()
	user, err := f.CreateUser(f.Context(), f.root, NewPrincipal{Name: name})
	f.must(err)
	if document != "" {
		f.write(func(w catalog.Writer) error {
			return w.PutIdentityPolicy(user.ID, catalog.IdentityPolicy{Name: "own", Document: document})
		})
	}
	return user
}

// callerOf is a principal at work, with its policies of the moment.
func (f *fixture) callerOf(id string) (c iam.Caller) {
	f.Helper()
	f.read(func(r catalog.Reader) error {
		p, err := r.Principal(id)
		if err != nil {
			return err
		}
		c = iam.Caller{Circumstances: iam.Circumstances{RequestID: "request-1"}, Principal: iam.Principal{Account: string(p.Account), ARN: p.ARN, ID: p.ID,
			Name: p.Name, Tags: p.Tags}}
		policies, err := r.PoliciesInForce(id)
		for _, in := range policies {
			c.Identity = append(c.Identity, f.policy(in.Document))
		}
		if err != nil || p.Boundary == "" {
			return err
		}
		text, err := r.ManagedDocument(p.Boundary)
		c.Boundary = f.policy(text)
		return err
	})
	return c
}

// last is the newest event, with its detail taken apart.
func (f *fixture) last() (e catalog.Event, detail map[string]any) {
	f.Helper()
	f.read(func(r catalog.Reader) error {
		events, err := r.Events(0, 1000)
		if err != nil || len(events) == 0 {
			return err
		}
		e = events[len(events)-1]
		return json.Unmarshal(e.Detail, &detail)
	})
	return e, detail
}

// call is what is on record of an event's call.
func (f *fixture) call(e catalog.Event) audit.Call {
	f.Helper()
	c, err := audit.Parse(e.Call)
	f.must(err)
	return c
}

// keys makes access keys whose secrets are their ids.
type keys struct{}

func (keys) NewAccessKey(principal string) (catalog.AccessKey, artifact.Secret, error) {
	id := "AKIA" + rand.Text()[:16]
	return catalog.AccessKey{ID: id, Principal: principal, Secret: []byte(id), Active: true, CreatedAt: time.Now()}, artifact.NewSecret(id), nil
}
