package jobs

import (
	"errors"
	"testing"
	"time"

	"entrepot/catalog"
)

func TestOldEventsGoByTheirKindInSmallTransactions(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	ago := func(days int) time.Time { return now.Add(-time.Duration(days) * day) }
	l := &ledger{events: map[catalog.EventKind][]time.Time{
		catalog.AuditEvent: {ago(366), ago(365), ago(91), ago(1)},
		"of-later":         {ago(1000)},
	}}
	for range 2 * removeBatch {
		l.events[catalog.VersionEvent] = append(l.events[catalog.VersionEvent], ago(91))
	}
	l.events[catalog.VersionEvent] = append(l.events[catalog.VersionEvent], ago(89))
	kept := map[catalog.EventKind]time.Duration{catalog.AuditEvent: 365 * day, catalog.VersionEvent: 90 * day}
	if err := OldEvents(l, kept, func() time.Time { return now })(t.Context()); err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[catalog.EventKind]int{catalog.AuditEvent: 3, catalog.VersionEvent: 1, "of-later": 1} {
		if got := len(l.events[kind]); got != want {
			t.Errorf("events of kind %s: got %d left, want %d", kind, got, want)
		}
	}
	if l.writes != 4 {
		t.Errorf("got %d transactions, want 3 for a thousand events and 1 for one", l.writes)
	}
	l.fail = errors.New("disk full")
	if err := OldEvents(l, kept, time.Now)(t.Context()); !errors.Is(err, l.fail) {
		t.Errorf("got %v, want the catalog's error", err)
	}
}
