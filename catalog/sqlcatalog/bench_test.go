package sqlcatalog_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
)

func packageNumber(i int) artifact.PackageKey {
	return artifact.PackageKey{Format: artifact.NPM, Name: fmt.Sprintf("package-%06d", i)}
}

func benchVersion(key artifact.PackageKey, text string) artifact.Version {
	a := artifact.Asset{Name: "package.tgz", Size: 10}
	copy(a.SHA256[:], key.Name+"@"+text)
	return artifact.Version{VersionKey: key.At(text), Status: artifact.Published, Revision: text,
		Manifest: make([]byte, 1500), Assets: []artifact.Asset{a}, PublishedAt: time.Unix(1, 0)}
}

// fill makes a repository with packages of so many versions.
func fill(t testing.TB, s *sqlcatalog.Store, packages, versions int) catalog.RepositoryID {
	t.Helper()
	var id catalog.RepositoryID
	write := func(fn func(w catalog.Writer) error) {
		t.Helper()
		if err := s.Write(context.Background(), fn); err != nil {
			t.Fatal(err)
		}
	}
	write(func(w catalog.Writer) error {
		d, err := w.CreateDomain(catalog.Domain{DomainKey: artifact.DomainKey{Owner: "1", Name: "acme"}})
		if err != nil {
			return err
		}
		r := catalog.Repository{Domain: d}
		r.Name = "team"
		id, err = w.CreateRepository(r)
		return err
	})
	for from := 0; from < packages; from += 5000 {
		write(func(w catalog.Writer) error {
			for i := from; i < min(from+5000, packages); i++ {
				key := packageNumber(i)
				if err := w.PutPackage(id, artifact.Package{PackageKey: key}); err != nil {
					return err
				}
				for v := range versions {
					if err := create(w, id, benchVersion(key, fmt.Sprintf("1.%d.0", v))); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	return id
}

// benchRead measures a Read with one verb over a filled store.
func benchRead(b *testing.B, packages, versions int, verb func(r catalog.Reader, id catalog.RepositoryID, i int) error) {
	s := openAt(b, filepath.Join(b.TempDir(), "catalog.db"), sqlcatalog.Options{})
	id := fill(b, s, packages, versions)
	i := 0
	for b.Loop() {
		i++
		if err := s.Read(context.Background(), func(r catalog.Reader) error { return verb(r, id, i) }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVersionIn(b *testing.B) {
	for _, packages := range []int{1000, 100_000} {
		b.Run(fmt.Sprintf("packages=%d", packages), func(b *testing.B) {
			benchRead(b, packages, 1, func(r catalog.Reader, id catalog.RepositoryID, i int) error {
				ids := []catalog.RepositoryID{id + 2, id + 1, id}
				found, err := r.VersionIn(ids, packageNumber(i*7919%packages).At("1.0.0"))
				if len(found) != 1 {
					b.Errorf("found %d", len(found))
				}
				return err
			})
		})
	}
}

func BenchmarkVersion(b *testing.B) {
	benchRead(b, 1000, 1, func(r catalog.Reader, id catalog.RepositoryID, i int) error {
		_, err := r.Version(id, packageNumber(i%1000).At("1.0.0"))
		return err
	})
}

func BenchmarkEachVersionOf5000(b *testing.B) {
	benchRead(b, 1, 5000, func(r catalog.Reader, id catalog.RepositoryID, _ int) error {
		n := 0
		for _, err := range r.EachVersion([]catalog.RepositoryID{id}, packageNumber(0)) {
			if err != nil {
				return err
			}
			n++
		}
		if n != 5000 {
			b.Errorf("got %d versions", n)
		}
		return nil
	})
}

func BenchmarkIn100kPackages(b *testing.B) {
	s := openAt(b, filepath.Join(b.TempDir(), "catalog.db"), sqlcatalog.Options{})
	id := fill(b, s, 100_000, 1)
	var middle catalog.Listing[artifact.Package]
	for _, c := range []struct {
		name string
		verb func(r catalog.Reader) error
	}{
		{"packages_first_page", func(r catalog.Reader) (err error) {
			middle, err = r.Packages(id, catalog.PackageFilter{NamePrefix: "package-05"}, catalog.Page{Limit: 100})
			return err
		}},
		{"packages_page_in_the_middle", func(r catalog.Reader) error {
			_, err := r.Packages(id, catalog.PackageFilter{}, catalog.Page{Limit: 100, After: middle.Next})
			return err
		}},
		{"search_for_one", func(r catalog.Reader) error { return search(r, id, "e-012345") }},
		{"search_for_a_tenth", func(r catalog.Reader) error { return search(r, id, "-05") }},
		{"search_for_all", func(r catalog.Reader) error { return search(r, id, "package") }},
		{"search_for_nothing", func(r catalog.Reader) error { return search(r, id, "left-pad") }},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if err := s.Read(context.Background(), c.verb); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func search(r catalog.Reader, id catalog.RepositoryID, term string) error {
	_, err := r.SearchPackages([]catalog.RepositoryID{id}, artifact.NPM, []string{term}, catalog.Page{Limit: 25})
	return err
}

// BenchmarkPublish writes what a publish writes: a package, its description, a version with an asset, an event.
func BenchmarkPublish(b *testing.B) {
	for _, writers := range []int{1, 8} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			var commits, next atomic.Int64
			s := openAt(b, filepath.Join(b.TempDir(), "catalog.db"), sqlcatalog.Options{AfterCommit: func() { commits.Add(1) }})
			id := fill(b, s, 1, 1)
			commits.Store(0)
			b.SetParallelism(writers)
			body := func() {
				key := packageNumber(int(next.Add(1)))
				err := s.Write(context.Background(), func(w catalog.Writer) error {
					if err := w.PutPackage(id, artifact.Package{PackageKey: key}); err != nil {
						return err
					}
					if err := w.SetLabels(id, key.At("1.0.0"), "latest"); err != nil {
						return err
					}
					if err := w.DescribePackage(id, key, "A small package that does one thing and does it well."); err != nil {
						return err
					}
					if err := create(w, id, benchVersion(key, "1.0.0")); err != nil {
						return err
					}
					return w.Record(catalog.Event{Kind: catalog.AuditEvent, Action: "publish"})
				})
				if err != nil {
					b.Error(err)
				}
			}
			b.ResetTimer()
			if writers == 1 {
				for range b.N {
					body()
				}
			} else {
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						body()
					}
				})
			}
			b.ReportMetric(float64(commits.Load())/float64(b.N), "commits/op")
		})
	}
}

// BenchmarkMemo is what every request pays for each answer that is remembered.
func BenchmarkMemo(b *testing.B) {
	s, err := sqlcatalog.OpenSQLite(b.Context(), filepath.Join(b.TempDir(), "catalog"), sqlcatalog.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	type key struct {
		repository catalog.RepositoryID
		pkg        artifact.PackageKey
	}
	k := key{1, artifact.PackageKey{Format: artifact.NPM, Name: "lodash"}}
	m := catalog.NewMemo[key, *int](s, 16384)
	b.ReportAllocs()
	for b.Loop() {
		_, err := m.Get(b.Context(), k, func(_ context.Context, on *catalog.Basis) (*int, error) {
			on.Topics(catalog.DomainsTopic(), catalog.DomainTopic(1), catalog.PackageTopic(1, k.pkg))
			return new(int), nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMeasureStored reads all assets there are, once.
func BenchmarkMeasureStored(b *testing.B) {
	for _, packages := range []int{1000, 100_000} {
		b.Run(fmt.Sprintf("assets=%d", packages), func(b *testing.B) {
			benchRead(b, packages, 1, func(r catalog.Reader, _ catalog.RepositoryID, _ int) error {
				found, err := r.MeasureStored()
				if len(found) != 1 || found[0].Own != int64(10*packages) {
					b.Errorf("found %v", found)
				}
				return err
			})
		})
	}
}
