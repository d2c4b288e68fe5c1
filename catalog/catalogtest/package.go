package catalogtest

import (
	"fmt"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
)

func testPackages(t *testing.T, open func(t *testing.T) catalog.Store) {
	for _, rows := range [][]row{singlePackages(), packageLists(),
		{{"those_of_a_domain_come_once_in_the_order_of_their_names", packagesOfDomains}}} {
		runRows(t, open, rows)
	}
}

// singlePackages are put, told apart and found, or are not there.
func singlePackages() []row {
	return []row{
		{"comes_back_as_put_and_is_replaced", func(t *testing.T, f *fixture) {
			id := f.repository(f.domain("acme"), "team")
			for _, p := range []artifact.Package{
				{PackageKey: scoped("a", "b"), Controls: allowAll},
				{PackageKey: scoped("a", "b"), Controls: artifact.Controls{Publish: artifact.Block, Upstream: artifact.Allow}},
				{PackageKey: scoped("a", "b"), Controls: allowAll},
			} {
				f.write(func(w catalog.Writer) error { return w.PutPackage(id, p) })
				f.read(func(r catalog.Reader) error {
					got, err := r.Package(id, p.PackageKey)
					want(t, "package", got, p)
					return err
				})
			}
		}},
		{"names_that_fold_to_the_same_cannot_be_beside_each_other", func(t *testing.T, f *fixture) {
			d := f.domain("acme")
			id, second := f.repository(d, "team"), f.repository(d, "second")
			cargo := func(name, folded string) artifact.Package {
				key := artifact.PackageKey{Format: artifact.Cargo, Name: name}
				return artifact.Package{PackageKey: key, Controls: allowAll, Folded: folded}
			}
			put := func(id catalog.RepositoryID, p artifact.Package) func(catalog.Writer) error {
				return func(w catalog.Writer) error { return w.PutPackage(id, p) }
			}
			f.write(put(id, cargo("serde_json", "serde-json")))
			f.refused(artifact.Conflict, put(id, cargo("Serde-JSON", "serde-json")))
			f.write(func(w catalog.Writer) error {
				if err := w.PutPackage(id, cargo("Serde-JSON", "serde-json")); !artifact.Is(err, artifact.Conflict) {
					t.Errorf("got %v, want a conflict", err)
				}
				return w.PutPackage(id, cargo("rand", "")) // the write goes on
			})
			f.write(put(id, cargo("serde_json", "serde-json")))
			f.write(put(second, cargo("Serde-JSON", "serde-json")))
			f.write(put(id, cargo("Rand", ""))) // whose format folds nothing
			f.read(func(r catalog.Reader) error {
				got, err := r.Package(id, cargo("serde_json", "").PackageKey)
				want(t, "package", got, cargo("serde_json", "serde-json"))
				return err
			})
			f.read(func(r catalog.Reader) error {
				got, err := r.FoldedIn([]catalog.RepositoryID{id, second}, artifact.Cargo, "serde-json")
				want(t, "folded packages", got, map[catalog.RepositoryID]artifact.Package{
					id: cargo("serde_json", "serde-json"), second: cargo("Serde-JSON", "serde-json")})
				return err
			})
			f.write(func(w catalog.Writer) error { return w.DeletePackage(id, cargo("serde_json", "").PackageKey) })
			f.write(put(id, cargo("Serde-JSON", "serde-json")))
		}},
		{"putting_it_again_keeps_its_versions_and_labels", func(t *testing.T, f *fixture) {
			id := f.repository(f.domain("acme"), "team")
			f.pack(id, npm("lodash"))
			f.publish(id, version(npm("lodash"), "1.0.0"))
			f.label(id, npm("lodash").At("1.0.0"), "latest")
			f.pack(id, npm("lodash"))
			f.read(func(r catalog.Reader) error { _, err := r.Version(id, npm("lodash").At("1.0.0")); return err })
			want(t, "labels", f.labels(id, npm("lodash")), map[string]string{"latest": "1.0.0"})
		}},
		{"every_part_of_the_key_tells_packages_apart", func(t *testing.T, f *fixture) {
			id := f.repository(f.domain("acme"), "team")
			f.pack(id, npm("lodash"))
			for _, key := range []artifact.PackageKey{
				scoped("x", "lodash"), npm("Lodash"), npm("lodas"), {Format: artifact.PyPI, Name: "lodash"}, scoped("lodash", ""),
			} {
				f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.Package(id, key); return err })
			}
		}},
		{"what_is_not_there_is_not_found", func(t *testing.T, f *fixture) {
			id := f.repository(f.domain("acme"), "team")
			key := npm("lodash")
			for _, at := range []catalog.RepositoryID{id, id + 1} {
				f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.Package(at, key); return err })
				f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.DeletePackage(at, key) })
				f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.DescribePackage(at, key, "x") })
			}
			f.refused(artifact.NotFound, func(w catalog.Writer) error {
				return w.PutPackage(id+1, artifact.Package{PackageKey: key})
			})
			f.read(func(r catalog.Reader) error {
				l, err := r.Packages(id+1, catalog.PackageFilter{}, catalog.Page{Limit: 10})
				want(t, "packages of no repository", l.Items, nil)
				return err
			})
		}},
		{"takes_its_versions_labels_and_description_along", func(t *testing.T, f *fixture) {
			d := f.domain("acme")
			id := f.repository(d, "team")
			p := artifact.Package{PackageKey: npm("lodash"), Controls: allowAll}
			f.write(func(w catalog.Writer) error {
				if err := w.PutPackage(id, p); err != nil {
					return err
				}
				return w.DescribePackage(id, p.PackageKey, "utilities")
			})
			f.publish(id, version(p.PackageKey, "1.0.0", asset("a", 1, 10)))
			f.label(id, p.At("1.0.0"), "latest")
			f.write(func(w catalog.Writer) error { return w.DeletePackage(id, p.PackageKey) })
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.Package(id, p.PackageKey); return err })
			want(t, "bytes", f.bytes(d), 0)
			f.pack(id, p.PackageKey)
			want(t, "labels", f.labels(id, p.PackageKey), nil)
			want(t, "usage", f.usage(id, p.PackageKey), catalog.PackageUsage{})
			f.read(func(r catalog.Reader) error {
				l, err := r.Versions(id, p.PackageKey, catalog.VersionFilter{}, catalog.Page{Limit: 9})
				want(t, "versions", l.Items, nil)
				if err != nil {
					return err
				}
				found, err := r.SearchPackages([]catalog.RepositoryID{id}, artifact.NPM, []string{"utilities"}, catalog.Page{Limit: 9})
				want(t, "found by the old description", found.Items, nil)
				return err
			})
		}},
	}
}

