package catalog

import "context"

// Fault is something that is not as the catalog promises.
type Fault struct {
	Kind FaultKind
	Text string // a sentence
	// Derived says that it follows from what is right elsewhere in the catalog: Recompute makes it right.
	Derived bool
}

// FaultKind sorts faults.
type FaultKind string

// The kinds of fault.
const (
	FaultyPages      FaultKind = "catalog-pages"      // the database's own structures disagree
	FaultyReferences FaultKind = "catalog-references" // a row refers to one that is not there
	FaultyRows       FaultKind = "catalog-rows"       // a row cannot be, or lacks what belongs to it
	FaultyCounts     FaultKind = "catalog-counts"     // a recount comes to something else
	FaultyIndex      FaultKind = "search-index"       // search would find other packages than there are
)

// Inspector is a Store that can tell what is wrong with it.
type Inspector interface {
	Store
	// Faults reads the whole catalog on one snapshot and returns what is wrong, up to ten faults of each check. It takes
	// time in proportion to the catalog's size. An error says that it could not be read, which is a fault too.
	Faults(ctx context.Context) ([]Fault, error)
	// Recompute makes right all that is Derived, in one transaction. It reads and writes much; nobody should be waiting.
	Recompute(ctx context.Context) error
}
