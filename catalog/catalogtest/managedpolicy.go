package catalogtest

import (
	"errors"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
)

// readers and writers are managed policies.
var (
	readers = catalog.ManagedPolicy{ID: "ANPAREADERS", Account: owner, Path: "/team/", Name: "Readers",
		ARN: "arn:aws:iam::111122223333:policy/team/Readers", Description: "May read.", Default: 1,
		CreatedAt: moment(0), UpdatedAt: moment(1), Tags: map[string]string{"a": "b"}}
	writers = catalog.ManagedPolicy{ID: "ANPAWRITERS", Account: owner, Path: "/", Name: "Writers",
		ARN: "arn:aws:iam::111122223333:policy/Writers", Default: 1, CreatedAt: moment(2), UpdatedAt: moment(2)}
)

// managed creates policies, each with a document called first.
func (f *fixture) managed(policies ...catalog.ManagedPolicy) {
	f.Helper()
	f.write(func(w catalog.Writer) error {
		for _, p := range policies {
			if err := w.CreateManagedPolicy(p, "first"); err != nil {
				return err
			}
		}
		return nil
	})
}

func testManagedPolicies(t *testing.T, open func(t *testing.T) catalog.Store) {
	runRows(t, open, []row{
		{"comes_back_as_created", func(t *testing.T, f *fixture) {
			f.managed(readers, writers)
			f.read(func(r catalog.Reader) error {
				for _, p := range []catalog.ManagedPolicy{readers, writers} {
					got, err := r.ManagedPolicy(p.ARN)
					want(t, "policy", got, p)
					if err != nil {
						return err
					}
				}
				text, err := r.ManagedDocument(readers.ARN)
				want(t, "document", text, "first")
				return err
			})
			for _, clash := range []catalog.ManagedPolicy{
				{ID: readers.ID, ARN: "arn:x", Account: owner, Name: "x"},
				{ID: "x", ARN: readers.ARN, Account: owner, Name: "x"},
				{ID: "x", ARN: "arn:x", Account: owner, Name: "READERS"},
			} {
				f.refused(artifact.Conflict, func(w catalog.Writer) error { return w.CreateManagedPolicy(clash, "") })
			}
			abroad := catalog.ManagedPolicy{ID: "x", ARN: "arn:x", Account: other, Name: readers.Name}
			f.write(func(w catalog.Writer) error { return w.CreateManagedPolicy(abroad, "") })
		}},
		{"versions_are_numbered_and_one_is_in_force", versionsOfPolicies},
		{"what_is_used_stays", func(t *testing.T, f *fixture) {
			f.principals()
			f.managed(readers, writers)
			bound := alice
			bound.Boundary = writers.ARN
			f.write(func(w catalog.Writer) error {
				return errors.Join(w.UpdatePrincipal(bound), w.AttachPolicy(alice.ID, readers.ARN),
					w.AttachPolicy(alice.ID, readers.ARN))
			})
			for _, arn := range []string{readers.ARN, writers.ARN} {
				f.refused(artifact.Conflict, func(w catalog.Writer) error { return w.DeleteManagedPolicy(arn) })
			}
			f.write(func(w catalog.Writer) error {
				return errors.Join(w.UpdatePrincipal(alice), w.DetachPolicy(alice.ID, readers.ARN),
					w.DeleteManagedPolicy(readers.ARN), w.DeleteManagedPolicy(writers.ARN))
			})
			f.read(func(r catalog.Reader) error {
				versions, err := r.ManagedVersions(readers.ARN)
				want(t, "versions", versions, nil)
				return err
			})
		}},
		{"a_principal_leaves_its_attachments_behind", func(t *testing.T, f *fixture) {
			f.principals()
			f.managed(readers)
			f.write(func(w catalog.Writer) error { return w.AttachPolicy(alice.ID, readers.ARN) })
			f.write(func(w catalog.Writer) error { return w.DeletePrincipal(alice.ID) })
			f.write(func(w catalog.Writer) error { return w.DeleteManagedPolicy(readers.ARN) })
		}},
		{"lists_go_by_account_path_and_use", usedPolicies},
		{"tags_are_replaced", func(t *testing.T, f *fixture) {
			f.managed(readers)
			f.write(func(w catalog.Writer) error { return w.SetPolicyTags(readers.ARN, map[string]string{"c": ""}) })
			f.read(func(r catalog.Reader) error {
				got, err := r.ManagedPolicy(readers.ARN)
				want(t, "tags", got.Tags, map[string]string{"c": ""})
				return err
			})
		}},
		{"an_account_has_one_alias", func(t *testing.T, f *fixture) {
			f.write(func(w catalog.Writer) error {
				return errors.Join(w.SetAccountAlias(owner, "first"), w.SetAccountAlias(owner, "second"), w.SetAccountAlias(other, "first"))
			})
			f.refused(artifact.Conflict, func(w catalog.Writer) error { return w.SetAccountAlias(owner, "first") })
			f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.DeleteAccountAlias(owner, "first") })
			f.read(func(r catalog.Reader) error {
				got, err := r.AccountAlias(owner)
				want(t, "alias", got, "second")
				return err
			})
			f.write(func(w catalog.Writer) error { return w.DeleteAccountAlias(owner, "second") })
			f.read(func(r catalog.Reader) error {
				got, err := r.AccountAlias(owner)
				want(t, "alias", got, "")
				return err
			})
		}},
		{"what_is_not_there_is_not_found", func(t *testing.T, f *fixture) {
			f.principals()
			f.managed(readers)
			for _, fn := range []func(r catalog.Reader) error{
				func(r catalog.Reader) error { _, err := r.ManagedPolicy("x"); return err },
				func(r catalog.Reader) error { _, err := r.ManagedDocument("x"); return err },
				func(r catalog.Reader) error { _, err := r.ManagedVersion(readers.ARN, 2); return err },
			} {
				f.unreadable(artifact.NotFound, fn)
			}
			for _, fn := range []func(w catalog.Writer) error{
				func(w catalog.Writer) error { return w.SetPolicyTags("x", nil) },
				func(w catalog.Writer) error { _, err := w.CreateManagedVersion("x", "", moment(0), false); return err },
				func(w catalog.Writer) error { return w.SetDefaultVersion("x", 1, moment(0)) },
				func(w catalog.Writer) error { return w.SetDefaultVersion(readers.ARN, 2, moment(0)) },
				func(w catalog.Writer) error { return w.DeleteManagedVersion("x", 1) },
				func(w catalog.Writer) error { return w.DeleteManagedVersion(readers.ARN, 2) },
				func(w catalog.Writer) error { return w.DeleteManagedPolicy("x") },
				func(w catalog.Writer) error { return w.AttachPolicy("x", readers.ARN) },
				func(w catalog.Writer) error { return w.AttachPolicy(alice.ID, "x") },
				func(w catalog.Writer) error { return w.DetachPolicy("x", readers.ARN) },
				func(w catalog.Writer) error { return w.DetachPolicy(alice.ID, readers.ARN) },
			} {
				f.refused(artifact.NotFound, fn)
			}
		}},
	})
}

