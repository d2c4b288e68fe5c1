// Package bytecache keeps values in memory up to a number of bytes. Those not used for the longest time go first.
package bytecache

import (
	"container/list"
	"sync"
)

// Cache keeps values by key. Several goroutines may use one.
type Cache[K comparable, V any] struct {
	room int64
	cost func(V) int64

	mu    sync.Mutex
	used  int64
	order *list.List // of entry[K, V], most recently used first
	byKey map[K]*list.Element
}

type entry[K comparable, V any] struct {
	key   K
	value V
	cost  int64
}

// New returns a cache with room for so many bytes. cost says how many a value takes, with what it costs to keep it; it is
// asked once, when the value is put.
func New[K comparable, V any](room int64, cost func(V) int64) *Cache[K, V] {
	return &Cache[K, V]{room: room, cost: cost, order: list.New(), byKey: map[K]*list.Element{}}
}

// Get returns the value kept under the key, and counts as a use of it.
func (c *Cache[K, V]) Get(key K) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.byKey[key]
	if !ok {
		return value, false
	}
	c.order.MoveToFront(at)
	return at.Value.(entry[K, V]).value, true
}

// Put keeps a value in place of what is under the key, and pushes out what there is no room for. A value that takes more
// than all the room is not kept, and pushes out nothing else.
func (c *Cache[K, V]) Put(key K, value V) {
	e := entry[K, V]{key, value, c.cost(value)}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(c.byKey[key])
	if e.cost > c.room {
		return
	}
	c.byKey[key] = c.order.PushFront(e)
	for c.used += e.cost; c.used > c.room; {
		c.drop(c.order.Back())
	}
}

// Remove forgets what is under the key.
func (c *Cache[K, V]) Remove(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(c.byKey[key])
}

// Used returns how many bytes the kept values take.
func (c *Cache[K, V]) Used() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.used
}

// drop forgets an entry; nil is none.
func (c *Cache[K, V]) drop(at *list.Element) {
	if at == nil {
		return
	}
	e := c.order.Remove(at).(entry[K, V])
	delete(c.byKey, e.key)
	c.used -= e.cost
}
