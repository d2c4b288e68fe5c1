package jobs

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/mem"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/catalog/sqlcatalog/sqlcatalogtest"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

// gate is a store that lets a test in before each deletion; its error is the deletion's.
type gate struct {
	blob.Store
	before func(d artifact.Digest) error
}

func (g *gate) Delete(ctx context.Context, d artifact.Digest) error {
	if g.before != nil {
		if err := g.before(d); err != nil {
			return err
		}
	}
	return g.Store.Delete(ctx, d)
}

// watched is a catalog that counts writes and lets a test in before each, and after each read.
type watched struct {
	catalog.Store
	writes      atomic.Int64
	beforeWrite func(n int64)
	afterRead   func()
}

func (c *watched) Write(ctx context.Context, fn func(catalog.Writer) error) error {
	n := c.writes.Add(1)
	if c.beforeWrite != nil {
		c.beforeWrite(n)
	}
	return c.Store.Write(ctx, fn)
}

func (c *watched) Read(ctx context.Context, fn func(catalog.Reader) error) error {
	err := c.Store.Read(ctx, fn)
	if c.afterRead != nil {
		c.afterRead()
	}
	return err
}

// depot is two domains with a repository each, the documents, and a collector over all of them.
type depot struct {
	*Orphans
	t         testing.TB
	catalog   *watched // what the collector sees
	inner     *sqlcatalog.Store
	domains   [2]catalog.DomainID
	homes     [2]catalog.RepositoryID
	stores    [2]*gate
	documents blob.Store
	clock     atomic.Int64 // what is added to the time
	registry  *prometheus.Registry
	failing   atomic.Bool // commits of the catalog fail
	versions  atomic.Int64
}

var somePackage = artifact.PackageKey{Format: artifact.NPM, Name: "p"}

func newDepot(t testing.TB) *depot {
	t.Helper()
	y := &depot{t: t, documents: mem.New(time.Now), registry: prometheus.NewRegistry()}
	y.inner = sqlcatalogtest.Open(t, t.TempDir()+"/catalog.sqlite", sqlcatalog.Options{
		BeforeCommit: func() error {
			if y.failing.Load() {
				return errors.New("disk full")
			}
			return nil
		}})
	t.Cleanup(func() { y.check(y.inner.Close()) })
	y.catalog = &watched{Store: y.inner}
	y.check(y.inner.Write(t.Context(), func(w catalog.Writer) (err error) {
		for i := range y.domains {
			key := artifact.DomainKey{Owner: "123456789012", Name: fmt.Sprint("d", i)}
			if y.domains[i], err = w.CreateDomain(catalog.Domain{DomainKey: key}); err != nil {
				return err
			}
			r := catalog.Repository{Domain: y.domains[i]}
			r.Name = "r"
			if y.homes[i], err = w.CreateRepository(r); err != nil {
				return err
			}
			if err := w.PutPackage(y.homes[i], artifact.Package{PackageKey: somePackage}); err != nil {
				return err
			}
			y.stores[i] = &gate{Store: mem.New(time.Now)}
		}
		return nil
	}))
	y.Orphans = y.collector(y.registry)
	return y
}

// collector makes one more collector, as another node has.
func (y *depot) collector(r prometheus.Registerer) *Orphans {
	y.t.Helper()
	spaces := DomainSpaces(y.inner, func(d catalog.Domain) (blob.Store, error) {
		for i, id := range y.domains {
			if id == d.ID {
				return y.stores[i], nil
			}
		}
		return nil, errors.New("no such domain")
	}, y.documents)
	now := func() time.Time { return time.Now().Add(time.Duration(y.clock.Load())) }
	o, err := NewOrphans(y.catalog, spaces, time.Hour, now, slog.New(slog.DiscardHandler), r)
	y.check(err)
	return o
}

func (y *depot) check(err error) {
	y.t.Helper()
	if err != nil {
		y.t.Fatal(err)
	}
}

func (y *depot) after(d time.Duration) { y.clock.Store(int64(d)) }

// run collects once.
func (y *depot) run() {
	y.t.Helper()
	y.check(y.Run(context.Background()))
}