// packageLists answer for several, and for several repositories.
func packageLists() []row {
	return []row{
		{"package_in_answers_for_those_that_hold_it", func(t *testing.T, f *fixture) {
			d := f.domain("acme")
			var ids []catalog.RepositoryID
			for _, name := range []string{"a1", "b1", "c1", "d1", "e1"} {
				ids = append(ids, f.repository(d, name))
			}
			p := artifact.Package{PackageKey: npm("lodash"), Controls: allowAll}
			q := artifact.Package{PackageKey: npm("lodash"), Controls: artifact.Controls{Publish: artifact.Block,
				Upstream: artifact.Block}}
			f.write(func(w catalog.Writer) error {
				if err := w.PutPackage(ids[1], p); err != nil {
					return err
				}
				return w.PutPackage(ids[4], q)
			})
			f.label(ids[1], npm("lodash").At("1"), "latest")
			f.read(func(r catalog.Reader) error {
				got, err := r.PackageIn(append(ids, ids[1], 999), npm("lodash"))
				want(t, "packages", got, map[catalog.RepositoryID]catalog.HeldPackage{
					ids[1]: {Repository: ids[1], Package: p, Usage: catalog.PackageUsage{Labels: 1}},
					ids[4]: {Repository: ids[4], Package: q}})
				if err != nil {
					return err
				}
				got, err = r.PackageIn(nil, npm("lodash"))
				want(t, "packages in none", got, nil)
				return err
			})
		}},
		{"all_of_several_repositories_come_in_one_order", func(t *testing.T, f *fixture) {
			d := f.domain("acme")
			first, second := f.repository(d, "first"), f.repository(d, "second")
			var names []artifact.PackageKey
			for i := range 150 { // more than any store reads at once
				names = append(names, npm(fmt.Sprintf("p%03d", i)))
			}
			f.pack(first, names...)
			f.pack(second, npm("p007"), npm("p149"), scoped("a", "b"), npm("zz"),
				artifact.PackageKey{Format: artifact.Ruby, Name: "p000"})
			each := func(filter catalog.PackageFilter, ids ...catalog.RepositoryID) (got []string) {
				f.read(func(r catalog.Reader) error {
					for p, err := range r.EachPackage(ids, filter) {
						if err != nil {
							return err
						}
						if _, err := r.Package(p.Repository, p.PackageKey); err != nil {
							return err
						}
						got = append(got, fmt.Sprint(p.Repository, " ", p.PackageKey))
					}
					return nil
				})
				return got
			}
			var wanted []string
			for _, key := range names {
				wanted = append(wanted, fmt.Sprint(first, " ", key))
				if key.Name == "p007" || key.Name == "p149" {
					wanted = append(wanted, fmt.Sprint(second, " ", key))
				}
			}
			wanted = append(wanted, fmt.Sprint(second, " ", npm("zz")), fmt.Sprint(second, " ", scoped("a", "b")))
			want(t, "packages", each(catalog.PackageFilter{Format: artifact.NPM}, first, second, first), wanted)
			want(t, "packages of no repository", each(catalog.PackageFilter{}), nil)
			want(t, "filtered packages", each(catalog.PackageFilter{Format: artifact.NPM, NamePrefix: "p149"}, second, first),
				[]string{fmt.Sprint(second, " ", npm("p149")), fmt.Sprint(first, " ", npm("p149"))})
		}},
		{"lists_go_by_format_namespace_and_name_and_narrow", func(t *testing.T, f *fixture) {
			id := f.repository(f.domain("acme"), "team")
			blocked := artifact.Controls{Publish: artifact.Block, Upstream: artifact.Allow}
			f.pack(id, npm("b"), npm("a_b"), npm("a%b"), npm("A"), scoped("a", "z"), scoped("ab", "a"),
				artifact.PackageKey{Format: artifact.PyPI, Name: "a"},
				artifact.PackageKey{Format: artifact.Maven, Namespace: "org.a", Name: "a"})
			f.write(func(w catalog.Writer) error {
				return w.PutPackage(id, artifact.Package{PackageKey: npm("é"), Controls: blocked})
			})
			for _, c := range []struct {
				name   string
				filter catalog.PackageFilter
				want   []string
			}{
				{"all", catalog.PackageFilter{}, []string{"maven/org.a/a", "npm//A", "npm//a%b", "npm//a_b", "npm//b", "npm//é",
					"npm/a/z", "npm/ab/a", "pypi//a"}},
				{"format", catalog.PackageFilter{Format: artifact.PyPI}, []string{"pypi//a"}},
				{"namespace_prefix", catalog.PackageFilter{Format: artifact.NPM, NamespacePrefix: "a"}, []string{"npm/a/z", "npm/ab/a"}},
				{"name_prefix", catalog.PackageFilter{NamePrefix: "a"}, []string{"maven/org.a/a", "npm//a%b", "npm//a_b", "npm/ab/a",
					"pypi//a"}},
				{"wildcards_are_letters", catalog.PackageFilter{NamePrefix: "a_"}, []string{"npm//a_b"}},
				{"percent_is_a_letter", catalog.PackageFilter{NamePrefix: "%"}, nil},
				{"case_matters", catalog.PackageFilter{NamePrefix: "É"}, nil},
				{"publish", catalog.PackageFilter{Controls: artifact.Controls{Publish: artifact.Block}}, []string{"npm//é"}},
				{"upstream", catalog.PackageFilter{Format: artifact.NPM, NamePrefix: "b",
					Controls: artifact.Controls{Upstream: artifact.Allow}}, []string{"npm//b"}},
			} {
				t.Run(c.name, func(t *testing.T) {
					wantPages(f, c.want, names(func(r catalog.Reader, page catalog.Page) (catalog.Listing[artifact.Package], error) {
						return r.Packages(id, c.filter, page)
					}, func(p artifact.Package) string { return p.PackageKey.String() }))
				})
			}
		}},
	}
}
