package jobs

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/catalog/sqlcatalog/sqlcatalogtest"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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

// outcomes counts runs by their outcome.
func outcomes(t *testing.T, metrics prometheus.Registerer) map[string]float64 {
	t.Helper()
	families, err := metrics.(*prometheus.Registry).Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			for _, l := range m.Label {
				if l.GetName() == "outcome" {
					got[l.GetValue()] += m.GetCounter().GetValue()
				}
			}
		}
	}
	return got
}

func exactly(d time.Duration) time.Duration { return d }

// openCatalog opens a catalog that is closed when the test ends.
func openCatalog(t *testing.T) *sqlcatalog.Store {
	t.Helper()
	store := sqlcatalogtest.Open(t, filepath.Join(t.TempDir(), "catalog.sqlite"), sqlcatalog.Options{})
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func options(store catalog.Store, holder string) Options {
	return Options{Catalog: store, Holder: holder, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Metrics: prometheus.NewRegistry(), Jitter: exactly, Lease: 30 * time.Second}
}

func TestRunnerKeepsItsIntervals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var at []time.Duration
		r, err := NewRunner(options(openCatalog(t), "a"),
			Job{Name: "slow", Every: time.Minute, Run: func(context.Context) error {
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

func TestAJobThatIsWokenRunsBeforeItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var at []time.Duration
		wake := make(chan struct{}, 1)
		r, err := NewRunner(options(openCatalog(t), "a"),
			Job{Name: "woken", Every: time.Hour, Wake: wake, Run: func(context.Context) error {
				at = append(at, time.Since(begin))
				return nil
			}})
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(10*time.Minute, func() { wake <- struct{}{} })
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Minute)
		defer cancel()
		r.Run(ctx)
		if diff := cmp.Diff([]time.Duration{10 * time.Minute, 70 * time.Minute}, at); diff != "" {
			t.Errorf("runs began at (-want +got):\n%s", diff)
		}
	})
}

func TestRunnerSurvivesFailureAndPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		registry := prometheus.NewRegistry()
		runs := 0
		o := options(openCatalog(t), "a")
		o.Log, o.Metrics = slog.New(slog.NewTextHandler(&log, nil)), registry
		r, err := NewRunner(o,
			Job{Name: "odd", Every: time.Minute, Run: func(context.Context) error {
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
		r, err := NewRunner(options(openCatalog(t), "a"),
			Job{Name: "long", Every: time.Second, Run: func(ctx context.Context) error {
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
		"no interval": {Name: "x", Run: func(context.Context) error { return nil }},
		"no work":     {Name: "x", Every: time.Second},
		"no name":     {Every: time.Second, Run: func(context.Context) error { return nil }},
	} {
		if _, err := NewRunner(options(nil, "a"), job); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