func versionsOfPolicies(t *testing.T, f *fixture) {
	f.managed(readers)
	f.write(func(w catalog.Writer) error {
		for i, inForce := range []bool{false, true} {
			number, err := w.CreateManagedVersion(readers.ARN, "more", moment(10+i), inForce)
			want(t, "number", number, i+2)
			if err != nil {
				return err
			}
		}
		return nil
	})
	f.refused(artifact.Conflict, func(w catalog.Writer) error { return w.DeleteManagedVersion(readers.ARN, 3) })
	f.write(func(w catalog.Writer) error { return w.DeleteManagedVersion(readers.ARN, 2) })
	f.write(func(w catalog.Writer) error {
		number, err := w.CreateManagedVersion(readers.ARN, "last", moment(12), false)
		want(t, "number after a deletion", number, 4)
		return err
	})
	f.read(func(r catalog.Reader) error {
		versions, err := r.ManagedVersions(readers.ARN)
		want(t, "versions", versions, []catalog.ManagedVersion{
			{Number: 4, Document: "last", CreatedAt: moment(12)}, {Number: 3, Document: "more", CreatedAt: moment(11)},
			{Number: 1, Document: "first", CreatedAt: moment(0)}})
		p, lost := r.ManagedPolicy(readers.ARN)
		after := readers
		after.Default, after.UpdatedAt = 3, moment(11)
		want(t, "policy", p, after)
		return errors.Join(err, lost)
	})
	f.write(func(w catalog.Writer) error { return w.SetDefaultVersion(readers.ARN, 1, moment(13)) })
	f.read(func(r catalog.Reader) error {
		text, err := r.ManagedDocument(readers.ARN)
		want(t, "document", text, "first")
		return err
	})
}

