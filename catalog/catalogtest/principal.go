package catalogtest

import (
	"errors"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
)

// policy makes an identity policy.
func policy(name, document string) catalog.IdentityPolicy {
	return catalog.IdentityPolicy{Name: name, Document: document}
}

// alice is a user, root her account itself.
var (
	alice = catalog.Principal{ID: "AIDAALICE", Account: owner, Kind: catalog.UserPrincipal, Path: "/team/", Name: "alice",
		ARN: "arn:aws:iam::111122223333:user/team/alice", CreatedAt: moment(0),
		Tags: map[string]string{"cost": "42", "": "", "\x00é": "a\x00"}}
	root = catalog.Principal{ID: "111122223333", Account: owner, Kind: catalog.RootPrincipal, Path: "/", Name: "root",
		ARN: "arn:aws:iam::111122223333:root", CreatedAt: moment(1)}
)

// principals creates both.
func (f *fixture) principals() {
	f.Helper()
	f.write(func(w catalog.Writer) error {
		if err := w.CreatePrincipal(alice); err != nil {
			return err
		}
		return w.CreatePrincipal(root)
	})
}

func testPrincipals(t *testing.T, open func(t *testing.T) catalog.Store) {
	for _, rows := range [][]row{singlePrincipals(), credentials(), groups()} {
		runRows(t, open, rows)
	}
}

