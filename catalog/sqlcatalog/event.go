package sqlcatalog

import (
	"time"

	"entrepot/catalog"
)

// Events implements catalog.EventReader. That numbers become visible in their order is the engine's to see to.
func (s *session) Events(after int64, limit int) ([]catalog.Event, error) {
	return all(s, "read events", func(row scanner, e *catalog.Event) error {
		return row.Scan(&e.Sequence, instant{&e.Time}, &e.Kind, &e.RequestID, &e.Account, &e.Principal, &e.Action,
			&e.Resource, (*[]byte)(&e.Detail))
	}, `SELECT sequence, time, kind, request_id, account, principal, action, resource, detail FROM events
		WHERE sequence > ? ORDER BY sequence LIMIT ?`, after, clamp(limit))
}

// LastEvent implements catalog.EventReader.
func (s *session) LastEvent() (int64, error) {
	n, _, err := one(s, "find the last event", scalar[int64], s.dialect.lastNumber, "events")
	return n, err
}

// Record implements catalog.EventWriter.
func (s *session) Record(e catalog.Event) error {
	_, err := s.exec("record an event", `INSERT INTO events
		(time, kind, request_id, account, principal, action, resource, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		e.Time.UnixMicro(), e.Kind, e.RequestID, e.Account, e.Principal, e.Action, e.Resource, []byte(e.Detail))
	return err
}

// DeleteEvents implements catalog.EventWriter.
func (s *session) DeleteEvents(kind catalog.EventKind, t time.Time, limit int) (int, error) {
	n, err := s.exec("delete old events", `DELETE FROM events WHERE sequence IN
		(SELECT sequence FROM events WHERE kind = ? AND time < ? ORDER BY time, sequence LIMIT ?)`,
		kind, t.UnixMicro(), clamp(limit))
	return int(n), err
}
