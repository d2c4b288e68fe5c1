package sqlcatalog

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

// connect opens a connection of the pool.
func connect(pool *sql.DB, d *dialect, ran func(string, int)) (*conn, error) {
	c, err := pool.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, bind: d.bind, ran: ran, prepared: map[string]*sql.Stmt{}}, nil
}

// discard closes a connection for good instead of giving it back to its pool.
func discard(c *conn) {
	for _, st := range c.prepared {
		_ = st.Close()
	}
	_ = c.Raw(func(any) error { return driver.ErrBadConn })
	_ = c.Close()
}

// conn is a connection with the statements prepared on it. The number of different statements is bounded: texts are
// constants, or put together from a few optional conditions and a list of ids whose length is a power of two.
type conn struct {
	*sql.Conn
	bind     func(string) string
	ran      func(verb string, rows int)
	prepared map[string]*sql.Stmt
}

// prepare returns the statement, preparing it the first time.
func (c *conn) prepare(query string) (*sql.Stmt, error) {
	if st, ok := c.prepared[query]; ok {
		return st, nil
	}
	st, err := c.PrepareContext(context.Background(), c.bind(query))
	if err != nil {
		return nil, err
	}
	c.prepared[query] = st
	return st, nil
}

// run executes a statement that neither takes nor returns anything.
func (c *conn) run(query string) error {
	st, err := c.prepare(query)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(context.Background())
	return err
}

// session is a caller's view of one transaction: the Reader and the Writer. It is used by one goroutine at a time.
type session struct {
	ctx     context.Context
	conn    *conn
	dialect *dialect
	changes
	placed placed
	claims map[claim]catalog.Fence // contents that the caller has stored, and since when

	// over is set when fn has returned; the connection then serves somebody else.
	over bool
	// failed is the first error that was not about the caller's data, or that came in the middle of a verb. After one the
	// transaction may be half done, or gone, and cannot be committed even if fn makes nothing of it.
	failed error
}

var _ catalog.Writer = (*session)(nil)

// changes is what a transaction leaves to be done when it is committed.
type changes struct {
	touched   stripeSet
	unindexed []indexing // what the index of search has still to be told
	revision  int64      // its place among the commits of a shared catalog; 0 until it has one
}

// errOver says that a Reader or Writer was used after the function it was given to.
var errOver = errors.New("the transaction is over")

// statement readies a query. Statements do not run under the caller's context: SQLite rolls back the whole transaction
// when a write is interrupted, and others have a part in it. The context is asked between statements instead.
func (s *session) statement(verb, query string) (*sql.Stmt, error) {
	if s.over {
		return nil, fmt.Errorf("%s: %w", verb, errOver)
	}
	if s.failed != nil {
		// SQLite may have given up the transaction; another write would then commit by itself.
		return nil, s.failed
	}
	if err := s.ctx.Err(); err != nil {
		return nil, s.fail(verb, err)
	}
	st, err := s.conn.prepare(query)
	if err != nil {
		return nil, s.fail(verb, err)
	}
	return st, nil
}

// fail remembers and wraps an error of the database.
func (s *session) fail(verb string, err error) error {
	if err = fmt.Errorf("%s: %w", verb, err); s.dialect.damaged(err) {
		err = artifact.Errorf(artifact.Internal, "The catalog is damaged where this needs it. Stop the server and run "+
			"entrepot fsck.").Causing(err)
	}
	if s.failed == nil {
		s.failed = err
	}
	return err
}

// refuse fails the transaction with an error that is the caller's to act on and comes out as it is.
func (s *session) refuse(err *artifact.Error) error {
	if s.failed == nil {
		s.failed = err
	}
	return err
}

// touch marks topics as changed by this transaction.
func (s *session) touch(topics ...catalog.Topic) {
	for _, t := range topics {
		s.touched.add(stripe(t))
	}
}

// touchPackage marks a package of a repository as changed.
func (s *session) touchPackage(d catalog.DomainID, id catalog.RepositoryID, p artifact.PackageKey) {
	s.touch(catalog.PackageTopic(d, p), catalog.RepositoryTopic(id, p.Format))
}

// exec runs a statement and returns how many rows it changed.
func (s *session) exec(verb, query string, args ...any) (int64, error) {
	st, err := s.statement(verb, query)
	if err != nil {
		return 0, err
	}
	result, err := st.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, s.fail(verb, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, s.fail(verb, err)
	}
	s.conn.ran(verb, int(n))
	return n, nil
}

// scanner is a row: *sql.Rows.
type scanner interface{ Scan(into ...any) error }

