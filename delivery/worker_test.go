package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/catalog/sqlcatalog/sqlcatalogtest"
	"entrepot/events"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

const account = "111122223333"

// house is a catalog with what happened in it, at the time of a bubble.
type house struct {
	*testing.T
	catalog.Store
	targets []Target
}

func newHouse(t *testing.T) *house {
	t.Helper()
	s := sqlcatalogtest.Open(t, filepath.Join(t.TempDir(), "catalog.sqlite"), sqlcatalog.Options{Rehearse: true})
	t.Cleanup(func() { _ = s.Close() })
	return &house{T: t, Store: s}
}

// service is rules over the house that have just been started.
func (h *house) service() *Service {
	h.Helper()
	s, err := New(Options{Catalog: h.Store, Region: "us-east-1", Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Metrics: prometheus.NewRegistry(), Targets: h.targets, Jitter: func(d time.Duration) time.Duration { return d }})
	h.check(err)
	h.check(s.Prepare(context.WithoutCancel(h.Context())))
	return s
}

// run tells until stop is called, which waits for the end.
func (h *house) run() (stop func()) {
	h.Helper()
	s := h.service()
	ctx, cancel := context.WithCancel(context.WithoutCancel(h.Context()))
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			h.Errorf("the run ended with %v", err)
		}
	})
}

func (h *house) check(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) write(fn func(w catalog.Writer) error) {
	h.Helper()
	h.check(h.Write(context.WithoutCancel(h.Context()), fn))
}

func (h *house) read(fn func(r catalog.Reader) error) {
	h.Helper()
	h.check(h.Read(context.WithoutCancel(h.Context()), fn))
}

