package catalogtest

import (
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
)

func testLabels(t *testing.T, open func(t *testing.T) catalog.Store) {
	key := npm("lodash")
	runRows(t, open, []row{
		{"are_set_moved_and_removed_one_by_one", func(t *testing.T, f *fixture) {
			id := f.repository(f.domain("acme"), "team")
			f.pack(id, key)
			for _, step := range []struct {
				do   func(w catalog.Writer) error
				want map[string]string
			}{
				{func(w catalog.Writer) error { return w.SetLabels(id, key.At("1"), "latest", "next") },
					map[string]string{"latest": "1", "next": "1"}},
				{func(w catalog.Writer) error { return w.SetLabels(id, key.At("2"), "next", "beta", "beta") },
					map[string]string{"latest": "1", "next": "2", "beta": "2"}},
				{func(w catalog.Writer) error { return w.SetLabels(id, key.At("3")) },
					map[string]string{"latest": "1", "next": "2", "beta": "2"}},
				{func(w catalog.Writer) error { return w.DeleteLabel(id, key, "next") },
					map[string]string{"latest": "1", "beta": "2"}},
			} {
				f.write(step.do)
				want(t, "labels", f.labels(id, key), step.want)
				want(t, "counted", f.usage(id, key).Labels, len(step.want))
			}
			f.read(func(r catalog.Reader) error {
				got, err := r.Label(id, key, "beta")
				want(t, "label", got, "2")
				return err
			})
		}},
		{"what_is_not_there_is_not_found", func(t *testing.T, f *fixture) {
			id := f.repository(f.domain("acme"), "team")
			f.pack(id, npm("other"))
			f.label(id, npm("other").At("1"), "latest")
			f.pack(id, key)
			for _, at := range []struct {
				in catalog.RepositoryID
				of artifact.PackageKey
			}{{id, key}, {id, npm("none")}, {id + 1, key}} {
				f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.Label(at.in, at.of, "latest"); return err })
				f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.DeleteLabel(at.in, at.of, "latest") })
				want(t, "labels", f.labels(at.in, at.of), nil)
				want(t, "usage", f.usage(at.in, at.of), catalog.PackageUsage{})
			}
			f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.SetLabels(id, npm("none").At("1"), "latest") })
			f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.SetLabels(id+1, key.At("1"), "latest") })
		}},
		{"come_for_each_of_the_repositories_that_has_some", func(t *testing.T, f *fixture) {
			d := f.domain("acme")
			a, b, c := f.repository(d, "a1"), f.repository(d, "b1"), f.repository(d, "c1")
			for _, id := range []catalog.RepositoryID{a, b, c} {
				f.pack(id, key)
			}
			f.label(a, key.At("1"), "latest")
			f.label(c, key.At("2"), "latest", "next")
			f.read(func(r catalog.Reader) error {
				got, err := r.LabelsIn([]catalog.RepositoryID{a, b, c, a, 999}, key)
				want(t, "labels", got, map[catalog.RepositoryID]map[string]string{
					a: {"latest": "1"}, c: {"latest": "2", "next": "2"}})
				if err != nil {
					return err
				}
				got, err = r.LabelsIn(nil, key)
				want(t, "labels in none", got, nil)
				return err
			})
		}},
		{"usage_counts_what_is_written_and_removed", func(t *testing.T, f *fixture) {
			id := f.repository(f.domain("acme"), "team")
			f.pack(id, key, npm("other"))
			f.publish(id, version(npm("other"), "1"))
			first, second := version(key, "1", asset("a", 1, 10)), version(key, "2")
			first.Manifest, second.Manifest = []byte("four"), []byte("sixsix")
			first.Assets[0].Facts = []byte("fa")
			f.publish(id, first, second)
			f.label(id, key.At("1"), "latest")
			want(t, "usage", f.usage(id, key), catalog.PackageUsage{Versions: 2, Labels: 1, IndexBytes: 4 + 1 + 2 + 6})
			first.Manifest = []byte("less")[:3]
			f.write(func(w catalog.Writer) error {
				if err := update(w, id, first); err != nil {
					return err
				}
				if err := w.SetStatus(id, first.VersionKey, artifact.Archived); err != nil {
					return err
				}
				now, err := w.PackageUsage(id, key)
				want(t, "usage within the write", now, catalog.PackageUsage{Versions: 2, Labels: 1, IndexBytes: 3 + 1 + 2 + 6})
				return err
			})
			f.write(func(w catalog.Writer) error { return w.DeleteVersion(id, first.VersionKey) })
			want(t, "usage", f.usage(id, key), catalog.PackageUsage{Versions: 1, IndexBytes: 6})
		}},
	})
}
