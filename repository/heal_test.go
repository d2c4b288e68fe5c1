package repository_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/disk"
	"entrepot/blob/memcache"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/repository"

	"github.com/prometheus/client_golang/prometheus"
)

// damageKinds are what can become of a file behind everybody's back.
var damageKinds = []struct {
	name string
	do   func(path string) error
}{
	{"a bit flipped at the start", func(path string) error { return flip(path, 10) }},
	{"a bit flipped in the middle", func(path string) error { return flip(path, 150_000) }},
	{"a bit flipped in the key", func(path string) error { return flip(path, -1) }},
	{"truncated", func(path string) error { return os.Truncate(path, 100_000) }},
	{"empty", func(path string) error { return os.Truncate(path, 0) }},
	{"missing", os.Remove},
}

// flip turns a bit over, in the byte at an offset from the start, or from the end if it is negative.
func flip(path string, at int) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if at < 0 {
		at += len(text)
	}
	text[at] ^= 4
	return os.WriteFile(path, text, 0o600)
}

// worn is a fixture on disk whose files a test can damage.
type worn struct {
	*fixture
	dir    string
	stores repository.DomainStores
	log    lines
}

// lines are what is logged, by any goroutine.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// newWorn makes r over x with the external connection, and d.
func newWorn(t *testing.T, wrap func(blob.Store) blob.Store) *worn {
	w := &worn{dir: t.TempDir()}
	setUp(t, w.dir)
	d, stores := openDisk(t, w.dir, disk.Options{})
	t.Cleanup(func() { _ = d.Close() })
	var v repository.DomainStores = stores
	if wrap != nil {
		v = wrapped{stores, wrap}
	}
	w.stores = v
	w.fixture = openFixtureLogging(t, w.dir, v, newRegistry(t), sqlcatalog.Options{}, slog.New(slog.NewTextHandler(&w.log, nil)))
	return w
}

// wrapped are stores under something else.
type wrapped struct {
	repository.DomainStores
	wrap func(blob.Store) blob.Store
}

func (w wrapped) Open(d catalog.Domain) (blob.Store, error) {
	s, err := w.DomainStores.Open(d)
	if err != nil {
		return nil, err
	}
	return w.wrap(s), nil
}

// path is where a body is kept.
func (w *worn) path(body string) string { return kept(w.dir, body) }

// kept is where a body is kept in a folder that setUp prepared.
func kept(dir, body string) string {
	digits := artifact.Digest(sha256.Sum256([]byte(body))).String()
	return filepath.Join(dir, "blobs", "domain-1", digits[:2], digits[2:])
}

// says checks how often the log has a text.
func (w *worn) says(text string, times int) {
	w.t.Helper()
	if got := strings.Count(w.log.String(), text); got != times {
		w.t.Errorf("the log says %q %d times, want %d:\n%s", text, got, times, w.log.String())
	}
}

// counts checks a figure of the rules.
func (w *worn) counts(name string, want float64) {
	w.t.Helper()
	r := prometheus.NewRegistry()
	w.check(r.Register(w.rules))
	families, err := r.Gather()
	w.check(err)
	for _, f := range families {
		if f.GetName() == name {
			if got := f.GetMetric()[0].GetCounter().GetValue(); got != want {
				w.t.Errorf("%s is %v, want %v", name, got, want)
			}
			return
		}
	}
	w.t.Errorf("there is no %s", name)
}

const (
	saysDamaged = "kept bytes are damaged or missing"
	saysHealed  = "damaged or missing bytes were stored again"
)

// readsUntilWhole reads an asset until it comes whole, twice at most: the first read that meets damage may break off.
func (w *worn) readsUntilWhole(repo, coordinate, want string) {
	w.t.Helper()
	got, err := w.tryFetch(repo, coordinate)
	if err != nil {
		if !errors.Is(err, blob.ErrCorrupt) || len(got) >= len(want) || !strings.HasPrefix(want, got) {
			w.t.Fatalf("a read of damaged bytes gave %d of %d and %v", len(got), len(want), err)
		}
		got, err = w.tryFetch(repo, coordinate)
	}
	w.check(err)
	if got != want {
		w.t.Fatalf("got %d other bytes, want %d", len(got), len(want))
	}
}

