// Package ratelimit says whether somebody does something too often, for many at a time.
package ratelimit

import (
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// maxKeys bounds what a Limiter remembers; those that were quiet for longest are forgotten.
const maxKeys = 8192

// Limiter counts events by a key, such as an account or an address. Nil admits everything. Several goroutines may use one.
type Limiter[K comparable] struct {
	perSecond int
	burst     int
	now       func() time.Time
	table     *lru.Cache[K, *rate.Limiter]
}

// New makes a Limiter of so many events a second of each key; nil, which admits everything, if that is not above zero.
func New[K comparable](perSecond int, now func() time.Time) *Limiter[K] {
	return NewWithBurst[K](perSecond, perSecond, now)
}

// NewWithBurst is New with so many events of a key admitted at once.
func NewWithBurst[K comparable](perSecond, burst int, now func() time.Time) *Limiter[K] {
	if perSecond <= 0 {
		return nil
	}
	table, err := lru.New[K, *rate.Limiter](maxKeys)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &Limiter[K]{perSecond, burst, now, table}
}

// PerSecond is how many events of a key are admitted; 0 for any number.
func (l *Limiter[K]) PerSecond() int {
	if l == nil {
		return 0
	}
	return l.perSecond
}

// Admit counts an event, or reports that it is one too many. Unless New was told otherwise a second's worth may come at once, so
// whoever is told to wait need not wait for longer than a second.
func (l *Limiter[K]) Admit(key K) bool {
	if l == nil {
		return true
	}
	limiter, known := l.table.Get(key)
	if !known {
		limiter = rate.NewLimiter(rate.Limit(l.perSecond), l.burst)
		if earlier, raced, _ := l.table.PeekOrAdd(key, limiter); raced {
			limiter = earlier
		}
	}
	return limiter.AllowN(l.now(), 1)
}
