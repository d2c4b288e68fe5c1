package catalogtest

import (
	"maps"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
)

// restrictions are what a group says of each way: open, shut, or as its parent says and with a list.
func restrictions(listed ...catalog.AllowedRepository) map[artifact.RestrictionType]catalog.Restriction {
	return map[artifact.RestrictionType]catalog.Restriction{
		artifact.ExternalUpstream: {Mode: artifact.ForNone},
		artifact.InternalUpstream: {Mode: artifact.Inherited},
		artifact.Publishing:       {Mode: artifact.ForSpecific, Repositories: listed},
	}
}

// group makes a package group.
func (f *fixture) group(domain catalog.DomainID, pattern string, listed ...catalog.AllowedRepository) catalog.PackageGroup {
	f.Helper()
	g := catalog.PackageGroup{Domain: domain, Pattern: pattern, ContactInfo: "contact of " + pattern,
		Description: "what " + pattern + " is for", Restrictions: restrictions(listed...), CreatedAt: moment(3)}
	f.write(func(w catalog.Writer) (err error) {
		g.ID, err = w.CreatePackageGroup(g)
		return err
	})
	return g
}

// groups are those of a domain.
func (f *fixture) groups(domain catalog.DomainID) (groups []catalog.PackageGroup) {
	f.Helper()
	f.read(func(r catalog.Reader) (err error) {
		groups, err = r.PackageGroups(domain)
		return err
	})
	return groups
}

func (f *fixture) groupsRevision(domain catalog.DomainID) (n int64) {
	f.Helper()
	f.read(func(r catalog.Reader) (err error) {
		n, err = r.PackageGroupsRevision(domain)
		return err
	})
	return n
}