func TestADamagedOrMissingAssetComesAgainFromItsRegistry(t *testing.T) {
	for _, damage := range damageKinds {
		t.Run(damage.name, func(t *testing.T) {
			w := newWorn(t, nil)
			w.registry.offer("left@1.0.0", fetchedBody)
			w.fetches("r", "left@1.0.0", fetchedBody)
			before := w.version("r", "left@1.0.0")
			for round := 1; round <= 2; round++ { // no fetch that lingers from the round before answers
				w.check(damage.do(w.path(fetchedBody)))
				w.readsUntilWhole("r", "left@1.0.0", fetchedBody)
				w.says(saysDamaged, round)
				w.says(saysHealed, round)
			}
			if got := w.registry.requests.Load(); got != 3 {
				t.Errorf("the registry was asked for bytes %d times, want 3", got)
			}
			w.says("version="+at("left@1.0.0").String()+" asset="+tarball, 4)
			w.counts("entrepot_assets_damaged_total", 2)
			w.counts("entrepot_assets_healed_total", 2)
			w.registry.goDown()
			w.fetches("r", "left@1.0.0", fetchedBody)
			w.fetches("x", "left@1.0.0", fetchedBody)
			if after := w.version("r", "left@1.0.0"); after.Revision != before.Revision || after.Assets[0].AddedAt != before.Assets[0].AddedAt {
				t.Error("healing changed the record")
			}
		})
	}
}

func TestTheAPIWaitsForADamagedAssetToComeAgain(t *testing.T) {
	w := newWorn(t, nil)
	w.registry.offer("left@1.0.0", fetchedBody)
	w.fetches("r", "left@1.0.0", fetchedBody)
	w.check(os.Remove(w.path(fetchedBody)))
	f, err := w.rules.Asset(t.Context(), w.owner, key("r"), at("left@1.0.0"), tarball, "")
	w.check(err)
	defer f.Content.Close()
	if got, err := io.ReadAll(f.Content); err != nil || string(got) != fetchedBody {
		t.Errorf("got %d bytes and %v, want %d", len(got), err, len(fetchedBody))
	}
}

func TestBytesThatAreNotThoseOnRecordHealNothing(t *testing.T) {
	w := newWorn(t, nil)
	w.registry.offer("left@1.0.0", fetchedBody)
	w.fetches("r", "left@1.0.0", fetchedBody)
	w.check(os.Remove(w.path(fetchedBody)))
	w.registry.offer("left@1.0.0", fetchedBody[1:]+"x") // and its listing promises just that
	w.fetchFails("r", "left@1.0.0", artifact.Unavailable)
	w.says(saysHealed, 0)
	w.registry.offer("left@1.0.0", fetchedBody)
	w.fetches("r", "left@1.0.0", fetchedBody)
}

func TestARegistryThatMayNotBeAskedHealsNothing(t *testing.T) {
	w := newWorn(t, nil)
	w.registry.offer("left@1.0.0", fetchedBody)
	w.fetches("r", "left@1.0.0", fetchedBody)
	w.check(os.Remove(w.path(fetchedBody)))
	w.control("r", "left", artifact.Block, artifact.Block)
	err := w.fetchFails("r", "left@1.0.0", artifact.Internal)
	if !strings.Contains(err.Error(), "Publish the same bytes again") {
		t.Errorf("%v does not say what to do", err)
	}
	if _, err := w.shelf("r").Stat(t.Context(), at("left@1.0.0"), tarball); !artifact.Is(err, artifact.Internal) {
		t.Errorf("Stat of what Open cannot open: got error %v, want an internal one", err)
	}
	w.control("r", "left", artifact.Block, artifact.Allow)
	if a, err := w.shelf("r").Stat(t.Context(), at("left@1.0.0"), tarball); err != nil || !a.Promised {
		t.Errorf("Stat of what Open would fetch: got %v, %v, want a promise", a.Promised, err)
	}
	w.fetches("r", "left@1.0.0", fetchedBody)
	if a, err := w.shelf("r").Stat(t.Context(), at("left@1.0.0"), tarball); err != nil || a.Promised {
		t.Errorf("Stat of what is kept: got %v, %v, want no promise", a.Promised, err)
	}
}

