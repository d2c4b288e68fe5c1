package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"entrepot/bench/gauge"
	"entrepot/bench/load"
)

// sample is what one run of a case on one server measured. Times are in milliseconds where the name says nothing else.
type sample struct {
	perSecond      float64 // requests
	p50, p99       float64 // until the last byte; in cold cases until the first
	cpuMicros      float64 // of the server, a request
	perCore        float64 // requests per second of the server's processor time
	bytesPerSecond float64 // of bodies
	peak           float64 // MiB of resident memory
	foreign        float64 // cores that others on this machine were using meanwhile
	upstream       float64 // requests to the upstream per item; negative where there is no upstream
}

// reading is what the gauges show at one moment.
type reading struct{ server, bench, machine time.Duration }

func read(pid int) (reading, error) {
	server, err1 := gauge.CPU(pid)
	bench, err2 := gauge.CPU(os.Getpid()) // the servers are its children
	machine, err3 := gauge.Busy()
	return reading{server, bench, machine}, errors.Join(err1, err2, err3)
}

// measure runs the plan against a contender and reads its gauges right before and after.
func measure(ctx context.Context, c *contender, plan load.Plan) (sample, load.Result, error) {
	var before, after reading
	var err1, err2, err3 error
	plan.Address = c.address
	plan.Begin = func() {
		err1 = gauge.ResetPeak(c.PID)
		before, err2 = read(c.PID)
	}
	plan.End = func() { after, err3 = read(c.PID) }
	result, err := load.Run(ctx, plan)
	if err != nil {
		return sample{}, result, fmt.Errorf("%w; the log of %s ends: %s", err, c.name, c.Tail())
	}
	if err := errors.Join(err1, err2, err3); err != nil {
		return sample{}, result, err
	}
	peak, err := gauge.PeakRSS(c.PID)
	if err != nil {
		return sample{}, result, err
	}
	// A run of less than one tick of processor time has used about half of one.
	cpu := max(after.server-before.server, 5*time.Millisecond)
	n := float64(result.Requests())
	if n == 0 {
		return sample{}, result, errors.New("not one request was finished in the time of the case")
	}
	foreign := (after.machine - before.machine) - (after.bench - before.bench)
	return sample{
		perSecond: result.PerSecond(), bytesPerSecond: result.BytesPerSecond(),
		p50: millis(load.Percentile(result.Latencies, 50)), p99: millis(load.Percentile(result.Latencies, 99)),
		cpuMicros: cpu.Seconds() * 1e6 / n, perCore: n / cpu.Seconds(), peak: float64(peak) / (1 << 20),
		foreign: max(0, foreign.Seconds()/result.Elapsed.Seconds()), upstream: -1,
	}, result, nil
}

func millis(d time.Duration) float64 { return d.Seconds() * 1e3 }

// measureAll goes over all cases and servers in turn, round after round, so that a disturbance hits all of them alike. It
// begins no round that it could not finish in time.
func (l *lab) measureAll(ctx context.Context) (*report, error) {
	r := newReport(l)
	for round := range l.rounds {
		start := time.Now()
		for _, s := range l.sections {
			if err := s.measureRound(ctx, r, round); err != nil {
				return nil, err
			}
		}
		r.rounds++
		if by, ok := ctx.Deadline(); ok && time.Until(by) < time.Since(start)*11/10 && round+1 < l.rounds {
			l.notes = append(l.notes, fmt.Sprintf("%d of %d rounds: there was no time for more within %s.",
				r.rounds, l.rounds, l.limit))
			break
		}
	}
	r.notes = l.notes
	return r, nil
}

// measureRound measures each case that is to be run once on each of its servers that are there.
func (s *section) measureRound(ctx context.Context, r *report, round int) error {
	for _, c := range s.wanted() {
		for _, name := range c.on {
			on, there := s.contenders[name]
			if !there {
				continue
			}
			got, err := c.measure(ctx, on, round)
			if err != nil {
				return fmt.Errorf("%s on %s: %w", c.name, name, err)
			}
			r.add(c.name, name, got)
		}
		fmt.Fprintf(os.Stderr, "round %d: %s\n", round+1, c.name)
	}
	return nil
}
