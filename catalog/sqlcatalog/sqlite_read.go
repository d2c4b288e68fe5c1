package sqlcatalog

import (
	"context"
	"fmt"
)

// beginDeferred starts a transaction whose snapshot is taken at its first statement.
const beginDeferred = "BEGIN"

// read runs fn on one of the reading connections, on one opened for it alone if fresh.
func (e *sqliteEngine) read(ctx context.Context, fresh bool, fn func(*session) error) error {
	var c *conn
	select {
	case got, ok := <-e.idle:
		if !ok {
			return ErrClosed
		}
		c = got
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { e.idle <- c }()
	if c != nil && fresh {
		discard(c)
		c = nil
	}
	if c == nil {
		var err error
		if c, err = connect(e.readers, &sqlite, e.ran); err != nil {
			c = nil
			return fmt.Errorf("open a connection: %w", err)
		}
	}
	if err := c.run(beginDeferred); err != nil {
		discard(c)
		c = nil
		return fmt.Errorf("begin a read: %w", err)
	}
	r := &session{ctx: ctx, conn: c, dialect: &sqlite}
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
