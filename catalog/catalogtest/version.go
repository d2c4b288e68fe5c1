package catalogtest

import (
	"fmt"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

func whole(key artifact.PackageKey, text string) artifact.Version {
	v := version(key, text, asset("b.tgz", 2, 20), asset("a.tgz", 1, 10), asset("also-a.tgz", 1, 10))
	v.Folded = "a folded text"
	v.Manifest = []byte("{\"x\":\"\x00\xff\"}")
	v.Status, v.UpstreamStatus = artifact.Unlisted, artifact.Published
	v.Assets[0].Facts, v.Assets[0].AddedAt = []byte("{\"requires\":\"\x00\xff\"}"), moment(3)
	v.Assets = append(v.Assets, artifact.Asset{Name: "promised.whl", Size: -1, Promised: true, Facts: []byte("{}")})
	v.Assets[3].SHA256[0] = 9
	v.Origin = artifact.Origin{Type: artifact.OriginExternal, Connection: "public:npmjs"}
	v.UpstreamTime = time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC)
	v.Details = artifact.Details{
		DisplayName: "Lodash", Summary: "<utilities> & \u2028more", Readme: "# hi",
		Licenses:     []artifact.License{{Name: "MIT"}},
		Dependencies: []artifact.Dependency{{Package: "x", Type: "dev", Requirement: "^1"}},
	}
	return v
}

func summary(v artifact.Version) catalog.VersionSummary {
	return catalog.VersionSummary{Version: v.VersionKey.Version, Revision: v.Revision, Status: v.Status, Origin: v.Origin,
		PublishedAt: v.PublishedAt}
}

func testVersions(t *testing.T, open func(t *testing.T) catalog.Store) {
	key := npm("lodash")
	for _, rows := range [][]row{singleVersions(key), versionLists(key), wholePackages(key)} {
		runRows(t, open, rows)
	}
}

