package sqlcatalog

import (
	"crypto/rand"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Sharing says how a Store shares its database with other Stores, of this process or of others.
//
// Each commit leaves in the database, in its own transaction, which topics it touched. A Store reads that at the
// beginning of a Read when it has not for half the Bound, so no heartbeat is needed and nothing runs in the background:
// an idle Store knows nothing and needs to know nothing, and one that has died has left all there was to tell.
type Sharing struct {
	// Peers tells the others of a commit before Write returns. Without it they find out within their Bound.
	Peers Peers
	// Bound is for how long the others' silence is believed: beyond it stamps are unknown until the database was read
	// again. So what is remembered is never older. 0 means 2 s.
	Bound time.Duration
	// Now is the clock that the Bound is measured with; nil means time.Now. It is compared with itself alone.
	Now func() time.Time
}

// Peers carries notices between the Stores of one database. They only make hearing faster: one that is lost, late, out of
// order or given twice does no harm.
type Peers interface {
	// Tell gives n to all that hear, among them the one that tells, and returns when each has taken it or cannot be
	// reached for now. Writers wait for it.
	Tell(n Notice)
	// Hear has take called with each notice until stop has returned. take returns at once.
	Hear(take func(Notice)) (stop func())
}

// Notice says that a commit touched topics.
type Notice struct {
	From     string   // the Store that tells, by a name of its own
	Revision int64    // the commit's place in the order of all; 0 if it is not known whether it was made
	Scheme   int64    // what the stripes' numbers mean
	Stripes  []uint16 // of the topics
}

// scheme stands for the numbers of topics (catalog.Topic) and their stripes. It is counted up when either changes; then
// releases that share a database during an upgrade take each other's changes for changes of everything.
const scheme = 1

// sharing is what a Store knows of the others.
type sharing struct {
	Sharing
	name   string
	stamps *stamps
	stop   func() // hearing

	// heard is when the database was last read: what others committed before that is counted. nil: never.
	heard     atomic.Pointer[time.Time]
	listening sync.Mutex // held by the Read that listens for all

	mu       sync.Mutex
	revision int64 // all commits up to this one are counted
}

func newSharing(o Sharing, counts *stamps) *sharing {
	s := &sharing{Sharing: o, name: rand.Text(), stamps: counts}
	if s.Bound <= 0 {
		s.Bound = 2 * time.Second
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Peers == nil {
		s.Peers = nobody{}
	}
	return s
}

// nobody is to be told.
type nobody struct{}

func (nobody) Tell(Notice)                     {}
func (nobody) Hear(func(Notice)) (stop func()) { return func() {} }

// current reports whether the others' commits are known but for those of the last d.
func (s *sharing) current(d time.Duration) bool {
	heard := s.heard.Load()
	if heard == nil {
		return false
	}
	// By both clocks: the monotonic one stands still while the machine sleeps, and the other can be set back.
	now := s.Now()
	wall := now.Round(0).Sub(heard.Round(0))
	return now.Sub(*heard) <= d && wall <= d && wall >= 0
}

// listen counts what others have touched since the last time, unless that is not long ago or another Read is at it. It
// has to be the first statement of its transaction: the snapshot must not be older than the moment noted.
func (s *sharing) listen(r *session) error {
	if s.current(s.Bound/2) || !s.listening.TryLock() {
		return nil
	}
	defer s.listening.Unlock()
	now := s.Now()
	s.mu.Lock()
	since := s.revision
	s.mu.Unlock()
	type change struct{ scheme, stripe, revision int64 }
	changes, err := all(r, "read what was touched", func(row scanner, c *change) error {
		return row.Scan(&c.scheme, &c.stripe, &c.revision)
	}, "SELECT scheme, stripe, revision FROM touched WHERE revision > ?", since)
	if err != nil {
		return err
	}
	var touched stripeSet
	for _, c := range changes {
		touched.addNumber(c.scheme, c.stripe)
		since = max(since, c.revision)
	}
	s.stamps.count(&touched)
	s.mu.Lock()
	s.revision = max(s.revision, since)
	s.mu.Unlock()
	s.heard.Store(&now)
	return nil
}

// record leaves in the transaction what it touches and gives it its place in the order of commits. The update keeps
// other transactions from a place of their own until this one is over.
func (s *sharing) record(w *session) error {
	const verb = "record what was touched"
	numbers := slices.Collect(w.touched.all())
	if len(numbers) == 0 {
		return nil
	}
	revision, _, err := one(w, verb, scalar[int64], "UPDATE revisions SET last = last + 1 RETURNING last")
	if err != nil {
		return err
	}
	for _, n := range numbers {
		if _, err := w.exec(verb, `INSERT INTO touched (scheme, stripe, revision) VALUES (?, ?, ?)
			ON CONFLICT (scheme, stripe) DO UPDATE SET revision = excluded.revision`, scheme, n, revision); err != nil {
			return err
		}
	}
	w.revision = revision
	return nil
}

// tell gives others word of a commit that is counted here.
func (s *sharing) tell(by *changes) {
	s.passed(by.revision)
	if numbers := slices.Collect(by.touched.all()); len(numbers) > 0 {
		s.Peers.Tell(Notice{s.name, by.revision, scheme, numbers})
	}
}

// take counts what another Store has touched.
func (s *sharing) take(n Notice) {
	if n.From == s.name {
		return
	}
	var touched stripeSet
	for _, stripe := range n.Stripes {
		touched.addNumber(n.Scheme, int64(stripe))
	}
	s.stamps.count(&touched)
	s.passed(n.Revision)
}

// passed notes that a commit is counted. After a gap it stays where it is, and listen counts from there once more.
func (s *sharing) passed(revision int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if revision == s.revision+1 {
		s.revision = revision
	}
}
