package jobs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/mem"
	"entrepot/catalog"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ledger is a catalog that knows references, domains and tokens. Reads see the last commit, one write runs at a time.
type ledger struct {
	catalog.Store
	mu         sync.Mutex
	writing    sync.Mutex
	domains    []catalog.Domain
	referenced map[catalog.DomainID]map[artifact.Digest]bool
	documents  map[artifact.Digest]bool
	tokens     []time.Time
	writes     int
	before     func(l *ledger) // runs as each write begins
	fail       error           // of every write, after its function
}

type page struct {
	catalog.Writer
	*ledger
}

func newLedger(domains ...catalog.DomainID) *ledger {
	l := &ledger{referenced: map[catalog.DomainID]map[artifact.Digest]bool{}, documents: map[artifact.Digest]bool{}}
	for _, id := range domains {
		l.domains = append(l.domains,
			catalog.Domain{ID: id, DomainKey: artifact.DomainKey{Owner: "123456789012", Name: fmt.Sprint("d", id)}})
		l.referenced[id] = map[artifact.Digest]bool{}
	}
	return l
}

func (l *ledger) Read(_ context.Context, fn func(catalog.Reader) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fn(page{ledger: l})
}

func (l *ledger) Write(_ context.Context, fn func(catalog.Writer) error) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.writes++
	if l.before != nil {
		l.before(l)
	}
	if err := fn(page{ledger: l}); err != nil {
		return err
	}
	return l.fail
}

func (p page) AssetReferenced(id catalog.DomainID, d artifact.Digest) (bool, error) {
	return p.referenced[id][d], nil
}
func (p page) DocumentReferenced(d artifact.Digest) (bool, error) { return p.ledger.documents[d], nil }
func (p page) AllDomains(q catalog.Page) (catalog.Listing[catalog.Domain], error) {
	return catalog.Listing[catalog.Domain]{Items: p.domains}, nil
}

func (p page) DeleteTokensExpired(t time.Time, limit int) (n int, err error) {
	p.ledger.tokens = slices.DeleteFunc(p.ledger.tokens, func(expires time.Time) bool {
		gone := expires.Before(t) && n < limit
		if gone {
			n++
		}
		return gone
	})
	return n, nil
}

