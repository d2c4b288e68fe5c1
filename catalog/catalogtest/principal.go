package catalogtest

import (
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
	alice = catalog.Principal{ID: "AIDAALICE", Account: owner, ARN: "arn:aws:iam::111122223333:user/alice", Name: "alice",
		CreatedAt: moment(0)}
	root = catalog.Principal{ID: "111122223333", Account: owner, ARN: "arn:aws:iam::111122223333:root", Name: "root",
		Root: true, CreatedAt: moment(1)}
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
	for _, rows := range [][]row{singlePrincipals(), credentials()} {
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
				func(w catalog.Writer) error { return w.PutIdentityPolicy("x", catalog.IdentityPolicy{Name: "p"}) },
				func(w catalog.Writer) error { return w.DeleteIdentityPolicy(alice.ID, "p") },
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
					IssuedAt: moment(0), ExpiresAt: moment(i)})
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