func testPackageGroups(t *testing.T, open func(t *testing.T) catalog.Store) {
	runRows(t, open, []row{
		{"come_back_as_created_in_the_order_of_their_patterns", func(t *testing.T, f *fixture) {
			d, other := f.domain("one"), f.domain("two")
			b, a := f.repository(d, "b"), f.repository(d, "a")
			second := f.group(d, "/npm/b*", catalog.AllowedRepository{ID: b, Name: "b"}, catalog.AllowedRepository{ID: a, Name: "a"})
			second.Restrictions = restrictions(catalog.AllowedRepository{ID: a, Name: "a"}, catalog.AllowedRepository{ID: b, Name: "b"})
			first := f.group(d, "/npm/*")
			apart := f.group(other, "/npm/*")
			want(t, "groups", f.groups(d), []catalog.PackageGroup{first, second})
			want(t, "the other domain's", f.groups(other), []catalog.PackageGroup{apart})
			f.read(func(r catalog.Reader) error {
				got, err := r.PackageGroup(d, "/npm/b*")
				want(t, "by pattern", got, second)
				return err
			})
		}},
		{"a_taken_pattern_is_a_conflict_for_its_domain_only", func(t *testing.T, f *fixture) {
			d, other := f.domain("one"), f.domain("two")
			g := f.group(d, "/npm/*")
			f.refused(artifact.Conflict, func(w catalog.Writer) error {
				_, err := w.CreatePackageGroup(g)
				return err
			})
			f.group(other, "/npm/*")
			f.group(d, "/NPM/*")
		}},
		{"what_is_not_there_is_not_found", func(t *testing.T, f *fixture) {
			d := f.domain("one")
			apart := f.repository(f.domain("two"), "apart")
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.PackageGroup(d, "/*"); return err })
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.PackageGroupsRevision(99); return err })
			want(t, "groups of no domain", f.groups(99), nil)
			g := f.group(d, "/npm/*")
			for name, do := range map[string]func(w catalog.Writer) error{
				"a group of no domain": func(w catalog.Writer) error {
					_, err := w.CreatePackageGroup(catalog.PackageGroup{Domain: 99, Pattern: "/*"})
					return err
				},
				"a group with a repository of another domain": func(w catalog.Writer) error {
					_, err := w.CreatePackageGroup(catalog.PackageGroup{Domain: d, Pattern: "/*",
						Restrictions: restrictions(catalog.AllowedRepository{ID: apart})})
					return err
				},
				"no group": func(w catalog.Writer) error { return w.UpdatePackageGroup(catalog.PackageGroup{ID: 99}) },
				"no repository": func(w catalog.Writer) error {
					changed := g
					changed.Restrictions = restrictions(catalog.AllowedRepository{ID: 99})
					return w.UpdatePackageGroup(changed)
				},
				"no group to delete": func(w catalog.Writer) error { return w.DeletePackageGroup(99) },
			} {
				t.Log(name)
				f.refused(artifact.NotFound, do)
			}
			want(t, "groups", f.groups(d), []catalog.PackageGroup{g})
		}},
		{"an_update_replaces_all_but_pattern_and_time", func(t *testing.T, f *fixture) {
			d := f.domain("one")
			a, b := f.repository(d, "a"), f.repository(d, "b")
			g := f.group(d, "/npm/*", catalog.AllowedRepository{ID: a, Name: "a"})
			beside := f.group(d, "/pypi/*", catalog.AllowedRepository{ID: a, Name: "a"})
			changed := g
			changed.ContactInfo, changed.Description = "", "other"
			changed.Restrictions = maps.Clone(restrictions(catalog.AllowedRepository{ID: b, Name: "b"}))
			changed.Restrictions[artifact.ExternalUpstream] = catalog.Restriction{Mode: artifact.ForAll,
				Repositories: []catalog.AllowedRepository{{ID: a, Name: "a"}, {ID: b, Name: "b"}}}
			asked := changed
			asked.Pattern, asked.Domain, asked.CreatedAt = "/other/*", 99, moment(9)
			f.write(func(w catalog.Writer) error { return w.UpdatePackageGroup(asked) })
			want(t, "groups", f.groups(d), []catalog.PackageGroup{changed, beside})
		}},
		{"a_deleted_repository_leaves_the_lists_and_does_not_come_back_by_its_name", func(t *testing.T, f *fixture) {
			d := f.domain("one")
			id := f.repository(d, "team")
			g := f.group(d, "/npm/*", catalog.AllowedRepository{ID: id, Name: "team"})
			f.write(func(w catalog.Writer) error { return w.DeleteRepository(id) })
			f.repository(d, "team")
			g.Restrictions = restrictions()
			want(t, "groups", f.groups(d), []catalog.PackageGroup{g})
		}},
		{"a_deleted_group_takes_its_tags_along_and_its_id_is_never_used_again", func(t *testing.T, f *fixture) {
			d := f.domain("one")
			g := f.group(d, "/npm/*")
			h := catalog.Holder{Domain: d, Group: g.ID}
			f.write(func(w catalog.Writer) error { return w.PutTags(h, map[string]string{"a": "b"}) })
			f.write(func(w catalog.Writer) error { return w.DeletePackageGroup(g.ID) })
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.PackageGroup(d, g.Pattern); return err })
			if again := f.group(d, g.Pattern); again.ID <= g.ID {
				t.Errorf("got ID %d after %d was deleted", again.ID, g.ID)
			}
			f.read(func(r catalog.Reader) error {
				tags, err := r.Tags(h)
				want(t, "tags", tags, nil)
				return err
			})
		}},
		{"go_with_their_domain", func(t *testing.T, f *fixture) {
			d := f.domain("one")
			f.group(d, "/*")
			f.write(func(w catalog.Writer) error { return w.DeleteDomain(d) })
			want(t, "groups", f.groups(d), nil)
		}},
		{"the_revision_rises_with_every_change", func(t *testing.T, f *fixture) {
			d, other := f.domain("one"), f.domain("two")
			id := f.repository(d, "team")
			before, apart := f.groupsRevision(d), f.groupsRevision(other)
			rises := func(what string) {
				t.Helper()
				now := f.groupsRevision(d)
				if now <= before {
					t.Errorf("%s: got the revision %d after %d", what, now, before)
				}
				before = now
			}
			g := f.group(d, "/npm/*", catalog.AllowedRepository{ID: id})
			rises("a new group")
			f.write(func(w catalog.Writer) error { return w.UpdatePackageGroup(g) })
			rises("a changed group")
			f.write(func(w catalog.Writer) error { return w.DeleteRepository(id) })
			rises("a repository that is gone from its list")
			f.write(func(w catalog.Writer) error { return w.DeletePackageGroup(g.ID) })
			rises("a group that is gone")
			want(t, "the other domain's revision", f.groupsRevision(other), apart)
		}},
	})
}

// packagesOfDomains: those of a domain, each once, ordered by name and namespace.
func packagesOfDomains(t *testing.T, f *fixture) {
	d, other := f.domain("one"), f.domain("two")
	a, b := f.repository(d, "a"), f.repository(d, "b")
	f.pack(a, npm("b"), npm("a"), scoped("s", "a"), artifact.PackageKey{Format: artifact.Maven, Namespace: "g", Name: "a"})
	f.pack(b, npm("a"), scoped("r", "a"), npm("c"))
	f.pack(f.repository(other, "a"), npm("ab"))
	order := []artifact.PackageKey{npm("a"), scoped("r", "a"), scoped("s", "a"), npm("b"), npm("c")}
	list := func(after artifact.PackageKey) (keys []artifact.PackageKey) {
		f.read(func(r catalog.Reader) error {
			for key, err := range r.DomainPackages(d, artifact.NPM, after) {
				if err != nil {
					return err
				}
				if _, err := r.PackageIn([]catalog.RepositoryID{a}, key); err != nil { // the reader is free meanwhile
					return err
				}
				keys = append(keys, key)
			}
			return nil
		})
		return keys
	}
	want(t, "all", list(artifact.PackageKey{}), order)
	for i, after := range order {
		want(t, "after "+after.String(), list(after), order[i+1:])
	}
	many := make([]artifact.PackageKey, 1200)
	for i := range many {
		many[i] = npm("z" + string(rune('a'+i/100)) + string(rune('a'+i/10%10)) + string(rune('a'+i%10)))
	}
	f.pack(a, many...)
	want(t, "many", list(npm("c")), many)
}