func put(t testing.TB, s blob.Store, text string) artifact.Digest {
	t.Helper()
	draft, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer draft.Discard()
	if _, err := draft.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	d := artifact.Digest(sha256.Sum256([]byte(text)))
	if _, err := draft.Commit(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	return d
}

func holds(s blob.Store, d artifact.Digest) bool {
	_, err := s.Stat(context.Background(), d)
	return err == nil
}

// yard is a job over the stores of two domains and the documents.
type yard struct {
	*Orphans
	*ledger
	one, two, documents blob.Store
	clock               *atomic.Int64 // what is added to the time
	registry            *prometheus.Registry
}

func newYard(t testing.TB) *yard {
	t.Helper()
	y := &yard{ledger: newLedger(1, 2), one: mem.New(time.Now), two: mem.New(time.Now), documents: mem.New(time.Now),
		clock: &atomic.Int64{}, registry: prometheus.NewRegistry()}
	spaces := DomainSpaces(y.ledger, func(d catalog.Domain) (blob.Store, error) {
		return map[catalog.DomainID]blob.Store{1: y.one, 2: y.two}[d.ID], nil
	}, y.documents)
	now := func() time.Time { return time.Now().Add(time.Duration(y.clock.Load())) }
	var err error
	y.Orphans, err = NewOrphans(y.ledger, spaces, time.Hour, now, slog.New(slog.DiscardHandler), y.registry)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

func (y *yard) after(d time.Duration) { y.clock.Store(int64(d)) }

func TestOrphansGoWhenTheyAreOldAndNobodyRefersToThem(t *testing.T) {
	y := newYard(t)
	kept, orphan := put(t, y.one, "kept"), put(t, y.one, "orphan")
	foreign := put(t, y.two, "kept") // the same bytes, of a domain that refers to nothing
	index, oldIndex := put(t, y.documents, "index"), put(t, y.documents, "old index")
	y.referenced[1][kept] = true
	y.ledger.documents[index] = true

	y.after(59 * time.Minute)
	if err := y.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, there := range map[string]bool{
		"kept": holds(y.one, kept), "orphan": holds(y.one, orphan), "foreign": holds(y.two, foreign),
		"index": holds(y.documents, index), "old index": holds(y.documents, oldIndex),
	} {
		if !there {
			t.Errorf("%s is gone before its grace time is over", name)
		}
	}
	y.after(61 * time.Minute)
	if err := y.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{"kept": holds(y.one, kept), "orphan": holds(y.one, orphan), "foreign": holds(y.two, foreign),
		"index": holds(y.documents, index), "old index": holds(y.documents, oldIndex)}
	want := map[string]bool{"kept": true, "orphan": false, "foreign": false, "index": true, "old index": false}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what is there (-want +got):\n%s", diff)
	}
	if y.writes != 3 {
		t.Errorf("%d transactions for three orphans: those in use must not cost one", y.writes)
	}
	if n := counted(t, y.registry, "entrepot_jobs_orphans_deleted_total"); n != 3 {
		t.Errorf("the metric counts %v, want 3", n)
	}
}

func counted(t *testing.T, r *prometheus.Registry, name string) (sum float64) {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.Metric {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

func TestOrphansStayWhenThingsChangeBeforeTheLock(t *testing.T) {
	for name, change := range map[string]func(y *yard, d artifact.Digest){
		"referred to again": func(y *yard, d artifact.Digest) { y.referenced[1][d] = true },
		"uploaded again":    func(y *yard, d artifact.Digest) { y.after(0) }, // the content is young once more
	} {
		t.Run(name, func(t *testing.T) {
			y := newYard(t)
			d := put(t, y.one, "orphan")
			y.after(2 * time.Hour)
			y.before = func(*ledger) { change(y, d) }
			if err := y.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if y.writes != 1 {
				t.Fatalf("%d transactions, want the one in which it changed", y.writes)
			}
			if !holds(y.one, d) {
				t.Error("it is gone")
			}
		})
	}
}

// TestBytesOutliveADeletionThatIsNotDurable stands for group commit: a transaction sees a deletion that shares its
// commit.
func TestBytesOutliveADeletionThatIsNotDurable(t *testing.T) {
	y := newYard(t)
	d := put(t, y.one, "in use")
	y.referenced[1][d] = true
	y.after(2 * time.Hour)
	y.before = func(l *ledger) { delete(l.referenced[1], d) }
	put(t, y.two, "makes a transaction begin")
	if err := y.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !holds(y.one, d) {
		t.Error("bytes went before the name that refers to them was durably gone")
	}
}

func TestOneBrokenSpaceDoesNotKeepOthersFromCollection(t *testing.T) {
	y := newYard(t)
	d := put(t, y.two, "orphan")
	y.after(2 * time.Hour)
	inner := y.spaces
	y.spaces = func(ctx context.Context) ([]Space, error) {
		spaces, err := inner(ctx)
		broken := Space{Name: "broken", Store: y.one, Referenced: func(catalog.Reader, artifact.Digest) (bool, error) {
			return false, errors.New("no such table")
		}}
		return append([]Space{broken}, spaces[1:]...), err
	}
	put(t, y.one, "something")
	err := y.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "collect orphans of broken: no such table") {
		t.Errorf("got %v, want an error that names the space", err)
	}
	if holds(y.two, d) {
		t.Error("the other space was not looked through")
	}
}

func TestCollectionStopsWhenTold(t *testing.T) {
	y := newYard(t)
	for i := range 3 * batch {
		put(t, y.one, fmt.Sprint(i))
	}
	y.after(2 * time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	y.before = func(l *ledger) {
		if l.writes == 10 {
			cancel()
		}
	}
	if err := y.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
	if y.writes > 3*batch-1 {
		t.Errorf("it went on to the end, %d transactions", y.writes)
	}
}

// TestCollectionNeverTakesBytesFromAPublication publishes, deletes and collects the same few contents at once. A
// publication commits its bytes, then looks in its transaction whether they are still there, and if not begins again.
func TestCollectionNeverTakesBytesFromAPublication(t *testing.T) {
	y := newYard(t)
	y.grace = -time.Hour // everything is old enough at once: the age saves nobody
	var working sync.WaitGroup
	stop := make(chan struct{})
	working.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				if err := y.Run(context.Background()); err != nil {
					t.Error(err)
				}
			}
		}
	})
	var publishers sync.WaitGroup
	for worker := range 4 {
		publishers.Go(func() {
			for i := range 300 {
				text := fmt.Sprint((worker + i) % 5)
				d := put(t, y.one, text)
				published := false
				_ = y.Write(context.Background(), func(catalog.Writer) error {
					if holds(y.one, d) {
						y.mu.Lock()
						y.referenced[1][d] = true
						y.mu.Unlock()
						published = true
					}
					return nil
				})
				if published {
					_ = y.Write(context.Background(), func(catalog.Writer) error {
						if y.referenced[1][d] && !holds(y.one, d) {
							t.Errorf("%s is referred to and gone", text)
						}
						y.mu.Lock()
						delete(y.referenced[1], d)
						y.mu.Unlock()
						return nil
					})
				}
			}
		})
	}
	publishers.Wait()
	close(stop)
	working.Wait()
}