// singlePrincipals come back as created, or are not there.
func singlePrincipals() []row {
	return []row{
		{"comes_back_as_created", func(t *testing.T, f *fixture) {
			f.principals()
			f.read(func(r catalog.Reader) error {
				for _, p := range []catalog.Principal{alice, root} {
					byID, err := r.Principal(p.ID)
					want(t, "by id", byID, p)
					if err != nil {
						return err
					}
					byARN, err := r.PrincipalByARN(p.ARN)
					want(t, "by ARN", byARN, p)
					if err != nil {
						return err
					}
				}
				return nil
			})
		}},
		{"a_taken_id_or_arn_is_a_conflict", func(t *testing.T, f *fixture) {
			f.principals()
			sameID, sameARN := alice, alice
			sameID.ARN += "2"
			sameARN.ID += "2"
			f.refused(artifact.Conflict, func(w catalog.Writer) error { return w.CreatePrincipal(sameID) })
			f.refused(artifact.Conflict, func(w catalog.Writer) error { return w.CreatePrincipal(sameARN) })
		}},
		{"names_are_unique_of_their_kind_whatever_their_case", func(t *testing.T, f *fixture) {
			f.principals()
			twin := alice
			twin.ID, twin.ARN, twin.Name = "AIDATWIN", "arn:twin", "ALICE"
			f.refused(artifact.Conflict, func(w catalog.Writer) error { return w.CreatePrincipal(twin) })
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error {
				_, err := r.PrincipalByName(owner, catalog.UserPrincipal, twin.Name)
				return err
			})
			asRole, abroad := twin, twin
			asRole.Kind = catalog.RolePrincipal
			abroad.ID, abroad.ARN, abroad.Account = "AIDAABROAD", "arn:abroad", other
			f.write(func(w catalog.Writer) error { return errors.Join(w.CreatePrincipal(asRole), w.CreatePrincipal(abroad)) })
			f.read(func(r catalog.Reader) error {
				for _, p := range []catalog.Principal{alice, asRole, abroad} {
					got, err := r.PrincipalByName(p.Account, p.Kind, p.Name)
					want(t, "by name", got, p)
					if err != nil {
						return err
					}
				}
				return nil
			})
		}},
		{"an_update_replaces_all_but_what_it_is", func(t *testing.T, f *fixture) {
			f.principals()
			f.managed(readers)
			after := alice
			after.Path, after.Name, after.ARN, after.Tags, after.Boundary = "/", "Alice", "arn:new", nil, readers.ARN
			changed := after
			changed.Account, changed.Kind, changed.CreatedAt = other, catalog.RolePrincipal, moment(9)
			f.write(func(w catalog.Writer) error { return w.UpdatePrincipal(changed) })
			f.read(func(r catalog.Reader) error {
				got, err := r.Principal(alice.ID)
				want(t, "updated", got, after)
				return err
			})
			after.Boundary = "arn:none"
			f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.UpdatePrincipal(after) })
			f.refused(artifact.NotFound, func(w catalog.Writer) error {
				return w.CreatePrincipal(catalog.Principal{ID: "x", ARN: "arn:x", Boundary: "arn:none"})
			})
			bob := catalog.Principal{ID: "AIDABOB", Account: owner, Kind: catalog.UserPrincipal, Name: "bob", ARN: "arn:bob"}
			f.write(func(w catalog.Writer) error { return w.CreatePrincipal(bob) })
			sameName, sameARN := bob, bob
			sameName.Name, sameARN.ARN = "ALICE", "arn:new"
			f.refused(artifact.Conflict, func(w catalog.Writer) error { return w.UpdatePrincipal(sameName) })
			f.refused(artifact.Conflict, func(w catalog.Writer) error { return w.UpdatePrincipal(sameARN) })
		}},
		{"lists_go_by_account_kind_and_path", func(t *testing.T, f *fixture) {
			f.principals()
			made := func(id, path string, kind catalog.PrincipalKind, account artifact.AccountID) catalog.Principal {
				return catalog.Principal{ID: id, Account: account, Kind: kind, Path: path, Name: id, ARN: "arn:" + id, CreatedAt: moment(2)}
			}
			b, c := made("b", "/team/x/", catalog.UserPrincipal, owner), made("c", "/teams/", catalog.UserPrincipal, owner)
			f.write(func(w catalog.Writer) error {
				return errors.Join(w.CreatePrincipal(b), w.CreatePrincipal(c),
					w.CreatePrincipal(made("d", "/team/", catalog.RolePrincipal, owner)),
					w.CreatePrincipal(made("e", "/team/", catalog.UserPrincipal, other)))
			})
			list := func(prefix string) func(catalog.Reader, catalog.Page) (catalog.Listing[catalog.Principal], error) {
				return func(r catalog.Reader, page catalog.Page) (catalog.Listing[catalog.Principal], error) {
					return r.Principals(catalog.PrincipalFilter{Account: owner, Kind: catalog.UserPrincipal, PathPrefix: prefix}, page)
				}
			}
			wantPages(f, []catalog.Principal{alice, b, c}, list(""))
			wantPages(f, []catalog.Principal{alice, b}, list("/team/"))
			f.read(func(r catalog.Reader) error {
				u, err := r.AccountUsage(owner)
				want(t, "usage", u, catalog.AccountUsage{Users: 3, Roles: 1})
				return err
			})
		}},
		{"what_is_not_there_is_not_found", func(t *testing.T, f *fixture) {
			f.principals()
			for _, fn := range []func(r catalog.Reader) error{
				func(r catalog.Reader) error { _, err := r.Principal("x"); return err },
				func(r catalog.Reader) error { _, err := r.PrincipalByARN(alice.ID); return err },
				func(r catalog.Reader) error { _, err := r.AccessKey("x"); return err },
				func(r catalog.Reader) error { _, err := r.Token(catalog.TokenHash{}); return err },
			} {
				f.unreadable(artifact.NotFound, fn)
			}
			d := f.domain("acme")
			for _, fn := range []func(w catalog.Writer) error{
				func(w catalog.Writer) error { return w.DeletePrincipal("x") },
				func(w catalog.Writer) error { return w.UpdatePrincipal(catalog.Principal{ID: "x"}) },
				func(w catalog.Writer) error { return w.AddMember("x", alice.ID) },
				func(w catalog.Writer) error { return w.AddMember(root.ID, "x") },
				func(w catalog.Writer) error { return w.RemoveMember(root.ID, alice.ID) },
				func(w catalog.Writer) error { return w.PutIdentityPolicy("x", catalog.IdentityPolicy{Name: "p"}) },
				func(w catalog.Writer) error { return w.DeleteIdentityPolicy(alice.ID, "p") },
				func(w catalog.Writer) error { return w.DeleteIdentityPolicy("x", "p") },
				func(w catalog.Writer) error { return w.CreateAccessKey(catalog.AccessKey{ID: "k", Principal: "x"}) },
				func(w catalog.Writer) error { return w.SetAccessKeyActive("k", true) },
				func(w catalog.Writer) error { return w.DeleteAccessKey("k") },
				func(w catalog.Writer) error { return w.DeleteToken(catalog.TokenHash{}) },
				func(w catalog.Writer) error { return w.CreateToken(catalog.Token{Domain: d, Principal: "x"}) },
				func(w catalog.Writer) error { return w.CreateToken(catalog.Token{Domain: 99, Principal: alice.ID}) },
			} {
				f.refused(artifact.NotFound, fn)
			}
		}},
	}
}

