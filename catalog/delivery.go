package catalog

import "time"

// EventTarget is how far somebody has been told of events.
type EventTarget struct {
	Name string // unique; given by whoever tells
	// Cursor is the last event that is dealt with: it and all before it were told, are of no concern, or wait among the
	// target's deliveries.
	Cursor   int64
	Disabled bool // nothing is told until it is enabled again
	// FailingSince is when attempts began to fail, zero while the last one succeeded. Problem is what the last one said.
	FailingSince time.Time
	Problem      string
}

// Delivery is an event that could not be told yet, or not at all.
type Delivery struct {
	Target   string // an EventTarget's name
	Sequence int64  // of the event
	Lane     string // events of one lane are told in their order
	Event    []byte // as it is told
	Attempts int
	DueAt    time.Time // of the next attempt
	FailedAt time.Time // of the first attempt that failed; zero before
	// DeadAt is when it was given up; zero while it is to be told.
	DeadAt  time.Time
	Problem string // what the last attempt said
}

// DeliveryCounts are how many deliveries a target has.
type DeliveryCounts struct{ Waiting, Dead int }

// DeliveryReader finds targets and deliveries.
type DeliveryReader interface {
	EventTarget(name string) (EventTarget, error)
	// EventTargets lists all targets, ordered by name.
	EventTargets(page Page) (Listing[EventTarget], error)
	// Deliveries returns up to limit (clamped as in Page) deliveries of a target after the sequence number, lowest first:
	// those that wait, or those that are dead.
	Deliveries(target string, dead bool, after int64, limit int) ([]Delivery, error)
	// CountDeliveries counts the deliveries of a target.
	CountDeliveries(target string) (DeliveryCounts, error)
}

// DeliveryWriter changes targets and deliveries. It touches no topic, but that PutEventTarget and DeleteEventTarget touch
// EventTargetsTopic.
type DeliveryWriter interface {
	// PutEventTarget creates the target or replaces its record.
	PutEventTarget(t EventTarget) error
	// DeleteEventTarget removes a target with its deliveries.
	DeleteEventTarget(name string) error
	// Progress replaces the record of a target as PutEventTarget does and touches nothing: it is for whoever tells, again and
	// again. NotFound if there is no such target.
	Progress(t EventTarget) error
	// PutDelivery creates a delivery of a target, or replaces that of the same event. NotFound without the target.
	PutDelivery(d Delivery) error
	DeleteDelivery(target string, sequence int64) error
	// DeleteDeadDeliveries removes up to limit (clamped as in Page) deliveries that died before t, and returns how many it
	// removed.
	DeleteDeadDeliveries(t time.Time, limit int) (int, error)
}
