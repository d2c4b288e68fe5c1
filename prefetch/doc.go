// Package prefetch has a server keep versions of packages before anybody asks for them: a list of them, many at a time, with patience
// for what is busy and a bound on what is fetched. It writes nothing down. What was done is what the server says it keeps, so a run
// that was stopped goes on by being run again.
package prefetch

import (
	"context"
	"time"

	"entrepot/artifact"
	"entrepot/lockfile"
)

// Entry is a version that is to be kept.
type Entry struct {
	lockfile.Pin
	From string // what names it: a file or a repository
	// Load finds out about its files when its turn comes; nil: all that is known is there. Its errors are as those of Server.
	Load func(ctx context.Context) ([]lockfile.File, error)
}

// Server is a repository that keeps what it is asked for.
type Server interface {
	// Ask tells what there is of a version, or has an asset of it brought in and tells about that one. An *Again is an error of this
	// moment, an *Unfit one of this version alone. Any other means that nothing can be asked, and ends the run.
	Ask(ctx context.Context, v artifact.VersionKey, asset string) (Answer, error)
}

// Again is why a request has failed that may be made again.
type Again struct {
	Err   error
	After time.Duration // the server's own wish; 0 if it has none
}

func (e *Again) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Again) Unwrap() error { return e.Err }

// Unfit is why a request will fail whenever it is made.
type Unfit struct{ Err error }

func (e *Unfit) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Unfit) Unwrap() error { return e.Err }

// Ending is how a request for a version ends.
type Ending string

// The endings, as the operation Prefetch has them.
const (
	Served   Ending = "served"
	Absent   Ending = "not-found"
	Withheld Ending = "withheld"
)

// Answer is what a server says of a version.
type Answer struct {
	Ending Ending
	Why    string // unless it is served
	Assets []Asset
	Needs  []artifact.VersionKey // what clients read along, as what is kept of it says
}

// Asset is a file of a version.
type Asset struct {
	Name   string
	Size   int64             // bytes; 0 if nobody knows
	Hashes map[string]string // by the API's names of algorithms
	Kept   bool              // else it can be brought in, or is on its way
}

// Outcome is what became of an entry.
type Outcome string

// The outcomes.
const (
	Untried  Outcome = "untried" // the run has ended before
	Retained Outcome = "retained"
	There    Outcome = "there already"
	Wanting  Outcome = "would be retained" // of a run that brings nothing in
	NotFound Outcome = "not found"
	KeptAway Outcome = "withheld" // by a status, origin controls or a package group
	Mismatch Outcome = "mismatch" // it is not what the lockfile says
	Failed   Outcome = "failed"
	LeftOut  Outcome = "left out" // it would go over the bound of bytes
)

// Outcomes lists them in the order of a report.
func Outcomes() []Outcome {
	return []Outcome{Retained, There, Wanting, NotFound, KeptAway, Mismatch, Failed, LeftOut, Untried}
}

// Good reports whether nothing is amiss.
func (o Outcome) Good() bool { return o == Retained || o == There || o == Wanting }

// Result is what became of one entry.
type Result struct {
	Entry   Entry
	Outcome Outcome
	Why     string // unless it is good
	Files   int    // brought in, or to be
	Bytes   int64  // of these, as far as it is known
}

// Summary is what became of all.
type Summary struct {
	Results []Result // in the order of the entries, and behind them what they need
	Files   int
	Bytes   int64
}

// Count is how many entries have come to an outcome.
func (s Summary) Count(o Outcome) int {
	n := 0
	for _, r := range s.Results {
		if r.Outcome == o {
			n++
		}
	}
	return n
}

// Good reports whether nothing is amiss with any.
func (s Summary) Good() bool {
	for _, r := range s.Results {
		if !r.Outcome.Good() {
			return false
		}
	}
	return true
}

// Options say how to go about it.
type Options struct {
	Jobs     int   // entries at a time
	Retries  int   // how often a request that failed is made again
	MaxBytes int64 // to be brought in, altogether; 0 is no bound. Of files whose size nobody tells it is known only afterwards
	DryRun   bool  // brings nothing in
	// Each is told of every entry that is done, how many are, and of how many; one at a time. nil: nobody is.
	Each func(r Result, done, all int)
}
