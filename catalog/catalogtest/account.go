package catalogtest

import (
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
)

var acmeOrganization = catalog.Organization{ID: "o-acme", Root: "r-acme", Management: owner, CreatedAt: moment(1)}

// member makes an account of the organization.
func member(id artifact.AccountID, email string) catalog.Account {
	return catalog.Account{ID: id, Name: "name of " + email, Email: email, Organization: acmeOrganization.ID, CreatedAt: moment(2),
		ClosedAt: moment(3), Tags: map[string]string{"a": "b"}}
}

// organize creates the organization with accounts.
func (f *fixture) organize(accounts ...catalog.Account) {
	f.Helper()
	f.write(func(w catalog.Writer) error {
		if err := w.CreateOrganization(acmeOrganization); err != nil {
			return err
		}
		for _, a := range accounts {
			if err := w.CreateAccount(a); err != nil {
				return err
			}
		}
		return nil
	})
}

func testAccounts(t *testing.T, open func(t *testing.T) catalog.Store) {
	runRows(t, open, []row{
		{"comes_back_as_created_and_as_updated", func(t *testing.T, f *fixture) {
			a, bare := member(other, "a@example.test"), catalog.Account{ID: "999999999999", Email: "b@example.test", CreatedAt: moment(0)}
			f.organize(a, bare)
			wantAccount(t, f, a)
			wantAccount(t, f, bare)
			a.Name, a.Organization, a.ClosedAt, a.Tags = "another", "", moment(9), nil
			f.write(func(w catalog.Writer) error { return w.UpdateAccount(a) })
			wantAccount(t, f, a)
			a.Email = bare.Email
			f.refused(artifact.Conflict, func(w catalog.Writer) error { return w.UpdateAccount(a) })
		}},
		{"what_is_taken_is_a_conflict", func(t *testing.T, f *fixture) {
			a := member(other, "a@example.test")
			f.organize(a)
			sameEmail, sameManagement := member("999999999999", a.Email), catalog.Organization{ID: "o-2", Management: owner}
			f.refused(artifact.Conflict, func(w catalog.Writer) error { return w.CreateAccount(a) })
			f.refused(artifact.Conflict, func(w catalog.Writer) error { return w.CreateAccount(sameEmail) })
			f.refused(artifact.Conflict, func(w catalog.Writer) error { return w.CreateOrganization(acmeOrganization) })
			f.refused(artifact.Conflict, func(w catalog.Writer) error { return w.CreateOrganization(sameManagement) })
			f.refused(artifact.Conflict, func(w catalog.Writer) error { return w.DeleteOrganization(acmeOrganization.ID) })
		}},
		{"what_is_not_there_is_not_found", func(t *testing.T, f *fixture) {
			for _, fn := range []func(r catalog.Reader) error{
				func(r catalog.Reader) error { _, err := r.Account(owner); return err },
				func(r catalog.Reader) error { _, err := r.AccountByEmail("x"); return err },
				func(r catalog.Reader) error { _, err := r.Organization("o-x"); return err },
				func(r catalog.Reader) error { _, err := r.AccountRequest("car-x"); return err },
			} {
				f.unreadable(artifact.NotFound, fn)
			}
			f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.UpdateAccount(member(owner, "x")) })
			f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.DeleteOrganization("o-x") })
		}},
		{"an_organization_leaves_its_manager_behind", func(t *testing.T, f *fixture) {
			manager := member(owner, "m@example.test")
			f.organize(manager)
			f.write(func(w catalog.Writer) error { return w.DeleteOrganization(acmeOrganization.ID) })
			manager.Organization = ""
			wantAccount(t, f, manager)
		}},
		{"an_account_stands_as_its_record_says", func(t *testing.T, f *fixture) {
			closed := member(other, "a@example.test")
			f.organize(closed)
			for id, stands := range map[artifact.AccountID]catalog.Standing{
				other: {Closed: true, Organization: acmeOrganization}, "000000000001": {},
			} {
				f.read(func(r catalog.Reader) error {
					got, err := catalog.StandingOf(r, id)
					want(t, "standing of "+string(id), got, stands)
					return err
				})
			}
			want(t, "path", acmeOrganization.Path(), "o-acme/r-acme/")
			want(t, "path of none", catalog.Organization{}.Path(), "")
		}},
		{"lists_go_by_id_and_by_organization", func(t *testing.T, f *fixture) {
			outside := member("000000000001", "o@example.test")
			outside.Organization = ""
			f.organize(member("333333333333", "c@example.test"), outside, member("222222222222", "b@example.test"))
			wantPages(f, []string{"222222222222", "333333333333"},
				names(func(r catalog.Reader, page catalog.Page) (catalog.Listing[catalog.Account], error) {
					return r.Accounts(acmeOrganization.ID, page)
				}, func(a catalog.Account) string { return string(a.ID) }))
			made := catalog.AccountRequest{ID: "car-1", Organization: acmeOrganization.ID, AccountName: "n", Account: other, At: moment(1)}
			failed := catalog.AccountRequest{ID: "car-2", Organization: acmeOrganization.ID, Failure: "EMAIL_ALREADY_EXISTS", At: moment(2)}
			f.write(func(w catalog.Writer) error {
				if err := w.PutAccountRequest(failed); err != nil {
					return err
				}
				return w.PutAccountRequest(made)
			})
			f.refused(artifact.Conflict, func(w catalog.Writer) error { return w.PutAccountRequest(made) })
			f.read(func(r catalog.Reader) error {
				got, err := r.AccountRequest("car-2")
				want(t, "request", got, failed)
				return err
			})
			wantPages(f, []string{"car-1", "car-2"},
				names(func(r catalog.Reader, page catalog.Page) (catalog.Listing[catalog.AccountRequest], error) {
					return r.AccountRequests(acmeOrganization.ID, page)
				}, func(r catalog.AccountRequest) string { return r.ID }))
		}},
	})
}

func wantAccount(t *testing.T, f *fixture, a catalog.Account) {
	t.Helper()
	f.read(func(r catalog.Reader) error {
		byID, err := r.Account(a.ID)
		want(t, "by id", byID, a)
		if err != nil {
			return err
		}
		byEmail, err := r.AccountByEmail(a.Email)
		want(t, "by email", byEmail, a)
		return err
	})
}
