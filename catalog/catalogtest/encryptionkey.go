package catalogtest

import (
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

// encryptionKey makes a key with something in every member.
func encryptionKey(id string) catalog.EncryptionKey {
	return catalog.EncryptionKey{ID: id, Account: owner, Description: "of " + id, Policy: "{}", Material: []byte{0, 1, 255},
		Enabled: true, CreatedAt: moment(1), DeletesAt: moment(2), Waiting: 7, RotatesAt: moment(3), Rotation: 90,
		Tags: map[string]string{"a": "1", "": "<"}}
}

// keyAlias makes an alias of a key of the owner.
func keyAlias(name, key string) catalog.KeyAlias {
	return catalog.KeyAlias{Account: owner, Name: name, Key: key, CreatedAt: moment(1), UpdatedAt: moment(2)}
}

// encryptionKeys creates keys.
func (f *fixture) encryptionKeys(keys ...catalog.EncryptionKey) {
	f.Helper()
	f.write(func(w catalog.Writer) error {
		for _, k := range keys {
			if err := w.CreateEncryptionKey(k); err != nil {
				return err
			}
		}
		return nil
	})
}

func testEncryptionKeys(t *testing.T, open func(t *testing.T) catalog.Store) {
	runRows(t, open, []row{
		{"comes_back_as_created_and_as_updated", func(t *testing.T, f *fixture) {
			k, bare := encryptionKey("k"), catalog.EncryptionKey{ID: "bare", Account: other, CreatedAt: moment(0), Tags: map[string]string{}}
			f.encryptionKeys(k, bare)
			wantKey(t, f, k)
			wantKey(t, f, bare)
			changed := catalog.EncryptionKey{ID: "k", Account: owner, CreatedAt: k.CreatedAt, Material: []byte("new"), Tags: map[string]string{"b": ""}}
			f.write(func(w catalog.Writer) error {
				asked := changed
				asked.Account, asked.CreatedAt = other, moment(9) // neither can be changed
				return w.UpdateEncryptionKey(asked)
			})
			wantKey(t, f, changed)
			wantKey(t, f, bare)
		}},
		{"a_taken_id_is_a_conflict", func(t *testing.T, f *fixture) {
			f.encryptionKeys(encryptionKey("k"))
			f.refused(artifact.Conflict, func(w catalog.Writer) error { return w.CreateEncryptionKey(encryptionKey("k")) })
		}},
		{"what_is_not_there_is_not_found", func(t *testing.T, f *fixture) {
			f.encryptionKeys(encryptionKey("k"))
			for _, fn := range []func(r catalog.Reader) error{
				func(r catalog.Reader) error { _, err := r.EncryptionKey("x"); return err },
				func(r catalog.Reader) error { _, err := r.KeyAlias(owner, "alias/x"); return err },
			} {
				f.unreadable(artifact.NotFound, fn)
			}
			foreign := keyAlias("alias/a", "k")
			foreign.Account = other
			for _, fn := range []func(w catalog.Writer) error{
				func(w catalog.Writer) error { return w.UpdateEncryptionKey(encryptionKey("x")) },
				func(w catalog.Writer) error { return w.DeleteEncryptionKey("x") },
				func(w catalog.Writer) error { return w.RewrapDomain(99, nil) },
				func(w catalog.Writer) error { return w.CreateKeyAlias(keyAlias("alias/a", "x")) },
				func(w catalog.Writer) error { return w.CreateKeyAlias(foreign) },
				func(w catalog.Writer) error { return w.UpdateKeyAlias(keyAlias("alias/a", "k")) },
				func(w catalog.Writer) error { return w.DeleteKeyAlias(owner, "alias/a") },
			} {
				f.refused(artifact.NotFound, fn)
			}
		}},
		{"lists_go_by_id_and_by_account", func(t *testing.T, f *fixture) {
			foreign := encryptionKey("b2")
			foreign.Account = other
			f.encryptionKeys(encryptionKey("c"), encryptionKey("a"), foreign, encryptionKey("b"))
			wantPages(f, []string{"a", "b", "c"},
				names(func(r catalog.Reader, page catalog.Page) (catalog.Listing[catalog.EncryptionKey], error) {
					return r.EncryptionKeys(owner, page)
				}, func(k catalog.EncryptionKey) string { return k.ID }))
		}},
		{"those_that_are_due_are_found", keysDue},
		{"aliases_are_created_moved_deleted_and_listed", aliases},
		{"takes_its_aliases_along_and_leaves_its_domains", func(t *testing.T, f *fixture) {
			f.encryptionKeys(encryptionKey("k"), encryptionKey("l"))
			f.write(func(w catalog.Writer) error { return w.CreateKeyAlias(keyAlias("alias/k", "k")) })
			d := f.domainUnder("acme", "k")
			f.write(func(w catalog.Writer) error { return w.DeleteEncryptionKey("k") })
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.EncryptionKey("k"); return err })
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.KeyAlias(owner, "alias/k"); return err })
			wantUnder(t, f, "k", d)
			wantKey(t, f, encryptionKey("l"))
		}},
		{"domains_under_a_key_are_found_and_wrapped_anew", func(t *testing.T, f *fixture) {
			f.domain("plain")
			first, second := f.domainUnder("first", "k"), f.domainUnder("second", "k")
			f.domainUnder("third", "l")
			wantUnder(t, f, "k", first, second)
			wantUnder(t, f, "")
			f.write(func(w catalog.Writer) error { return w.RewrapDomain(first, []byte("anew")) })
			f.read(func(r catalog.Reader) error {
				d, err := r.DomainByID(first)
				want(t, "wrapped", string(d.DataKey)+" under "+d.WrappedUnder, "anew under k")
				return err
			})
		}},
	})
}