func put(t testing.TB, s blob.Store, text string) artifact.Digest {
	t.Helper()
	draft, err := s.Create(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer draft.Discard()
	if _, err := draft.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	d := artifact.Digest(sha256.Sum256([]byte(text)))
	if _, err := draft.Commit(context.Background(), d); err != nil {
		t.Fatal(err)
	}
	return d
}

func holds(s blob.Store, d artifact.Digest) bool {
	_, err := s.Stat(context.Background(), d)
	return err == nil
}

func (y *depot) fence(domain int) (fence catalog.Fence) {
	y.t.Helper()
	y.check(y.inner.Read(context.Background(), func(r catalog.Reader) (err error) {
		fence, _, err = r.BlobFence(y.domains[domain])
		return err
	}))
	return fence
}

// record makes a version of a content that was stored under the fence and returns its text.
func (y *depot) record(domain int, since catalog.Fence, d artifact.Digest) (string, error) {
	text := fmt.Sprint(y.versions.Add(1))
	return text, y.inner.Write(context.Background(), func(w catalog.Writer) error {
		if err := w.ClaimBlobs(y.domains[domain], since, d); err != nil {
			return err
		}
		return w.CreateVersion(y.homes[domain], artifact.Version{VersionKey: somePackage.At(text),
			Status: artifact.Published,
			Assets: []artifact.Asset{{Name: "a", Size: 1, Digests: artifact.Digests{SHA256: d}}}})
	})
}

// publish stores and records a text.
func (y *depot) publish(domain int, text string) (artifact.Digest, string) {
	y.t.Helper()
	fence := y.fence(domain)
	d := put(y.t, y.stores[domain], text)
	version, err := y.record(domain, fence, d)
	y.check(err)
	return d, version
}

func (y *depot) withdraw(domain int, version string) {
	y.t.Helper()
	y.check(y.inner.Write(context.Background(), func(w catalog.Writer) error {
		return w.DeleteVersion(y.homes[domain], somePackage.At(version))
	}))
}

// refused wants a publication of bytes stored under the fence turned away.
func (y *depot) refused(since catalog.Fence, d artifact.Digest) {
	y.t.Helper()
	if _, err := y.record(0, since, d); !errors.Is(err, catalog.ErrUnclaimed) {
		y.t.Errorf("got %v, want that the bytes may be gone", err)
	}
}

func TestOrphansGoWhenTheyAreOldAndNobodyRefersToThem(t *testing.T) {
	y := newDepot(t)
	kept, _ := y.publish(0, "kept")
	orphan := put(t, y.stores[0], "orphan")
	foreign := put(t, y.stores[1], "kept") // the same bytes, of a domain that refers to nothing
	index, oldIndex := put(t, y.documents, "index"), put(t, y.documents, "old index")
	y.check(y.inner.Write(t.Context(), func(w catalog.Writer) error {
		return w.PutDocument(catalog.Document{Digest: index})
	}))
	there := func() map[string]bool {
		return map[string]bool{"kept": holds(y.stores[0], kept), "orphan": holds(y.stores[0], orphan),
			"foreign": holds(y.stores[1], foreign), "index": holds(y.documents, index),
			"old index": holds(y.documents, oldIndex)}
	}
	y.after(59 * time.Minute)
	y.run()
	for name, there := range there() {
		if !there {
			t.Errorf("%s is gone before its grace time is over", name)
		}
	}
	y.after(61 * time.Minute)
	y.catalog.writes.Store(0)
	y.run()
	want := map[string]bool{"kept": true, "orphan": false, "foreign": false, "index": true, "old index": false}
	if diff := cmp.Diff(want, there()); diff != "" {
		t.Errorf("what is there (-want +got):\n%s", diff)
	}
	// For each domain one that forgets, and two for its orphan.
	if n := y.catalog.writes.Load(); n != 6 {
		t.Errorf("%d transactions, want 6: contents in use and documents must not cost one", n)
	}
	if n := counted(t, y.registry, "entrepot_jobs_orphans_deleted_total"); n != 3 {
		t.Errorf("the metric counts %v, want 3", n)
	}
	y.check(y.inner.Check(t.Context()))
}

func TestOrphansStayWhenThingsChangeMeanwhile(t *testing.T) {
	t.Run("referred_to_again", func(t *testing.T) {
		y := newDepot(t)
		fence := y.fence(0)
		d := put(t, y.stores[0], "orphan")
		y.after(2 * time.Hour)
		y.catalog.beforeWrite = func(n int64) {
			if n == 1 {
				_, err := y.record(0, fence, d)
				y.check(err)
			}
		}
		y.run()
		if !holds(y.stores[0], d) {
			t.Error("it is gone")
		}
	})
	t.Run("stored_again", func(t *testing.T) {
		y := newDepot(t)
		d := put(t, y.stores[0], "orphan")
		y.after(2 * time.Hour)
		y.catalog.afterRead = func() { y.after(0) } // the content is young once more
		y.run()
		if !holds(y.stores[0], d) {
			t.Error("it is gone")
		}
	})
}

// TestBytesOutliveACommitThatFailed stands for group commit: a deletion sees in its transaction a version withdrawn that
// shares its commit.
func TestBytesOutliveACommitThatFailed(t *testing.T) {
	y := newDepot(t)
	d := put(t, y.stores[0], "orphan")
	y.after(2 * time.Hour)
	y.failing.Store(true)
	if err := y.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("got %v, want the failure of the commit", err)
	}
	if !holds(y.stores[0], d) {
		t.Error("bytes went and the catalog does not know")
	}
}

