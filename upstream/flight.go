package upstream

import (
	"errors"
	"slices"
	"sync"
	"time"

	"entrepot/artifact"
)

// chunk is how much is read from an upstream at once and how much is held back at most, in bytes.
const chunk = 64 * kib

// A flight is one asset on its way, with everybody who reads along. The goroutine that fetches and each Transfer are
// its followers; the spool is discarded when the last one leaves.
type flight struct {
	key string

	mu        sync.Mutex
	change    chan struct{} // closed and replaced whenever anything below changes
	spool     Spool
	begun     bool      // the upstream has begun to answer
	size      int64     // announced; -1 when unknown
	modified  time.Time // announced; zero when unknown
	received  int64     // bytes that ReadAt may reach
	complete  bool      // right and kept
	digests   artifact.Digests
	err       error // why it will never be complete
	followers int
	linger    *time.Timer // guarded by Client.mu; runs once the flight has finished
}

// newFlight returns a flight with two followers: who fetches, and the first caller.
func newFlight(key string) *flight {
	return &flight{key: key, change: make(chan struct{}), size: -1, followers: 2}
}

// tell changes the flight and wakes everybody.
func (f *flight) tell(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	close(f.change)
	f.change = make(chan struct{})
}

func (f *flight) begin(s Spool, size int64, modified time.Time) {
	f.tell(func() { f.spool, f.size, f.modified, f.begun = s, size, modified, true })
}

func (f *flight) advance(n int) { f.tell(func() { f.received += int64(n) }) }

func (f *flight) verified(d artifact.Digests) {
	f.tell(func() { f.digests, f.complete, f.size = d, true, f.received })
}

// end closes the flight to failure, if it is not complete.
func (f *flight) end(err error) {
	f.tell(func() {
		if !f.complete && f.err == nil {
			f.err = err
		}
	})
}

// A view is the flight at one moment.
type view struct {
	spool    Spool
	begun    bool
	size     int64
	modified time.Time
	received int64
	complete bool
	digests  artifact.Digests
	err      error
	change   <-chan struct{} // closed when the view is out of date
}

func (f *flight) view() view {
	f.mu.Lock()
	defer f.mu.Unlock()
	return view{f.spool, f.begun, f.size, f.modified, f.received, f.complete, f.digests, f.err, f.change}
}

// follow adds a follower, unless the flight has failed or the last one has left.
func (f *flight) follow() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.followers == 0 || f.err != nil {
		return false
	}
	f.followers++
	return true
}

// leave takes a follower away; the last one has the spool discarded.
func (f *flight) leave(discard func(Spool)) {
	f.mu.Lock()
	f.followers--
	last := f.followers == 0
	f.mu.Unlock()
	if last && f.spool != nil {
		discard(f.spool)
	}
}

func (c *Client) discard(s Spool) {
	if err := s.Discard(); err != nil {
		c.opts.Logger.Error("could not discard a spool", "error", err)
	}
}

// finish ends a flight. A complete one takes callers in for a while longer: a caller that looked in the store before
// Keep and asks here after it must not cause a second request.
func (c *Client) finish(f *flight, err error) {
	if err != nil {
		f.end(err)
		if !artifact.Is(err, artifact.NotFound) && !errors.Is(err, ErrMismatch) && !errors.Is(err, errClosed) {
			c.opts.Logger.Warn("could not fetch an upstream asset", "flight", f.key, "error", err)
		}
	}
	if err == nil && c.opts.Linger > 0 {
		c.keepForLatecomers(f)
		return
	}
	c.remove(f)
	f.leave(c.discard)
}

// remove makes the flight's key free for another one.
func (c *Client) remove(f *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flights[f.key] == f {
		delete(c.flights, f.key)
	}
}

// maxLingering bounds the finished flights that hold on to their spools, each perhaps an open file.
const maxLingering = 256

// keepForLatecomers notes a finished flight and lets the oldest go when there are too many.
func (c *Client) keepForLatecomers(f *flight) {
	c.mu.Lock()
	f.linger = time.AfterFunc(c.opts.Linger, func() { c.dismiss(f) })
	c.lingering = append(c.lingering, f)
	var oldest *flight
	if len(c.lingering) > maxLingering {
		oldest = c.lingering[0]
	}
	closed := c.closed
	c.mu.Unlock()
	if oldest != nil {
		c.dismiss(oldest)
	}
	if closed {
		c.dismiss(f)
	}
}

// dismiss ends the lingering of a finished flight; it does nothing to one that is still under way or was dismissed
// before.
func (c *Client) dismiss(f *flight) {
	c.mu.Lock()
	i := slices.Index(c.lingering, f)
	if i < 0 {
		c.mu.Unlock()
		return
	}
	c.lingering = slices.Delete(c.lingering, i, i+1)
	if c.flights[f.key] == f {
		delete(c.flights, f.key)
	}
	c.mu.Unlock()
	f.linger.Stop()
	f.leave(c.discard)
}