// singleVersions are made, changed, deleted, and come back as they are.
func singleVersions(key artifact.PackageKey) []row {
	return []row{
		{"comes_back_as_created_and_as_updated", func(t *testing.T, f *fixture) {
			id := f.repository(f.domain("acme"), "team")
			f.pack(id, key)
			v := whole(key, "1.0.0")
			f.publish(id, v)
			wantVersion := func(v artifact.Version) {
				t.Helper()
				f.read(func(r catalog.Reader) error {
					got, err := r.Version(id, v.VersionKey)
					want(t, "version", got, v)
					return err
				})
			}
			wantVersion(v)
			folded := v.Folded
			v = version(key, "1.0.0", asset("c.tgz", 3, 30), asset("a.tgz", 1, 10))
			v.Revision, v.PublishedAt = "second", moment(9)
			f.write(func(w catalog.Writer) error { return update(w, id, v) })
			v.Folded = folded
			wantVersion(v)
			f.write(func(w catalog.Writer) error { return w.SetStatus(id, v.VersionKey, artifact.Archived) })
			v.Status = artifact.Archived
			wantVersion(v)
			v.Assets, v.Manifest = nil, nil
			f.write(func(w catalog.Writer) error { return update(w, id, v) })
			wantVersion(v)
		}},
		{"times_are_kept_to_the_microsecond_in_utc", func(t *testing.T, f *fixture) {
			id := f.repository(f.domain("acme"), "team")
			f.pack(id, key)
			v := version(key, "1.0.0")
			v.PublishedAt = time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.FixedZone("x", 3600))
			f.publish(id, v)
			f.read(func(r catalog.Reader) error {
				got, err := r.Version(id, v.VersionKey)
				want(t, "published", got.PublishedAt.String(), "2026-01-02 02:04:05.123456 +0000 UTC")
				if !got.UpstreamTime.IsZero() {
					t.Errorf("no upstream time came back as %v", got.UpstreamTime)
				}
				return err
			})
		}},
		{"is_created_once", func(t *testing.T, f *fixture) {
			d := f.domain("acme")
			id, second := f.repository(d, "team"), f.repository(d, "second")
			f.pack(id, key, npm("other"))
			f.pack(second, key)
			f.publish(id, version(key, "1.0.0"), version(key, "1.0.0-a"), version(npm("other"), "1.0.0"))
			f.publish(second, version(key, "1.0.0"))
			f.refused(artifact.Conflict, func(w catalog.Writer) error { return create(w, id, version(key, "1.0.0")) })
		}},
		{"what_is_not_there_is_not_found", func(t *testing.T, f *fixture) {
			id := f.repository(f.domain("acme"), "team")
			f.pack(id, key)
			v := version(key, "1.0.0")
			for _, c := range []struct {
				in catalog.RepositoryID
				v  artifact.Version
			}{{id, v}, {id, version(npm("none"), "1.0.0")}, {id + 1, v}} {
				f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.Version(c.in, c.v.VersionKey); return err })
				f.unreadable(artifact.NotFound, func(r catalog.Reader) error {
					_, err := r.LatestPublished(c.in, c.v.PackageKey)
					return err
				})
				f.refused(artifact.NotFound, func(w catalog.Writer) error { return update(w, c.in, c.v) })
				f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.DeleteVersion(c.in, c.v.VersionKey) })
				f.refused(artifact.NotFound, func(w catalog.Writer) error {
					return w.SetStatus(c.in, c.v.VersionKey, artifact.Unlisted)
				})
				if c.in == id && c.v.PackageKey == key {
					continue // the package is there
				}
				f.refused(artifact.NotFound, func(w catalog.Writer) error { return create(w, c.in, c.v) })
				f.unreadable(artifact.NotFound, func(r catalog.Reader) error {
					_, err := r.Versions(c.in, c.v.PackageKey, catalog.VersionFilter{}, catalog.Page{Limit: 1})
					return err
				})
			}
		}},
		{"impossible_assets_are_invalid_and_leave_nothing", func(t *testing.T, f *fixture) {
			d := f.domain("acme")
			id := f.repository(d, "team")
			f.pack(id, key)
			for name, assets := range map[string][]artifact.Asset{
				"twice":    {asset("a", 1, 1), asset("a", 2, 2)},
				"negative": {asset("a", 1, -1)},
				"huge":     {asset("a", 1, 1<<62)},
			} {
				f.write(func(w catalog.Writer) error {
					err := create(w, id, version(key, name, assets...))
					wantKind(t, err, artifact.Invalid)
					return nil
				})
				f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.Version(id, key.At(name)); return err })
			}
			want(t, "bytes", f.bytes(d), 0)
		}},
		{"deleting_removes_the_labels_that_point_at_it", func(t *testing.T, f *fixture) {
			id := f.repository(f.domain("acme"), "team")
			f.pack(id, key)
			f.publish(id, version(key, "1.0.0"), version(key, "2.0.0"))
			f.label(id, key.At("1.0.0"), "latest", "stable")
			f.label(id, key.At("2.0.0"), "next")
			f.write(func(w catalog.Writer) error { return w.DeleteVersion(id, key.At("1.0.0")) })
			want(t, "labels", f.labels(id, key), map[string]string{"next": "2.0.0"})
		}},
	}
}

