package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"

	"github.com/prometheus/client_golang/prometheus"
)

// Job is a piece of work that is done again and again. Two runs of one job never overlap, in all processes that share the
// catalog, as long as Run returns soon after its context is cancelled: that is how it learns that its lease was lost.
type Job struct {
	Name  string        // a word of the program: it labels metrics and names the lease
	Every time.Duration // from the end of one run to the start of the next, above zero
	Run   func(ctx context.Context) error
	Wake  <-chan struct{} // has it run before its time; may be nil
}

// Options are what a Runner works with.
type Options struct {
	Catalog catalog.Store // has the leases
	Holder  string        // of the leases: unique among the Runners that run; one that is the same again has its leases back
	Now     func() time.Time
	Log     *slog.Logger
	Metrics prometheus.Registerer
	// Lease is how long a lease lasts that is not renewed, and so when a process that died is succeeded; 0 means a minute.
	// It is renewed every third of it.
	Lease time.Duration
	// Jitter turns an interval into the one to wait, so that many servers do not all work at once; nil means up to a tenth
	// more or less.
	Jitter func(time.Duration) time.Duration
}

// Runner runs jobs.
type Runner struct {
	jobs   []Job
	log    *slog.Logger
	jitter func(time.Duration) time.Duration
	leases leases

	runs     *prometheus.CounterVec // job, outcome
	duration *prometheus.HistogramVec
	success  *prometheus.GaugeVec // unix time
}

// NewRunner prepares to run the jobs and registers its metrics; the error is that of the registration or of a job that
// cannot be run.
func NewRunner(o Options, jobs ...Job) (*Runner, error) {
	if o.Jitter == nil {
		o.Jitter = aroundTenth
	}
	if o.Lease <= 0 {
		o.Lease = time.Minute
	}
	r := &Runner{jobs: jobs, log: o.Log, jitter: o.Jitter, leases: leases{o.Catalog, o.Holder, o.Lease, o.Now, o.Log}}
	const space, system = "entrepot", "jobs"
	r.runs = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: space, Subsystem: system, Name: "runs_total",
		Help: "Runs that ended, by outcome: done, failed, stopped, panicked or lost (its lease), and elsewhere: another process was at it.",
	}, []string{"job", "outcome"})
	r.duration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: space, Subsystem: system, Name: "run_duration_seconds",
		Help: "Time of one run.", Buckets: []float64{.01, .1, 1, 10, 60, 600, 3600},
	}, []string{"job"})
	r.success = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: space, Subsystem: system, Name: "last_success_time_seconds",
		Help: "When the last run that was done ended, in Unix time.",
	}, []string{"job"})
	for _, c := range []prometheus.Collector{r.runs, r.duration, r.success} {
		if err := o.Metrics.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	for _, j := range jobs {
		if j.Every <= 0 || j.Name == "" || j.Run == nil {
			return nil, fmt.Errorf("job %q has no name, no interval or nothing to run", j.Name)
		}
	}
	return r, nil
}

func aroundTenth(d time.Duration) time.Duration {
	return d - d/10 + rand.N(max(d/5, 1))
}

// Run runs every job, the first time after its interval, until ctx is done, and returns when the last of them has
// stopped.
func (r *Runner) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, job := range r.jobs {
		running.Go(func() { r.repeat(ctx, job) })
	}
	running.Wait()
}

func (r *Runner) repeat(ctx context.Context, job Job) {
	for {
		timer := time.NewTimer(r.jitter(job.Every))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-job.Wake:
			timer.Stop()
		case <-timer.C:
		}
		r.once(ctx, job)
	}
}

// once does one run under the job's lease and tells how it went.
func (r *Runner) once(ctx context.Context, job Job) {
	start := time.Now()
	outcome, err := r.leased(ctx, job)
	took := time.Since(start)
	r.runs.WithLabelValues(job.Name, outcome).Inc()
	if outcome == elsewhere {
		return
	}
	r.duration.WithLabelValues(job.Name).Observe(took.Seconds())
	if err == nil {
		r.success.WithLabelValues(job.Name).Set(float64(time.Now().Unix()))
		return
	}
	if outcome != stopped {
		r.log.ErrorContext(ctx, "job "+job.Name+" "+outcome, "job", job.Name, "error", err.Error(),
			"duration_ms", took.Milliseconds())
	}
}

// The outcomes of a run.
const (
	done      = "done"
	failed    = "failed"
	stopped   = "stopped"
	panicked  = "panicked"
	lost      = "lost"
	elsewhere = "elsewhere"
)

// leased does one run if this process gets the lease.
func (r *Runner) leased(ctx context.Context, job Job) (outcome string, err error) {
	ends, err := r.leases.take(ctx, job.Name)
	switch {
	case artifact.Is(err, artifact.Conflict):
		return elsewhere, nil
	case err != nil && ctx.Err() != nil:
		return stopped, err
	case err != nil:
		return failed, err
	}
	r.leases.under(ctx, job.Name, ends, func(ctx context.Context) { outcome, err = attempt(ctx, job) })
	return outcome, err
}

func attempt(ctx context.Context, job Job) (outcome string, err error) {
	defer func() {
		if p := recover(); p != nil {
			outcome, err = panicked, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	err = job.Run(ctx)
	switch {
	case err == nil:
		return done, nil
	case errors.Is(context.Cause(ctx), errLost):
		return lost, fmt.Errorf("%w: %w", errLost, err)
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return stopped, err
	}
	return failed, err
}