// credentials are what a principal may do and how it is known: policies, keys and tokens.
func credentials() []row {
	return []row{
		{"policies_are_put_replaced_deleted_and_ordered", func(t *testing.T, f *fixture) {
			f.principals()
			f.write(func(w catalog.Writer) error {
				for _, p := range []catalog.IdentityPolicy{
					policy("b", "1"), policy("a", "2"), policy("C", "3"), policy("b", "4"), policy("gone", "5"),
				} {
					if err := w.PutIdentityPolicy(alice.ID, p); err != nil {
						return err
					}
				}
				return w.DeleteIdentityPolicy(alice.ID, "gone")
			})
			f.read(func(r catalog.Reader) error {
				got, err := r.IdentityPolicies(alice.ID)
				want(t, "policies", got, []catalog.IdentityPolicy{policy("C", "3"), policy("a", "2"), policy("b", "4")})
				if err != nil {
					return err
				}
				got, err = r.IdentityPolicies(root.ID)
				want(t, "another's policies", got, nil)
				return err
			})
		}},
		{"keys_are_created_switched_deleted_and_ordered", func(t *testing.T, f *fixture) {
			f.principals()
			late := catalog.AccessKey{ID: "AKIA1", Principal: alice.ID, Secret: []byte{0, 255}, Active: true, CreatedAt: moment(5)}
			early := catalog.AccessKey{ID: "AKIA2", Principal: alice.ID, Secret: []byte("s"), CreatedAt: moment(4)}
			f.write(func(w catalog.Writer) error {
				for _, k := range []catalog.AccessKey{late, early, {ID: "AKIA3", Principal: alice.ID}} {
					if err := w.CreateAccessKey(k); err != nil {
						return err
					}
				}
				if err := w.SetAccessKeyActive(early.ID, true); err != nil {
					return err
				}
				if err := w.SetAccessKeyActive(late.ID, false); err != nil {
					return err
				}
				return w.DeleteAccessKey("AKIA3")
			})
			early.Active, late.Active = true, false
			f.read(func(r catalog.Reader) error {
				got, err := r.AccessKeys(alice.ID)
				want(t, "keys", got, []catalog.AccessKey{early, late})
				if err != nil {
					return err
				}
				one, err := r.AccessKey(late.ID)
				want(t, "key", one, late)
				return err
			})
			f.refused(artifact.Conflict, func(w catalog.Writer) error {
				return w.CreateAccessKey(catalog.AccessKey{ID: late.ID, Principal: root.ID})
			})
		}},
		{"the_last_use_of_a_key_is_the_latest", func(t *testing.T, f *fixture) {
			f.principals()
			key := catalog.AccessKey{ID: "AKIA1", Principal: alice.ID, CreatedAt: moment(0)}
			f.write(func(w catalog.Writer) error { return w.CreateAccessKey(key) })
			for _, step := range []struct{ noted, kept int }{{5, 5}, {4, 5}, {6, 6}} {
				use := catalog.KeyUse{At: moment(step.noted), Service: "iam", Region: "us-east-1"}
				f.write(func(w catalog.Writer) error {
					return errors.Join(w.SetAccessKeyUse(key.ID, use), w.SetAccessKeyUse("gone", use))
				})
				key.LastUse = catalog.KeyUse{At: moment(step.kept), Service: "iam", Region: "us-east-1"}
				f.read(func(r catalog.Reader) error {
					got, err := r.AccessKey(key.ID)
					want(t, "key", got, key)
					return err
				})
			}
		}},
		{"takes_its_policies_keys_and_tokens_along", func(t *testing.T, f *fixture) {
			f.principals()
			d := f.domain("acme")
			f.write(func(w catalog.Writer) error {
				if err := w.PutIdentityPolicy(alice.ID, catalog.IdentityPolicy{Name: "p"}); err != nil {
					return err
				}
				if err := w.CreateAccessKey(catalog.AccessKey{ID: "k", Principal: alice.ID}); err != nil {
					return err
				}
				return w.CreateToken(catalog.Token{Hash: catalog.TokenHash{1}, Domain: d, Principal: alice.ID})
			})
			f.write(func(w catalog.Writer) error { return w.DeletePrincipal(alice.ID) })
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.AccessKey("k"); return err })
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error {
				_, err := r.Token(catalog.TokenHash{1})
				return err
			})
			f.write(func(w catalog.Writer) error { return w.CreatePrincipal(alice) })
			f.read(func(r catalog.Reader) error {
				got, err := r.IdentityPolicies(alice.ID)
				want(t, "policies", got, nil)
				return err
			})
		}},
		{"tokens_come_back_expired_or_not_and_expire_in_portions", func(t *testing.T, f *fixture) {
			f.principals()
			d := f.domain("acme")
			var tokens []catalog.Token
			for i := range 5 {
				tokens = append(tokens, catalog.Token{Hash: catalog.TokenHash{byte(i)}, Domain: d, Principal: alice.ID,
					AccessKey: []string{"", "AKIAGONE"}[i%2], IssuedAt: moment(0), ExpiresAt: moment(i)})
			}
			f.write(func(w catalog.Writer) error {
				for _, token := range tokens {
					if err := w.CreateToken(token); err != nil {
						return err
					}
				}
				return nil
			})
			f.refused(artifact.Conflict, func(w catalog.Writer) error { return w.CreateToken(tokens[0]) })
			for _, step := range []struct{ limit, removed, first int }{{2, 2, 2}, {10, 1, 3}, {10, 0, 3}} {
				f.write(func(w catalog.Writer) error {
					n, err := w.DeleteTokensExpired(moment(3), step.limit)
					want(t, "removed", n, step.removed)
					return err
				})
				for i, token := range tokens {
					if i < step.first {
						f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.Token(token.Hash); return err })
						continue
					}
					f.read(func(r catalog.Reader) error {
						got, err := r.Token(token.Hash)
						want(t, "token", got, token)
						return err
					})
				}
			}
			f.write(func(w catalog.Writer) error { return w.DeleteToken(tokens[4].Hash) })
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.Token(tokens[4].Hash); return err })
		}},
	}
}

