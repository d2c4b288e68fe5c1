package upstream

import (
	"math/bits"
	"sync"
	"time"
)

// maxBreak is the longest a breaker stays open before it lets a probe through.
const maxBreak = time.Minute

// ratioWindow is the number of latest answers of which half must fail to open a breaker that never sees BreakAfter
// failures in a row.
const ratioWindow = 20

// A breaker stands before one host. Closed it lets everything through; after too many failures it is open and costs
// nothing; then one probe at a time decides.
type breaker struct {
	mu       sync.Mutex
	now      func() time.Time
	after    int           // failures in a row
	pause    time.Duration // of the first opening
	history  uint64        // latest answers, newest in the lowest bit; 1 is a failure
	seen     int           // answers in history, up to ratioWindow
	openings int           // in a row, without a success between
	until    time.Time     // closed while zero
	probing  bool
	budget   float64 // retries it may still pay for
}

// The retry budget keeps a storm of failures from being multiplied by retries. Every request, retries too, earns an
// eleventh of a retry, so in the long run there is at most one for ten first attempts.
const (
	maxBudget  = 10
	earnedEach = 1.0 / 11
)

type verdict uint8

const (
	worked verdict = iota
	failed
	undecided // the caller gave up; says nothing about the host
)

// A permit is the leave to send one request. Exactly one report must follow.
type permit struct {
	b     *breaker
	probe bool
}

// allow says whether a request may go out and, if not, when to come back.
func (b *breaker) allow() (p permit, ok bool, retry time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	switch {
	case b.until.IsZero():
		b.budget = min(b.budget+earnedEach, maxBudget)
		return permit{b: b}, true, 0
	case now.Before(b.until):
		return permit{}, false, b.until.Sub(now)
	case b.probing:
		return permit{}, false, time.Second
	}
	b.probing = true
	return permit{b: b, probe: true}, true, 0
}

// report tells what became of a request that was allowed. hold, where the host named one, is how long it wants to be
// left alone after a failure. A request that began before the breaker opened no longer says anything.
func (p permit) report(v verdict, hold time.Duration) {
	b := p.b
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case p.probe:
		b.probing = false
		b.probed(v, hold)
	case !b.until.IsZero() || v == undecided:
	case v == worked:
		b.remember(0)
	default:
		b.fail(hold)
	}
}

// broke tells of a failure that came after the headers: a body that stopped.
func (b *breaker) broke() { permit{b: b}.report(failed, 0) }

func (b *breaker) probed(v verdict, hold time.Duration) {
	switch v {
	case worked:
		b.until, b.openings, b.history, b.seen = time.Time{}, 0, 0, 0
	case failed:
		b.open(hold)
	}
}

func (b *breaker) fail(hold time.Duration) {
	b.remember(1)
	if b.tripped() {
		b.open(hold)
	}
}

func (b *breaker) remember(bit uint64) {
	b.history = b.history<<1 | bit
	b.seen = min(b.seen+1, ratioWindow)
}

func (b *breaker) tripped() bool {
	inARow := bits.TrailingZeros64(^b.history)
	failures := bits.OnesCount64(b.history & (1<<ratioWindow - 1))
	return inARow >= b.after || b.seen == ratioWindow && 2*failures >= ratioWindow
}

func (b *breaker) open(hold time.Duration) {
	d := min(b.pause<<min(b.openings, 16), maxBreak)
	b.openings++
	b.until = b.now().Add(min(max(d, hold), maxBreak))
}

// retry takes one retry out of the budget.
func (b *breaker) retry() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.budget < 1 || !b.until.IsZero() {
		return false
	}
	b.budget--
	return true
}

// state is 0 while closed, 1 while a probe may go or is out, 2 while open.
func (b *breaker) state() float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.until.IsZero():
		return 0
	case b.now().Before(b.until):
		return 2
	}
	return 1
}
