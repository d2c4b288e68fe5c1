// Package catalog is the contract of the metadata store, in its callers' verbs.
//
// It keeps what is small and must agree: domains, repositories, packages, versions, who may do what, and the record of
// every change. Bytes live in package blob. Implementations pass catalogtest.
//
// Errors are *artifact.Error: NotFound for a thing that is not there, Conflict for one that is there already or still in
// use, Invalid for a page marker that this catalog did not give out and for numbers that cannot be (an asset of negative
// size, a look-up over more than 4096 repositories). Anything else is Internal.
//
// What a verb says of one thing holds for all: changing or deleting what is not there is NotFound, and so is creating
// something inside it; lists and maps about what is not there are empty, unless the verb says otherwise. Text is kept as
// it is, whatever bytes it has. Times are kept in UTC to the microsecond.
//
// A verb that refuses with an *artifact.Error has changed nothing, and the Write may go on. After any other error, a
// cancelled context among them, the Write fails even if fn returns nil.
package catalog

import (
	"context"
	"iter"
)

// Store is a catalog.
type Store interface {
	// Read runs fn on one snapshot. Nothing read through the Reader is valid after fn returned, except the values.
	Read(ctx context.Context, fn func(Reader) error) error
	// Write runs fn and makes all it wrote durable and visible at once, or nothing if fn or the commit fails. fn may run
	// again after a conflict with another writer, so it must not do anything that cannot be repeated. Writes of several
	// goroutines may share one commit; each still succeeds or fails alone, except that a failed commit fails them all.
	// A panic in fn rolls back and goes on to the caller. Neither Read nor Write may be called from within a Write or a
	// Read of the same goroutine, but for a Write within a Read, which the snapshot does not see.
	Write(ctx context.Context, fn func(Writer) error) error
	// Stamp returns a stamp of the topics, which changes whenever a committed write touched one of them: an answer read
	// after taking a stamp stays good while the stamp is the same. It costs no I/O and no allocation. Stamps may change
	// without cause. known is false while the catalog cannot tell, because it has not heard for too long from others that
	// may have written; then read, keep nothing, and ask again. Memo does all that.
	Stamp(topics ...Topic) (stamp Stamp, known bool)
	// Watch returns a channel that is ready after a committed write touched one of the topics since it was last received from,
	// and now and then without cause. Others that write to the same database are heard of no sooner than by Stamp. stop ends
	// it; the channel is never closed.
	Watch(topics ...Topic) (changed <-chan struct{}, stop func())
	// Close waits for running calls and frees what the store holds. Later and waiting calls fail; closing again does not.
	Close() error
}

// Stamp tells one state of some topics from another, within one Store. It means nothing to any other.
type Stamp uint64

// Reader reads one snapshot.
type Reader interface {
	DomainReader
	RepositoryReader
	PackageGroupReader
	RemoteReader
	PackageReader
	LabelReader
	VersionReader
	BlobReader
	PolicyReader
	TagReader
	PrincipalReader
	ManagedPolicyReader
	RoleReader
	IdentityProviderReader
	SessionReader
	TokenReader
	DocumentReader
	EventReader
	LeaseReader
	EncryptionKeyReader
	EventRuleReader
	DeliveryReader
	AccountReader
	MeterReader
}

// Writer reads and writes one transaction. It sees its own writes.
type Writer interface {
	Reader
	DomainWriter
	RepositoryWriter
	PackageGroupWriter
	RemoteWriter
	PackageWriter
	LabelWriter
	VersionWriter
	BlobWriter
	PolicyWriter
	TagWriter
	PrincipalWriter
	ManagedPolicyWriter
	RoleWriter
	IdentityProviderWriter
	SessionWriter
	TokenWriter
	DocumentWriter
	EventWriter
	LeaseWriter
	EncryptionKeyWriter
	EventRuleWriter
	DeliveryWriter
	AccountWriter
	MeterWriter
}

// Page asks for a part of a list. Lists are ordered by the names of their items, byte by byte, unless a verb says
// otherwise.
type Page struct {
	Limit int    // at most this many; below 1 means 1, above MaxPage means MaxPage
	After string // the Next of the page before; empty for the first
}

// MaxPage is the largest page, as in the service model.
const MaxPage = 1000

// Listing is one page of a list.
type Listing[T any] struct {
	Items []T
	Next  string // marker of the next page; empty on the last
}

// Each yields all items of a list, page after page.
func Each[T any](list func(Page) (Listing[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		page := Page{Limit: MaxPage}
		for {
			l, err := list(page)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range l.Items {
				if !yield(item, nil) {
					return
				}
			}
			if l.Next == "" {
				return
			}
			page.After = l.Next
		}
	}
}
