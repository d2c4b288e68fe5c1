package accounts

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// lent is an account with a domain, two users and a role, each with a token; the role's was issued in a session.
type lent struct {
	*fixture
	ann, bob, role catalog.Principal
	of             map[string]string // IDs of credentials by a name
}

const lendingPolicy = `{"Version":"2012-10-17","Statement":[%s]}`

func newLent(t *testing.T) *lent {
	l := &lent{fixture: newFixture(t), of: map[string]string{}}
	l.ann, l.bob = l.user("ann", ""), l.user("bob", "")
	l.role = catalog.Principal{ID: "AROAJOB", Account: account, Kind: catalog.RolePrincipal, Path: "/", Name: "job",
		ARN: "arn:aws:iam::" + account + ":role/job", CreatedAt: l.clock}
	l.write(func(w catalog.Writer) error {
		if err := w.CreatePrincipal(l.role); err != nil {
			return err
		}
		d, err := w.CreateDomain(catalog.Domain{DomainKey: artifact.DomainKey{Owner: account, Name: "house"}, CreatedAt: l.clock})
		if err != nil {
			return err
		}
		for n, id := range []string{"ASIAONE", "ASIATWO"} {
			s := catalog.Session{ID: id, Principal: l.role.ID, Kind: catalog.RoleSession, Token: catalog.TokenHash{200, byte(n)},
				IssuedAt: l.clock, ExpiresAt: l.clock.Add(time.Hour), SessionDetails: catalog.SessionDetails{Name: id}}
			if err := w.CreateSession(s); err != nil {
				return err
			}
			l.of[id] = id
		}
		for n, issued := range []struct{ name, principal, session string }{
			{"ann's", l.ann.ID, ""}, {"bob's", l.bob.ID, ""}, {"one's", l.role.ID, "ASIAONE"}, {"two's", l.role.ID, "ASIATWO"},
		} {
			token := catalog.Token{Hash: catalog.TokenHash{byte(n + 1)}, Domain: d, Principal: issued.principal, Session: issued.session,
				IssuedAt: l.clock, ExpiresAt: l.clock.Add(time.Hour)}
			if err := w.CreateToken(token); err != nil {
				return err
			}
			l.of[issued.name] = hex.EncodeToString(token.Hash[:])
		}
		return w.CreateToken(catalog.Token{Hash: catalog.TokenHash{99}, Domain: d, Principal: l.ann.ID, IssuedAt: l.clock.Add(-time.Hour),
			ExpiresAt: l.clock}) // over
	})
	return l
}

// may is a caller of a principal with statements of a policy.
func (l *lent) may(p catalog.Principal, statements ...string) iam.Caller {
	c := l.callerOf(p.ID)
	if len(statements) > 0 {
		c.Identity = []*iam.Policy{l.policy(fmt.Sprintf(lendingPolicy, strings.Join(statements, ",")))}
	}
	return c
}

// in is the role in a session.
func (l *lent) in(session string, statements ...string) iam.Caller {
	c := l.may(l.role, statements...)
	c.Principal.Role, c.Principal.ARN = l.role.ARN, "arn:aws:sts::"+account+":assumed-role/job/"+session
	c.Temporary = iam.Temporary{ID: session, Principal: l.role.ID, Role: true}
	return c
}

// named are the names of credentials that are listed, sorted.
func (l *lent) named(c iam.Caller, principal string) []string {
	l.Helper()
	all := []string{}
	for item, err := range catalog.Each(func(page catalog.Page) (catalog.Listing[Credential], error) {
		page.Limit = 2
		return l.Credentials(l.Context(), c, principal, page)
	}) {
		l.must(err)
		for name, id := range l.of {
			if id == item.ID {
				all = append(all, name)
			}
		}
	}
	slices.Sort(all)
	return all
}

const (
	mayListAll   = `{"Effect":"Allow","Action":"entrepot:ListTokens","Resource":"*"}`
	mayRevokeAll = `{"Effect":"Allow","Action":"entrepot:RevokeTokens","Resource":"*"}`
	mayNothing   = `{"Effect":"Deny","Action":"entrepot:*","Resource":"*"}`
	mayNotBob    = `{"Effect":"Deny","Action":"entrepot:*","Resource":"arn:aws:iam::` + account + `:user/bob"}`
	mayBob       = `{"Effect":"Allow","Action":"entrepot:*","Resource":"arn:aws:iam::` + account + `:user/bob"}`
)

