package sqlcatalog

import (
	"context"
	"errors"

	"entrepot/catalog"
)

// Options tune a store. The zero value is right for a server.
type Options struct {
	// Readers is how many Reads may run at once, each on a connection of its own; further ones wait. 0 means 16; more
	// than 256 are 256.
	Readers int
	// BeforeCommit is called before each commit of the writing connection; an error fails the commit as a broken disk
	// would. AfterCommit is called when the commit is durable and nobody has been told yet. They are for tests of crashes.
	BeforeCommit func() error
	AfterCommit  func()
}

// ErrClosed is returned by every call after Close.
var ErrClosed = errors.New("the catalog is closed")

// Store is a catalog in a database.
type Store struct {
	commits *commits
	engine  engine
}

var _ catalog.Store = (*Store)(nil)

// commits is what every engine does around a commit.
type commits struct{ stamps stamps }

// conclude writes what belongs at the end of a transaction.
func (c *commits) conclude(w *session) error { return w.writeIndex() }

// made tells of a commit, before anybody is told that it succeeded.
func (c *commits) made(by *changes) { c.stamps.count(&by.touched) }

// Read implements catalog.Store. The snapshot is taken at the first verb. It waits while as many Reads run as there are
// connections, so a Read within a Read can wait for ever.
func (s *Store) Read(ctx context.Context, fn func(catalog.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.engine.read(ctx, false, func(r *session) error { return fn(reader{r}) })
}

// reader hides the verbs that write: what Read hands out cannot be turned into a Writer.
type reader struct{ catalog.Reader }

// Write implements catalog.Store. It must not be called from within fn: it may wait for itself.
func (s *Store) Write(ctx context.Context, fn func(catalog.Writer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.engine.write(ctx, func(w *session) error { return fn(w) })
}

// Stamp implements catalog.Store. Only this process writes, so it is always known.
func (s *Store) Stamp(topics ...catalog.Topic) (catalog.Stamp, bool) {
	return s.commits.stamps.sum(topics), true
}

// Close waits for what runs and closes the database. Later calls of Read and Write fail.
func (s *Store) Close() error { return s.engine.close() }
