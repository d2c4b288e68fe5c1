package access

import (
	"testing"

	"entrepot/access/sigv4"
	"entrepot/catalog"
)

func TestACallerBelongsToTheOrganizationOfItsAccount(t *testing.T) {
	f := newFixture(t)
	f.role()
	s := f.begin(builderSession("job-7", catalog.SessionDetails{}))
	token := f.issue(900)
	belong := func(organization string) {
		f.write(func(w catalog.Writer) error {
			return w.UpdateAccount(catalog.Account{ID: testAccount, Organization: organization})
		})
	}
	for _, row := range []struct{ organization, path string }{{"", ""}, {"o-1", "o-1/r-1/"}, {"o-2", "o-2/r-1/"}, {"", ""}} {
		belong(row.organization)
		user, err := f.call(f.key)
		if err != nil {
			t.Fatal(err)
		}
		session, err := f.callWith(s.AccessKey, s.token)
		if err != nil {
			t.Fatal(err)
		}
		bearer, err := f.fetch(token, testDomain)
		if err != nil {
			t.Fatal(err)
		}
		for door, c := range map[string]struct{ id, path string }{"a key": {user.Principal.OrgID, user.Principal.OrgPath},
			"a session": {session.Principal.OrgID, session.Principal.OrgPath}, "a token": {bearer.Principal.OrgID, bearer.Principal.OrgPath}} {
			if c.id != row.organization || c.path != row.path {
				t.Errorf("%s: got %q and %q, want %q and %q", door, c.id, c.path, row.organization, row.path)
			}
		}
	}
}

func TestNobodyOfAClosedAccountComesIn(t *testing.T) {
	f := newFixture(t)
	f.role()
	s := f.begin(builderSession("job-7", catalog.SessionDetails{}))
	token := f.issue(900)
	if _, err := f.callWith(s.AccessKey, s.token); err != nil {
		t.Fatal(err)
	}
	f.write(func(w catalog.Writer) error {
		return w.UpdateAccount(catalog.Account{ID: testAccount, ClosedAt: f.clock})
	})
	_, err := f.call(f.key)
	f.wantRefusal(err, sigv4.Unrecognized)
	_, err = f.callWith(s.AccessKey, s.token)
	f.wantRefusal(err, sigv4.Unrecognized)
	_, err = f.fetch(token, testDomain)
	f.wantNoToken(err)
}
