package sqlcatalog

import (
	"context"
	"fmt"
)

// beginDeferred starts a transaction whose snapshot is taken at its first statement.
const beginDeferred = "BEGIN"

// read runs fn on one of the reading connections, on one opened for it alone if fresh.
func (e *sqliteEngine) read(ctx context.Context, fresh bool, fn func(*session) error) error {
	c, err := e.reader(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if c == nil {
			e.unopened <- struct{}{}
		} else {
			e.idle <- c
		}
	}()
	if c != nil && fresh {
		discard(c)
		c = nil
	}
	if c == nil {
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

// reader waits until one more may read, and returns an open connection, or nil if all of them are in use and one has to be opened: to
// open one means to read the whole schema, so there are no more than have been needed at once.
func (e *sqliteEngine) reader(ctx context.Context) (*conn, error) {
	select {
	case c, ok := <-e.idle:
		return orClosed(c, ok)
	default:
	}
	select {
	case c, ok := <-e.idle:
		return orClosed(c, ok)
	case <-e.unopened:
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func orClosed(c *conn, open bool) (*conn, error) {
	if !open {
		return nil, ErrClosed
	}
	return c, nil
}
