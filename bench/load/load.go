// Package load drives an HTTP/1.1 server over keep-alive connections and measures how it answers.
//
// Every run ends by itself: after a time, or after a number of requests. Every response is checked, and the first that is
// not as wanted ends the run with an error, because the speed of wrong answers means nothing.
package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Ceilings of a run.
const (
	maxConnections = 4096
	maxRequests    = 20_000_000
	maxDuration    = 10 * time.Minute
)

// Plan is one run.
type Plan struct {
	Address     string // host:port
	Connections int

	// Duration ends the run, and Requests does; one of them may be zero, for no such end. A request that has begun is
	// finished.
	Duration time.Duration
	Requests int

	// Rate is the number of requests per second of an open loop, in which each is due at its time however slow the answers
	// are, and its latency counts from then. Zero is a closed loop: a connection sends when its last answer is there.
	Rate float64

	// Next makes the request of a number, counted from 0: one call, or several that make sense only together. Those are sent
	// one after another on one connection, and counted and timed as one. It is called by several goroutines at once.
	Next func(i int) []Call

	// Warm has every connection send request 0 once before the run and compare the content of its answer; in the run only
	// statuses and lengths are compared. Otherwise every content is.
	Warm bool

	// Begin and End are called right before the first request and right after the last response of the run. May be nil.
	Begin, End func()

	// Patience is how long the whole run may take beyond Duration before its connections are cut; default 30 s.
	Patience time.Duration
}

func (p Plan) check() error {
	switch {
	case p.Connections < 1 || p.Connections > maxConnections:
		return fmt.Errorf("load: %d connections; there may be 1 to %d", p.Connections, maxConnections)
	case p.Duration < 0 || p.Duration > maxDuration:
		return fmt.Errorf("load: duration %s; it may be up to %s", p.Duration, maxDuration)
	case p.Requests < 0 || p.Requests > maxRequests:
		return fmt.Errorf("load: %d requests; there may be up to %d", p.Requests, maxRequests)
	case p.Duration == 0 && p.Requests == 0:
		return errors.New("load: a run needs a duration or a number of requests")
	case p.Rate < 0 || p.Rate > 1e6:
		return fmt.Errorf("load: rate %g/s; it may be up to 1e6", p.Rate)
	case p.Next == nil:
		return errors.New("load: Plan.Next is missing")
	}
	return nil
}

// Run carries out the plan. An error means that a server could not be reached or gave an answer that was not wanted, or
// that ctx ended; there is no result then.
func Run(ctx context.Context, p Plan) (Result, error) {
	if err := p.check(); err != nil {
		return Result{}, err
	}
	if p.Patience == 0 {
		p.Patience = 30 * time.Second
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &run{Plan: p, fail: cancel}
	if err := r.connect(ctx); err != nil {
		return Result{}, err
	}
	defer r.disconnect()
	// Connections know no contexts: they are cut when it ends.
	defer context.AfterFunc(ctx, r.disconnect)()
	r.all(func(w *worker) { w.warm() })
	if ctx.Err() != nil {
		return Result{}, context.Cause(ctx)
	}
	if p.Begin != nil {
		p.Begin()
	}
	r.start = time.Now()
	r.all(func(w *worker) { w.work(ctx) })
	elapsed := time.Since(r.start)
	if p.End != nil {
		p.End()
	}
	if ctx.Err() != nil {
		return Result{}, context.Cause(ctx)
	}
	return r.result(elapsed), nil
}

// run is a plan being carried out.
type run struct {
	Plan
	fail    context.CancelCauseFunc
	workers []*worker
	start   time.Time
	next    atomic.Int64
}

// worker is one connection and what was measured on it.
type worker struct {
	*run
	*connection
	latencies, firstBytes []time.Duration
	bytes                 int64
}

func (r *run) connect(ctx context.Context) error {
	by := time.Now().Add(r.Duration + r.Patience)
	for range r.Connections {
		c, err := connect(ctx, r.Address, by)
		r.workers = append(r.workers, &worker{run: r, connection: c})
		if err != nil {
			r.disconnect()
			return fmt.Errorf("load: %w", err)
		}
	}
	return nil
}

func (r *run) disconnect() {
	for _, w := range r.workers {
		_ = w.Close() // nothing is lost with it
	}
}

func (r *run) all(do func(*worker)) {
	var group sync.WaitGroup
	for _, w := range r.workers {
		group.Go(func() { do(w) })
	}
	group.Wait()
}

func (w *worker) warm() {
	if !w.Warm {
		return
	}
	if _, err := w.exchange(w.Next(0), true); err != nil {
		w.fail(fmt.Errorf("load: warming up: %w", err))
	}
}

func (w *worker) work(ctx context.Context) {
	for ctx.Err() == nil {
		i := int(w.next.Add(1) - 1)
		if i >= maxRequests || w.Requests > 0 && i >= w.Requests {
			return
		}
		due, ok := w.await(ctx, i)
		if !ok {
			return
		}
		t, err := w.exchange(w.Next(i), !w.Warm)
		if err != nil {
			w.fail(fmt.Errorf("load: request %d: %w", i, err))
			return
		}
		if w.Rate == 0 {
			due = t.sent
		}
		w.latencies = append(w.latencies, t.done.Sub(due))
		w.firstBytes = append(w.firstBytes, t.firstByte.Sub(due))
		w.bytes += t.bytes
	}
}

// await waits until request i is due. ok is false if that is not before the end of the run.
func (w *worker) await(ctx context.Context, i int) (due time.Time, ok bool) {
	due = time.Now()
	if w.Rate > 0 {
		due = w.start.Add(time.Duration(float64(i) / w.Rate * float64(time.Second)))
	}
	if w.Duration > 0 && due.Sub(w.start) >= w.Duration {
		return due, false
	}
	if wait := time.Until(due); wait > 0 {
		select {
		case <-ctx.Done():
			return due, false
		case <-time.After(wait):
		}
	}
	return due, true
}