func TestAnotherNodesHealingIsSeen(t *testing.T) {
	w := newWorn(t, nil)
	w.publish("r", "mine@1.0.0", publishedBody)
	whole, err := os.ReadFile(w.path(publishedBody))
	w.check(err)
	w.check(flip(w.path(publishedBody), 150_000))
	if _, err := w.tryFetch("r", "mine@1.0.0"); !errors.Is(err, blob.ErrCorrupt) {
		t.Fatalf("got error %v, want %v", err, blob.ErrCorrupt)
	}
	w.fetchFails("r", "mine@1.0.0", artifact.Internal) // before any byte, now that it is known
	w.check(os.WriteFile(w.path(publishedBody), whole, 0o600))
	w.fetches("r", "mine@1.0.0", publishedBody)
}

// TestNodesHealAtOnceBesideACollector has two nodes over one catalog and one byte store meet the same damage, while
// collectors look for what nobody refers to, as if long afterwards.
func TestNodesHealAtOnceBesideACollector(t *testing.T) {
	dir := t.TempDir()
	setUp(t, dir)
	d, v := openDisk(t, dir, disk.Options{})
	t.Cleanup(func() { _ = d.Close() })
	var nodes []*fixture
	for range 2 {
		registry := newRegistry(t)
		registry.offer("left@1.0.0", fetchedBody)
		nodes = append(nodes, openFixture(t, dir, v, registry, sqlcatalog.Options{Sharing: &sqlcatalog.Sharing{}}))
	}
	nodes[0].fetches("r", "left@1.0.0", fetchedBody)
	later := func() time.Time { return time.Now().Add(24 * time.Hour) }
	for _, damage := range damageKinds {
		nodes[0].check(damage.do(kept(dir, fetchedBody)))
		var working sync.WaitGroup
		for _, h := range nodes {
			working.Go(func() {
				if err := collect(h.catalog, v, later); err != nil {
					t.Errorf("%s: collect: %v", damage.name, err)
				}
			})
			for range 3 {
				working.Go(func() {
					if body, err := h.tryFetch("r", "left@1.0.0"); err == nil && body != fetchedBody {
						t.Errorf("%s: a read without an error gave %d other bytes", damage.name, len(body))
					} else if err != nil && !errors.Is(err, blob.ErrCorrupt) {
						t.Errorf("%s: %v", damage.name, err)
					}
				})
			}
		}
		working.Wait()
		for _, h := range nodes { // the first to meet damage in the middle breaks off
			if _, err := h.tryFetch("r", "left@1.0.0"); err != nil && !errors.Is(err, blob.ErrCorrupt) {
				t.Errorf("%s: %v", damage.name, err)
			}
			h.fetches("r", "left@1.0.0", fetchedBody)
		}
	}
	for _, h := range nodes {
		h.registry.goDown()
		h.fetches("r", "left@1.0.0", fetchedBody)
		h.fetches("x", "left@1.0.0", fetchedBody)
	}
}

func TestPublishingTheSameBytesHealsThem(t *testing.T) {
	for _, damage := range damageKinds {
		t.Run(damage.name, func(t *testing.T) {
			w := newWorn(t, nil)
			w.publish("r", "mine@1.0.0", publishedBody)
			for _, coordinate := range []string{"mine@1.0.0", "mine@2.0.0", "other@1.0.0"} {
				w.check(damage.do(w.path(publishedBody)))
				w.publish("r", coordinate, publishedBody)
				w.fetches("r", coordinate, publishedBody)
				w.fetches("r", "mine@1.0.0", publishedBody)
			}
		})
	}
}

