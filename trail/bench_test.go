package trail

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/catalog/sqlcatalog/sqlcatalogtest"
)

// BenchmarkAPageThatFindsNothing looks at as many events as a page may: it is the dearest lookup there is.
func BenchmarkAPageThatFindsNothing(b *testing.B) {
	store := sqlcatalogtest.Open(b, filepath.Join(b.TempDir(), "catalog.sqlite"), sqlcatalog.Options{})
	b.Cleanup(func() { _ = store.Close() })
	s := New(Options{Catalog: store, Region: region, Now: func() time.Time { return noon }})
	err := store.Write(b.Context(), func(w catalog.Writer) error {
		for i := range 2 * maxLooked {
			if err := w.Record(event(noon.Add(time.Duration(i)*time.Millisecond), "ann", fmt.Sprintf("iam:Act%d", i%7), "team")); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	q, c := Query{By: ByUsername, Value: "nobody", Limit: 50}, auditor(b, ours)
	b.ReportAllocs()
	for b.Loop() {
		if found, err := s.Lookup(b.Context(), c, q); err != nil || found.Next == "" {
			b.Fatal(found, err)
		}
	}
}
