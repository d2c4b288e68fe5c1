package sqlcatalog_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/catalog/catalogtest"
	"entrepot/catalog/sqlcatalog"
)

// clock is set by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// pair opens two stores over one file.
func pair(t *testing.T, one, other sqlcatalog.Sharing) (a, b *sqlcatalog.Store) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "catalog.db")
	return openAt(t, path, sqlcatalog.Options{Sharing: &one}), openAt(t, path, sqlcatalog.Options{Sharing: &other})
}

// listen has a store read the database.
func listen(t *testing.T, s *sqlcatalog.Store) {
	t.Helper()
	if err := s.Read(t.Context(), func(catalog.Reader) error { return nil }); err != nil {
		t.Fatal(err)
	}
}

func TestSharedSQLiteIsACatalog(t *testing.T) {
	catalogtest.Run(t, func(t *testing.T) catalog.Store {
		a, b := pair(t, sqlcatalog.Sharing{Peers: &sqlcatalog.InProcess{}, Bound: time.Hour}, sqlcatalog.Sharing{})
		listen(t, a)
		t.Cleanup(func() {
			if err := b.Check(context.Background()); err != nil {
				t.Errorf("check: %v", err)
			}
		})
		return a
	})
}

// TestWhatAnotherStoreChanged tells when a store knows of a change that another made to the same file.
func TestWhatAnotherStoreChanged(t *testing.T) {
	const bound = 2 * time.Second
	domains := catalog.DomainsTopic()
	type fixture struct {
		clock *clock
		a, b  *sqlcatalog.Store
	}
	for name, row := range map[string]struct {
		deaf    bool                           // b is not told
		between func(t *testing.T, f *fixture) // after a's change, before b is asked
		known   bool
		changed bool // if known
	}{
		"is known at once to one that is told": {false, func(*testing.T, *fixture) {}, true, true},
		"may be missed within the bound":       {true, func(_ *testing.T, f *fixture) { f.clock.add(bound) }, true, false},
		"leaves all unknown beyond the bound":  {true, func(_ *testing.T, f *fixture) { f.clock.add(bound + 1) }, false, false},
		"leaves all unknown to one that is told and has not read for the bound": {
			false, func(_ *testing.T, f *fixture) { f.clock.add(bound + 1) }, false, false},
		"is known when the database was read beyond half the bound": {true, func(t *testing.T, f *fixture) {
			f.clock.add(bound/2 + 1)
			listen(t, f.b)
		}, true, true},
		"is not looked for within half the bound": {true, func(t *testing.T, f *fixture) {
			f.clock.add(bound / 2)
			listen(t, f.b)
		}, true, false},
		"is known when the database was read after the bound": {true, func(t *testing.T, f *fixture) {
			f.clock.add(time.Hour)
			listen(t, f.b)
		}, true, true},
		"leaves all unknown when the clock is set back": {true, func(_ *testing.T, f *fixture) { f.clock.add(-1) },
			false, false},
		"is known though the one that made it has stopped": {true, func(t *testing.T, f *fixture) {
			if err := f.a.Close(); err != nil {
				t.Error(err)
			}
			f.clock.add(bound)
			listen(t, f.b)
		}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fixture{clock: newClock()}
			peers := &sqlcatalog.InProcess{}
			one := sqlcatalog.Sharing{Bound: bound, Now: f.clock.Now, Peers: peers}
			other := one
			if row.deaf {
				other.Peers = nil
			}
			f.a, f.b = pair(t, one, other)
			listen(t, f.b)
			before, known := f.b.Stamp(domains)
			if !known {
				t.Fatal("the stamp is unknown right after the database was read")
			}
			if err := createDomain(f.a, "d"); err != nil {
				t.Fatal(err)
			}
			row.between(t, f)
			after, known := f.b.Stamp(domains)
			if known != row.known || known && (after != before) != row.changed {
				t.Errorf("got known %v, changed %v, want %v, %v", known, after != before, row.known, row.changed)
			}
		})
	}
}

func TestNothingIsKnownBeforeTheFirstRead(t *testing.T) {
	a, _ := pair(t, sqlcatalog.Sharing{}, sqlcatalog.Sharing{})
	if _, known := a.Stamp(catalog.DomainsTopic()); known {
		t.Error("a stamp is known though the database was not read")
	}
}

// TestUntouchedTopicsStay keeps sharing from making everything stale with each commit.
func TestUntouchedTopicsStay(t *testing.T) {
	w := newClock()
	a, b := pair(t, sqlcatalog.Sharing{Now: w.Now}, sqlcatalog.Sharing{Now: w.Now})
	listen(t, b)
	before, _ := b.Stamp(catalog.PackageTopic(1, packageNumber(1)))
	if err := createDomain(a, "d"); err != nil {
		t.Fatal(err)
	}
	w.add(2 * time.Second)
	listen(t, b)
	if after, known := b.Stamp(catalog.PackageTopic(1, packageNumber(1))); !known || after != before {
		t.Errorf("got known %v, changed %v, want a stamp that stays", known, after != before)
	}
}

