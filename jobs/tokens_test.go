package jobs

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"entrepot/catalog"
)

// ledger is a catalog that knows tokens only.
type ledger struct {
	catalog.Store
	tokens []time.Time
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
	p.ledger.tokens = slices.DeleteFunc(p.ledger.tokens, func(expires time.Time) bool {
		gone := expires.Before(t) && n < limit
		if gone {
			n++
		}
		return gone
	})
	return n, nil
}

func TestExpiredTokensGoInSmallTransactions(t *testing.T) {
	l := &ledger{}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 2*tokenBatch + 1 {
		l.tokens = append(l.tokens, now.Add(-time.Duration(i+1)*time.Second))
	}
	l.tokens = append(l.tokens, now.Add(time.Second))
	if err := ExpiredTokens(l, func() time.Time { return now })(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(l.tokens) != 1 || l.writes != 3 {
		t.Errorf("%d tokens left after %d transactions, want 1 after 3", len(l.tokens), l.writes)
	}
	l.fail = errors.New("disk full")
	if err := ExpiredTokens(l, time.Now)(t.Context()); !errors.Is(err, l.fail) {
		t.Errorf("got %v, want the catalog's error", err)
	}
}
