package catalog

import (
	"context"
	"slices"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Memo remembers answers drawn from a catalog for as long as nothing they rest on has changed. It holds up to a number
// of them; those not asked for the longest go first. Errors are not remembered. Several goroutines may use one.
//
// It is the one place that knows the order which makes a kept answer safe: take the stamp, read, keep.
type Memo[K comparable, V any] struct {
	store   Store
	answers *lru.Cache[K, answer[V]]
}

type answer[V any] struct {
	basis
	value V
}

// NewMemo returns a memo of up to size answers, at least one.
func NewMemo[K comparable, V any](store Store, size int) *Memo[K, V] {
	answers, err := lru.New[K, answer[V]](max(size, 1))
	if err != nil {
		panic(err) // only for a size below one
	}
	return &Memo[K, V]{store, answers}
}

// Get returns the answer to key: the one remembered if it is still true, else what load draws from the catalog, which is
// kept. load names the topics of what it reads before it reads it. Its error is returned as it is, and nothing is kept.
//
// Goroutines that miss at the same moment each load.
func (m *Memo[K, V]) Get(ctx context.Context, key K, load func(ctx context.Context, on *Basis) (V, error)) (V, error) {
	if value, ok := m.Recall(key); ok {
		return value, nil
	}
	on := m.Basis()
	value, err := load(ctx, on)
	if err != nil {
		var none V
		return none, err
	}
	m.Keep(key, value, on)
	return value, nil
}

// Recall returns the answer remembered under key, if it is still true.
func (m *Memo[K, V]) Recall(key K) (V, bool) {
	known, ok := m.answers.Get(key)
	if !ok || !known.holds(m.store) {
		var none V
		return none, false
	}
	return known.value, true
}

// Basis begins the reading for one answer, for a caller who does not keep all that it reads. Get is for the others.
func (m *Memo[K, V]) Basis() *Basis { return &Basis{store: m.store} }

// Keep remembers value under key if all it was read from stands on the basis and the catalog can vouch for it.
func (m *Memo[K, V]) Keep(key K, value V, on *Basis) {
	if on.sound {
		m.answers.Add(key, answer[V]{on.basis, value})
	}
}

// basis is what an answer rests on: topics and their stamp, taken before anything was read.
type basis struct {
	topics []Topic
	stamp  Stamp
}

// holds reports whether the topics are known to be as they were.
func (b *basis) holds(store Store) bool {
	stamp, known := store.Stamp(b.topics...)
	return known && stamp == b.stamp
}

// Basis gathers what one answer rests on while it is read.
type Basis struct {
	store Store
	basis
	sound bool // there are topics, and each was known and stood still since it was named
}

// Topics adds topics, to be called before what they stand for is read. A topic that is only known from what was read is
// added when it is; if an earlier one has changed by then, the answer will not be kept.
func (b *Basis) Topics(topics ...Topic) {
	before, first := b.basis, len(b.topics) == 0
	b.topics = slices.Concat(before.topics, topics)
	var known bool
	b.stamp, known = b.store.Stamp(b.topics...)
	// Asked after the new stamp was taken: what changed before that is noticed here, what changes later changes the stamp.
	b.sound = known && (first || b.sound && before.holds(b.store))
}