// versionLists answer for several, as summaries.
func versionLists(key artifact.PackageKey) []row {
	return []row{
		{"version_in_answers_for_those_that_hold_it", func(t *testing.T, f *fixture) {
			d := f.domain("acme")
			a, b, c := f.repository(d, "a1"), f.repository(d, "b1"), f.repository(d, "c1")
			f.pack(a, key)
			f.pack(b, key)
			f.pack(c, key)
			va, vb := whole(key, "1.0.0"), version(key, "1.0.0")
			f.publish(a, va, version(key, "2.0.0"))
			f.publish(b, vb)
			va.Manifest, va.Details = nil, artifact.Details{}
			f.read(func(r catalog.Reader) error {
				got, err := r.VersionIn([]catalog.RepositoryID{c, b, a, b, 999}, key.At("1.0.0"))
				want(t, "versions", got, map[catalog.RepositoryID]artifact.Version{a: va, b: vb})
				if err != nil {
					return err
				}
				got, err = r.VersionIn(nil, key.At("1.0.0"))
				want(t, "versions in none", got, nil)
				return err
			})
		}},
		{"versions_are_found_by_what_their_spellings_have_in_common", func(t *testing.T, f *fixture) {
			d := f.domain("acme")
			a, b, c := f.repository(d, "a1"), f.repository(d, "b1"), f.repository(d, "c1")
			for _, id := range []catalog.RepositoryID{a, b, c} {
				f.pack(id, key, npm("other"))
			}
			put := func(id catalog.RepositoryID, p artifact.PackageKey, text, folded string) {
				v := version(p, text)
				v.Folded = folded
				f.publish(id, v)
			}
			put(a, key, "v1", "1")
			put(a, key, "1.0", "1")
			put(a, key, "1.1", "1.1")
			put(a, npm("other"), "1", "1")
			put(b, key, "1", "1")
			put(b, key, "1-plain", "")
			put(c, key, "2", "2")
			spelled := func(all map[catalog.RepositoryID][]string) {
				t.Helper()
				f.read(func(r catalog.Reader) error {
					got, err := r.SpelledIn([]catalog.RepositoryID{c, b, a, b, 999}, key, "1")
					want(t, "spellings", got, all)
					return err
				})
			}
			spelled(map[catalog.RepositoryID][]string{a: {"1.0", "v1"}, b: {"1"}})
			f.write(func(w catalog.Writer) error {
				v := version(key, "1.0")
				v.Folded = "2"
				return update(w, a, v)
			})
			f.write(func(w catalog.Writer) error { return w.DeleteVersion(b, key.At("1")) })
			spelled(map[catalog.RepositoryID][]string{a: {"1.0", "v1"}})
			f.read(func(r catalog.Reader) error {
				got, err := r.SpelledIn([]catalog.RepositoryID{b}, key, "")
				want(t, "spellings of those that have one", got, nil)
				return err
			})
		}},
		{"lists_go_by_text_or_by_age_and_narrow", func(t *testing.T, f *fixture) {
			id := f.repository(f.domain("acme"), "team")
			f.pack(id, key, npm("other"))
			f.publish(id, version(npm("other"), "0.0.1"))
			for i, c := range []struct {
				text   string
				age    int
				status artifact.Status
				origin artifact.OriginType
			}{
				{"1.10.0", 1, artifact.Published, artifact.OriginInternal},
				{"1.9.0", 2, artifact.Published, artifact.OriginExternal},
				{"1.2.0", 2, artifact.Archived, artifact.OriginExternal},
				{"1.2.0-rc", 3, artifact.Published, artifact.OriginInternal},
				{"V2", 0, artifact.Unlisted, artifact.OriginUnknown},
				{"v2", 9, artifact.Unlisted, artifact.OriginInternal},
			} {
				v := version(key, c.text, asset("a", byte(i), 1))
				v.PublishedAt, v.Status, v.Origin.Type = moment(c.age), c.status, c.origin
				f.publish(id, v)
			}
			for _, c := range []struct {
				name   string
				filter catalog.VersionFilter
				want   []string
			}{
				{"all", catalog.VersionFilter{}, []string{"1.10.0", "1.2.0", "1.2.0-rc", "1.9.0", "V2", "v2"}},
				{"newest", catalog.VersionFilter{NewestFirst: true}, []string{"v2", "1.2.0-rc", "1.2.0", "1.9.0", "1.10.0", "V2"}},
				{"status", catalog.VersionFilter{Status: artifact.Published}, []string{"1.10.0", "1.2.0-rc", "1.9.0"}},
				{"newest_of_status", catalog.VersionFilter{Status: artifact.Published, NewestFirst: true},
					[]string{"1.2.0-rc", "1.9.0", "1.10.0"}},
				{"origin", catalog.VersionFilter{OriginType: artifact.OriginExternal}, []string{"1.2.0", "1.9.0"}},
				{"both", catalog.VersionFilter{OriginType: artifact.OriginExternal, Status: artifact.Archived}, []string{"1.2.0"}},
				{"none", catalog.VersionFilter{Status: artifact.Disposed}, nil},
			} {
				t.Run(c.name, func(t *testing.T) {
					wantPages(f, c.want, names(func(r catalog.Reader, page catalog.Page) (catalog.Listing[catalog.VersionSummary], error) {
						return r.Versions(id, key, c.filter, page)
					}, func(v catalog.VersionSummary) string { return v.Version }))
				})
			}
			f.read(func(r catalog.Reader) error {
				latest, err := r.LatestPublished(id, key)
				want(t, "latest published", latest.Version, "1.2.0-rc")
				return err
			})
		}},
		{"summaries_tell_revision_status_and_origin", func(t *testing.T, f *fixture) {
			id := f.repository(f.domain("acme"), "team")
			f.pack(id, key)
			v := whole(key, "1.0.0")
			v.Status = artifact.Published
			f.publish(id, v)
			f.read(func(r catalog.Reader) error {
				l, err := r.Versions(id, key, catalog.VersionFilter{}, catalog.Page{Limit: 1})
				want(t, "summaries", l.Items, []catalog.VersionSummary{summary(v)})
				if err != nil {
					return err
				}
				latest, err := r.LatestPublished(id, key)
				want(t, "latest", latest, summary(v))
				return err
			})
		}},
		{"a_package_with_nothing_published_has_no_latest", func(t *testing.T, f *fixture) {
			id := f.repository(f.domain("acme"), "team")
			f.pack(id, key)
			v := version(key, "1.0.0")
			v.Status = artifact.Unfinished
			f.publish(id, v)
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.LatestPublished(id, key); return err })
		}},
	}
}

