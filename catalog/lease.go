package catalog

import "time"

// Lease is the right to do something that one holder at a time may do. It ends by itself, so that a holder which died is
// succeeded.
//
// Times are the callers'. Their clocks have to agree to within a small part of a lease's life: whoever's clock is ahead
// takes a lease that much too early.
type Lease struct {
	Name   string
	Holder string // unique to whoever may hold it, such as one process
	EndsAt time.Time
}

// LeaseReader finds leases.
type LeaseReader interface {
	// Lease returns the lease as it was last taken, ended or not, or NotFound if nobody has it.
	Lease(name string) (Lease, error)
}

// LeaseWriter changes leases. It touches no topic.
type LeaseWriter interface {
	// TakeLease gives the lease to l.Holder until l.EndsAt if nobody has it, if it has ended at now, or if l.Holder has it;
	// then its end moves. Conflict if another holds it.
	TakeLease(l Lease, now time.Time) error
	// EndLease gives the lease up, ended or not; NotFound unless the holder has it.
	EndLease(name, holder string) error
}
