package trail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"entrepot/catalog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// store takes events, a transaction at a time.
type store struct {
	catalog.Store
	commits [][]string
	fails   error
}

type writer struct {
	catalog.Writer
	events []string
}

func (w *writer) Record(e catalog.Event) error {
	w.events = append(w.events, e.Action)
	return nil
}

func (s *store) Write(_ context.Context, fn func(w catalog.Writer) error) error {
	w := &writer{}
	if err := errors.Join(fn(w), s.fails); err != nil {
		return err
	}
	s.commits = append(s.commits, w.events)
	return nil
}

// behind runs one until the function returns.
func behind(t *testing.T, s *store, log *strings.Builder, fn func(b *Behind)) *Behind {
	t.Helper()
	b, err := NewBehind(s, slog.New(slog.NewTextHandler(log, nil)), prometheus.NewRegistry(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); b.Run(ctx) }()
	fn(b)
	stop()
	<-done
	return b
}

func TestWhatComesTogetherIsWrittenTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		var log strings.Builder
		behind(t, s, &log, func(b *Behind) {
			for i := range 3 {
				b.Record(catalog.Event{Action: fmt.Sprint(i)})
			}
			time.Sleep(behindDelay)
			synctest.Wait()
			b.Record(catalog.Event{Action: "last"})
		})
		if got := fmt.Sprint(s.commits); got != "[[0 1 2] [last]]" {
			t.Errorf("got %s, want two commits, the second at the end", got)
		}
		if log.Len() > 0 {
			t.Errorf("logged %s", &log)
		}
	})
}

func TestAFloodIsBoundedAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		var log strings.Builder
		b := behind(t, s, &log, func(b *Behind) {
			for n := range maxBehind + 5 {
				b.Record(catalog.Event{Action: "x", Account: fmt.Sprint(n % 5)})
			}
		})
		if len(s.commits) != 1 || len(s.commits[0]) != maxBehind || testutil.ToFloat64(b.lost) != 5 || !strings.Contains(log.String(), "dropped=5") {
			t.Errorf("%d commits, %v lost, logged %s", len(s.commits), testutil.ToFloat64(b.lost), &log)
		}
	})
}

func TestAFloodOfOneAccountLeavesRoomForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		var log strings.Builder
		b := behind(t, s, &log, func(b *Behind) {
			for round := range 2 {
				for range 2 * maxBehind {
					b.Record(catalog.Event{Action: "x", Account: "loud"})
				}
				b.Record(catalog.Event{Action: "quiet", Account: "other"})
				time.Sleep(time.Minute)
				synctest.Wait()
				if last := s.commits[round]; len(last) != maxOfAccount+1 || last[maxOfAccount] != "quiet" {
					t.Errorf("%d events were written, the last %s", len(last), last[len(last)-1])
				}
			}
		})
		if got, want := testutil.ToFloat64(b.lost), float64(2*(2*maxBehind-maxOfAccount)); got != want {
			t.Errorf("%v lost, want %v", got, want)
		}
	})
}

func TestWhoIsRefusedAllDayDoesNotFillTheRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		var log strings.Builder
		const tenth, minutes = time.Second / 10, 5
		n := 0
		b := behind(t, s, &log, func(b *Behind) {
			for began := time.Now(); time.Since(began) < minutes*time.Minute; n++ {
				for range 10 {
					b.Record(catalog.Event{Action: "x", Account: "loud"})
				}
				b.Record(catalog.Event{Action: "quiet", Account: fmt.Sprint(n)})
				time.Sleep(tenth)
			}
		})
		loud, quiet := 0, 0
		for _, commit := range s.commits {
			for _, action := range commit {
				if action == "quiet" {
					quiet++
				} else {
					loud++
				}
			}
		}
		if most := maxOfAccount + minutes*60*perSecond; loud > most || loud < most-perSecond || quiet != n {
			t.Errorf("%d of an account are on record, want %d; of others %d, want %d", loud, most, quiet, n)
		}
		if lost := testutil.ToFloat64(b.lost); lost != float64(10*n-loud) {
			t.Errorf("%v are counted as lost, want %d", lost, 10*n-loud)
		}
	})
}

func TestWhatCannotBeWrittenIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{fails: errors.New("disk full")}
		var log strings.Builder
		b := behind(t, s, &log, func(b *Behind) { b.Record(catalog.Event{}) })
		if testutil.ToFloat64(b.lost) != 1 || !strings.Contains(log.String(), "disk full") {
			t.Errorf("%v lost, logged %s", testutil.ToFloat64(b.lost), &log)
		}
	})
}
