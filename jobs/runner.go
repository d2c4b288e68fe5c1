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

	"github.com/prometheus/client_golang/prometheus"
)

// Job is a piece of work that is done again and again. Two runs of one job never overlap.
type Job struct {
	Name  string        // a word of the program: it labels metrics
	Every time.Duration // from the end of one run to the start of the next, above zero
	Run   func(ctx context.Context) error
}

// Runner runs jobs.
type Runner struct {
	jobs   []Job
	log    *slog.Logger
	jitter func(time.Duration) time.Duration

	runs     *prometheus.CounterVec // job, outcome
	duration *prometheus.HistogramVec
	success  *prometheus.GaugeVec // unix time
}

// NewRunner prepares to run the jobs and registers its metrics; the error is that of the registration or of a job that
// cannot be run. jitter turns an interval into the one to wait, so that many servers do not all work at once; nil
// means up to a tenth more or less.
func NewRunner(log *slog.Logger, metrics prometheus.Registerer, jitter func(time.Duration) time.Duration,
	jobs ...Job) (*Runner, error) {
	if jitter == nil {
		jitter = aroundTenth
	}
	r := &Runner{jobs: jobs, log: log, jitter: jitter}
	const space, system = "entrepot", "jobs"
	r.runs = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: space, Subsystem: system, Name: "runs_total",
		Help: "Runs that ended, by outcome: done, failed, stopped or panicked.",
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
		if err := metrics.Register(c); err != nil {
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
		case <-timer.C:
		}
		r.once(ctx, job)
	}
}

// once does one run and tells how it went.
func (r *Runner) once(ctx context.Context, job Job) {
	start := time.Now()
	outcome, err := attempt(ctx, job)
	took := time.Since(start)
	r.runs.WithLabelValues(job.Name, outcome).Inc()
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
	done     = "done"
	failed   = "failed"
	stopped  = "stopped"
	panicked = "panicked"
)

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
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return stopped, err
	}
	return failed, err
}