func TestCredentialsAreListedToWhoMayListThemAndTheirHolder(t *testing.T) {
	l := newLent(t)
	everything := []string{"ASIAONE", "ASIATWO", "ann's", "bob's", "one's", "two's"}
	for _, test := range []struct {
		name      string
		caller    iam.Caller
		principal string
		want      []string
	}{
		{"the account itself", l.root, "", everything},
		{"an administrator", l.may(l.ann, mayListAll), "", everything},
		{"an administrator, of one principal", l.may(l.ann, mayListAll), l.role.ARN, []string{"ASIAONE", "ASIATWO", "one's", "two's"}},
		{"a user with no policy has his own", l.may(l.ann), "", []string{"ann's"}},
		{"a user by his name", l.may(l.ann), l.ann.ARN, []string{"ann's"}},
		{"a user who may see another's", l.may(l.ann, mayBob), "", []string{"ann's", "bob's"}},
		{"a user who is denied", l.may(l.ann, mayNothing), "", []string{}},
		{"a session has its own and what was issued in it", l.in("ASIAONE"), "", []string{"ASIAONE", "one's"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := l.named(test.caller, test.principal); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	t.Run("another's, there or not, are nobody's business", func(t *testing.T) {
		for _, arn := range []string{l.bob.ARN, "arn:aws:iam::" + account + ":user/nobody"} {
			_, err := l.Credentials(t.Context(), l.may(l.ann), arn, catalog.Page{})
			l.refused(err, artifact.Denied, "User: "+l.ann.ARN+" is not authorized to perform: entrepot:ListTokens on resource: "+arn+
				" because no identity-based policy allows the entrepot:ListTokens action")
		}
		_, err := l.Credentials(t.Context(), l.root, "arn:aws:iam::"+account+":user/nobody", catalog.Page{})
		l.refused(err, artifact.NotFound, "There is no user or role arn:aws:iam::"+account+":user/nobody in the account.")
	})
}

func TestACredentialIsRevokedByWhoMayAndByItsHolder(t *testing.T) {
	for _, test := range []struct {
		name   string
		caller func(*lent) iam.Caller
		id     string
		gone   []string // nil: it is refused
	}{
		{"an administrator's, another's token", func(l *lent) iam.Caller { return l.may(l.ann, mayRevokeAll) }, "bob's", []string{"bob's"}},
		{"a session with its token", func(l *lent) iam.Caller { return l.root }, "ASIAONE", []string{"ASIAONE", "one's"}},
		{"his own", func(l *lent) iam.Caller { return l.may(l.ann) }, "ann's", []string{"ann's"}},
		{"his own, which is denied", func(l *lent) iam.Caller { return l.may(l.ann, mayNothing) }, "ann's", nil},
		{"another's", func(l *lent) iam.Caller { return l.may(l.ann) }, "bob's", nil},
		{"another's, which he may", func(l *lent) iam.Caller { return l.may(l.ann, mayBob) }, "bob's", []string{"bob's"}},
		{"a session's own token", func(l *lent) iam.Caller { return l.in("ASIAONE") }, "one's", []string{"one's"}},
		{"a session itself", func(l *lent) iam.Caller { return l.in("ASIAONE") }, "ASIAONE", []string{"ASIAONE", "one's"}},
		{"another session's of the same role", func(l *lent) iam.Caller { return l.in("ASIAONE") }, "two's", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLent(t)
			before := l.named(l.root, "")
			_, err := l.Revoke(t.Context(), test.caller(l), l.of[test.id])
			event, _ := l.last()
			if test.gone == nil {
				if !artifact.Is(err, artifact.Denied) || !slices.Equal(l.named(l.root, ""), before) {
					t.Errorf("got %v, and there are %q", err, l.named(l.root, ""))
				}
				return
			}
			l.must(err)
			for _, name := range test.gone {
				before = slices.DeleteFunc(before, func(other string) bool { return other == name })
			}
			if got := l.named(l.root, ""); !slices.Equal(got, before) {
				t.Errorf("got %q, want %q", got, before)
			}
			if event.Action != "entrepot:RevokeTokens" || event.Principal != test.caller(l).Principal.ARN {
				t.Errorf("the record has %+v", event)
			}
		})
	}
	t.Run("what there is not looks like what is another's", func(t *testing.T) {
		l := newLent(t)
		words := "User: " + l.ann.ARN + " is not authorized to perform: entrepot:RevokeTokens on resource: * because no identity-based " +
			"policy allows the entrepot:RevokeTokens action"
		for _, id := range []string{l.of["bob's"], strings.Repeat("ab", 32), "ASIATWO", "ASIANONE", "x"} {
			_, err := l.Revoke(t.Context(), l.may(l.ann), id)
			l.refused(err, artifact.Denied, words)
		}
		_, err := l.Revoke(t.Context(), l.root, "ASIANONE")
		l.refused(err, artifact.NotFound, "There is no token and no session with the ID ASIANONE.")
	})
}

func TestCredentialsAreRevokedAtOnce(t *testing.T) {
	for _, test := range []struct {
		name      string
		caller    func(*lent) iam.Caller
		principal func(*lent) string
		left      []string // nil: it is refused
		done      Revoked
	}{
		{"all", func(l *lent) iam.Caller { return l.root }, func(*lent) string { return "" }, []string{}, Revoked{3, 2}},
		{"a role's", func(l *lent) iam.Caller { return l.may(l.ann, mayRevokeAll) }, func(l *lent) string { return l.role.ARN },
			[]string{"ann's", "bob's"}, Revoked{0, 2}},
		{"a user's own", func(l *lent) iam.Caller { return l.may(l.ann) }, func(l *lent) string { return l.ann.ARN },
			[]string{"ASIAONE", "ASIATWO", "bob's", "one's", "two's"}, Revoked{2, 0}},
		{"all but one's, which he may not", func(l *lent) iam.Caller { return l.may(l.ann, mayRevokeAll, mayNotBob) },
			func(*lent) string { return "" }, []string{"bob's"}, Revoked{2, 2}},
		{"another's", func(l *lent) iam.Caller { return l.may(l.ann) }, func(l *lent) string { return l.bob.ARN }, nil, Revoked{}},
		{"all, by a user", func(l *lent) iam.Caller { return l.may(l.ann) }, func(*lent) string { return "" }, nil, Revoked{}},
		{"all of a role, in a session of it", func(l *lent) iam.Caller { return l.in("ASIAONE") }, func(l *lent) string { return l.role.ARN },
			nil, Revoked{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLent(t)
			done, err := l.RevokeAll(t.Context(), test.caller(l), test.principal(l))
			if test.left == nil {
				if !artifact.Is(err, artifact.Denied) || len(l.named(l.root, "")) != 6 {
					t.Errorf("got %v, and there are %q", err, l.named(l.root, ""))
				}
				return
			}
			l.must(err)
			if got := l.named(l.root, ""); !slices.Equal(got, test.left) {
				t.Errorf("got %q, want %q", got, test.left)
			}
			if event, _ := l.last(); event.Action != "entrepot:RevokeTokens" {
				t.Errorf("the record has %+v", event)
			}
			if done != test.done {
				t.Errorf("got %+v, want %+v", done, test.done)
			}
		})
	}
}

func TestWhoMaySimulateHasAPrincipalAsItWouldCall(t *testing.T) {
	l := newLent(t)
	asker := l.may(l.ann, `{"Effect":"Allow","Action":"iam:SimulatePrincipalPolicy","Resource":"`+l.bob.ARN+`"}`)
	asker.Context = map[string][]string{"aws:sourceip": {"192.0.2.7"}, "aws:tokenissuetime": {"2026-11-20T12:00:00Z"}}
	asker.Principal.OrgID, asker.Principal.OrgPath = "o-a1b2c3d4e5", "o-a1b2c3d4e5/r-ab12/"
	l.write(func(w catalog.Writer) error {
		return w.PutIdentityPolicy(l.bob.ID, catalog.IdentityPolicy{Name: "own", Document: fmt.Sprintf(lendingPolicy, mayListAll)})
	})
	asker.Principal.OrgID, asker.Principal.OrgPath = "o-1", "o-1/r-1/"+account+"/"
	got, err := l.Standing(t.Context(), asker, l.bob.ARN)
	l.must(err)
	if who := got.Principal; who.OrgID != asker.Principal.OrgID || who.OrgPath != asker.Principal.OrgPath {
		t.Errorf("got %+v, want it of the organization of its account", who)
	}
	if got.Principal.ARN != l.bob.ARN || len(got.Identity) != 1 || got.Identity[0].Name != "own" || len(got.Context) != 1 ||
		len(got.Context["aws:sourceip"]) != 1 {
		t.Errorf("got %v with %+v under %v", got, got.Identity, got.Context)
	}
	if got.Principal.OrgID != asker.Principal.OrgID || got.Principal.OrgPath != asker.Principal.OrgPath {
		t.Errorf("got organization %q, %q, want that of the account", got.Principal.OrgID, got.Principal.OrgPath)
	}
	for _, arn := range []string{l.role.ARN, "arn:aws:iam::" + account + ":user/nobody"} {
		if _, err := l.Standing(t.Context(), asker, arn); !artifact.Is(err, artifact.Denied) {
			t.Errorf("%s: got %v, want it denied", arn, err)
		}
	}
	role, err := l.Standing(t.Context(), l.root, l.role.ARN)
	l.must(err)
	if role.Principal.Role != l.role.ARN || role.Principal.Name != "" {
		t.Errorf("got %+v", role.Principal)
	}
}
