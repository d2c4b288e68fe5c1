// Package catalogtest is what every catalog must do. An implementation calls Run from a test of its own.
package catalogtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"entrepot/artifact"
	"entrepot/catalog"
)

// Run tests the stores that open makes. Each call of open must return an empty store, which it closes when the test ends.
func Run(t *testing.T, open func(t *testing.T) catalog.Store) {
	for _, chapter := range []struct {
		name string
		run  func(t *testing.T, open func(t *testing.T) catalog.Store)
	}{
		{"domains", testDomains},
		{"repositories", testRepositories},
		{"package_groups", testPackageGroups},
		{"remotes", testRemotes},
		{"packages", testPackages},
		{"labels", testLabels},
		{"search", testSearch},
		{"versions", testVersions},
		{"usage", testUsage},
		{"metering", testMetering},
		{"blobs", testBlobs},
		{"faults", testFaults},
		{"bytes", testBytes},
		{"policies", testPolicies},
		{"principals", testPrincipals},
		{"managed_policies", testManagedPolicies},
		{"sessions", testSessions},
		{"encryption_keys", testEncryptionKeys},
		{"accounts", testAccounts},
		{"documents", testDocuments},
		{"events", testEvents},
		{"event_rules", testEventRules},
		{"deliveries", testDeliveries},
		{"leases", testLeases},
		{"transactions", testTransactions},
		{"stamps", testStamps},
		{"hostile_text", testHostileText},
		{"model", testModel},
	} {
		t.Run(chapter.name, func(t *testing.T) { chapter.run(t, open) })
	}
}

// row is one named test of a chapter, on a store of its own.
type row struct {
	name string
	run  func(t *testing.T, f *fixture)
}

func runRows(t *testing.T, open func(t *testing.T) catalog.Store, rows []row) {
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) { r.run(t, &fixture{TB: t, Store: open(t)}) })
	}
}

// fixture is a store with verbs that end the test when they fail.
type fixture struct {
	testing.TB
	catalog.Store
}

const (
	owner = artifact.AccountID("111122223333")
	other = artifact.AccountID("444455556666")
)

// moment is a time with microseconds, which catalogs keep, and n makes others of it.
func moment(n int) time.Time {
	return time.Date(2026, 3, 14, 15, 9, 26, 535897000, time.UTC).Add(time.Duration(n) * time.Second)
}

// stamp returns the topics' stamp, which must be known.
func (f *fixture) stamp(topics ...catalog.Topic) catalog.Stamp {
	f.Helper()
	stamp, known := f.Stamp(topics...)
	if !known {
		f.Errorf("the stamp of %v is unknown", topics)
	}
	return stamp
}

// read runs fn in a Read that must succeed.
func (f *fixture) read(fn func(r catalog.Reader) error) {
	f.Helper()
	if err := f.Read(context.Background(), fn); err != nil {
		f.Fatalf("Read: %v", err)
	}
}

// write runs fn in a Write that must succeed.
func (f *fixture) write(fn func(w catalog.Writer) error) {
	f.Helper()
	if err := f.Write(context.Background(), fn); err != nil {
		f.Fatalf("Write: %v", err)
	}
}

// refused runs fn in a Write that must fail with the kind.
func (f *fixture) refused(kind artifact.Kind, fn func(w catalog.Writer) error) {
	f.Helper()
	wantKind(f.TB, f.Write(context.Background(), fn), kind)
}

// unreadable runs fn in a Read that must fail with the kind.
func (f *fixture) unreadable(kind artifact.Kind, fn func(r catalog.Reader) error) {
	f.Helper()
	wantKind(f.TB, f.Read(context.Background(), fn), kind)
}

func (f *fixture) domain(name string) catalog.DomainID {
	f.Helper()
	var id catalog.DomainID
	f.write(func(w catalog.Writer) (err error) {
		id, err = w.CreateDomain(catalog.Domain{DomainKey: artifact.DomainKey{Owner: owner, Name: name}, CreatedAt: moment(0)})
		return err
	})
	return id
}

func (f *fixture) repository(domain catalog.DomainID, name string, upstreams ...catalog.RepositoryID) catalog.RepositoryID {
	f.Helper()
	r := catalog.Repository{Domain: domain, CreatedAt: moment(0), Administrator: owner}
	r.Name = name
	for _, u := range upstreams {
		r.Upstreams = append(r.Upstreams, catalog.Upstream{ID: u})
	}
	var id catalog.RepositoryID
	f.write(func(w catalog.Writer) (err error) {
		id, err = w.CreateRepository(r)
		return err
	})
	return id
}

// pack puts packages into a repository, open to everything.
func (f *fixture) pack(id catalog.RepositoryID, keys ...artifact.PackageKey) {
	f.Helper()
	f.write(func(w catalog.Writer) error {
		for _, key := range keys {
			if err := w.PutPackage(id, artifact.Package{PackageKey: key, Controls: allowAll}); err != nil {
				return err
			}
		}
		return nil
	})
}

// label points labels at a version.
func (f *fixture) label(id catalog.RepositoryID, v artifact.VersionKey, names ...string) {
	f.Helper()
	f.write(func(w catalog.Writer) error { return w.SetLabels(id, v, names...) })
}

// labels are those that a repository has of a package.
func (f *fixture) labels(id catalog.RepositoryID, p artifact.PackageKey) (labels map[string]string) {
	f.Helper()
	f.read(func(r catalog.Reader) error {
		found, err := r.LabelsIn([]catalog.RepositoryID{id}, p)
		labels = found[id]
		return err
	})
	return labels
}

