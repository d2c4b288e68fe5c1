package sqlcatalog

import (
	"iter"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"

	"entrepot/catalog"
)

// Counters stand for all topics. Topics that share one make each other's answers stale now and then, which costs a
// recomputation and nothing else. Packages have theirs apart, for publishers choose the names: however they choose, they
// wear out no answer about tokens, principals or configuration.
const (
	packageStripes = 4096
	otherStripes   = 1024
	stripes        = packageStripes + otherStripes
)

// stamps counts commits by topic.
//
// The order that makes them safe: a reader takes the stamp, then reads, then keeps its answer under that stamp. A writer
// commits, then counts, then Write returns. If the reader's snapshot misses the commit, the stamp was taken before the
// count, so the kept answer is stale from the count on. If the stamp already has the count, the commit was visible before
// the stamp was taken and the snapshot has it. Between commit and count a kept answer may still be given; the Write has
// not returned yet then, so nobody was told that it is wrong.
type stamps struct {
	counts [stripes]atomic.Uint64

	mu       sync.Mutex
	watching atomic.Pointer[[]*watcher] // replaced, never changed
}

// stripe returns the number of the topic's counter, the same in every process.
func stripe(t catalog.Topic) int {
	if t.OfPackages() {
		return int(t % packageStripes)
	}
	return packageStripes + int(t%otherStripes)
}

// sum adds up the topics' counters. They only ever grow, so the sum stays the same exactly if all of them do.
func (s *stamps) sum(topics []catalog.Topic) catalog.Stamp {
	var total uint64
	for _, t := range topics {
		total += s.counts[stripe(t)].Load()
	}
	return catalog.Stamp(total)
}

// count counts a commit for every stripe in the set.
func (s *stamps) count(touched *stripeSet) {
	for stripe := range touched.all() {
		s.counts[stripe].Add(1)
	}
	if watching := s.watching.Load(); watching != nil {
		for _, w := range *watching {
			w.tell(touched)
		}
	}
}

// watcher is somebody who waits for changes of some stripes.
type watcher struct {
	of      stripeSet
	changed chan struct{} // has room for one
}

// tell makes the channel ready if one of the stripes is the watcher's. It waits for nobody: a channel that is ready already
// says enough.
func (w *watcher) tell(touched *stripeSet) {
	for i, word := range touched {
		if word&w.of[i] != 0 {
			select {
			case w.changed <- struct{}{}:
			default:
			}
			return
		}
	}
}

// watch adds a watcher; stop takes it away.
func (s *stamps) watch(topics []catalog.Topic) (changed <-chan struct{}, stop func()) {
	w := &watcher{changed: make(chan struct{}, 1)}
	for _, t := range topics {
		w.of.add(stripe(t))
	}
	s.rewatch(func(all []*watcher) []*watcher { return append(all, w) })
	return w.changed, func() {
		s.rewatch(func(all []*watcher) []*watcher {
			return slices.DeleteFunc(all, func(other *watcher) bool { return other == w })
		})
	}
}

// rewatch replaces the list of watchers.
func (s *stamps) rewatch(change func([]*watcher) []*watcher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*watcher
	if now := s.watching.Load(); now != nil {
		all = slices.Clone(*now)
	}
	all = change(all)
	s.watching.Store(&all)
}

// stripeSet is a set of stripes: of bounded size, however much a transaction touches.
type stripeSet [stripes / 64]uint64

func (s *stripeSet) add(stripe int) { s[stripe/64] |= 1 << (stripe % 64) }

// addNumber adds a stripe that another Store has named, or all if what it means by the number is not known.
func (s *stripeSet) addNumber(theirs, number int64) {
	if theirs == scheme && number >= 0 && number < stripes {
		s.add(int(number))
		return
	}
	for i := range s {
		s[i] = ^uint64(0)
	}
}

// all yields the set in rising order.
func (s *stripeSet) all() iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		for i, word := range s {
			for ; word != 0; word &= word - 1 {
				if !yield(uint16(i*64 + bits.TrailingZeros64(word))) {
					return
				}
			}
		}
	}
}

func (s *stripeSet) addAll(other *stripeSet) {
	for i, word := range other {
		s[i] |= word
	}
}
