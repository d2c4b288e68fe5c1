package jobs

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"entrepot/catalog"
)

// ledger is a catalog that knows when tokens are over and when events were.
type ledger struct {
	catalog.Store
	tokens []time.Time
	over   []time.Time // sessions
	events map[catalog.EventKind][]time.Time
	writes int
	fail   error // of every write, after its function
}

type page struct {
	catalog.Writer
	*ledger
}

func (l *ledger) Write(_ context.Context, fn func(catalog.Writer) error) error {
	l.writes++
	if err := fn(page{ledger: l}); err != nil {
		return err
	}
	return l.fail
}

func (p page) DeleteTokensExpired(t time.Time, limit int) (n int, err error) {
	p.ledger.tokens, n = without(p.ledger.tokens, t, limit)
	return n, nil
}

func (p page) DeleteSessionsExpired(t time.Time, limit int) (n int, err error) {
	p.over, n = without(p.over, t, limit)
	return n, nil
}

func (p page) DeleteEvents(kind catalog.EventKind, t time.Time, limit int) (n int, err error) {
	p.events[kind], n = without(p.events[kind], t, limit)
	return n, nil
}

// without returns the times less up to limit that lie before t, and how many those are.
func without(times []time.Time, t time.Time, limit int) (rest []time.Time, n int) {
	rest = slices.DeleteFunc(times, func(at time.Time) bool {
		gone := at.Before(t) && n < limit
		if gone {
			n++
		}
		return gone
	})
	return rest, n
}

func TestExpiredTokensGoInSmallTransactions(t *testing.T) {
	l := &ledger{}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 2*removeBatch + 1 {
		l.tokens = append(l.tokens, now.Add(-time.Duration(i+1)*time.Second))
	}
	l.tokens = append(l.tokens, now.Add(time.Second))
	if err := ExpiredTokens(l, 0, func() time.Time { return now })(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(l.tokens) != 1 || l.writes != 3 {
		t.Errorf("%d tokens left after %d transactions, want 1 after 3", len(l.tokens), l.writes)
	}
	if err := ExpiredTokens(l, time.Hour, func() time.Time { return now.Add(time.Hour) })(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(l.tokens) != 1 {
		t.Error("a token is gone that was to be kept for an hour")
	}
	l.fail = errors.New("disk full")
	if err := ExpiredTokens(l, 0, time.Now)(t.Context()); !errors.Is(err, l.fail) {
		t.Errorf("got %v, want the catalog's error", err)
	}
}

func TestSessionsThatAreOverGo(t *testing.T) {
	l := &ledger{}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l.over = []time.Time{now.Add(-time.Hour - time.Second), now.Add(-time.Minute), now.Add(time.Second)}
	if err := ExpiredSessions(l, time.Hour, func() time.Time { return now })(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(l.over) != 2 {
		t.Errorf("%d sessions left, want those that were over for an hour gone", len(l.over))
	}
	l.fail = errors.New("disk full")
	if err := ExpiredSessions(l, 0, time.Now)(t.Context()); !errors.Is(err, l.fail) {
		t.Errorf("got %v, want the catalog's error", err)
	}
}
