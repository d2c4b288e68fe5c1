package catalogtest

import (
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

// builder is a role of alice's account, stay a session of it.
var (
	builder = catalog.Principal{ID: "AROABUILDER", Account: owner, ARN: "arn:aws:iam::111122223333:role/builder", Name: "builder",
		Kind: catalog.RolePrincipal, Path: "/", CreatedAt: moment(2)}
	stay = catalog.Session{ID: "ASIASTAY", Principal: builder.ID, Kind: catalog.RoleSession, Secret: []byte{0, 255},
		Token: catalog.TokenHash{7}, IssuedAt: moment(0), ExpiresAt: moment(10), SessionDetails: catalog.SessionDetails{Name: "job-7",
			Policies: []string{`{"b":1}`, `{"a":"<é>"}`}, Tags: map[string]string{"team": "é", "empty": ""}, Transitive: []string{"team"},
			SourceIdentity: "ann", Provider: "arn:aws:iam::111122223333:oidc-provider/issuer.example.test"}}
)

// roles creates the principals and the role.
func (f *fixture) roles() {
	f.Helper()
	f.principals()
	f.write(func(w catalog.Writer) error { return w.CreatePrincipal(builder) })
}

func testSessions(t *testing.T, open func(t *testing.T) catalog.Store) {
	for _, rows := range [][]row{singleRoles(), singleProviders(), sessions()} {
		runRows(t, open, rows)
	}
}

func singleRoles() []row {
	played := catalog.Role{Trust: "{}", Description: "é", MaxSession: time.Hour}
	return []row{
		{"a_role_is_put_changed_used_and_goes_with_its_principal", func(t *testing.T, f *fixture) {
			f.roles()
			expect := func(role catalog.Role) {
				t.Helper()
				f.read(func(r catalog.Reader) error {
					got, err := r.Role(builder.ID)
					want(t, "role", got, role)
					return err
				})
			}
			f.write(func(w catalog.Writer) error { return w.PutRole(builder.ID, played) })
			expect(played)
			f.write(func(w catalog.Writer) error { return w.SetRoleUse(builder.ID, moment(3)) })
			changed := catalog.Role{Trust: "[]", MaxSession: 12 * time.Hour}
			f.write(func(w catalog.Writer) error { return w.PutRole(builder.ID, changed) })
			changed.LastUsed = moment(3)
			expect(changed)
			f.write(func(w catalog.Writer) error { return w.DeletePrincipal(builder.ID) })
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.Role(builder.ID); return err })
		}},
		{"who_is_no_role_is_not_found", func(_ *testing.T, f *fixture) {
			f.roles()
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.Role(alice.ID); return err })
			f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.PutRole("x", played) })
			f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.SetRoleUse(alice.ID, moment(0)) })
		}},
	}
}

func singleProviders() []row {
	provider := func(n string, account artifact.AccountID) catalog.IdentityProvider {
		return catalog.IdentityProvider{ARN: "arn:aws:iam::" + string(account) + ":oidc-provider/" + n, Account: account,
			URL: "https://" + n, ClientIDs: []string{"b", "a"}, Thumbprints: []string{"00ff"}, CreatedAt: moment(1),
			Tags: map[string]string{"k": "v"}}
	}
	return []row{
		{"an_identity_provider_is_created_changed_listed_and_deleted", func(t *testing.T, f *fixture) {
			b, a, others := provider("b.test", owner), provider("a.test", owner), provider("a.test", other)
			f.write(func(w catalog.Writer) error {
				for _, p := range []catalog.IdentityProvider{b, a, others} {
					if err := w.CreateIdentityProvider(p); err != nil {
						return err
					}
				}
				a.ClientIDs, a.Thumbprints, a.Tags = []string{"c"}, nil, nil
				return w.UpdateIdentityProvider(a)
			})
			f.read(func(r catalog.Reader) error {
				got, err := r.IdentityProvider(a.ARN)
				want(t, "provider", got, a)
				return err
			})
			wantPages(f, []catalog.IdentityProvider{a, b}, func(r catalog.Reader, page catalog.Page) (
				catalog.Listing[catalog.IdentityProvider], error) {
				return r.IdentityProviders(owner, page)
			})
			f.refused(artifact.Conflict, func(w catalog.Writer) error { return w.CreateIdentityProvider(a) })
			f.write(func(w catalog.Writer) error { return w.DeleteIdentityProvider(a.ARN) })
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.IdentityProvider(a.ARN); return err })
			f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.UpdateIdentityProvider(a) })
			f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.DeleteIdentityProvider(a.ARN) })
		}},
	}
}