// usage is what a repository holds of a package.
func (f *fixture) usage(id catalog.RepositoryID, p artifact.PackageKey) (u catalog.PackageUsage) {
	f.Helper()
	f.read(func(r catalog.Reader) (err error) {
		u, err = r.PackageUsage(id, p)
		return err
	})
	return u
}

// publish creates versions in existing packages.
func (f *fixture) publish(id catalog.RepositoryID, versions ...artifact.Version) {
	f.Helper()
	f.write(func(w catalog.Writer) error {
		for _, v := range versions {
			if err := create(w, id, v); err != nil {
				return err
			}
		}
		return nil
	})
}

// claim claims the contents of a version as one who has just stored them.
func claim(w catalog.Writer, id catalog.RepositoryID, v artifact.Version) error {
	r, err := w.RepositoryByID(id)
	if artifact.Is(err, artifact.NotFound) {
		return nil // the verb that follows says so
	}
	if err != nil {
		return err
	}
	fence, _, err := w.BlobFence(r.Domain)
	if err != nil {
		return err
	}
	for _, a := range v.Assets {
		if err := w.ClaimBlobs(r.Domain, fence, a.SHA256); err != nil {
			return err
		}
	}
	return nil
}

// create is CreateVersion with contents that have just been stored.
func create(w catalog.Writer, id catalog.RepositoryID, v artifact.Version) error {
	if err := claim(w, id, v); err != nil {
		return err
	}
	return w.CreateVersion(id, v)
}

// update is UpdateVersion with contents that have just been stored.
func update(w catalog.Writer, id catalog.RepositoryID, v artifact.Version) error {
	if err := claim(w, id, v); err != nil {
		return err
	}
	return w.UpdateVersion(id, v)
}

// bytes returns what the domain says it holds.
func (f *fixture) bytes(id catalog.DomainID) int64 {
	f.Helper()
	var u catalog.Usage
	f.read(func(r catalog.Reader) (err error) {
		u, err = r.Usage(id)
		return err
	})
	return u.AssetBytes
}

var allowAll = artifact.Controls{Publish: artifact.Allow, Upstream: artifact.Allow}

func npm(name string) artifact.PackageKey {
	return artifact.PackageKey{Format: artifact.NPM, Name: name}
}

func scoped(scope, name string) artifact.PackageKey {
	return artifact.PackageKey{Format: artifact.NPM, Namespace: scope, Name: name}
}

// asset makes an asset whose digests come from its content's number, not from content.
func asset(name string, content byte, size int64) artifact.Asset {
	a := artifact.Asset{Name: name, Size: size}
	a.MD5[0], a.SHA1[0], a.SHA256[0], a.SHA512[0] = content, content, content, content
	a.MD5[15], a.SHA1[19], a.SHA256[31], a.SHA512[63] = 1, 2, 3, 4
	return a
}

func version(key artifact.PackageKey, text string, assets ...artifact.Asset) artifact.Version {
	return artifact.Version{
		VersionKey: key.At(text), Revision: "r-" + text, Status: artifact.Published, Assets: assets,
		Origin: artifact.Origin{Type: artifact.OriginInternal, Repository: "team"}, PublishedAt: moment(0),
	}
}

func wantKind(t testing.TB, err error, kind artifact.Kind) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want kind %q", kind)
	}
	if !artifact.Is(err, kind) {
		t.Fatalf("got kind %q (%v), want kind %q", artifact.KindOf(err), err, kind)
	}
}

// want compares; empty and missing lists and maps are equal.
func want[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s: -want +got\n%s", what, diff)
	}
}

// wantPages lists everything with pages of 1, 2, … up to one more than there is and wants the same items each time, in
// their order; then it wants markers that were not given out refused.
func wantPages[T any](f *fixture, items []T, list func(r catalog.Reader, page catalog.Page) (catalog.Listing[T], error)) {
	f.Helper()
	for limit := 1; limit <= len(items)+1; limit++ {
		var got []T
		f.read(func(r catalog.Reader) error {
			page := catalog.Page{Limit: limit}
			for {
				l, err := list(r, page)
				if err != nil {
					return err
				}
				if len(l.Items) > limit {
					return fmt.Errorf("%d items on a page of %d", len(l.Items), limit)
				}
				got = append(got, l.Items...)
				if l.Next == "" {
					return nil
				}
				if len(l.Items) != limit {
					return fmt.Errorf("%d items on a page of %d that is not the last", len(l.Items), limit)
				}
				page.After = l.Next
			}
		})
		want(f.TB, fmt.Sprintf("pages of %d", limit), got, items)
	}
	for _, limit := range []int{0, -7} {
		f.read(func(r catalog.Reader) error {
			l, err := list(r, catalog.Page{Limit: limit})
			if err == nil && len(items) > 0 && len(l.Items) != 1 {
				err = fmt.Errorf("%d items under the limit %d, want 1", len(l.Items), limit)
			}
			return err
		})
	}
	for _, marker := range []string{"x", "AAAA", "%", "\x00", "lodash", "AQAAAAAA", "😀"} {
		f.unreadable(artifact.Invalid, func(r catalog.Reader) error {
			_, err := list(r, catalog.Page{Limit: 1, After: marker})
			return err
		})
	}
}

// names projects a list.
func names[T any](list func(catalog.Reader, catalog.Page) (catalog.Listing[T], error), name func(T) string) func(
	catalog.Reader, catalog.Page) (catalog.Listing[string], error) {
	return func(r catalog.Reader, page catalog.Page) (catalog.Listing[string], error) {
		l, err := list(r, page)
		n := catalog.Listing[string]{Next: l.Next}
		for _, item := range l.Items {
			n.Items = append(n.Items, name(item))
		}
		return n, err
	}
}

var errOnPurpose = errors.New("on purpose")
