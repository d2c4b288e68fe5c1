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
	// Sharing lets other Stores open the same database. nil keeps them out, and then a commit leaves no trace for them.
	Sharing *Sharing
	// Existing refuses to make a catalog: what is opened must be one that was in use. After the error the file is as it was.
	Existing bool
	// Inspect is for who only looks: as Existing, and a schema that is not this program's is refused instead of brought
	// up to date. A log that a crash left is worked in all the same.
	Inspect bool
	// Full is called when a write failed because there is no room, before it is tried once more: whoever can make room
	// does. nil: nobody can.
	Full func()
	// Scarce tells that room is scarce. While it is, the log goes into the file after each commit, so that it does not grow
	// over the room that the file needs. nil: it never is.
	Scarce func() bool
	// MaxPages bounds the pages of the file, as a full disk would. It is for tests; 0 is no bound.
	MaxPages int
	// Rehearse runs each function given to Write twice and gives the first run up, as after a conflict with another writer.
	// It is for tests of those who write: SQLite has no such conflicts.
	Rehearse bool
	// BeforeCommit is called before each commit of the writing connection; an error fails the commit as a broken disk
	// would. AfterCommit is called when the commit is durable and nobody has been told yet. They are for tests of crashes.
	BeforeCommit func() error
	AfterCommit  func()
	// Ran is told of each statement: of which verb it is part, and how many rows it returned or changed. It is for tests of
	// what something costs.
	Ran func(verb string, rows int)
}

// ErrClosed is returned by every call after Close.
var ErrClosed = errors.New("the catalog is closed")

// Store is a catalog in a database.
type Store struct {
	commits  *commits
	engine   engine
	rehearse bool
	full     func()
}

func newStore(c *commits, e engine, o Options) *Store {
	s := &Store{commits: c, engine: e, rehearse: o.Rehearse, full: o.Full}
	if s.full == nil {
		s.full = func() {}
	}
	return s
}

var _ catalog.Store = (*Store)(nil)

// Read implements catalog.Store. The snapshot is taken at the first verb. It waits while as many Reads run as there are
// connections, so a Read within a Read can wait for ever.
func (s *Store) Read(ctx context.Context, fn func(catalog.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.engine.read(ctx, false, func(r *session) error {
		if err := s.commits.listen(r); err != nil {
			return err
		}
		return fn(reader{r})
	})
}

// reader hides the verbs that write: what Read hands out cannot be turned into a Writer.
type reader struct{ catalog.Reader }

// Write implements catalog.Store. It must not be called from within fn: it may wait for itself. A write for which there
// is no room is tried once more when the room that can be had was made; then it is Unavailable.
func (s *Store) Write(ctx context.Context, fn func(catalog.Writer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.rehearse {
		if err := s.engine.write(ctx, rehearsal(fn)); !errors.Is(err, errRehearsed) {
			return err
		}
	}
	write := func() error { return s.engine.write(ctx, func(w *session) error { return fn(w) }) }
	err := write()
	if !errors.Is(err, errFull) {
		return err
	}
	s.full()
	s.engine.makeRoom(ctx)
	return write()
}

var errRehearsed = errors.New("a rehearsal is given up")

// rehearsal is fn with nothing left of it, as a conflict with another writer leaves it.
func rehearsal(fn func(catalog.Writer) error) func(*session) error {
	return func(w *session) error {
		if err := fn(w); err != nil {
			return err
		}
		return errRehearsed
	}
}

// Stamp implements catalog.Store. It is always known where this Store alone writes; where others do, for the Bound after
// the database was last read.
func (s *Store) Stamp(topics ...catalog.Topic) (catalog.Stamp, bool) {
	if !s.commits.current() {
		return 0, false
	}
	return s.commits.stamps.sum(topics), true
}

// Watch implements catalog.Store.
func (s *Store) Watch(topics ...catalog.Topic) (<-chan struct{}, func()) {
	return s.commits.stamps.watch(topics)
}

// Close waits for what runs and closes the database. Later calls of Read and Write fail.
func (s *Store) Close() error {
	err := s.engine.close()
	s.commits.stop()
	return err
}
