package catalogtest

import (
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
)

func testUsage(t *testing.T, open func(t *testing.T) catalog.Store) {
	runRows(t, open, []row{{"a_promised_asset_counts_when_it_has_come", func(t *testing.T, f *fixture) {
		d := f.domain("acme")
		id := f.repository(d, "team")
		f.pack(id, npm("lodash"))
		kept, promised := asset("a", 1, 10), asset("b", 2, 500)
		promised.Promised = true
		f.publish(id, version(npm("lodash"), "1.0.0", kept, promised))
		wantReferenced := func(wanted bool) {
			t.Helper()
			f.read(func(r catalog.Reader) error {
				got, err := r.BlobInUse(d, promised.SHA256)
				want(t, "the promised asset is referred to", got, wanted)
				return err
			})
		}
		want(t, "bytes", f.bytes(d), 10)
		wantReferenced(false)
		promised.Promised = false
		f.write(func(w catalog.Writer) error {
			return update(w, id, version(npm("lodash"), "1.0.0", kept, promised))
		})
		want(t, "bytes", f.bytes(d), 510)
		wantReferenced(true)
		promised.Promised = true
		f.write(func(w catalog.Writer) error {
			return update(w, id, version(npm("lodash"), "1.0.0", kept, promised))
		})
		want(t, "bytes", f.bytes(d), 10)
		f.write(func(w catalog.Writer) error { return w.DeletePackage(id, npm("lodash")) })
		want(t, "bytes", f.bytes(d), 0)
	}}})
	f := &fixture{TB: t, Store: open(t)}
	d, e := f.domain("one"), f.domain("two")
	a, b, x := f.repository(d, "a1"), f.repository(d, "b1"), f.repository(e, "x1")
	key, second := npm("lodash"), npm("second")
	for _, id := range []catalog.RepositoryID{a, b, x} {
		f.pack(id, key, second)
	}
	referenced := func(domain catalog.DomainID, content byte) bool {
		var yes bool
		f.read(func(r catalog.Reader) (err error) {
			yes, err = r.BlobInUse(domain, asset("", content, 0).SHA256)
			return err
		})
		return yes
	}
	// One story: each step changes one thing and says what both domains hold afterwards, and whether asset 1 is in use.
	for _, step := range []struct {
		name     string
		do       func(w catalog.Writer) error
		d, e     int64
		one, two bool // whether domain d has an asset with content 1, and domain e
	}{
		{"first", func(w catalog.Writer) error {
			return create(w, a, version(key, "1", asset("a", 1, 100), asset("b", 2, 20)))
		}, 120, 0, true, false},
		{"same_bytes_in_another_version", func(w catalog.Writer) error {
			return create(w, a, version(key, "2", asset("x", 1, 100)))
		}, 120, 0, true, false},
		{"same_bytes_in_another_repository", func(w catalog.Writer) error {
			return create(w, b, version(second, "1", asset("a", 1, 100), asset("again", 1, 100)))
		}, 120, 0, true, false},
		{"same_bytes_in_another_domain", func(w catalog.Writer) error {
			return create(w, x, version(key, "1", asset("a", 1, 100)))
		}, 120, 100, true, true},
		{"empty_asset", func(w catalog.Writer) error {
			return create(w, x, version(key, "2", asset("empty", 9, 0)))
		}, 120, 100, true, true},
		{"status_changes_nothing", func(w catalog.Writer) error { return w.SetStatus(a, key.At("1"), artifact.Archived) },
			120, 100, true, true},
		{"update_adds_and_drops", func(w catalog.Writer) error {
			return update(w, a, version(key, "1", asset("a", 1, 100), asset("c", 3, 3)))
		}, 103, 100, true, true},
		{"update_to_the_same", func(w catalog.Writer) error {
			return update(w, a, version(key, "1", asset("a", 1, 100), asset("c", 3, 3)))
		}, 103, 100, true, true},
		{"disposed", func(w catalog.Writer) error { return update(w, a, version(key, "1")) }, 100, 100, true, true},
		{"one_of_several_deleted", func(w catalog.Writer) error { return w.DeleteVersion(a, key.At("2")) }, 100, 100, true, true},
		{"a_package_deleted", func(w catalog.Writer) error { return w.DeletePackage(b, second) }, 0, 100, false, true},
		{"more", func(w catalog.Writer) error {
			return create(w, b, version(key, "5", asset("a", 1, 100), asset("d", 4, 4)))
		}, 104, 100, true, true},
		{"a_repository_deleted", func(w catalog.Writer) error { return w.DeleteRepository(b) }, 0, 100, false, true},
		{"the_other_too", func(w catalog.Writer) error { return w.DeleteRepository(x) }, 0, 0, false, false},
	} {
		f.write(step.do)
		if got := [2]int64{f.bytes(d), f.bytes(e)}; got != [2]int64{step.d, step.e} {
			t.Errorf("%s: got %v bytes, want %d and %d", step.name, got, step.d, step.e)
		}
		if got := [2]bool{referenced(d, 1), referenced(e, 1)}; got != [2]bool{step.one, step.two} {
			t.Errorf("%s: got references %v, want %v and %v", step.name, got, step.one, step.two)
		}
	}
}