// happens records a change of a version of each of the packages, with something else between.
func (h *house) happens(version string, packages ...string) {
	h.Helper()
	h.write(func(w catalog.Writer) error {
		for _, name := range packages {
			detail, err := json.Marshal(events.Change{DomainOwner: account, Administrator: account, Package: name, Version: version,
				Operation: events.Created})
			if err != nil {
				return err
			}
			if err := w.Record(catalog.Event{Time: time.Now(), Kind: catalog.AuditEvent, Detail: []byte("{}")}); err != nil {
				return err
			}
			if err := w.Record(catalog.Event{Time: time.Now(), Kind: catalog.VersionEvent, Resource: "arn:" + name, Detail: detail}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (h *house) target(name string) (t catalog.EventTarget) {
	h.Helper()
	h.read(func(r catalog.Reader) (err error) {
		t, err = r.EventTarget(name)
		return err
	})
	return t
}

func (h *house) deliveries(name string, dead bool) (list []string) {
	h.Helper()
	h.read(func(r catalog.Reader) error {
		list = nil
		found, err := r.Deliveries(name, dead, 0, catalog.MaxPage)
		for _, d := range found {
			var e events.Event
			if err := json.Unmarshal(d.Event, &e); err != nil {
				return err
			}
			list = append(list, e.Detail.Package+"@"+e.Detail.Version)
		}
		return err
	})
	return list
}

func want[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// receiver takes what it is told as a test wants.
type receiver struct {
	mu        sync.Mutex
	takes     func(what string) error // nil takes everything
	takesTime time.Duration
	got       []string // PACKAGE@VERSION, each time it was taken
	ids       []string
	bodies    []string
}

var errRefused = errors.New("refused")

// Send implements Sender.
func (r *receiver) Send(_ context.Context, m Message) error {
	time.Sleep(r.takesTime)
	r.mu.Lock()
	defer r.mu.Unlock()
	what := m.Event.Detail.Package + "@" + m.Event.Detail.Version
	if r.takes != nil {
		if err := r.takes(what); err != nil {
			return err
		}
	}
	r.got, r.ids, r.bodies = append(r.got, what), append(r.ids, m.Event.ID), append(r.bodies, string(m.Body))
	return nil
}

func (r *receiver) set(takes func(string) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.takes = takes
}

// had is what was taken so far, in an order that does not depend on which package came first.
func (r *receiver) had() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := slices.Clone(r.got)
	slices.SortStableFunc(got, func(a, b string) int { return int(a[0]) - int(b[0]) })
	return got
}

// told is the bodies that were taken so far.
func (r *receiver) told() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.bodies)
}

func refuses(refused ...string) func(string) error {
	return func(what string) error {
		if slices.Contains(refused, what) {
			return errRefused
		}
		return nil
	}
}

// story is a test in a time of its own.
func story(t *testing.T, tell func(h *house, to *receiver)) {
	synctest.Test(t, func(t *testing.T) {
		h, to := newHouse(t), &receiver{}
		h.targets = []Target{{Name: "hook", To: to}}
		tell(h, to)
	})
}

func TestWhatHappensIsToldInItsOrderAndAtOnce(t *testing.T) {
	story(t, func(h *house, to *receiver) {
		h.happens("0", "a") // before anybody was to be told
		began := time.Now()
		defer h.run()()
		synctest.Wait()
		h.happens("1", "a", "b")
		h.happens("2", "a")
		synctest.Wait()
		want(h, "told", to.had(), []string{"a@1", "a@2", "b@1"})
		if time.Since(began) != 0 {
			h.Errorf("it took %v", time.Since(began))
		}
		last := h.target("hook").Cursor
		h.happens("3", "a")
		synctest.Wait()
		if now := h.target("hook").Cursor; now != last+2 {
			h.Errorf("the cursor went from %d to %d", last, now)
		}
		want(h, "waiting", h.deliveries("hook", false), nil)
	})
}

func TestWhatIsNotTakenHoldsBackItsPackageAlone(t *testing.T) {
	story(t, func(h *house, to *receiver) {
		to.set(refuses("a@2"))
		defer h.run()()
		h.happens("1", "a", "b")
		h.happens("2", "a", "b")
		h.happens("3", "a", "b")
		synctest.Wait()
		want(h, "told", to.had(), []string{"a@1", "b@1", "b@2", "b@3"})
		time.Sleep(time.Minute)
		h.happens("4", "a", "b")
		synctest.Wait()
		want(h, "told later", to.had(), []string{"a@1", "b@1", "b@2", "b@3", "b@4"})
		want(h, "waiting", h.deliveries("hook", false), []string{"a@2", "a@3", "a@4"})
		to.set(nil)
		time.Sleep(longest)
		synctest.Wait()
		want(h, "told in the end", to.had(), []string{"a@1", "a@2", "a@3", "a@4", "b@1", "b@2", "b@3", "b@4"})
		want(h, "waiting in the end", h.deliveries("hook", false), nil)
	})
}

// counted is a catalog that counts its writes.
type counted struct {
	catalog.Store
	writes atomic.Int64
}

func (c *counted) Write(ctx context.Context, fn func(catalog.Writer) error) error {
	c.writes.Add(1)
	return c.Store.Write(ctx, fn)
}

func TestWhatDoesNotConcernATargetCostsNoTransaction(t *testing.T) {
	story(t, func(h *house, to *receiver) {
		pattern, err := events.ParsePattern(`{"detail": {"packageName": ["mine"]}}`)
		h.check(err)
		h.targets[0].Pattern = pattern
		store := &counted{Store: h.Store}
		h.Store = store
		defer h.run()()
		synctest.Wait()
		before, began := h.target("hook").Cursor, store.writes.Load()
		for n := range 10 {
			h.happens(fmt.Sprint(n), "theirs")
			synctest.Wait()
		}
		if n := store.writes.Load() - began; n != 10 {
			h.Errorf("10 changes cost %d writes", n)
		}
		h.happens("1", "mine", "theirs")
		synctest.Wait()
		want(h, "told", to.had(), []string{"mine@1"})
		if now := h.target("hook").Cursor; now != before+24 {
			h.Errorf("the cursor went from %d to %d", before, now)
		}
		for range 3 * portion {
			h.happens("2", "theirs")
		}
		synctest.Wait()
		if now := h.target("hook").Cursor; now < before+24+mostPassed {
			h.Errorf("the cursor stays at %d behind %d", now, before+24+6*portion)
		}
		h.happens("3", "mine")
		synctest.Wait()
		want(h, "told", to.had(), []string{"mine@1", "mine@3"})
	})
}

func TestAttemptsComeLessAndLessOften(t *testing.T) {
	story(t, func(h *house, to *receiver) {
		var at []time.Duration
		began := time.Now()
		to.set(func(string) error { at = append(at, time.Since(began)); return errRefused })
		stop := h.run()
		synctest.Wait()
		h.happens("1", "a")
		time.Sleep(5 * time.Second)
		stop()
		want(h, "attempts", at, []time.Duration{0, 200 * time.Millisecond, 600 * time.Millisecond, 1400 * time.Millisecond, 3 * time.Second})
		to.set(nil)
		defer h.run()()
		time.Sleep(time.Second)
		synctest.Wait()
		want(h, "told before it is due", to.had(), nil) // the wait outlives the process
		time.Sleep(time.Second)
		synctest.Wait()
		want(h, "told", to.had(), []string{"a@1"})
	})
}

func TestATargetThatIsAwayCostsABoundedNumberOfRowsAndMissesNothing(t *testing.T) {
	story(t, func(h *house, to *receiver) {
		to.set(func(string) error { return errRefused })
		defer h.run()()
		var all []string
		for n := range 3 {
			for i := range portion {
				name := fmt.Sprintf("%c%d", 'a'+n, i)
				all = append(all, name+"@1")
				h.happens("1", name)
			}
			synctest.Wait()
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := len(h.deliveries("hook", false)); n > portion+mostLanes {
			h.Errorf("%d events wait as rows", n)
		}
		to.set(nil)
		time.Sleep(longest)
		synctest.Wait()
		got := to.had()
		slices.Sort(got)
		slices.Sort(all)
		want(h, "told", got, all)
	})
}

func TestATargetThatTakesNothingForADayIsDisabledAndMissesNothing(t *testing.T) {
	story(t, func(h *house, to *receiver) {
		to.set(func(string) error { return errRefused })
		stop := h.run()
		h.happens("1", "a")
		time.Sleep(day + longest)
		h.happens("2", "a", "b")
		synctest.Wait()
		if at := h.target("hook"); !at.Disabled || at.Problem != "refused" {
			h.Fatalf("got %+v, want it disabled", at)
		}
		want(h, "dead letters", h.deliveries("hook", true), nil)
		to.set(nil)
		time.Sleep(day)
		synctest.Wait()
		want(h, "told", to.had(), nil)
		stop()
		defer h.run()()
		synctest.Wait()
		want(h, "told when it is enabled", to.had(), []string{"a@1", "a@2", "b@2"})
	})
}

func TestWhatIsRefusedForADayIsGivenUpAndItsPackageGoesOn(t *testing.T) {
	story(t, func(h *house, to *receiver) {
		to.set(refuses("a@1"))
		defer h.run()()
		h.happens("1", "a")
		h.happens("2", "a")
		for range 26 {
			h.happens("1", "b")
			time.Sleep(time.Hour)
		}
		synctest.Wait()
		want(h, "dead letters", h.deliveries("hook", true), []string{"a@1"})
		if got := to.had(); got[0] != "a@2" || len(got) != 27 {
			h.Errorf("told %v", got)
		}
		if h.target("hook").Disabled {
			h.Error("the target is disabled")
		}
	})
}

func TestASlowTargetHoldsUpNoOther(t *testing.T) {
	story(t, func(h *house, quick *receiver) {
		slow := &receiver{takesTime: time.Hour}
		h.targets = append(h.targets, Target{Name: "slow", To: slow})
		defer h.run()()
		synctest.Wait()
		for n := range 5 {
			h.happens(fmt.Sprint(n), "a")
			time.Sleep(time.Second)
			synctest.Wait()
			want(h, "told", len(quick.had()), n+1)
		}
		time.Sleep(6 * time.Hour)
		want(h, "told slowly", slow.had(), []string{"a@0", "a@1", "a@2", "a@3", "a@4"})
	})
}

func TestWhatIsOnItsWayComesToItsEndAndIsNotToldAgain(t *testing.T) {
	story(t, func(h *house, to *receiver) {
		to.takesTime = time.Second
		stop := h.run()
		synctest.Wait()
		h.happens("1", "a")
		h.happens("2", "a")
		time.Sleep(time.Second / 2)
		stop()
		want(h, "told", to.had(), []string{"a@1"})
		defer h.run()()
		time.Sleep(5 * time.Second)
		want(h, "told after another start", to.had(), []string{"a@1", "a@2"})
	})
}

// forgetful is a catalog that loses what was told: as if the process died before it was written down.
type forgetful struct {
	catalog.Store
	dead atomic.Bool
}

func (f *forgetful) Write(ctx context.Context, fn func(catalog.Writer) error) error {
	if f.dead.Load() {
		return errors.New("died")
	}
	return f.Store.Write(ctx, fn)
}

func TestWhatWasNotWrittenDownIsToldAgainUnderTheSameID(t *testing.T) {
	story(t, func(h *house, to *receiver) {
		store := &forgetful{Store: h.Store}
		kept := h.Store
		h.Store = store
		stop := h.run()
		synctest.Wait()
		store.dead.Store(true)
		h.Store = kept
		h.happens("1", "a")
		synctest.Wait()
		stop()
		first := len(to.had())
		defer h.run()()
		synctest.Wait()
		if got := to.had(); first == 0 || len(got) <= first || to.ids[0] != to.ids[len(to.ids)-1] {
			h.Errorf("got %v with ids %v, want the event again", got, to.ids)
		}
	})
}

// Random failures and deaths, many of them: everything arrives, and each package's events in their order once repeats are
// left out.
func TestWhateverFailsEverythingArrivesInOrder(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			story(t, func(h *house, to *receiver) {
				draw := rand.New(rand.NewPCG(seed, 1))
				var mu sync.Mutex
				to.set(func(string) error {
					mu.Lock()
					defer mu.Unlock()
					if draw.IntN(2) == 0 {
						return errRefused
					}
					return nil
				})
				kept := h.Store
				h.service() // from here on the target is told
				all := map[string][]string{}
				for n := range 20 {
					store := &forgetful{Store: kept}
					h.Store = store
					stop := h.run()
					h.Store = kept
					for i := range 5 {
						name := string(rune('a' + (n+i)%4))
						version := fmt.Sprint(n*5 + i)
						h.happens(version, name)
						all[name] = append(all[name], name+"@"+version)
						time.Sleep(time.Duration(rand.N(300)) * time.Millisecond)
					}
					store.dead.Store(n%2 == 0)
					time.Sleep(time.Duration(rand.N(300)) * time.Millisecond)
					stop()
				}
				to.set(nil)
				defer h.run()()
				time.Sleep(time.Hour)
				got, seen := map[string][]string{}, map[string]bool{}
				for _, what := range to.had() {
					if !seen[what] {
						got[what[:1]] = append(got[what[:1]], what)
					}
					seen[what] = true
				}
				want(t, "told", got, all)
			})
		})
	}
}

func TestOnceATargetTakesEventsAgainAllThatWaitsIsDue(t *testing.T) {
	story(t, func(h *house, to *receiver) {
		to.set(func(string) error { return errRefused })
		defer h.run()()
		h.happens("1", "a")
		time.Sleep(10 * time.Minute) // a waits for five minutes a time
		to.set(nil)
		h.happens("1", "b")
		time.Sleep(time.Second)
		synctest.Wait()
		want(h, "told", to.had(), []string{"a@1", "b@1"})
	})
}
