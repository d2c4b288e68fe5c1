package access

import lru "github.com/hashicorp/golang-lru/v2"

// memory keeps answers out of the catalog for as long as the stamp they were read under stays the same. Take the stamp
// before reading: a write in between then costs one more read, not a stale answer.
type memory[K comparable, V any] struct {
	entries *lru.Cache[K, remembered[V]]
}

type remembered[V any] struct {
	stamp uint64
	value V
}

func newMemory[K comparable, V any](size int) *memory[K, V] {
	entries, err := lru.New[K, remembered[V]](size)
	if err != nil {
		panic(err) // only a size of zero or less is refused
	}
	return &memory[K, V]{entries}
}

func (m *memory[K, V]) recall(key K, stamp uint64) (value V, ok bool) {
	entry, ok := m.entries.Get(key)
	if !ok || entry.stamp != stamp {
		return value, false
	}
	return entry.value, true
}

func (m *memory[K, V]) keep(key K, stamp uint64, value V) {
	m.entries.Add(key, remembered[V]{stamp, value})
}
