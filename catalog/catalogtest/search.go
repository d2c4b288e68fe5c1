package catalogtest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
)

func testSearch(t *testing.T, open func(t *testing.T) catalog.Store) {
	store := open(t)
	f := &fixture{TB: t, Store: store}
	d := f.domain("acme")
	a, b, c := f.repository(d, "a1"), f.repository(d, "b1"), f.repository(d, "c1")
	long := strings.Repeat("é", 2047) + "xyzzy" // 4094 bytes, so that the limit falls behind "xy"
	for _, p := range []struct {
		in   catalog.RepositoryID
		key  artifact.PackageKey
		text string
	}{
		{a, npm("lodash"), "Utilities for JavaScript"},
		{b, npm("lodash"), "utilities"},
		{b, npm("lodash.merge"), "merges 100% of objects"},
		{b, scoped("acme", "Widget"), "a_b 'quoted' \"double\" OR back\\slash nul\x00here"},
		{b, scoped("zeta", "Widget"), "ÄPFEL für_alle"},
		{b, npm("longtext"), long},
		{c, npm("hidden"), "utilities"},
		{b, artifact.PackageKey{Format: artifact.PyPI, Name: "lodash"}, "utilities"},
	} {
		f.pack(p.in, p.key)
		f.write(func(w catalog.Writer) error { return w.DescribePackage(p.in, p.key, p.text) })
	}
	list := func(ids []catalog.RepositoryID, format artifact.Format, terms ...string) func(catalog.Reader, catalog.Page) (
		catalog.Listing[string], error) {
		return names(func(r catalog.Reader, page catalog.Page) (catalog.Listing[artifact.PackageKey], error) {
			return r.SearchPackages(ids, format, terms, page)
		}, artifact.PackageKey.String)
	}
	both := []catalog.RepositoryID{a, b}
	for _, c := range []struct {
		name  string
		terms []string
		want  []string
	}{
		{"no_terms_find_all_by_name_once", nil, []string{"npm/acme/Widget", "npm/zeta/Widget", "npm//lodash", "npm//lodash.merge",
			"npm//longtext"}},
		{"an_empty_term_is_in_everything", []string{"", "lodash"}, []string{"npm//lodash", "npm//lodash.merge"}},
		{"in_a_name", []string{"dash"}, []string{"npm//lodash", "npm//lodash.merge"}},
		{"in_a_namespace", []string{"cm"}, []string{"npm/acme/Widget"}},
		{"in_a_text_without_regard_to_case", []string{"UTILities for"}, []string{"npm//lodash"}},
		{"case_beyond_ascii", []string{"äpfel"}, []string{"npm/zeta/Widget"}},
		{"all_terms", []string{"lodash", "object"}, []string{"npm//lodash.merge"}},
		{"one_character", []string{"%"}, []string{"npm//lodash.merge"}},
		{"two_characters", []string{"0%"}, []string{"npm//lodash.merge"}},
		{"underscore_is_a_letter", []string{"a_b"}, []string{"npm/acme/Widget"}},
		{"a_quote", []string{"'quoted'"}, []string{"npm/acme/Widget"}},
		{"a_double_quote", []string{"\"double\" OR"}, []string{"npm/acme/Widget"}},
		{"a_backslash", []string{"back\\s"}, []string{"npm/acme/Widget"}},
		{"a_nul", []string{"nul\x00here"}, []string{"npm/acme/Widget"}},
		{"an_operator_is_a_word", []string{"OR"}, []string{"npm/acme/Widget", "npm//lodash"}},
		{"all_runs_but_not_the_term", []string{"sesesesesed"}, nil},
		{"terms_do_not_cross_fields", []string{"acmewidget"}, nil},
		{"text_is_cut_at_4_KiB", []string{"éxy"}, []string{"npm//longtext"}},
		{"behind_4_KiB", []string{"xyz"}, nil},
		{"a_long_term", []string{strings.Repeat("é", 500)}, []string{"npm//longtext"}},
		{"nothing", []string{"qqq"}, nil},
		{"invalid_utf8", []string{"\xff"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fixture{TB: t, Store: store}
			wantPages(f, c.want, list(both, artifact.NPM, c.terms...))
		})
	}
	t.Run("only_the_format_asked_for", func(t *testing.T) {
		wantPages(&fixture{TB: t, Store: store}, []string{"pypi//lodash"}, list(both, artifact.PyPI, "lodash"))
	})
	t.Run("only_the_repositories_asked_for", func(t *testing.T) {
		wantPages(&fixture{TB: t, Store: store}, []string{"npm//hidden"}, list([]catalog.RepositoryID{c}, artifact.NPM, "util"))
		wantPages(&fixture{TB: t, Store: store}, nil, list(nil, artifact.NPM, "util"))
	})
	t.Run("a_new_description_replaces_the_old", func(t *testing.T) {
		f := &fixture{TB: t, Store: store}
		f.write(func(w catalog.Writer) error { return w.DescribePackage(c, npm("hidden"), "nothing of note") })
		wantPages(f, nil, list([]catalog.RepositoryID{c}, artifact.NPM, "util"))
		wantPages(f, []string{"npm//hidden"}, list([]catalog.RepositoryID{c}, artifact.NPM, "of note", "hidd"))
	})
	t.Run("a_write_finds_what_it_wrote_and_not_what_it_removed", func(t *testing.T) {
		f := &fixture{TB: t, Store: store}
		in := []catalog.RepositoryID{c}
		find := func(w catalog.Writer, names ...string) error {
			found, err := w.SearchPackages(in, artifact.NPM, []string{"passing"}, catalog.Page{Limit: 9})
			var got []string
			for _, key := range found.Items {
				got = append(got, key.Name)
			}
			want(t, "found", got, names)
			return err
		}
		f.write(func(w catalog.Writer) error {
			for i := range 300 { // more than may wait to be indexed
				if err := w.PutPackage(c, artifact.Package{PackageKey: npm(fmt.Sprintf("many-%d", i))}); err != nil {
					return err
				}
			}
			return errors.Join(w.PutPackage(c, artifact.Package{PackageKey: npm("passing")}), find(w, "passing"),
				w.DescribePackage(c, npm("hidden"), "passing note"), find(w, "hidden", "passing"),
				w.DeletePackage(c, npm("passing")), find(w, "hidden"),
				w.PutPackage(c, artifact.Package{PackageKey: npm("passing")}), find(w, "hidden", "passing"),
				w.DeletePackage(c, npm("passing")), w.DescribePackage(c, npm("hidden"), "nothing of note"))
		})
		wantPages(f, nil, list(in, artifact.NPM, "passing"))
	})
	t.Run("too_many_or_too_long_terms_are_invalid", func(t *testing.T) {
		f := &fixture{TB: t, Store: store}
		for _, terms := range [][]string{make([]string, 1000), {strings.Repeat("x", 100_000)}} {
			f.unreadable(artifact.Invalid, func(r catalog.Reader) error {
				_, err := r.SearchPackages(both, artifact.NPM, terms, catalog.Page{Limit: 1})
				return err
			})
		}
	})
}
