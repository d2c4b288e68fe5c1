package sqlcatalog

import (
	"cmp"
	"slices"
	"time"

	"entrepot/catalog"
)

const eventColumns = `sequence, time, kind, request_id, account, owner, administrator, principal, action, resource, detail, call`

func scanEvent(row scanner, e *catalog.Event) error {
	return row.Scan(&e.Sequence, instant{&e.Time}, &e.Kind, &e.RequestID, &e.Account, &e.Owner, &e.Administrator, &e.Principal,
		&e.Action, &e.Resource, (*[]byte)(&e.Detail), (*[]byte)(&e.Call))
}

// Events implements catalog.EventReader. That numbers become visible in their order is the engine's to see to.
func (s *session) Events(after int64, limit int) ([]catalog.Event, error) {
	return all(s, "read events", scanEvent,
		`SELECT `+eventColumns+` FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?`, after, clamp(limit))
}

// concerning are the conditions under which an event concerns an account, each with an index of its own. An event fulfils one
// of them for an account at most.
var concerning = []string{
	`account = ?`,
	`owner = ? AND owner <> account AND owner <> ''`,
	`administrator = ? AND administrator <> account AND administrator <> owner AND administrator <> ''`,
}

// concerningEvents reads those that concern an account under one of the conditions.
func concerningEvents(condition string) string {
	return `SELECT ` + eventColumns + ` FROM events WHERE kind = 'audit' AND ` + condition + ` AND time >= ?
		AND (time, sequence) < (?, ?) ORDER BY time DESC, sequence DESC LIMIT ?`
}

// EventsOf implements catalog.EventReader.
func (s *session) EventsOf(account string, from time.Time, behind catalog.EventMark, limit int) ([]catalog.Event, error) {
	var events []catalog.Event
	for _, condition := range concerning {
		some, err := all(s, "read the events of an account", scanEvent, concerningEvents(condition),
			account, from.UnixMicro(), behind.Time.UnixMicro(), behind.Sequence, clamp(limit))
		if err != nil {
			return nil, err
		}
		events = append(events, some...)
	}
	slices.SortFunc(events, func(a, b catalog.Event) int {
		return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(b.Sequence, a.Sequence))
	})
	return events[:min(len(events), clamp(limit))], nil
}

// LastEvent implements catalog.EventReader.
func (s *session) LastEvent() (int64, error) {
	n, _, err := one(s, "find the last event", scalar[int64], s.dialect.lastNumber, "events")
	return n, err
}

// Record implements catalog.EventWriter.
func (s *session) Record(e catalog.Event) error {
	_, err := s.exec("record an event", `INSERT INTO events
		(time, kind, request_id, account, owner, administrator, principal, action, resource, detail, call)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.Time.UnixMicro(), e.Kind, e.RequestID, e.Account, e.Owner, e.Administrator, e.Principal, e.Action, e.Resource,
		[]byte(e.Detail), []byte(e.Call))
	if err == nil && e.Kind == catalog.VersionEvent {
		s.touch(catalog.VersionEventsTopic())
	}
	return err
}

// DeleteEvents implements catalog.EventWriter.
func (s *session) DeleteEvents(kind catalog.EventKind, t time.Time, limit int) (int, error) {
	n, err := s.exec("delete old events", `DELETE FROM events WHERE sequence IN
		(SELECT sequence FROM events WHERE kind = ? AND time < ? ORDER BY time, sequence LIMIT ?)`,
		kind, t.UnixMicro(), clamp(limit))
	return int(n), err
}