// all returns every row of a query. It holds no cursor open when it returns, so any verb may be called next.
func all[T any](s *session, verb string, scan func(scanner, *T) error, query string, args ...any) ([]T, error) {
	items, _, err := some(s, verb, func(row scanner, into *T) (bool, error) { return true, scan(row, into) }, query, args...)
	return items, err
}

// some is all up to the row after which scan wants no more, and reports whether it ended so.
func some[T any](s *session, verb string, scan func(scanner, *T) (bool, error), query string, args ...any) (items []T,
	enough bool, err error) {
	st, err := s.statement(verb, query)
	if err != nil {
		return nil, false, err
	}
	rows, err := st.QueryContext(context.Background(), args...)
	if err != nil {
		return nil, false, s.fail(verb, err)
	}
	defer rows.Close()
	for !enough && rows.Next() {
		var item T
		more, err := scan(rows, &item)
		if err != nil {
			return nil, false, s.fail(verb, err)
		}
		items, enough = append(items, item), !more
	}
	if err := rows.Err(); err != nil {
		return nil, false, s.fail(verb, err)
	}
	s.conn.ran(verb, len(items))
	return items, enough, nil
}

// one returns the only row of a query and whether there is one.
func one[T any](s *session, verb string, scan func(scanner, *T) error, query string, args ...any) (T, bool, error) {
	var item T
	st, err := s.statement(verb, query)
	if err != nil {
		return item, false, err
	}
	rows, err := st.QueryContext(context.Background(), args...)
	if err != nil {
		return item, false, s.fail(verb, err)
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return item, false, s.fail(verb, err)
		}
		s.conn.ran(verb, 0)
		return item, false, nil
	}
	if err := scan(rows, &item); err != nil {
		return item, false, s.fail(verb, err)
	}
	s.conn.ran(verb, 1)
	return item, true, nil
}

// scalar scans rows of one column.
func scalar[T any](row scanner, into *T) error { return row.Scan(into) }

// exists reports whether a query has a row.
func (s *session) exists(verb, query string, args ...any) (bool, error) {
	_, found, err := one(s, verb, scalar[int64], query, args...)
	return found, err
}

// conditions gathers the WHERE of a query.
type conditions struct {
	texts []string
	args  []any
}

func (c *conditions) add(text string, args ...any) {
	c.texts = append(c.texts, text)
	c.args = append(c.args, args...)
}

// prefix adds a condition for texts that start with prefix, as a range that an index can serve and in which no
// character is a wildcard.
func (c *conditions) prefix(d *dialect, column, prefix string) {
	if prefix == "" {
		return
	}
	c.add(column+" >= ?", prefix)
	if end, ok := d.after(prefix); ok {
		c.add(column+" < ?", end)
	}
}

// String writes the conditions after WHERE.
func (c *conditions) String() string {
	if len(c.texts) == 0 {
		return "1 = 1"
	}
	return strings.Join(c.texts, " AND ")
}

// maxRepositories is how many repositories one look-up may ask about: four times a full domain.
const maxRepositories = 4096

// checkRepositories refuses look-ups over more repositories than that.
func checkRepositories(ids []catalog.RepositoryID) error {
	if len(ids) > maxRepositories {
		return artifact.Errorf(artifact.Invalid, "%d repositories are more than the %d that one look-up may ask about.",
			len(ids), maxRepositories)
	}
	return nil
}

// valuesList writes "(?, ?, …)" for the values and returns the arguments. The last value is repeated until their
// number is a power of two, which changes no IN and keeps the number of different statements small. There must be one.
func valuesList[T any](values []T) (string, []any) {
	n := 1
	for n < len(values) {
		n *= 2
	}
	args := make([]any, n)
	for i := range args {
		args[i] = values[min(i, len(values)-1)]
	}
	return "(" + strings.Repeat("?, ", n-1) + "?)", args
}

// instant scans a time kept in microseconds.
type instant struct{ t *time.Time }

// Scan reads microseconds since 1970.
func (i instant) Scan(src any) error {
	micros, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a time is kept as %T", src)
	}
	*i.t = time.UnixMicro(micros).UTC()
	return nil
}

// fixed scans bytes whose number is known, such as a digest.
type fixed []byte

// Scan copies exactly as many bytes as there is room for.
func (f fixed) Scan(src any) error {
	raw, ok := src.([]byte)
	if !ok || len(raw) != len(f) {
		return fmt.Errorf("%d bytes are kept as %T of %d", len(f), src, len(raw))
	}
	copy(f, raw)
	return nil
}
