package jobs

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"entrepot/catalog"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ledger is a catalog that knows tokens only.
type ledger struct {
	catalog.Store
	tokens []time.Time
	writes int
	fail   error // of every write, after its function
}

type page struct {
	catalog.Writer
	*ledger
}

func (l *ledger) Write(_ context.Context, fn func(catalog.Writer) error) error {
	l.writes++
	if err := fn(page{ledger: l}); err != nil {
		return err
	}
	return l.fail
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

func TestExpiredTokensGoInSmallTransactions(t *testing.T) {
	l := &ledger{}
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