// crew is a group.
var crew = catalog.Principal{ID: "AGPACREW", Account: owner, Kind: catalog.GroupPrincipal, Path: "/", Name: "crew",
	ARN: "arn:aws:iam::111122223333:group/crew", CreatedAt: moment(2)}

// groups have members, who are judged by what they hold.
func groups() []row {
	return []row{
		{"users_come_into_groups_and_leave_them", func(t *testing.T, f *fixture) {
			f.principals()
			deck := crew
			deck.ID, deck.Name, deck.ARN = "AGPADECK", "Deck", "arn:deck"
			bob := catalog.Principal{ID: "AIDABOB", Account: owner, Kind: catalog.UserPrincipal, Name: "bob", ARN: "arn:bob", CreatedAt: moment(3)}
			f.write(func(w catalog.Writer) error {
				return errors.Join(w.CreatePrincipal(crew), w.CreatePrincipal(deck), w.CreatePrincipal(bob),
					w.AddMember(crew.ID, bob.ID), w.AddMember(crew.ID, alice.ID), w.AddMember(crew.ID, alice.ID),
					w.AddMember(deck.ID, alice.ID))
			})
			wantPages(f, []catalog.Principal{alice, bob}, func(r catalog.Reader, page catalog.Page) (catalog.Listing[catalog.Principal], error) {
				return r.Members(crew.ID, page)
			})
			wantGroups := func(user string, groups ...catalog.Principal) {
				t.Helper()
				f.read(func(r catalog.Reader) error {
					got, err := r.GroupsOf(user)
					want(t, "groups of "+user, got, groups)
					return err
				})
			}
			wantGroups(alice.ID, deck, crew)
			f.write(func(w catalog.Writer) error { return w.RemoveMember(deck.ID, alice.ID) })
			wantGroups(alice.ID, crew)
			f.write(func(w catalog.Writer) error { return w.DeletePrincipal(crew.ID) })
			wantGroups(alice.ID)
			wantGroups("x")
			f.read(func(r catalog.Reader) error {
				got, err := r.Members(crew.ID, catalog.Page{Limit: 5})
				want(t, "members of a group that is gone", got.Items, nil)
				return err
			})
		}},
		{"policies_in_force_are_ones_own_and_those_of_ones_groups", func(t *testing.T, f *fixture) {
			f.principals()
			f.managed(readers)
			f.write(func(w catalog.Writer) error {
				return errors.Join(w.CreatePrincipal(crew), w.AddMember(crew.ID, alice.ID),
					w.PutIdentityPolicy(alice.ID, policy("own", "1")), w.PutIdentityPolicy(crew.ID, policy("theirs", "2")),
					w.PutIdentityPolicy(root.ID, policy("another's", "3")),
					w.AttachPolicy(crew.ID, readers.ARN), w.AttachPolicy(alice.ID, readers.ARN))
			})
			managed := func(holder, document string) catalog.PolicyInForce {
				return catalog.PolicyInForce{Holder: holder, Name: readers.Name, ARN: readers.ARN, Document: document}
			}
			own := catalog.PolicyInForce{Holder: alice.ID, Name: "own", Document: "1"}
			theirs := catalog.PolicyInForce{Holder: crew.ID, Name: "theirs", Document: "2"}
			wantForce := func(what string, policies ...catalog.PolicyInForce) {
				t.Helper()
				f.read(func(r catalog.Reader) error {
					got, err := r.PoliciesInForce(alice.ID)
					want(t, what, got, policies)
					return err
				})
			}
			wantForce("all", theirs, own, managed(crew.ID, "first"), managed(alice.ID, "first"))
			f.write(func(w catalog.Writer) error {
				_, err := w.CreateManagedVersion(readers.ARN, "second", moment(4), true)
				return err
			})
			wantForce("another version", theirs, own, managed(crew.ID, "second"), managed(alice.ID, "second"))
			f.write(func(w catalog.Writer) error { return w.RemoveMember(crew.ID, alice.ID) })
			wantForce("without the group", own, managed(alice.ID, "second"))
		}},
	}
}
