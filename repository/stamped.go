package repository

import (
	"entrepot/catalog"

	lru "github.com/hashicorp/golang-lru/v2"
)

// stamped remembers answers drawn from the catalog for as long as nothing they rest on has changed.
type stamped[K comparable, V any] struct {
	catalog catalog.Store
	answers *lru.Cache[K, stampedAnswer[V]]
}

type stampedAnswer[V any] struct {
	stamp  uint64
	topics []catalog.Topic
	value  V
}

func newStamped[K comparable, V any](c catalog.Store, size int) *stamped[K, V] {
	answers, err := lru.New[K, stampedAnswer[V]](size)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &stamped[K, V]{c, answers}
}

// get returns the answer remembered under k, if it is still true.
func (s *stamped[K, V]) get(k K) (V, bool) {
	a, ok := s.answers.Get(k)
	if !ok || s.catalog.Stamp(a.topics...) != a.stamp {
		var none V
		return none, false
	}
	return a.value, true
}

// put remembers an answer. The stamp must have been taken before the catalog was read for it.
func (s *stamped[K, V]) put(k K, v V, stamp uint64, topics ...catalog.Topic) {
	s.answers.Add(k, stampedAnswer[V]{stamp, topics, v})
}
