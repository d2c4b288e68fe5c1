package sqlcatalog

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

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

// Store is a catalog in a database.
type Store struct {
	dialect *dialect
	stamps  stamps
	lock    io.Closer // keeps other processes out

	writers *sql.DB
	line    line
	writer  *conn  // the turn's; nil when it has to be opened anew
	open    *batch // the turn's

	readers *sql.DB
	idle    chan *conn // one entry for each allowed Read; nil stands for a connection not opened yet

	beforeCommit func() error
	afterCommit  func()
}

var _ catalog.Store = (*Store)(nil)

func newStore(d *dialect, o Options) *Store {
	s := &Store{
		dialect:      d,
		beforeCommit: func() error { return nil },
		afterCommit:  func() {},
	}
	readers := 16
	if o.Readers > 0 {
		readers = min(o.Readers, 256)
	}
	s.idle = make(chan *conn, readers)
	for range readers {
		s.idle <- nil
	}
	if o.BeforeCommit != nil {
		s.beforeCommit = o.BeforeCommit
	}
	if o.AfterCommit != nil {
		s.afterCommit = o.AfterCommit
	}
	return s
}

// connect opens a connection of the pool.
func (s *Store) connect(pool *sql.DB) (*conn, error) {
	c, err := pool.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, bind: s.dialect.bind, prepared: map[string]*sql.Stmt{}}, nil
}

// discard closes a connection for good instead of giving it back to its pool.
func discard(c *conn) {
	for _, st := range c.prepared {
		_ = st.Close()
	}
	_ = c.Raw(func(any) error { return driver.ErrBadConn })
	_ = c.Close()
}

// Read runs fn in a transaction of its own connection; its snapshot is taken at the first verb. It waits while as many
// Reads run as there are connections, so a Read within a Read can wait for ever.
func (s *Store) Read(ctx context.Context, fn func(catalog.Reader) error) error {
	return s.read(ctx, false, func(r *session) error { return fn(reader{r}) })
}

// read is Read, on a connection opened for it alone if fresh.
func (s *Store) read(ctx context.Context, fresh bool, fn func(*session) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var c *conn
	select {
	case got, ok := <-s.idle:
		if !ok {
			return ErrClosed
		}
		c = got
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.idle <- c }()
	if c != nil && fresh {
		discard(c)
		c = nil
	}
	if c == nil {
		var err error
		if c, err = s.connect(s.readers); err != nil {
			c = nil
			return fmt.Errorf("open a connection: %w", err)
		}
	}
	if err := c.run(s.dialect.beginRead); err != nil {
		discard(c)
		c = nil
		return fmt.Errorf("begin a read: %w", err)
	}
	r := &session{ctx: ctx, conn: c, dialect: s.dialect, stamps: &s.stamps}
	defer func() {
		r.over = true
		if err := c.run("ROLLBACK"); err != nil {
			discard(c)
			c = nil
		}
	}()
	if err := fn(r); err != nil {
		return err
	}
	return r.failed
}

// reader hides the verbs that write: what Read hands out cannot be turned into a Writer.
type reader struct{ catalog.Reader }

// Stamp implements catalog.Store. Only this process writes, so it is always known.
func (s *Store) Stamp(topics ...catalog.Topic) (catalog.Stamp, bool) {
	return s.stamps.sum(topics), true
}

// Close waits for what runs and closes the files. Later calls of Read and Write fail.
func (s *Store) Close() error {
	if err := s.line.enter(context.Background(), s.pass); err != nil {
		return nil // closed before
	}
	if b := s.open; b != nil {
		s.finish(b)
	}
	s.line.shut()
	for range cap(s.idle) {
		if c := <-s.idle; c != nil {
			discard(c)
		}
	}
	close(s.idle)
	if s.writer != nil {
		s.dropWriter()
	}
	return errors.Join(s.readers.Close(), s.writers.Close(), s.lock.Close())
}
