package sqlcatalog_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
)

// putNamed puts packages called prefix-0, prefix-1, ….
func putNamed(w catalog.Writer, id catalog.RepositoryID, prefix string, n int) error {
	for i := range n {
		key := artifact.PackageKey{Format: artifact.NPM, Name: fmt.Sprintf("%s-%d", prefix, i)}
		if err := errors.Join(w.PutPackage(id, artifact.Package{PackageKey: key}), w.DescribePackage(id, key, "told")); err != nil {
			return err
		}
	}
	return nil
}

func TestPackagesOfABatchAreIndexedWithoutThoseOfItsFailures(t *testing.T) {
	refused := errors.New("on purpose")
	for _, test := range []struct {
		name   string
		fails  int  // packages of the write that fails
		search bool // the write that fails searches before
	}{
		{"which_only_noted_them", 3, false},
		{"which_had_brought_the_index_up_to_date", 3, true},
		{"which_noted_more_than_may_wait", 600, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := openAt(t, filepath.Join(t.TempDir(), "catalog.db"), sqlcatalog.Options{})
			id := fill(t, s, 1, 1)
			put := func(prefix string, n int, after func(w catalog.Writer) error) func(w catalog.Writer) error {
				return func(w catalog.Writer) error {
					if err := putNamed(w, id, prefix, n); err != nil {
						return err
					}
					return after(w)
				}
			}
			fine := func(catalog.Writer) error { return nil }
			errs := inOneBatch(t, s, put("before", 2, fine), put("failed", test.fails, func(w catalog.Writer) error {
				if test.search {
					if err := search(w, id, "failed"); err != nil {
						return err
					}
				}
				return refused
			}), put("after", 2, fine))
			for i, want := range []error{nil, refused, nil} {
				if !errors.Is(errs[i], want) {
					t.Errorf("write %d: got %v, want %v", i, errs[i], want)
				}
			}
			for term, want := range map[string]string{"before-": "before-0 before-1", "failed-": "", "after-": "after-0 after-1",
				"told": "after-0 after-1 before-0 before-1"} {
				if got := found(t, s, id, term); got != want {
					t.Errorf("%s: found %q, want %q", term, got, want)
				}
			}
			if err := s.Check(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// inOneBatch runs the functions in writes that share a commit, in their order, and returns their errors.
func inOneBatch(t *testing.T, s *sqlcatalog.Store, parts ...func(w catalog.Writer) error) []error {
	inside, release := make(chan struct{}), make(chan struct{})
	errs := make([]error, len(parts))
	done := make(chan struct{}, len(parts)+1)
	go func() {
		_ = s.Write(context.Background(), func(catalog.Writer) error {
			close(inside)
			<-release
			return nil
		})
		done <- struct{}{}
	}()
	<-inside
	for i, part := range parts {
		go func() {
			errs[i] = s.Write(context.Background(), part)
			done <- struct{}{}
		}()
		wantWaiting(t, s, i+1) // so that they queue in their order
	}
	close(release)
	for range len(parts) + 1 {
		<-done
	}
	return errs
}

// found lists the names of what a search finds.
func found(t *testing.T, s *sqlcatalog.Store, id catalog.RepositoryID, term string) string {
	t.Helper()
	var names []string
	err := s.Read(t.Context(), func(r catalog.Reader) error {
		l, err := r.SearchPackages([]catalog.RepositoryID{id}, artifact.NPM, []string{term}, catalog.Page{Limit: 1000})
		for _, key := range l.Items {
			names = append(names, key.Name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}

func TestAnIDGivenAgainInOneWriteIsIndexedForItsLastPackage(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "catalog.db"), sqlcatalog.Options{})
	id := fill(t, s, 1, 1)
	key := func(name string) artifact.PackageKey { return artifact.PackageKey{Format: artifact.NPM, Name: name} }
	for _, known := range []bool{false, true} {
		first, second := key(fmt.Sprintf("first-%t", known)), key(fmt.Sprintf("second-%t", known))
		put := func(w catalog.Writer, k artifact.PackageKey) error {
			return w.PutPackage(id, artifact.Package{PackageKey: k})
		}
		if known {
			if err := s.Write(t.Context(), func(w catalog.Writer) error { return put(w, first) }); err != nil {
				t.Fatal(err)
			}
		}
		err := s.Write(t.Context(), func(w catalog.Writer) error {
			// The table's ids are not kept from being used twice, so the second package gets the first one's.
			return errors.Join(put(w, first), w.DescribePackage(id, first, "words"), w.DeletePackage(id, first), put(w, second))
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := found(t, s, id, first.Name); got != "" {
			t.Errorf("known %t: found %q after its deletion", known, got)
		}
		if got := found(t, s, id, second.Name); got != second.Name {
			t.Errorf("known %t: found %q, want %q", known, got, second.Name)
		}
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
}
