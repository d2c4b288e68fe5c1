package catalog

import (
	"encoding/json"
	"time"
)

// Event is one line of the record of what happened. It is written in the transaction of the change it tells of and
// never changed or removed with it; when it is old it goes by itself (DeleteEvents).
type Event struct {
	Sequence  int64 // assigned by the catalog; strictly rising in the order of commits, gaps allowed
	Time      time.Time
	Kind      EventKind
	RequestID string
	Account   string // the caller's
	// Owner and Administrator are the accounts that own the domain and administer the repository that was meant; empty where
	// nothing of the kind was, or it is not known.
	Owner, Administrator string
	Principal            string // the caller's ARN; empty for the system's own work
	Action               string // codeartifact:CreateRepository, …
	Resource             string // ARN
	Detail               json.RawMessage
	// Call is what else is known of the call that an audit event tells of, in the form of package audit; nil if nothing is.
	Call json.RawMessage
}

// EventMark is a place in the order in which EventsOf lists: right behind the event of that time and number.
type EventMark struct {
	Time     time.Time
	Sequence int64
}

// EventKind sorts events.
type EventKind string

// The kinds of event.
const (
	AuditEvent   EventKind = "audit"           // a call that changed something, or was refused
	VersionEvent EventKind = "version-changed" // a version was created, updated or deleted in one repository
)

// EventReader reads the record.
type EventReader interface {
	// Events returns up to limit events after the sequence number, lowest first; limit is clamped as in Page. Once a reader
	// was given a sequence number, no event of a lower one appears any more, however many write: whoever goes on from the
	// last number it was given misses none.
	Events(after int64, limit int) ([]Event, error)
	// EventsOf returns up to limit (clamped as in Page) audit events that concern an account, as the caller's, the owner's or the
	// administrator's: those that happened from a time on, and were not listed before the mark. The newest come first, and of one
	// time those of the highest number; each comes once.
	EventsOf(account string, from time.Time, behind EventMark, limit int) ([]Event, error)
	// LastEvent returns the highest sequence number that was ever given to an event, still kept or not; zero if nothing was
	// ever recorded.
	LastEvent() (int64, error)
}

// EventWriter adds to the record. A VersionEvent touches VersionEventsTopic.
type EventWriter interface {
	// Record adds e under a new sequence number; e.Sequence is not looked at.
	Record(e Event) error
	// DeleteEvents removes up to limit (clamped as in Page) events of the kind that happened before t, the oldest first,
	// and returns how many it removed. Their numbers are not given to others.
	DeleteEvents(kind EventKind, t time.Time, limit int) (int, error)
}
