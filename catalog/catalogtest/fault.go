package catalogtest

import (
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
)

// testFaults is for stores that are sound; how one is damaged is its implementation's to test.
func testFaults(t *testing.T, open func(t *testing.T) catalog.Store) {
	runRows(t, open, []row{{"a_sound_catalog_has_no_faults_and_stays_as_it_is", func(t *testing.T, f *fixture) {
		inspector, ok := f.Store.(catalog.Inspector)
		if !ok {
			t.Skip("this store cannot tell what is wrong with it")
		}
		s := openShop(f)
		s.recorded(0, "1", 1)
		s.recorded(0, "2", 2)
		s.remove("2")
		s.finish(s.begin(moment(1), moment(0), 2), moment(2))
		s.begin(moment(3), moment(0), 3)
		before, _ := s.fence()
		f.write(func(w catalog.Writer) error { return w.DescribePackage(s.id, npm("lodash"), "a toolbelt") })
		for range 2 {
			faults, err := inspector.Faults(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			want(t, "faults", len(faults), 0)
			if err := inspector.Recompute(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		want(t, "bytes", f.bytes(s.domain), 10)
		after, deleting := s.fence(content(3))
		want(t, "fence", after, before)
		want(t, "deleting", deleting, true)
		f.read(func(r catalog.Reader) error {
			for _, term := range []string{"toolbelt", "lodash"} {
				found, err := r.SearchPackages([]catalog.RepositoryID{s.id}, artifact.NPM, []string{term}, catalog.Page{})
				if err != nil {
					return err
				}
				want(t, term, len(found.Items), 1)
			}
			return nil
		})
	}}})
}
