package sqlcatalog

// locking is how a lock is taken, by a process or by a Store within one.
type locking uint8

const (
	alone    locking = iota // or not at all
	together                // with others that take it so, or not at all
	byTurns                 // when the others have let it go
)