func sessions() []row {
	return []row{
		{"comes_back_as_begun", func(t *testing.T, f *fixture) {
			f.roles()
			bare := catalog.Session{ID: "ASIABARE", Principal: alice.ID, Kind: catalog.UserSession, Secret: []byte("s"),
				IssuedAt: moment(1), ExpiresAt: moment(2)}
			f.write(func(w catalog.Writer) error {
				if err := w.CreateSession(stay); err != nil {
					return err
				}
				return w.CreateSession(bare)
			})
			for _, s := range []catalog.Session{stay, bare} {
				f.read(func(r catalog.Reader) error {
					got, err := r.Session(s.ID)
					want(t, "session", got, s)
					return err
				})
			}
			wantPages(f, []catalog.Session{bare, stay}, func(r catalog.Reader, page catalog.Page) (
				catalog.Listing[catalog.Session], error) {
				return r.Sessions(owner, page)
			})
			f.read(func(r catalog.Reader) error {
				none, err := r.Sessions(other, catalog.Page{Limit: 9})
				want(t, "another account's", none.Items, nil)
				return err
			})
			f.refused(artifact.Conflict, func(w catalog.Writer) error { return w.CreateSession(stay) })
		}},
		{"what_is_not_there_is_not_found", func(_ *testing.T, f *fixture) {
			f.principals()
			d := f.domain("acme")
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.Session(stay.ID); return err })
			f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.CreateSession(stay) })
			f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.DeleteSession(stay.ID) })
			f.refused(artifact.NotFound, func(w catalog.Writer) error {
				return w.CreateToken(catalog.Token{Domain: d, Principal: alice.ID, Session: stay.ID})
			})
		}},
		{"takes_its_tokens_along_and_goes_with_its_principal", func(t *testing.T, f *fixture) {
			f.roles()
			d := f.domain("acme")
			token := catalog.Token{Hash: catalog.TokenHash{1}, Domain: d, Principal: builder.ID, Session: stay.ID,
				AccessKey: stay.ID, IssuedAt: moment(1), ExpiresAt: moment(2)}
			begin := func() {
				f.write(func(w catalog.Writer) error {
					if err := w.CreateSession(stay); err != nil {
						return err
					}
					return w.CreateToken(token)
				})
			}
			begin()
			f.read(func(r catalog.Reader) error {
				got, err := r.Token(token.Hash)
				want(t, "token", got, token)
				return err
			})
			f.write(func(w catalog.Writer) error { return w.DeleteSession(stay.ID) })
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.Token(token.Hash); return err })
			begin()
			f.write(func(w catalog.Writer) error { return w.DeletePrincipal(builder.ID) })
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.Session(stay.ID); return err })
		}},
		{"expired_ones_go_in_portions_once_their_tokens_are_gone", func(t *testing.T, f *fixture) {
			f.roles()
			d := f.domain("acme")
			id := func(n int) string { return "ASIA" + string(rune('0'+n)) }
			held := catalog.Token{Hash: catalog.TokenHash{1}, Domain: d, Principal: builder.ID, Session: id(0)}
			f.write(func(w catalog.Writer) error {
				for n := range 5 {
					s := stay
					s.ID, s.ExpiresAt = id(n), moment(n)
					if err := w.CreateSession(s); err != nil {
						return err
					}
				}
				return w.CreateToken(held)
			})
			expire := func(limit, removed int) {
				t.Helper()
				f.write(func(w catalog.Writer) error {
					n, err := w.DeleteSessionsExpired(moment(3), limit)
					want(t, "removed", n, removed)
					return err
				})
			}
			expire(1, 1)
			expire(10, 1)
			f.write(func(w catalog.Writer) error { return w.DeleteToken(held.Hash) })
			expire(10, 1)
			f.read(func(r catalog.Reader) error {
				left, err := r.Sessions(owner, catalog.Page{Limit: 9})
				want(t, "sessions left", len(left.Items), 2)
				return err
			})
		}},
		{"an_account's_tokens_are_listed", func(_ *testing.T, f *fixture) {
			f.roles()
			d := f.domain("acme")
			foreign := catalog.Principal{ID: "AIDAEVE", Account: other, ARN: "arn:aws:iam::444455556666:user/eve", Name: "eve",
				Kind: catalog.UserPrincipal, Path: "/"}
			var tokens []catalog.Token
			for n, of := range []string{alice.ID, builder.ID, alice.ID} {
				tokens = append(tokens, catalog.Token{Hash: catalog.TokenHash{byte(n)}, Domain: d, Principal: of, IssuedAt: moment(n),
					ExpiresAt: moment(n)})
			}
			f.write(func(w catalog.Writer) error {
				if err := w.CreatePrincipal(foreign); err != nil {
					return err
				}
				for _, token := range append(tokens, catalog.Token{Hash: catalog.TokenHash{9}, Domain: d, Principal: foreign.ID}) {
					if err := w.CreateToken(token); err != nil {
						return err
					}
				}
				return nil
			})
			wantPages(f, tokens, func(r catalog.Reader, page catalog.Page) (catalog.Listing[catalog.Token], error) {
				return r.Tokens(owner, page)
			})
		}},
		{"every_verb_touches_its_topics", func(t *testing.T, f *fixture) {
			f.roles()
			over := stay
			over.ID, over.ExpiresAt = "ASIAOVER", moment(-1)
			begun, ended := catalog.SessionTopic(stay.ID), catalog.SessionTopic(over.ID)
			for _, step := range []struct {
				verb    string
				touches []catalog.Topic
				do      func(w catalog.Writer) error
			}{
				{"PutRole", []catalog.Topic{catalog.PrincipalTopic(builder.ID)}, func(w catalog.Writer) error {
					return w.PutRole(builder.ID, catalog.Role{})
				}},
				{"CreateSession", []catalog.Topic{begun}, func(w catalog.Writer) error { return w.CreateSession(stay) }},
				{"CreateSession, another", []catalog.Topic{ended}, func(w catalog.Writer) error { return w.CreateSession(over) }},
				{"DeleteSessionsExpired", []catalog.Topic{ended}, func(w catalog.Writer) error {
					_, err := w.DeleteSessionsExpired(moment(0), 9)
					return err
				}},
				{"DeleteSession", []catalog.Topic{begun, catalog.TokensTopic()}, func(w catalog.Writer) error {
					return w.DeleteSession(stay.ID)
				}},
			} {
				var before []catalog.Stamp
				for _, topic := range step.touches {
					before = append(before, f.stamp(topic))
				}
				f.write(step.do)
				for i, topic := range step.touches {
					if f.stamp(topic) == before[i] {
						t.Errorf("%s: stamp %d did not change", step.verb, i)
					}
				}
			}
		}},
	}
}