func TestPublishingThePromisedBytesKeepsThem(t *testing.T) {
	w := newWorn(t, nil)
	w.registry.offer("left@1.0.0", fetchedBody)
	w.fetches("r", "left@1.0.0", fetchedBody)
	w.registry.goDown()
	w.control("r", "left", artifact.Allow, artifact.Allow)
	w.check(w.catalog.Write(t.Context(), func(to catalog.Writer) error { // as a repair of the folder does, in all repositories
		d, err := to.Domain(domainKey)
		if err != nil {
			return err
		}
		for r, err := range catalog.Each(func(page catalog.Page) (catalog.Listing[catalog.Repository], error) {
			return to.Repositories(catalog.RepositoryFilter{Domain: d.ID}, page)
		}) {
			if err != nil {
				return err
			}
			v, err := to.Version(r.ID, at("left@1.0.0"))
			if artifact.Is(err, artifact.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			v.Assets[0].Promised = true
			if err := to.UpdateVersion(r.ID, v); err != nil {
				return err
			}
		}
		return nil
	}))
	w.check(os.Remove(w.path(fetchedBody)))
	before := w.version("r", "left@1.0.0")
	w.publish("r", "left@1.0.0", fetchedBody)
	after := w.version("r", "left@1.0.0")
	if after.Assets[0].Promised || after.Origin != before.Origin || after.Revision != before.Revision {
		t.Errorf("after the publication: %+v, want what was there, kept", after)
	}
	w.check(collect(w.catalog, w.stores, func() time.Time { return time.Now().Add(24 * time.Hour) }))
	w.fetches("r", "left@1.0.0", fetchedBody)
}

func TestALossThatAPublicationEndsIsOnRecord(t *testing.T) {
	w := newWorn(t, nil)
	w.publish("r", "mine@1.0.0", publishedBody)
	w.check(os.Remove(w.path(publishedBody)))
	w.publish("r", "mine@1.0.0", publishedBody)
	w.says(saysDamaged, 1)
	w.says(saysHealed, 1)
	w.counts("entrepot_assets_healed_total", 1)
}

func TestACopyOfWhatIsLostFetchesItOrFails(t *testing.T) {
	w := newWorn(t, nil)
	w.registry.offer("left@1.0.0", fetchedBody)
	w.fetches("r", "left@1.0.0", fetchedBody)
	w.publish("r", "mine@1.0.0", publishedBody)
	w.check(os.Remove(w.path(fetchedBody)))
	w.check(os.Remove(w.path(publishedBody)))
	copies := func(coordinate string) error {
		v := at(coordinate)
		_, err := w.rules.Copy(t.Context(), w.owner, repository.CopySpec{From: key("r"), To: key("d"),
			PackageKey: v.PackageKey, Selection: repository.Selection{Versions: []string{v.Version}}})
		return err
	}
	w.check(copies("left@1.0.0"))
	w.fetches("d", "left@1.0.0", fetchedBody)
	w.refuses(artifact.Internal, copies("mine@1.0.0"))
	w.holds("d", "mine")
}

func TestWhatAPublicationOnlyRefersToMustBeThere(t *testing.T) {
	w := newWorn(t, nil)
	w.publish("r", "mine@1.0.0", publishedBody)
	w.check(os.Remove(w.path(publishedBody)))
	p := repository.Publication{VersionKey: at("mine@2.0.0"), Manifest: []byte("{}"),
		Assets: []repository.StagedAsset{{Name: tarball, Of: &repository.AssetRef{Version: "1.0.0", Name: tarball}}}}
	_, err := w.shelf("r").Publish(t.Context(), p)
	w.refuses(artifact.Internal, err)
	w.holds("r", "mine", "1.0.0")
}

func TestMemoryForgetsWhatIsHealed(t *testing.T) {
	var memory blob.Store
	w := newWorn(t, func(s blob.Store) blob.Store {
		if memory == nil {
			memory = memcache.New(s, memcache.Options{Largest: 1 << 20})
		}
		return memory
	})
	w.registry.offer("left@1.0.0", fetchedBody)
	w.fetches("r", "left@1.0.0", fetchedBody)
	w.check(os.Remove(w.path(fetchedBody)))
	w.fetches("r", "left@1.0.0", fetchedBody)
	if _, err := os.Stat(w.path(fetchedBody)); err != nil {
		t.Errorf("the file did not come back: %v", err)
	}
}
