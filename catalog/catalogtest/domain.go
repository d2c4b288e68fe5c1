package catalogtest

import (
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
)

func testDomains(t *testing.T, open func(t *testing.T) catalog.Store) {
	runRows(t, open, []row{
		{"comes_back_as_created", func(t *testing.T, f *fixture) {
			d := catalog.Domain{
				DomainKey:     artifact.DomainKey{Owner: owner, Name: "acme"},
				EncryptionKey: "arn:aws:kms:us-east-1:111122223333:key/1", DataKey: []byte{0, 1, 255},
				WrappedUnder: "1", CreatedAt: moment(1),
			}
			f.write(func(w catalog.Writer) (err error) {
				d.ID, err = w.CreateDomain(d)
				return err
			})
			f.read(func(r catalog.Reader) error {
				byKey, err := r.Domain(d.DomainKey)
				want(t, "by key", byKey, d)
				if err != nil {
					return err
				}
				byID, err := r.DomainByID(d.ID)
				want(t, "by id", byID, d)
				return err
			})
		}},
		{"a_taken_name_is_a_conflict_for_its_owner_only", func(t *testing.T, f *fixture) {
			f.domain("acme")
			f.refused(artifact.Conflict, func(w catalog.Writer) error {
				_, err := w.CreateDomain(catalog.Domain{DomainKey: artifact.DomainKey{Owner: owner, Name: "acme"}})
				return err
			})
			f.write(func(w catalog.Writer) error {
				_, err := w.CreateDomain(catalog.Domain{DomainKey: artifact.DomainKey{Owner: other, Name: "acme"}})
				return err
			})
		}},
		{"what_is_not_there_is_not_found", func(t *testing.T, f *fixture) {
			for _, fn := range []func(r catalog.Reader) error{
				func(r catalog.Reader) error {
					_, err := r.Domain(artifact.DomainKey{Owner: owner, Name: "acme"})
					return err
				},
				func(r catalog.Reader) error { _, err := r.DomainByID(1); return err },
				func(r catalog.Reader) error { _, err := r.Usage(1); return err },
			} {
				f.unreadable(artifact.NotFound, fn)
			}
			f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.DeleteDomain(1) })
		}},
		{"lists_go_by_bytes_and_by_owner", func(t *testing.T, f *fixture) {
			for _, name := range []string{"b", "a-b", "ab", "Z", "é", "a.b", "a"} {
				f.domain(name)
			}
			f.write(func(w catalog.Writer) error {
				_, err := w.CreateDomain(catalog.Domain{DomainKey: artifact.DomainKey{Owner: other, Name: "a0"}})
				return err
			})
			name := func(d catalog.Domain) string { return d.Name }
			wantPages(f, []string{"Z", "a", "a-b", "a.b", "ab", "b", "é"},
				names(func(r catalog.Reader, page catalog.Page) (catalog.Listing[catalog.Domain], error) {
					return r.Domains(owner, page)
				}, name))
			wantPages(f, []string{"b", "a-b", "ab", "Z", "é", "a.b", "a", "a0"},
				names(func(r catalog.Reader, page catalog.Page) (catalog.Listing[catalog.Domain], error) {
					return r.AllDomains(page)
				}, name))
		}},
		{"a_marker_of_one_list_is_invalid_in_another", func(t *testing.T, f *fixture) {
			f.domain("a")
			f.domain("b")
			var marker string
			f.read(func(r catalog.Reader) error {
				l, err := r.Domains(owner, catalog.Page{Limit: 1})
				marker = l.Next
				return err
			})
			f.unreadable(artifact.Invalid, func(r catalog.Reader) error {
				_, err := r.AllDomains(catalog.Page{Limit: 1, After: marker})
				return err
			})
		}},
		{"a_list_goes_on_when_its_last_item_is_gone", func(t *testing.T, f *fixture) {
			a := f.domain("a")
			f.domain("b")
			var first, second catalog.Listing[catalog.Domain]
			f.read(func(r catalog.Reader) (err error) {
				first, err = r.Domains(owner, catalog.Page{Limit: 1})
				return err
			})
			f.write(func(w catalog.Writer) error { return w.DeleteDomain(a) })
			f.read(func(r catalog.Reader) (err error) {
				second, err = r.Domains(owner, catalog.Page{Limit: 1, After: first.Next})
				return err
			})
			if len(second.Items) != 1 || second.Items[0].Name != "b" {
				t.Errorf("got %v after a deleted item, want b", second.Items)
			}
		}},
		{"deleting_is_a_conflict_while_there_are_repositories", func(t *testing.T, f *fixture) {
			d := f.domain("acme")
			r := f.repository(d, "team")
			f.refused(artifact.Conflict, func(w catalog.Writer) error { return w.DeleteDomain(d) })
			f.write(func(w catalog.Writer) error { return w.DeleteRepository(r) })
			f.write(func(w catalog.Writer) error { return w.DeleteDomain(d) })
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.DomainByID(d); return err })
		}},
		{"takes_its_policy_tags_and_tokens_along", func(t *testing.T, f *fixture) {
			d := f.domain("acme")
			h := catalog.Holder{Domain: d}
			f.write(func(w catalog.Writer) error {
				if err := w.PutPolicy(h, catalog.Policy{Document: "{}"}); err != nil {
					return err
				}
				if err := w.PutTags(h, map[string]string{"a": "b"}); err != nil {
					return err
				}
				if err := w.CreatePrincipal(catalog.Principal{ID: "AIDA1", ARN: "arn:1"}); err != nil {
					return err
				}
				return w.CreateToken(catalog.Token{Hash: catalog.TokenHash{1}, Domain: d, Principal: "AIDA1"})
			})
			f.write(func(w catalog.Writer) error { return w.DeleteDomain(d) })
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.Policy(h); return err })
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.Token(catalog.TokenHash{1}); return err })
			f.read(func(r catalog.Reader) error {
				tags, err := r.Tags(h)
				want(t, "tags", tags, nil)
				return err
			})
		}},
		{"an_id_is_never_used_again", func(t *testing.T, f *fixture) {
			first := f.domain("acme")
			f.write(func(w catalog.Writer) error { return w.DeleteDomain(first) })
			if second := f.domain("acme"); second <= first {
				t.Errorf("got id %d after %d was deleted", second, first)
			}
		}},
		{"a_number_that_was_passed_over_is_never_given_out", func(t *testing.T, f *fixture) {
			last := func(wanted catalog.DomainID) {
				t.Helper()
				f.read(func(r catalog.Reader) error {
					id, err := r.LastDomainID()
					want(t, "last ID", id, wanted)
					return err
				})
			}
			pass := func(through catalog.DomainID) {
				t.Helper()
				f.write(func(w catalog.Writer) error { return w.PassOverDomainIDs(through) })
			}
			last(0)
			pass(7) // before there is any domain
			last(7)
			first := f.domain("acme")
			if first <= 7 {
				t.Errorf("got ID %d after 7 was passed over", first)
			}
			pass(3) // those are behind already
			last(first)
			pass(first + 10)
			f.write(func(w catalog.Writer) error { return w.DeleteDomain(first) })
			if second := f.domain("acme"); second <= first+10 {
				t.Errorf("got ID %d after %d was passed over", second, first+10)
			}
		}},
		{"a_deleted_domain_is_told_from_one_that_never_was", func(t *testing.T, f *fixture) {
			gone, kept := f.domain("gone"), f.domain("kept")
			f.write(func(w catalog.Writer) error { return w.PassOverDomainIDs(kept + 5) })
			f.write(func(w catalog.Writer) error { return w.DeleteDomain(gone) })
			deleted := map[catalog.DomainID]bool{}
			f.read(func(r catalog.Reader) error {
				for _, id := range []catalog.DomainID{gone, kept, kept + 3, kept + 100} {
					var err error
					if deleted[id], err = r.DomainDeleted(id); err != nil {
						return err
					}
				}
				return nil
			})
			want(t, "deleted", deleted, map[catalog.DomainID]bool{gone: true, kept: false, kept + 3: false, kept + 100: false})
		}},
	})
}
