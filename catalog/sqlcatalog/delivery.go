package sqlcatalog

import (
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

const eventTargetColumns = "SELECT name, cursor, disabled, failing_since, problem FROM event_targets "

func scanEventTarget(row scanner, t *catalog.EventTarget) error {
	return row.Scan(&t.Name, &t.Cursor, &t.Disabled, instantOrNone{&t.FailingSince}, &t.Problem)
}

const deliveryColumns = `SELECT target, sequence, lane, event, attempts, due_at, failed_at, dead_at, problem
	FROM event_deliveries `

func scanDelivery(row scanner, d *catalog.Delivery) error {
	return row.Scan(&d.Target, &d.Sequence, &d.Lane, &d.Event, &d.Attempts, instant{&d.DueAt}, instantOrNone{&d.FailedAt},
		instantOrNone{&d.DeadAt}, &d.Problem)
}

func noEventTarget(name string) error {
	return artifact.Errorf(artifact.NotFound, "Nobody is told of events under the name %s.", name)
}

// EventTarget implements catalog.DeliveryReader.
func (s *session) EventTarget(name string) (catalog.EventTarget, error) {
	t, found, err := one(s, "find an event target", scanEventTarget, eventTargetColumns+"WHERE name = ?", name)
	if err == nil && !found {
		err = noEventTarget(name)
	}
	return t, err
}

// EventTargets implements catalog.DeliveryReader.
func (s *session) EventTargets(page catalog.Page) (catalog.Listing[catalog.EventTarget], error) {
	after := []string{""}
	if page.After != "" {
		var err error
		if after, err = unmark(eventTargetList, 1, page.After); err != nil {
			return catalog.Listing[catalog.EventTarget]{}, err
		}
	}
	limit := clamp(page.Limit)
	items, err := all(s, "list event targets", scanEventTarget, eventTargetColumns+"WHERE name > ? ORDER BY name LIMIT ?",
		after[0], limit+1)
	return listing(items, limit, func(t catalog.EventTarget) string { return mark(eventTargetList, t.Name) }), err
}

// Deliveries implements catalog.DeliveryReader.
func (s *session) Deliveries(target string, dead bool, after int64, limit int) ([]catalog.Delivery, error) {
	return all(s, "list deliveries", scanDelivery, deliveryColumns+
		"WHERE target = ? AND sequence > ? AND (dead_at IS NOT NULL) = ? ORDER BY sequence LIMIT ?", target, after, dead, clamp(limit))
}

// CountDeliveries implements catalog.DeliveryReader.
func (s *session) CountDeliveries(target string) (catalog.DeliveryCounts, error) {
	counts, _, err := one(s, "count deliveries", func(row scanner, c *catalog.DeliveryCounts) error {
		return row.Scan(&c.Waiting, &c.Dead)
	}, "SELECT count(*) - count(dead_at), count(dead_at) FROM event_deliveries WHERE target = ?", target)
	return counts, err
}

// PutEventTarget implements catalog.DeliveryWriter.
func (s *session) PutEventTarget(t catalog.EventTarget) error {
	_, err := s.exec("put an event target", `INSERT INTO event_targets (name, cursor, disabled, failing_since, problem)
		VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor, disabled = excluded.disabled,
		failing_since = excluded.failing_since, problem = excluded.problem`,
		t.Name, t.Cursor, t.Disabled, orNull(t.FailingSince), t.Problem)
	s.touch(catalog.EventTargetsTopic())
	return err
}

// Progress implements catalog.DeliveryWriter.
func (s *session) Progress(t catalog.EventTarget) error {
	n, err := s.exec("record the progress of a target",
		"UPDATE event_targets SET cursor = ?, disabled = ?, failing_since = ?, problem = ? WHERE name = ?",
		t.Cursor, t.Disabled, orNull(t.FailingSince), t.Problem, t.Name)
	if err == nil && n == 0 {
		err = noEventTarget(t.Name)
	}
	return err
}

// DeleteEventTarget implements catalog.DeliveryWriter.
func (s *session) DeleteEventTarget(name string) error {
	n, err := s.exec("delete an event target", "DELETE FROM event_targets WHERE name = ?", name)
	if err == nil && n == 0 {
		err = noEventTarget(name)
	}
	if err == nil {
		s.touch(catalog.EventTargetsTopic())
	}
	return err
}

// PutDelivery implements catalog.DeliveryWriter.
func (s *session) PutDelivery(d catalog.Delivery) error {
	found, err := s.exists("find an event target", "SELECT 1 FROM event_targets WHERE name = ?", d.Target)
	if err == nil && !found {
		err = noEventTarget(d.Target)
	}
	if err != nil {
		return err
	}
	_, err = s.exec("put a delivery", `INSERT INTO event_deliveries
		(target, sequence, lane, event, attempts, due_at, failed_at, dead_at, problem) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (target, sequence) DO UPDATE SET lane = excluded.lane, event = excluded.event, attempts = excluded.attempts,
		due_at = excluded.due_at, failed_at = excluded.failed_at, dead_at = excluded.dead_at, problem = excluded.problem`,
		d.Target, d.Sequence, d.Lane, notNil(d.Event), d.Attempts, d.DueAt.UnixMicro(), orNull(d.FailedAt), orNull(d.DeadAt), d.Problem)
	return err
}

// notNil keeps nothing as no bytes, and not as NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// DeleteDelivery implements catalog.DeliveryWriter.
func (s *session) DeleteDelivery(target string, sequence int64) error {
	n, err := s.exec("delete a delivery", "DELETE FROM event_deliveries WHERE target = ? AND sequence = ?", target, sequence)
	if err == nil && n == 0 {
		err = artifact.Errorf(artifact.NotFound, "%s has no delivery of event %d.", target, sequence)
	}
	return err
}

// DeleteDeadDeliveries implements catalog.DeliveryWriter.
func (s *session) DeleteDeadDeliveries(t time.Time, limit int) (int, error) {
	n, err := s.exec("delete dead deliveries", `DELETE FROM event_deliveries WHERE (target, sequence) IN
		(SELECT target, sequence FROM event_deliveries WHERE dead_at < ? ORDER BY dead_at LIMIT ?)`, t.UnixMicro(), clamp(limit))
	return int(n), err
}
