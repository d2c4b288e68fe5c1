package access

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"entrepot/access/sigv4"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/catalog/sqlcatalog/sqlcatalogtest"
	"entrepot/iam"
)

// Whatever a principal is judged by, a change of it is seen by the next request.
func TestWhatIsGrantedAndTakenIsSeenByTheNextRequest(t *testing.T) {
	store := sqlcatalogtest.Open(t, filepath.Join(t.TempDir(), "catalog"), sqlcatalog.Options{})
	t.Cleanup(func() { _ = store.Close() })
	f := newFixture(t)
	guard, err := New(Config{Catalog: store, Sealer: f.sealer, Now: func() time.Time { return f.clock }, Region: "eu-west-1"})
	if err != nil {
		t.Fatal(err)
	}
	write := func(fns ...func(w catalog.Writer) error) {
		t.Helper()
		err := store.Write(t.Context(), func(w catalog.Writer) error {
			for _, fn := range fns {
				if err := fn(w); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	const user, group, policy = "AIDAANN", "AGPACREW", "arn:aws:iam::123456789012:policy/p"
	record, err := guard.seal(f.key, user)
	if err != nil {
		t.Fatal(err)
	}
	ann := catalog.Principal{ID: user, Account: testAccount, Kind: catalog.UserPrincipal, Path: "/", Name: "ann",
		ARN: "arn:aws:iam::123456789012:user/ann", Tags: map[string]string{"team": "core"}}
	write(func(w catalog.Writer) error {
		return errors.Join(w.CreatePrincipal(ann),
			w.CreatePrincipal(catalog.Principal{ID: group, Account: testAccount, Kind: catalog.GroupPrincipal, Name: "crew", ARN: "arn:crew"}),
			w.CreateManagedPolicy(catalog.ManagedPolicy{ID: "m", ARN: policy, Account: testAccount, Name: "p"}, allowAll),
			w.CreateAccessKey(record))
	})
	const nothing = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`
	const tagged = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*",` +
		`"Condition":{"StringEquals":{"aws:PrincipalTag/team":"core"}}}]}`
	bounded := ann
	bounded.Boundary = policy
	version := func(document string) func(w catalog.Writer) error {
		return func(w catalog.Writer) error {
			_, err := w.CreateManagedVersion(policy, document, f.clock, true)
			return err
		}
	}
	for _, step := range []struct {
		name    string
		change  func(w catalog.Writer) error
		allowed bool
	}{
		{"attached", func(w catalog.Writer) error { return w.AttachPolicy(user, policy) }, true},
		{"another version", version(nothing), false},
		{"the version before", func(w catalog.Writer) error { return w.SetDefaultVersion(policy, 1, f.clock) }, true},
		{"detached", func(w catalog.Writer) error { return w.DetachPolicy(user, policy) }, false},
		{"in a group that holds nothing", func(w catalog.Writer) error { return w.AddMember(group, user) }, false},
		{"attached to the group", func(w catalog.Writer) error { return w.AttachPolicy(group, policy) }, true},
		{"denied in the group", func(w catalog.Writer) error {
			return w.PutIdentityPolicy(group, catalog.IdentityPolicy{Name: "no", Document: nothing})
		}, false},
		{"no longer denied", func(w catalog.Writer) error { return w.DeleteIdentityPolicy(group, "no") }, true},
		{"bounded by the same", func(w catalog.Writer) error { return w.UpdatePrincipal(bounded) }, true},
		{"beyond the bound", func(w catalog.Writer) error {
			return errors.Join(w.PutIdentityPolicy(user, catalog.IdentityPolicy{Name: "all", Document: allowAll}),
				w.RemoveMember(group, user), version(nothing)(w))
		}, false},
		{"unbounded", func(w catalog.Writer) error { return w.UpdatePrincipal(ann) }, true},
		{"by its tags", func(w catalog.Writer) error {
			return w.PutIdentityPolicy(user, catalog.IdentityPolicy{Name: "all", Document: tagged})
		}, true},
		{"without its tags", func(w catalog.Writer) error {
			bare := ann
			bare.Tags = nil
			return w.UpdatePrincipal(bare)
		}, false},
	} {
		write(step.change)
		caller, err := guard.API(f.signed(f.key, "codeartifact", "{}", ""), f.from("request-1"), sigv4.Payload{Limit: 1 << 20}, "codeartifact")
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		question := iam.Request{Principal: caller.Principal, Action: "codeartifact:ListDomains", Context: caller.Context}
		d := iam.Evaluate(question, iam.Policies{Identity: caller.Identity, Boundary: caller.Boundary}, true)
		if d.Allowed() != step.allowed {
			t.Errorf("%s: got %v, want allowed %v", step.name, d, step.allowed)
		}
	}
	// Nobody calls as a group, whatever rows there are.
	record, err = guard.seal(AccessKey{"AKIAGROUPGROUPGROUP2", f.key.Secret}, group)
	if err != nil {
		t.Fatal(err)
	}
	write(func(w catalog.Writer) error { return w.CreateAccessKey(record) })
	_, err = guard.API(f.signed(AccessKey{record.ID, f.key.Secret}, "codeartifact", "{}", ""), f.from("request-2"),
		sigv4.Payload{Limit: 1 << 20}, "codeartifact")
	f.wantRefusal(err, sigv4.Unrecognized)
}
