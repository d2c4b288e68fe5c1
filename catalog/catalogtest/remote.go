package catalogtest

import (
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

// remote makes a remote with something in every member.
func (f *fixture) remote(domain catalog.DomainID, name string) catalog.Remote {
	f.Helper()
	r := catalog.Remote{Domain: domain, Name: name, Kind: catalog.CodeArtifactRemote,
		URL: "https://registry.example.test/acme-111122223333/npm/central/", Region: "us-east-1", API: "https://registry.example.test",
		Internal: true, Freshness: 5 * time.Second, DownloadHosts: []string{"b.example.test", "a.example.test"},
		Certificates: "a certificate", Credential: []byte{0, 1, 255}, CreatedAt: moment(1), UpdatedAt: moment(2)}
	f.write(func(w catalog.Writer) (err error) {
		r.ID, err = w.CreateRemote(r)
		return err
	})
	return r
}

// remotes are those of a domain.
func (f *fixture) remotes(domain catalog.DomainID) (remotes []catalog.Remote) {
	f.Helper()
	f.read(func(r catalog.Reader) (err error) {
		remotes, err = r.Remotes(domain)
		return err
	})
	return remotes
}

func testRemotes(t *testing.T, open func(t *testing.T) catalog.Store) {
	runRows(t, open, []row{
		{"come_back_as_created_in_the_order_of_their_names", func(t *testing.T, f *fixture) {
			d, other := f.domain("one"), f.domain("two")
			b, a, apart := f.remote(d, "b"), f.remote(d, "a"), f.remote(other, "a")
			want(t, "remotes", f.remotes(d), []catalog.Remote{a, b})
			want(t, "the other domain's", f.remotes(other), []catalog.Remote{apart})
			f.read(func(r catalog.Reader) error {
				got, err := r.Remote(d, "b")
				want(t, "by name", got, b)
				return err
			})
		}},
		{"a_taken_name_is_a_conflict", func(t *testing.T, f *fixture) {
			r := f.remote(f.domain("one"), "central")
			f.refused(artifact.Conflict, func(w catalog.Writer) error {
				_, err := w.CreateRemote(r)
				return err
			})
			f.remote(r.Domain, "Central")
		}},
		{"an_update_replaces_all_but_domain_name_and_birth", func(t *testing.T, f *fixture) {
			d := f.domain("one")
			r, beside := f.remote(d, "a"), f.remote(d, "b")
			changed := catalog.Remote{ID: r.ID, Domain: d, Name: "a", Kind: catalog.RegistryRemote, URL: "https://other.example.test",
				Format: artifact.NPM, CreatedAt: r.CreatedAt, UpdatedAt: moment(7)}
			asked := changed
			asked.Domain, asked.Name, asked.CreatedAt = 99, "c", moment(9)
			f.write(func(w catalog.Writer) error { return w.UpdateRemote(asked) })
			want(t, "remotes", f.remotes(d), []catalog.Remote{changed, beside})
		}},
		{"a_deleted_remotes_id_is_never_used_again", func(t *testing.T, f *fixture) {
			d := f.domain("one")
			r := f.remote(d, "central")
			f.write(func(w catalog.Writer) error { return w.DeleteRemote(r.ID) })
			want(t, "remotes", f.remotes(d), nil)
			if again := f.remote(d, "central"); again.ID <= r.ID {
				t.Errorf("got ID %d after %d was deleted", again.ID, r.ID)
			}
		}},
		{"go_with_their_domain", func(t *testing.T, f *fixture) {
			d := f.domain("one")
			f.remote(d, "central")
			f.write(func(w catalog.Writer) error { return w.DeleteDomain(d) })
			want(t, "remotes", f.remotes(d), nil)
		}},
		{"what_is_not_there_is_not_found", func(t *testing.T, f *fixture) {
			d := f.domain("one")
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.Remote(d, "central"); return err })
			for name, do := range map[string]func(w catalog.Writer) error{
				"a remote of no domain": func(w catalog.Writer) error {
					_, err := w.CreateRemote(catalog.Remote{Domain: 99, Name: "central"})
					return err
				},
				"no remote":           func(w catalog.Writer) error { return w.UpdateRemote(catalog.Remote{ID: 99}) },
				"no remote to delete": func(w catalog.Writer) error { return w.DeleteRemote(99) },
			} {
				t.Log(name)
				f.refused(artifact.NotFound, do)
			}
			want(t, "remotes of no domain", f.remotes(99), nil)
		}},
	})
}
