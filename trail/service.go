// Package trail has the rules of the record of calls: the form in which it is shown, which is CloudTrail's, and who is shown what
// of it. What is on record is written by the rules that carry calls out, in the transactions in which they do.
//
// The files, in the order of reading:
//
//	service.go              what the rules stand on
//	record.go, about.go,    an event as a record of CloudTrail: who, what, on what; its id
//	eventid.go
//	lookup.go               looking events up
//	behind.go               recording what nobody waits for
//	export.go               the record in files, chained by digests
package trail

import (
	"time"

	"entrepot/catalog"
)

// Service has the rules. All its methods may be used at once from any number of goroutines.
type Service struct{ Options }

// Options are what the rules work with. All members are needed unless they say otherwise.
type Options struct {
	Catalog catalog.Store
	Region  string
	Now     func() time.Time
	// RecordLater puts an event on record without anybody waiting for it: that a look was refused. nil means that none is.
	RecordLater func(e catalog.Event)
}

// New returns the rules over the given parts.
func New(o Options) *Service { return &Service{o} }
