package catalogtest

import (
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
)

func testRepositories(t *testing.T, open func(t *testing.T) catalog.Store) {
	for _, rows := range [][]row{singleRepositories(), repositoryLists()} {
		runRows(t, open, rows)
	}
}

// singleRepositories are made, changed, and dangle when an upstream goes.
func singleRepositories() []row {
	return []row{
		{"comes_back_as_created", func(t *testing.T, f *fixture) {
			d := f.domain("acme")
			up := f.repository(d, "gateway")
			r := catalog.Repository{
				Domain: d, RepositoryKey: artifact.RepositoryKey{Owner: owner, Domain: "acme", Name: "Team_1.x"},
				Administrator: other, Description: "für alle", CreatedAt: moment(2),
				Upstreams:   []catalog.Upstream{{ID: up, Name: "gateway"}},
				Connections: []string{"public:npmjs", "public:a"},
			}
			f.write(func(w catalog.Writer) (err error) {
				r.ID, err = w.CreateRepository(r)
				return err
			})
			f.read(func(rd catalog.Reader) error {
				byKey, err := rd.Repository(r.RepositoryKey)
				want(t, "by key", byKey, r)
				if err != nil {
					return err
				}
				byID, err := rd.RepositoryByID(r.ID)
				want(t, "by id", byID, r)
				return err
			})
		}},
		{"a_name_is_taken_per_domain_and_with_its_case", func(t *testing.T, f *fixture) {
			d, e := f.domain("acme"), f.domain("other")
			f.repository(d, "team")
			f.repository(d, "Team")
			f.repository(e, "team")
			f.refused(artifact.Conflict, func(w catalog.Writer) error {
				r := catalog.Repository{Domain: d}
				r.Name = "team"
				_, err := w.CreateRepository(r)
				return err
			})
		}},
		{"what_is_not_there_is_not_found", func(t *testing.T, f *fixture) {
			f.refused(artifact.NotFound, func(w catalog.Writer) error {
				_, err := w.CreateRepository(catalog.Repository{Domain: 7})
				return err
			})
			f.refused(artifact.NotFound, func(w catalog.Writer) error {
				return w.UpdateRepository(catalog.Repository{ID: 7})
			})
			f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.DeleteRepository(7) })
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.RepositoryByID(7); return err })
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error {
				_, err := r.Repository(artifact.RepositoryKey{Owner: owner, Domain: "acme", Name: "team"})
				return err
			})
		}},
		{"update_replaces_description_upstreams_and_connections", func(t *testing.T, f *fixture) {
			d := f.domain("acme")
			a, b := f.repository(d, "a"), f.repository(d, "b")
			id := f.repository(d, "team", a)
			f.write(func(w catalog.Writer) error {
				return w.UpdateRepository(catalog.Repository{
					ID: id, Description: "new", Upstreams: []catalog.Upstream{{ID: b}, {ID: a}}, Connections: []string{"public:pypi"},
				})
			})
			f.read(func(r catalog.Reader) error {
				got, err := r.RepositoryByID(id)
				want(t, "description", got.Description, "new")
				want(t, "upstreams", got.Upstreams, []catalog.Upstream{{ID: b, Name: "b"}, {ID: a, Name: "a"}})
				want(t, "connections", got.Connections, []string{"public:pypi"})
				want(t, "name", got.Name, "team")
				want(t, "administrator", got.Administrator, owner)
				return err
			})
			f.write(func(w catalog.Writer) error { return w.UpdateRepository(catalog.Repository{ID: id}) })
			f.read(func(r catalog.Reader) error {
				got, err := r.RepositoryByID(id)
				want(t, "upstreams", got.Upstreams, nil)
				want(t, "connections", got.Connections, nil)
				return err
			})
		}},
		{"a_deleted_upstream_dangles_and_its_name_does_not_heal_it", func(t *testing.T, f *fixture) {
			d := f.domain("acme")
			up := f.repository(d, "gateway")
			id := f.repository(d, "team", up)
			f.write(func(w catalog.Writer) error { return w.DeleteRepository(up) })
			again := f.repository(d, "gateway")
			if again <= up {
				t.Errorf("got id %d after %d was deleted", again, up)
			}
			f.read(func(r catalog.Reader) error {
				got, err := r.RepositoryByID(id)
				want(t, "upstreams", got.Upstreams, []catalog.Upstream{{ID: up}})
				return err
			})
		}},
	}
}

