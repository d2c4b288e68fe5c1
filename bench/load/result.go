package load

import (
	"math"
	"slices"
	"time"
)

// Result is what a run measured. The times are sorted.
type Result struct {
	Elapsed    time.Duration
	Bytes      int64           // of all bodies
	Latencies  []time.Duration // until the last byte
	FirstBytes []time.Duration // until the first byte of the body
}

func (r *run) result(elapsed time.Duration) Result {
	total := Result{Elapsed: elapsed}
	for _, w := range r.workers {
		total.Bytes += w.bytes
		total.Latencies = append(total.Latencies, w.latencies...)
		total.FirstBytes = append(total.FirstBytes, w.firstBytes...)
	}
	slices.Sort(total.Latencies)
	slices.Sort(total.FirstBytes)
	return total
}

// Requests is the number of answered requests.
func (r Result) Requests() int { return len(r.Latencies) }

// PerSecond is the number of answered requests per second.
func (r Result) PerSecond() float64 { return float64(r.Requests()) / r.Elapsed.Seconds() }

// BytesPerSecond counts bodies only.
func (r Result) BytesPerSecond() float64 { return float64(r.Bytes) / r.Elapsed.Seconds() }

// Percentile returns the smallest of the sorted times that p percent of all do not exceed; zero if there are none.
func Percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}