func TestExpiredTokensGoInSmallTransactions(t *testing.T) {
	l := newLedger()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 2*tokenBatch + 1 {
		l.tokens = append(l.tokens, now.Add(-time.Duration(i+1)*time.Second))
	}
	l.tokens = append(l.tokens, now.Add(time.Second))
	if err := ExpiredTokens(l, func() time.Time { return now })(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(l.tokens) != 1 || l.writes != 3 {
		t.Errorf("%d tokens left after %d transactions, want 1 after 3", len(l.tokens), l.writes)
	}
	l.fail = errors.New("disk full")
	if err := ExpiredTokens(l, time.Now)(t.Context()); !errors.Is(err, l.fail) {
		t.Errorf("got %v, want the catalog's error", err)
	}
}

func exactly(d time.Duration) time.Duration { return d }

func TestRunnerKeepsItsIntervals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var at []time.Duration
		r, err := NewRunner(slog.New(slog.DiscardHandler), prometheus.NewRegistry(), exactly,
			Job{"slow", time.Minute, func(context.Context) error {
				at = append(at, time.Since(begin))
				time.Sleep(90 * time.Second) // longer than its interval: runs never overlap
				return nil
			}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
		defer cancel()
		r.Run(ctx)
		want := []time.Duration{60 * time.Second, 210 * time.Second, 360 * time.Second}
		if diff := cmp.Diff(want[:2], at[:2]); diff != "" {
			t.Errorf("runs began at (-want +got):\n%s", diff)
		}
	})
}

func TestRunnerSurvivesFailureAndPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		registry := prometheus.NewRegistry()
		runs := 0
		r, err := NewRunner(slog.New(slog.NewTextHandler(&log, nil)), registry, exactly,
			Job{"odd", time.Minute, func(context.Context) error {
				switch runs++; runs {
				case 1:
					return errors.New("disk on fire")
				case 2:
					panic("unexpected")
				}
				return nil
			}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute+time.Second)
		defer cancel()
		r.Run(ctx)
		if runs != 3 || counted(t, registry, "entrepot_jobs_runs_total") != 3 {
			t.Errorf("%d runs, %v counted; want 3", runs, counted(t, registry, "entrepot_jobs_runs_total"))
		}
		for _, want := range []string{"job odd failed", "disk on fire", "job odd panicked", "unexpected"} {
			if strings.Count(log.String(), want) == 0 {
				t.Errorf("the log does not say %q", want)
			}
		}
	})
}

func TestRunnerWaitsForARunToStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := false
		r, err := NewRunner(slog.New(slog.DiscardHandler), prometheus.NewRegistry(), exactly,
			Job{"long", time.Second, func(ctx context.Context) error {
				<-ctx.Done()
				time.Sleep(time.Second) // clearing up
				ended = true
				return ctx.Err()
			}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		r.Run(ctx)
		if !ended {
			t.Error("Run returned while a job was still at work")
		}
	})
}

func TestJitterStaysWithinATenth(t *testing.T) {
	low, high := time.Hour, time.Duration(0)
	for range 10_000 {
		d := aroundTenth(10 * time.Minute)
		low, high = min(low, d), max(high, d)
	}
	if low < 9*time.Minute || high > 11*time.Minute || high-low < time.Minute {
		t.Errorf("intervals from %v to %v, want them spread over 9 to 11 minutes", low, high)
	}
}

func TestJobsThatCannotBeRunAreRefused(t *testing.T) {
	for name, job := range map[string]Job{
		"no interval": {"x", 0, func(context.Context) error { return nil }},
		"no work":     {"x", time.Second, nil},
		"no name":     {"", time.Second, func(context.Context) error { return nil }},
	} {
		if _, err := NewRunner(slog.New(slog.DiscardHandler), prometheus.NewRegistry(), nil, job); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
