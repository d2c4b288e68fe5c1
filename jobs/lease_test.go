package jobs

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"

	"github.com/google/go-cmp/cmp"
)

// unreliable is a catalog that fails from one moment to another.
type unreliable struct {
	catalog.Store
	broken atomic.Bool
}

var errBroken = errors.New("the catalog is broken")

func (u *unreliable) Write(ctx context.Context, fn func(catalog.Writer) error) error {
	if u.broken.Load() {
		return errBroken
	}
	return u.Store.Write(ctx, fn)
}

// span is when work began and ended, in seconds from the begin of the test.
type span struct{ Begin, End int }

// TestLeasedWork runs one job in process a, under a lease of 30 s, beside what process b does with the same lease.
func TestLeasedWork(t *testing.T) {
	taken := func(t *testing.T, c catalog.Store, holder string) error {
		return c.Write(context.WithoutCancel(t.Context()), func(w catalog.Writer) error {
			now := time.Now()
			return w.TakeLease(catalog.Lease{Name: leaseName("work"), Holder: holder, EndsAt: now.Add(30 * time.Second)}, now)
		})
	}
	for name, row := range map[string]struct {
		lasts    time.Duration                     // a run, unless it is cancelled
		beside   func(t *testing.T, c *unreliable) // begins with the test
		spans    []span                            // of the runs of 195 s, one starting a minute after the other ended
		cause    error                             // of the last run's cancellation
		outcomes map[string]float64
	}{
		"work that is short runs at its interval": {
			lasts: 10 * time.Second, spans: []span{{60, 70}, {130, 140}}, outcomes: map[string]float64{"done": 2}},
		"work that outlasts its lease keeps it": {
			lasts: 100 * time.Second,
			beside: func(t *testing.T, c *unreliable) {
				time.Sleep(159 * time.Second)
				if err := taken(t, c, "b"); !artifact.Is(err, artifact.Conflict) {
					t.Errorf("got %v, want b refused", err)
				}
			},
			spans: []span{{60, 160}}, outcomes: map[string]float64{"done": 1}},
		"work that is done gives its lease up": {
			lasts: 10 * time.Second,
			beside: func(t *testing.T, c *unreliable) {
				time.Sleep(71 * time.Second)
				if err := taken(t, c, "b"); err != nil {
					t.Errorf("got %v, want the lease for b", err)
				}
			},
			spans: []span{{60, 70}, {130, 140}}, outcomes: map[string]float64{"done": 2}},
		"work that another process is at is left out": {
			lasts: 10 * time.Second,
			beside: func(t *testing.T, c *unreliable) {
				time.Sleep(50 * time.Second)
				if err := taken(t, c, "b"); err != nil {
					t.Error(err)
				}
			},
			spans: []span{{120, 130}, {190, 195}}, cause: context.Canceled,
			outcomes: map[string]float64{"elsewhere": 1, "done": 1, "stopped": 1}},
		"a process that died is succeeded": {
			lasts: 10 * time.Second,
			beside: func(t *testing.T, c *unreliable) {
				time.Sleep(30 * time.Second) // b's lease ends as a begins
				if err := taken(t, c, "b"); err != nil {
					t.Error(err)
				}
			},
			spans: []span{{60, 70}, {130, 140}}, outcomes: map[string]float64{"done": 2}},
		"work whose lease was taken is cancelled": {
			lasts: 100 * time.Second,
			beside: func(t *testing.T, c *unreliable) {
				time.Sleep(65 * time.Second)
				err := c.Store.Write(context.WithoutCancel(t.Context()), func(w catalog.Writer) error {
					return w.EndLease(leaseName("work"), "a") // as if it had ended while a stood still
				})
				if err := errors.Join(err, taken(t, c, "b")); err != nil {
					t.Error(err)
				}
			},
			spans: []span{{60, 70}, {130, 195}}, cause: context.Canceled,
			outcomes: map[string]float64{"lost": 1, "stopped": 1}},
		"work goes on when a renewal fails and the next does not": {
			lasts: 60 * time.Second,
			beside: func(t *testing.T, c *unreliable) {
				time.Sleep(65 * time.Second)
				c.broken.Store(true)
				time.Sleep(10 * time.Second)
				c.broken.Store(false)
			},
			spans: []span{{60, 120}, {180, 195}}, cause: context.Canceled,
			outcomes: map[string]float64{"done": 1, "stopped": 1}},
		"work is cancelled when its lease ends and cannot be renewed": {
			lasts: 100 * time.Second,
			beside: func(t *testing.T, c *unreliable) {
				time.Sleep(65 * time.Second)
				c.broken.Store(true)
			},
			spans: []span{{60, 90}}, cause: errLost, outcomes: map[string]float64{"lost": 1, "failed": 1}},
		"work does not run when the lease cannot be taken": {
			lasts:    10 * time.Second,
			beside:   func(_ *testing.T, c *unreliable) { c.broken.Store(true) },
			outcomes: map[string]float64{"failed": 3}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &unreliable{Store: openCatalog(t)}
				begin := time.Now()
				since := func() int { return int(time.Since(begin) / time.Second) }
				var spans []span
				var cause error
				o := options(c, "a")
				r, err := NewRunner(o, Job{Name: "work", Every: time.Minute, Run: func(ctx context.Context) error {
					s := span{Begin: since()}
					defer func() { s.End = since(); spans = append(spans, s) }()
					select {
					case <-time.After(row.lasts):
						return nil
					case <-ctx.Done():
						cause = context.Cause(ctx)
						return cause
					}
				}})
				if err != nil {
					t.Fatal(err)
				}
				if row.beside != nil {
					go row.beside(t, c)
				}
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(195*time.Second, cancel)
				r.Run(ctx)
				if diff := cmp.Diff(row.spans, spans); diff != "" {
					t.Errorf("work was done in (-want +got):\n%s", diff)
				}
				if !errors.Is(cause, row.cause) {
					t.Errorf("got the cause %v, want %v", cause, row.cause)
				}
				if diff := cmp.Diff(row.outcomes, outcomes(t, o.Metrics)); diff != "" {
					t.Errorf("outcomes (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestTwoRunnersTakeTurns has two processes do the same job for an hour.
func TestTwoRunnersTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := openCatalog(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		var atWork, runs atomic.Int32
		ended := make(chan struct{})
		for holder, lasts := range map[string]time.Duration{"a": 40 * time.Second, "b": 70 * time.Second} {
			r, err := NewRunner(options(c, holder), Job{Name: "work", Every: time.Minute, Run: func(context.Context) error {
				if atWork.Add(1) != 1 {
					t.Errorf("both work at %v", time.Now())
				}
				time.Sleep(lasts)
				atWork.Add(-1)
				runs.Add(1)
				return nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				r.Run(ctx)
				ended <- struct{}{}
			}()
		}
		<-ended
		<-ended
		if runs.Load() < 20 {
			t.Errorf("got %d runs in an hour", runs.Load())
		}
	})
}

// TestWorkThatIsToldToStopKeepsItsLease has a runner stopped whose job needs longer than the lease to clear up.
func TestWorkThatIsToldToStopKeepsItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := openCatalog(t)
		var log bytes.Buffer
		o := options(c, "a")
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		r, err := NewRunner(o, Job{Name: "work", Every: time.Minute, Run: func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(2 * time.Minute)
			return ctx.Err()
		}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 70*time.Second)
		defer cancel()
		go func() {
			time.Sleep(150 * time.Second)
			err := c.Write(context.WithoutCancel(t.Context()), func(w catalog.Writer) error {
				return w.TakeLease(catalog.Lease{Name: leaseName("work"), Holder: "b", EndsAt: time.Now().Add(time.Minute)},
					time.Now())
			})
			if !artifact.Is(err, artifact.Conflict) {
				t.Errorf("got %v, want b refused", err)
			}
		}()
		r.Run(ctx)
		err = c.Read(context.WithoutCancel(t.Context()), func(r catalog.Reader) error {
			_, err := r.Lease(leaseName("work"))
			return err
		})
		if !artifact.Is(err, artifact.NotFound) {
			t.Errorf("got %v, want the lease given up", err)
		}
		if strings.Contains(log.String(), "WARN") {
			t.Errorf("got the log %s", log.String())
		}
	})
}