func usedPolicies(t *testing.T, f *fixture) {
	f.principals()
	f.managed(readers, writers)
	theirs := catalog.Principal{ID: "AIDATHEIRS", Account: other, Kind: catalog.UserPrincipal, Name: "t", ARN: "arn:t", CreatedAt: moment(0)}
	bound := alice
	bound.Boundary = writers.ARN
	f.write(func(w catalog.Writer) error {
		return errors.Join(w.CreatePrincipal(crew), w.CreatePrincipal(theirs), w.UpdatePrincipal(bound),
			w.AttachPolicy(alice.ID, readers.ARN), w.AttachPolicy(crew.ID, readers.ARN), w.AttachPolicy(theirs.ID, writers.ARN))
	})
	policies := func(filter catalog.ManagedPolicyFilter) func(catalog.Reader, catalog.Page) (catalog.Listing[catalog.ManagedPolicy], error) {
		return func(r catalog.Reader, page catalog.Page) (catalog.Listing[catalog.ManagedPolicy], error) {
			return r.ManagedPolicies(filter, page)
		}
	}
	wantPages(f, []catalog.ManagedPolicy{readers, writers}, policies(catalog.ManagedPolicyFilter{Account: owner}))
	wantPages(f, []catalog.ManagedPolicy{readers}, policies(catalog.ManagedPolicyFilter{Account: owner, PathPrefix: "/team/"}))
	wantPages(f, []catalog.ManagedPolicy{readers}, policies(catalog.ManagedPolicyFilter{Account: owner, UsedBy: owner}))
	wantPages(f, []catalog.ManagedPolicy{writers},
		policies(catalog.ManagedPolicyFilter{Account: owner, UsedBy: owner, Use: catalog.BoundaryPolicy}))
	wantPages(f, []catalog.ManagedPolicy{writers}, policies(catalog.ManagedPolicyFilter{Account: owner, UsedBy: other}))
	users := func(arn string, use catalog.PolicyUse, kind catalog.PrincipalKind) func(catalog.Reader, catalog.Page) (catalog.Listing[catalog.Principal], error) {
		return func(r catalog.Reader, page catalog.Page) (catalog.Listing[catalog.Principal], error) {
			return r.PolicyUsers(arn, catalog.PolicyUserFilter{PrincipalFilter: catalog.PrincipalFilter{Account: owner, Kind: kind}, Use: use}, page)
		}
	}
	wantPages(f, []catalog.Principal{bound, crew}, users(readers.ARN, catalog.AttachedPolicy, ""))
	wantPages(f, []catalog.Principal{crew}, users(readers.ARN, catalog.AttachedPolicy, catalog.GroupPrincipal))
	wantPages(f, []catalog.Principal{bound}, users(writers.ARN, catalog.BoundaryPolicy, ""))
	wantPages(f, []catalog.Principal{bound}, users(writers.ARN, catalog.EitherUse, ""))
	f.read(func(r catalog.Reader) error {
		attached, err := r.CountPolicyUsers(readers.ARN, owner, catalog.AttachedPolicy)
		want(t, "attached", attached, 2)
		bounded, lost := r.CountPolicyUsers(writers.ARN, owner, catalog.BoundaryPolicy)
		want(t, "bounding", bounded, 1)
		of, gone := r.AttachedPolicies(alice.ID)
		want(t, "attached to one", of, []catalog.ManagedPolicy{readers})
		u, missing := r.AccountUsage(owner)
		want(t, "usage", u, catalog.AccountUsage{Users: 1, Groups: 1, Policies: 2, PolicyVersions: 2})
		return errors.Join(err, lost, gone, missing)
	})
}