// TestCommitOfAnotherSchemeChangesEverything is how an older and a newer release share a database.
func TestCommitOfAnotherSchemeChangesEverything(t *testing.T) {
	w := newClock()
	path := filepath.Join(t.TempDir(), "catalog.db")
	s := openAt(t, path, sqlcatalog.Options{Sharing: &sqlcatalog.Sharing{Now: w.Now}})
	listen(t, s)
	before, _ := s.Stamp(catalog.TokensTopic())
	run(t, path, "UPDATE revisions SET last = 1; INSERT INTO touched (scheme, stripe, revision) VALUES (99, 3, 1)")
	w.add(2 * time.Second)
	listen(t, s)
	if after, known := s.Stamp(catalog.TokensTopic()); !known || after == before {
		t.Errorf("got known %v, changed %v, want a change", known, after != before)
	}
}

// TestNoticesMayComeInAnyOrder drops, doubles and turns around notices: they must never make a store believe that it
// knows what it does not.
func TestNoticesMayComeInAnyOrder(t *testing.T) {
	for name, order := range map[string][]int{
		"one is lost":          {0, 2},
		"the last is lost":     {0, 1},
		"they are turned":      {2, 1, 0},
		"one comes twice":      {0, 0, 1, 2},
		"none comes":           {},
		"the last comes first": {2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newClock()
			kept := &collector{}
			a, b := pair(t, sqlcatalog.Sharing{Now: w.Now, Peers: kept}, sqlcatalog.Sharing{Now: w.Now, Peers: kept})
			listen(t, b)
			stamps := func() (all []catalog.Stamp) {
				for id := range 3 {
					stamp, _ := b.Stamp(catalog.DomainTopic(catalog.DomainID(id + 1)))
					all = append(all, stamp)
				}
				return all
			}
			before := stamps()
			for id := range 3 {
				if err := createDomain(a, fmt.Sprint("d", id)); err != nil {
					t.Fatal(err)
				}
			}
			for _, i := range order {
				kept.takes[1](kept.notices[i])
			}
			w.add(2 * time.Second)
			listen(t, b)
			for id, after := range stamps() {
				if after == before[id] {
					t.Errorf("domain %d did not change", id+1)
				}
			}
		})
	}
}

// collector keeps notices and gives them to nobody.
type collector struct {
	notices []sqlcatalog.Notice
	takes   []func(sqlcatalog.Notice)
}

func (c *collector) Tell(n sqlcatalog.Notice) { c.notices = append(c.notices, n) }

func (c *collector) Hear(take func(sqlcatalog.Notice)) (stop func()) {
	c.takes = append(c.takes, take)
	return func() {}
}

func TestSharedAndUnsharedStoresKeepEachOtherOut(t *testing.T) {
	shared := sqlcatalog.Options{Sharing: &sqlcatalog.Sharing{}}
	for name, row := range map[string]struct {
		first, second sqlcatalog.Options
		opens         bool
	}{
		"alone, then alone":     {sqlcatalog.Options{}, sqlcatalog.Options{}, false},
		"alone, then shared":    {sqlcatalog.Options{}, shared, false},
		"shared, then alone":    {shared, sqlcatalog.Options{}, false},
		"shared, then together": {shared, shared, true},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "catalog.db")
			openAt(t, path, row.first)
			s, err := sqlcatalog.OpenSQLite(t.Context(), path, row.second)
			if (err == nil) != row.opens {
				t.Errorf("got %v, want it to open: %v", err, row.opens)
			}
			if err == nil {
				_ = s.Close()
			}
		})
	}
}

func TestStoresOpenedAtOnceShareOneSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "catalog.db")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			s, err := sqlcatalog.OpenSQLite(context.Background(), path, sqlcatalog.Options{Sharing: &sqlcatalog.Sharing{}})
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestWritersOfTwoStoresBothSucceed(t *testing.T) {
	peers := &sqlcatalog.InProcess{}
	a, b := pair(t, sqlcatalog.Sharing{Peers: peers}, sqlcatalog.Sharing{Peers: peers})
	var all sync.WaitGroup
	for i := range 20 {
		for name, s := range map[string]*sqlcatalog.Store{"a": a, "b": b} {
			all.Go(func() {
				if err := createDomain(s, fmt.Sprint(name, i)); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	if got := countDomains(t, a); got != 40 {
		t.Errorf("got %d domains, want 40", got)
	}
}

// TestAnswerOfOneStoreNeverMissesWhatAnotherWasToldIsWritten is the promise of stamps, over two stores that hear.
func TestAnswerOfOneStoreNeverMissesWhatAnotherWasToldIsWritten(t *testing.T) {
	peers := &sqlcatalog.InProcess{}
	a, b := pair(t, sqlcatalog.Sharing{Peers: peers}, sqlcatalog.Sharing{Peers: peers, Bound: 20 * time.Millisecond})
	m := catalog.NewMemo[string, bool](b, 10)
	exists := func(name string) bool {
		found, err := m.Get(t.Context(), name, func(ctx context.Context, on *catalog.Basis) (bool, error) {
			on.Topics(catalog.DomainsTopic())
			err := b.Read(ctx, func(r catalog.Reader) error {
				_, err := r.Domain(artifact.DomainKey{Owner: "1", Name: name})
				return err
			})
			if artifact.Is(err, artifact.NotFound) {
				return false, nil
			}
			return err == nil, err
		})
		if err != nil {
			t.Error(err)
		}
		return found
	}
	for i := range 100 {
		name := fmt.Sprint("d", i)
		if exists(name) {
			t.Fatalf("%s exists before it is made", name)
		}
		if err := createDomain(a, name); err != nil {
			t.Fatal(err)
		}
		if !exists(name) {
			t.Fatalf("%s does not exist after it was made", name)
		}
	}
}