func TestOneBrokenSpaceDoesNotKeepOthersFromCollection(t *testing.T) {
	y := newDepot(t)
	d := put(t, y.stores[1], "orphan")
	put(t, y.stores[0], "something")
	y.after(2 * time.Hour)
	inner := y.spaces
	y.spaces = func(ctx context.Context) ([]Space, error) {
		spaces, err := inner(ctx)
		broken := Space{Name: "broken", Store: y.stores[0],
			Referenced: func(catalog.Reader, artifact.Digest) (bool, error) { return false, errors.New("no such table") }}
		return append([]Space{broken}, spaces[1:]...), err
	}
	err := y.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "collect orphans of broken: no such table") {
		t.Errorf("got %v, want an error that names the space", err)
	}
	if holds(y.stores[1], d) {
		t.Error("the other space was not looked through")
	}
}

func TestCollectionStopsWhenToldAndTellsTheCatalogWhatIsGone(t *testing.T) {
	y := newDepot(t)
	var all []artifact.Digest
	for i := range 3 * portion {
		all = append(all, put(t, y.stores[0], fmt.Sprint(i)))
	}
	y.after(2 * time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	removed := 0
	y.stores[0].before = func(artifact.Digest) error {
		if removed++; removed == portion+5 {
			cancel()
			return ctx.Err()
		}
		return nil
	}
	if err := y.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
	if removed != portion+5 {
		t.Errorf("it went on to the end, %d contents", removed)
	}
	for _, d := range all {
		if !holds(y.stores[0], d) {
			if _, err := y.record(0, y.fence(0), d); err != nil {
				t.Fatalf("the deletion of a removed content is not finished: %v", err)
			}
		}
	}
}

func TestAPublicationThatMeetsACollectionStoresItsBytesAgain(t *testing.T) {
	y := newDepot(t)
	fence := y.fence(0)
	d := put(t, y.stores[0], "text") // and before it is recorded
	y.after(2 * time.Hour)
	y.stores[0].before = func(artifact.Digest) error {
		y.refused(fence, d)
		y.refused(y.fence(0), d) // begun before, removed after this fence
		return nil
	}
	within := y.fence(0)
	y.run()
	y.refused(fence, d)
	y.refused(within, d)
	y.publish(0, "text")
	if !holds(y.stores[0], d) {
		t.Error("it is gone")
	}
}

// TestADeletionLeftUnfinishedIsTakenOver has the collector fail between the beginning of a deletion and the removal, or
// between the removal and the end.
func TestADeletionLeftUnfinishedIsTakenOver(t *testing.T) {
	for _, removes := range []bool{false, true} {
		t.Run(fmt.Sprint("bytes_removed_", removes), func(t *testing.T) {
			y := newDepot(t)
			d := put(t, y.stores[0], "text")
			y.after(2 * time.Hour)
			y.stores[0].before = func(d artifact.Digest) error {
				if removes {
					y.check(y.stores[0].Store.Delete(t.Context(), d))
				}
				return errors.New("connection reset")
			}
			if err := y.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "connection reset") {
				t.Fatalf("got %v, want the failure of the store", err)
			}
			y.stores[0].before = nil
			put(t, y.stores[0], "text")
			y.after(2*time.Hour + staleAfter - time.Second)
			y.run()
			y.refused(y.fence(0), d) // whoever began it may still be at it
			if !removes && !holds(y.stores[0], d) {
				t.Error("a second collector removed bytes of a deletion that is not stale")
			}
			y.after(2*time.Hour + staleAfter + time.Second)
			y.run()
			if holds(y.stores[0], d) {
				t.Error("the deletion was not taken over")
			}
			y.publish(0, "text")
		})
	}
}

