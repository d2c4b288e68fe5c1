package catalogtest

import (
	"context"
	"sync"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

func testLeases(t *testing.T, open func(t *testing.T) catalog.Store) {
	const none = artifact.Internal // no verb refuses so
	type step struct {
		ends   bool // else the lease is taken until moment(until)
		holder string
		until  int
		now    int
		kind   artifact.Kind // of the refusal; none: it succeeds
	}
	for _, r := range []struct {
		name  string
		steps []step
		left  string // who has it in the end; empty: nobody
		until int
	}{
		{"a_free_lease_is_taken", []step{{holder: "a", until: 10}}, "a", 10},
		{"a_held_lease_is_refused", []step{{holder: "a", until: 10}, {holder: "b", until: 20, now: 9, kind: artifact.Conflict}},
			"a", 10},
		{"a_lease_is_over_at_its_end", []step{{holder: "a", until: 10}, {holder: "b", until: 20, now: 10}}, "b", 20},
		{"the_holder_moves_the_end", []step{{holder: "a", until: 10}, {holder: "a", until: 15, now: 5},
			{holder: "b", until: 20, now: 10, kind: artifact.Conflict}}, "a", 15},
		{"the_holder_takes_it_again_after_the_end", []step{{holder: "a", until: 10}, {holder: "a", until: 25, now: 20}}, "a", 25},
		{"a_holder_that_was_succeeded_is_refused", []step{{holder: "a", until: 10}, {holder: "b", until: 20, now: 10},
			{holder: "a", until: 30, now: 11, kind: artifact.Conflict}}, "b", 20},
		{"a_lease_that_was_given_up_is_free", []step{{holder: "a", until: 10}, {ends: true, holder: "a"},
			{holder: "b", until: 20, now: 1}}, "b", 20},
		{"only_the_holder_gives_it_up", []step{{holder: "a", until: 10}, {ends: true, holder: "b", kind: artifact.NotFound}},
			"a", 10},
		{"what_nobody_has_cannot_be_given_up", []step{{ends: true, holder: "a", kind: artifact.NotFound}}, "", 0},
		{"a_holder_that_was_succeeded_gives_nothing_up", []step{{holder: "a", until: 10}, {holder: "b", until: 20, now: 10},
			{ends: true, holder: "a", kind: artifact.NotFound}}, "b", 20},
	} {
		t.Run(r.name, func(t *testing.T) {
			f := &fixture{TB: t, Store: open(t)}
			f.write(func(w catalog.Writer) error {
				return w.TakeLease(catalog.Lease{Name: "other", Holder: "other", EndsAt: moment(99)}, moment(0))
			})
			for _, s := range r.steps {
				do := func(w catalog.Writer) error {
					if s.ends {
						return w.EndLease("work", s.holder)
					}
					return w.TakeLease(catalog.Lease{Name: "work", Holder: s.holder, EndsAt: moment(s.until)}, moment(s.now))
				}
				if s.kind == none {
					f.write(do)
				} else {
					f.refused(s.kind, do)
				}
			}
			if r.left == "" {
				f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.Lease("work"); return err })
				return
			}
			f.read(func(reader catalog.Reader) error {
				got, err := reader.Lease("work")
				want(t, "lease", got, catalog.Lease{Name: "work", Holder: r.left, EndsAt: moment(r.until)})
				return err
			})
		})
	}

	t.Run("of_several_at_once_one_takes_it", func(t *testing.T) {
		f := &fixture{TB: t, Store: open(t)}
		var mu sync.Mutex
		var all sync.WaitGroup
		taken := 0
		for _, holder := range []string{"a", "b", "c", "d"} {
			all.Go(func() {
				err := f.Write(context.Background(), func(w catalog.Writer) error {
					return w.TakeLease(catalog.Lease{Name: "work", Holder: holder, EndsAt: moment(0).Add(time.Hour)}, moment(0))
				})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					taken++
				} else if !artifact.Is(err, artifact.Conflict) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if taken != 1 {
			t.Errorf("got %d holders, want 1", taken)
		}
	})
}
