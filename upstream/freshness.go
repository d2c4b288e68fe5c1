package upstream

import (
	"time"

	"golang.org/x/time/rate"
)

// memory is an entry as the client remembers it.
type memory struct {
	Entry
	failedAt time.Time // of the latest attempt to ask again; zero after a success
	lost     bool      // the cache still tells of the entry but has no body: neither to be answered nor revalidated
}

// A freshness says what may be done with what is remembered.
type freshness uint8

const (
	unknown freshness = iota // ask, and wait for the answer
	fresh                    // answer; no I/O
	ageing                   // answer, and ask in the background
	expired                  // ask and wait a little; then the old copy will do
	missing                  // the upstream does not have it
)

// freshness judges what is remembered under k in the wanted form.
func (c *Client) freshness(k Key, form string) (memory, freshness) {
	now := c.opts.Now()
	if until, ok := c.absences.Get(k); ok {
		if now.Before(until) {
			return memory{}, missing
		}
		c.absences.Remove(k)
	}
	m, ok := c.entries.Get(k)
	if !ok || m.lost || m.RegenerateVersion != form {
		return memory{}, unknown
	}
	age := now.Sub(m.CheckedAt)
	young, revalidating := c.freshFor(k.Connection)
	old := young + revalidating
	switch {
	case age < -young: // checked in a future that a corrected clock took back
		return m, expired
	case m.Gone && age < c.absentFor(k.Connection):
		return memory{}, missing
	case m.Gone:
		return memory{}, unknown
	case age <= young:
		return m, fresh
	case !m.failedAt.IsZero() && now.Sub(m.failedAt) < max(young, c.opts.Freshness):
		return m, fresh
	case !m.failedAt.IsZero() || age <= old:
		return m, ageing
	}
	return m, expired
}

// refreshable reports whether the entry may be asked for although it is young enough.
func (c *Client) refreshable(m memory) bool {
	now := c.opts.Now()
	return now.Sub(m.CheckedAt) >= c.opts.RefreshEvery && now.Sub(m.failedAt) >= c.opts.Freshness
}

// allowRefresh takes one refresh out of the connection's rate. The caller holds c.mu.
func (c *Client) allowRefresh(k Key) bool {
	l, known := c.limiters.Get(k.Connection)
	if !known {
		l = rate.NewLimiter(rate.Limit(c.opts.RefreshRate), max(1, int(2*c.opts.RefreshRate)))
		c.limiters.Add(k.Connection, l)
	}
	return l.AllowN(c.opts.Now(), 1)
}