// wholePackages are gone through version by version.
func wholePackages(key artifact.PackageKey) []row {
	return []row{
		{"each_version_merges_repositories_in_order", func(t *testing.T, f *fixture) {
			d := f.domain("acme")
			a, b, c := f.repository(d, "a1"), f.repository(d, "b1"), f.repository(d, "c1")
			f.pack(a, key)
			f.pack(b, key)
			var wanted []catalog.HeldVersion
			put := func(id catalog.RepositoryID, v artifact.Version) {
				f.publish(id, v)
				v.Details = artifact.Details{}
				wanted = append(wanted, catalog.HeldVersion{Repository: id, Version: v})
			}
			for i := range 150 { // more than one portion of any likely size, and not a multiple of one
				text := fmt.Sprintf("1.%03d.0", i)
				if i%3 != 1 {
					put(b, whole(key, text))
				}
				if i%3 != 2 {
					put(a, version(key, text, asset("a", byte(i), 1)))
				}
			}
			f.read(func(r catalog.Reader) error {
				var got []catalog.HeldVersion
				for v, err := range r.EachVersion([]catalog.RepositoryID{c, b, a, b, 999}, key) {
					if err != nil {
						return err
					}
					got = append(got, v)
				}
				want(t, "versions", got, wanted)
				return nil
			})
		}},
		{"each_version_may_stop_and_its_loop_may_write", func(t *testing.T, f *fixture) {
			id := f.repository(f.domain("acme"), "team")
			f.pack(id, key)
			for i := range 100 {
				f.publish(id, version(key, fmt.Sprintf("1.%03d", i)))
			}
			f.read(func(r catalog.Reader) error {
				for _, err := range r.EachVersion([]catalog.RepositoryID{id}, key) {
					if err != nil {
						return err
					}
					break
				}
				_, err := r.Version(id, key.At("1.050"))
				return err
			})
			f.write(func(w catalog.Writer) error {
				for v, err := range w.EachVersion([]catalog.RepositoryID{id}, key) {
					if err != nil {
						return err
					}
					if err := w.DeleteVersion(id, v.VersionKey); err != nil {
						return err
					}
				}
				l, err := w.Versions(id, key, catalog.VersionFilter{}, catalog.Page{Limit: 9})
				want(t, "left", l.Items, nil)
				return err
			})
		}},
	}
}