func wantKey(t *testing.T, f *fixture, k catalog.EncryptionKey) {
	t.Helper()
	f.read(func(r catalog.Reader) error {
		got, err := r.EncryptionKey(k.ID)
		want(t, "key", got, k)
		return err
	})
}

// domainUnder makes a domain whose data key is wrapped under an encryption key.
func (f *fixture) domainUnder(name, key string) (id catalog.DomainID) {
	f.Helper()
	f.write(func(w catalog.Writer) (err error) {
		id, err = w.CreateDomain(catalog.Domain{DomainKey: artifact.DomainKey{Owner: owner, Name: name}, CreatedAt: moment(0),
			DataKey: []byte("wrapped"), WrappedUnder: key})
		return err
	})
	return id
}

func wantUnder(t *testing.T, f *fixture, key string, ids ...catalog.DomainID) {
	t.Helper()
	f.read(func(r catalog.Reader) error {
		found, err := r.DomainsUnder(key)
		var got []catalog.DomainID
		for _, d := range found {
			got = append(got, d.ID)
			want(t, "key of the domain", d.WrappedUnder, key)
		}
		want(t, "domains under "+key, got, ids)
		return err
	})
}

func keysDue(t *testing.T, f *fixture) {
	due := func(id string, deletes, rotates time.Time) catalog.EncryptionKey {
		return catalog.EncryptionKey{ID: id, DeletesAt: deletes, RotatesAt: rotates}
	}
	never := time.Time{}
	f.encryptionKeys(due("never", never, never), due("deleted", moment(5), never), due("rotated", never, moment(5)),
		due("both", moment(9), moment(5)), due("later", moment(6), never))
	for _, step := range []struct {
		at, limit int
		ids       []string
	}{{4, 9, nil}, {5, 9, []string{"deleted", "rotated"}}, {9, 9, []string{"both", "deleted", "later", "rotated"}}, {9, 1, []string{"both"}}} {
		f.read(func(r catalog.Reader) error {
			found, err := r.EncryptionKeysDue(moment(step.at), step.limit)
			var got []string
			for _, k := range found {
				got = append(got, k.ID)
			}
			want(t, "due", got, step.ids)
			return err
		})
	}
}

func aliases(t *testing.T, f *fixture) {
	f.encryptionKeys(encryptionKey("k"), encryptionKey("l"))
	f.write(func(w catalog.Writer) error {
		for _, a := range []catalog.KeyAlias{keyAlias("alias/b", "k"), keyAlias("alias/a", "l"), keyAlias("alias/c", "k")} {
			if err := w.CreateKeyAlias(a); err != nil {
				return err
			}
		}
		return nil
	})
	f.refused(artifact.Conflict, func(w catalog.Writer) error { return w.CreateKeyAlias(keyAlias("alias/a", "k")) })
	moved := keyAlias("alias/b", "l")
	moved.CreatedAt, moved.UpdatedAt = moment(8), moment(9)
	f.write(func(w catalog.Writer) error { return w.UpdateKeyAlias(moved) })
	f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.UpdateKeyAlias(keyAlias("alias/b", "x")) })
	f.read(func(r catalog.Reader) error {
		got, err := r.KeyAlias(owner, "alias/b")
		moved.CreatedAt = moment(1)
		want(t, "alias", got, moved)
		return err
	})
	of := func(key string) func(r catalog.Reader, page catalog.Page) (catalog.Listing[catalog.KeyAlias], error) {
		return func(r catalog.Reader, page catalog.Page) (catalog.Listing[catalog.KeyAlias], error) {
			return r.KeyAliases(owner, key, page)
		}
	}
	name := func(a catalog.KeyAlias) string { return a.Name }
	wantPages(f, []string{"alias/a", "alias/b", "alias/c"}, names(of(""), name))
	wantPages(f, []string{"alias/a", "alias/b"}, names(of("l"), name))
	f.write(func(w catalog.Writer) error { return w.DeleteKeyAlias(owner, "alias/b") })
	wantPages(f, []string{"alias/a"}, names(of("l"), name))
}
