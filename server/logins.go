package server

import (
	"net/netip"
	"time"

	"entrepot/artifact"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// maxLoginAddresses bounds the table of addresses that failed to log in; the least recently used are forgotten.
const maxLoginAddresses = 8192

// logins slows down guessing: an address that failed too often is answered Throttled when it fails again.
// Only failures count, and only of requests that brought a credential; a client that waits to be asked for one does
// no guessing.
type logins struct {
	perMinute int // 0 means no limit
	table     *lru.Cache[netip.Addr, *rate.Limiter]
}

func newLogins(perMinute int) *logins {
	table, err := lru.New[netip.Addr, *rate.Limiter](maxLoginAddresses)
	if err != nil {
		panic(err) // only for a size that is not positive
	}
	return &logins{perMinute, table}
}

// check returns Throttled while the address must wait.
func (l *logins) check(from netip.Addr, now time.Time) error {
	if l.perMinute <= 0 {
		return nil
	}
	limiter, known := l.table.Get(network(from))
	if !known {
		return nil
	}
	tokens := limiter.TokensAt(now)
	if tokens >= 1 {
		return nil
	}
	wait := time.Duration((1 - tokens) / float64(limiter.Limit()) * float64(time.Second))
	err := artifact.Errorf(artifact.Throttled, "Too many failed logins from this address.")
	err.RetryAfter = max(wait.Round(time.Second), time.Second)
	return err
}

// failed counts a failure.
func (l *logins) failed(from netip.Addr, now time.Time) {
	if l.perMinute <= 0 {
		return
	}
	key := network(from)
	limiter, known := l.table.Get(key)
	if !known {
		limiter = rate.NewLimiter(rate.Limit(float64(l.perMinute)/60), l.perMinute)
		if earlier, raced, _ := l.table.PeekOrAdd(key, limiter); raced {
			limiter = earlier
		}
	}
	limiter.AllowN(now, 1)
}

// network is what one guesser can be expected to have: an IPv4 address, or an IPv6 /64.
func network(a netip.Addr) netip.Addr {
	if !a.Is6() {
		return a
	}
	p, err := a.Prefix(64)
	if err != nil {
		return a
	}
	return p.Addr()
}