func TestACollectorThatWasAsleepRemovesNothing(t *testing.T) {
	y := newDepot(t)
	first, second := put(t, y.stores[0], "1"), put(t, y.stores[0], "2")
	y.after(2 * time.Hour)
	y.stores[0].before = func(artifact.Digest) error {
		y.after(2*time.Hour + removeWithin + time.Minute)
		return nil
	}
	y.run()
	if holds(y.stores[0], first) == holds(y.stores[0], second) {
		t.Error("it went on to remove bytes after its time")
	}
	y.after(3 * time.Hour)
	y.run()
	if holds(y.stores[0], first) || holds(y.stores[0], second) {
		t.Error("a later run left something behind")
	}
}

func TestOfTwoCollectorsOneDeletes(t *testing.T) {
	y := newDepot(t)
	d := put(t, y.stores[0], "text")
	y.after(2 * time.Hour)
	another := y.collector(prometheus.NewRegistry())
	removals := 0
	y.stores[0].before = func(artifact.Digest) error {
		removals++
		return another.Run(t.Context())
	}
	y.run()
	if removals != 1 || holds(y.stores[0], d) {
		t.Errorf("%d removals, still there %v; want one and that it is gone", removals, holds(y.stores[0], d))
	}
	y.publish(0, "text")
}

func TestDeletionsAreForgottenInTime(t *testing.T) {
	y := newDepot(t)
	before := y.fence(0)
	put(t, y.stores[0], "text")
	y.after(2 * time.Hour)
	y.run()
	other := put(t, y.stores[0], "other")
	if _, err := y.record(0, before, other); err != nil {
		t.Errorf("the deletion is remembered, it was not about these bytes, and yet: %v", err)
	}
	y.after(2*time.Hour + rememberFor + time.Minute)
	y.run()
	y.refused(before, put(t, y.stores[0], "a third"))
}

func TestADomainDeletedMeanwhileIsPassedOver(t *testing.T) {
	y := newDepot(t)
	put(t, y.stores[0], "text")
	orphan := put(t, y.stores[1], "text")
	y.after(2 * time.Hour)
	y.catalog.beforeWrite = func(n int64) {
		if n == 1 {
			y.check(y.inner.Write(t.Context(), func(w catalog.Writer) error {
				if err := w.DeleteRepository(y.homes[0]); err != nil {
					return err
				}
				return w.DeleteDomain(y.domains[0])
			}))
		}
	}
	y.run()
	if holds(y.stores[1], orphan) {
		t.Error("the domain that is there was not collected")
	}
}

// TestCollectionNeverTakesBytesFromAPublication publishes, withdraws and collects the same few contents at once, with
// two collectors. A publication that is refused begins again.
func TestCollectionNeverTakesBytesFromAPublication(t *testing.T) {
	y := newDepot(t)
	another := y.collector(prometheus.NewRegistry())
	y.grace, another.grace = -time.Hour, -time.Hour // everything is old enough at once: the age saves nobody
	stop := make(chan struct{})
	var working sync.WaitGroup
	for _, o := range []*Orphans{y.Orphans, another} {
		working.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if err := o.Run(context.Background()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	var publishers sync.WaitGroup
	var published, again atomic.Int64
	for worker := range 4 {
		publishers.Go(func() {
			// On and on until the two have met, which takes longer where the machine does something else.
			for i := 0; i < 150 || i < 100_000 && (published.Load() == 0 || again.Load() == 0); i++ {
				text := fmt.Sprint((worker + i) % 5)
				fence := y.fence(0)
				d := put(t, y.stores[0], text)
				version, err := y.record(0, fence, d)
				if errors.Is(err, catalog.ErrUnclaimed) {
					again.Add(1)
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				published.Add(1)
				if !holds(y.stores[0], d) {
					t.Errorf("%s is recorded and gone", text)
				}
				y.withdraw(0, version)
			}
		})
	}
	publishers.Wait()
	close(stop)
	working.Wait()
	if published.Load() == 0 || again.Load() == 0 {
		t.Errorf("%d published and %d had to begin again: they never met", published.Load(), again.Load())
	}
	y.check(y.inner.Check(t.Context()))
}

func TestWhereRoomIsNeededOrphansGoAfterAMinute(t *testing.T) {
	y := newDepot(t)
	pressed := false
	y.Pressed = func() bool { return pressed }
	d := put(t, y.stores[0], "an orphan")
	y.after(2 * time.Minute)
	for _, pressed = range []bool{false, true} {
		y.run()
		if kept := holds(y.stores[0], d); kept == pressed {
			t.Errorf("after two minutes, with room needed %v: the orphan is kept: %v", pressed, kept)
		}
	}
}