// repositoryLists are narrowed and whole, and follow what is deleted.
func repositoryLists() []row {
	return []row{
		{"lists_go_by_name_then_domain_and_narrow", func(t *testing.T, f *fixture) {
			d, e := f.domain("one"), f.domain("two")
			for _, name := range []string{"b", "a_b", "a%b", "A"} {
				f.repository(d, name)
				f.repository(e, name)
			}
			f.write(func(w catalog.Writer) error {
				r := catalog.Repository{Domain: e, Administrator: other}
				r.Name = "a.c"
				_, err := w.CreateRepository(r)
				return err
			})
			name := func(r catalog.Repository) string { return r.RepositoryKey.Domain + "/" + r.Name }
			for _, c := range []struct {
				name   string
				filter catalog.RepositoryFilter
				want   []string
			}{
				{"all", catalog.RepositoryFilter{}, []string{"one/A", "two/A", "one/a%b", "two/a%b", "two/a.c", "one/a_b", "two/a_b",
					"one/b", "two/b"}},
				{"domain", catalog.RepositoryFilter{Domain: d}, []string{"one/A", "one/a%b", "one/a_b", "one/b"}},
				{"administrator", catalog.RepositoryFilter{Administrator: other}, []string{"two/a.c"}},
				{"prefix", catalog.RepositoryFilter{NamePrefix: "a"}, []string{"one/a%b", "two/a%b", "two/a.c", "one/a_b", "two/a_b"}},
				{"wildcards_are_letters", catalog.RepositoryFilter{NamePrefix: "a_"}, []string{"one/a_b", "two/a_b"}},
				{"all_filters", catalog.RepositoryFilter{Domain: e, Administrator: owner, NamePrefix: "a%"}, []string{"two/a%b"}},
				{"nothing", catalog.RepositoryFilter{NamePrefix: "zz"}, nil},
			} {
				t.Run(c.name, func(t *testing.T) {
					wantPages(f, c.want, names(func(r catalog.Reader, page catalog.Page) (catalog.Listing[catalog.Repository], error) {
						return r.Repositories(c.filter, page)
					}, name))
				})
			}
		}},
		{"lists_carry_upstreams_and_connections", func(t *testing.T, f *fixture) {
			d := f.domain("acme")
			a := f.repository(d, "a")
			f.repository(d, "b", a)
			f.read(func(r catalog.Reader) error {
				l, err := r.Repositories(catalog.RepositoryFilter{}, catalog.Page{Limit: 10})
				want(t, "upstreams", l.Items[1].Upstreams, []catalog.Upstream{{ID: a, Name: "a"}})
				return err
			})
		}},
		{"takes_packages_versions_policy_and_tags_along", func(t *testing.T, f *fixture) {
			d := f.domain("acme")
			id := f.repository(d, "team")
			f.pack(id, npm("lodash"))
			f.publish(id, version(npm("lodash"), "1.0.0", asset("a.tgz", 1, 10)))
			h := catalog.Holder{Domain: d, Repository: id}
			f.write(func(w catalog.Writer) error {
				if err := w.PutTags(h, map[string]string{"k": "v"}); err != nil {
					return err
				}
				return w.PutPolicy(h, catalog.Policy{Document: "{}"})
			})
			f.write(func(w catalog.Writer) error { return w.DeleteRepository(id) })
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.Package(id, npm("lodash")); return err })
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error {
				_, err := r.Version(id, npm("lodash").At("1.0.0"))
				return err
			})
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.Policy(h); return err })
			f.read(func(r catalog.Reader) error {
				tags, err := r.Tags(h)
				want(t, "tags", tags, nil)
				if err != nil {
					return err
				}
				u, err := r.Usage(d)
				want(t, "usage", u, catalog.Usage{})
				return err
			})
		}},
		{"usage_counts_repositories", func(t *testing.T, f *fixture) {
			d := f.domain("acme")
			f.repository(d, "a")
			f.repository(d, "b")
			f.read(func(r catalog.Reader) error {
				u, err := r.Usage(d)
				want(t, "usage", u, catalog.Usage{Repositories: 2})
				return err
			})
		}},
	}
}
