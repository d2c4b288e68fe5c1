package sqlcatalog

import (
	"context"

	"entrepot/catalog"

	"github.com/pressly/goose/v3"
)

// What another database has to bring: a dialect, an engine, a folder of migrations, and a function that opens a Store of
// them. SQLite's are in the files that begin with its name.

// dialect is what differs in the language. The verbs are written in the SQL that SQLite and PostgreSQL share: upserts
// and RETURNING instead of error codes, so that no failed statement spoils a transaction; row values; and the one comma
// list of ids that valuesList makes. The migrations see to it that texts are compared byte by byte.
type dialect struct {
	name        string // folder under migrations
	goose       goose.Dialect
	bind        func(query string) string
	after       func(prefix string) (string, bool) // least text after every text with the prefix; false if there is none
	lastNumber  string                             // table → the highest of the numbers it draws itself, 0 before the first
	passOver    string                             // number, table, number → those up to it are never drawn
	indexSearch searchIndex
	recounts    []recount        // of what only this database has
	damaged     func(error) bool // whether the database says that its file is not what was written
	// integrity returns everything that is wrong with the database's own structures.
	integrity func(*session) ([]catalog.Fault, error)
}

// searchIndex is the index of search, which the standard knows nothing of.
type searchIndex struct {
	insert           string   // JSON: array of arrays of a package id and its words, parted by spaces
	deletePackages   string   // JSON: array of package ids
	deleteRepository string   // repository id
	remake           []string // empties it, whatever state it is in
	source           string   // FROM and WHERE: rows of packages p whose words match one query
	contains         string   // condition: the folded text of package p has a term, given as bytes
	query            func(w searchWords) string
}

// engine runs transactions. How many run at once, on which connections, and how many share a commit is its own affair.
//
// Where writers run side by side, the engine sees to two orders. A transaction that the database could not order among
// others is run again, fn with it. And commits are put in line from commits.conclude on: a lock that conclude takes and
// the commit frees does it, for then what conclude numbers becomes visible in the order of its numbers. Events are
// numbered when they are recorded: a database that draws numbers apart from transactions, as sequences do, may show a
// number before a lower one. There the engine takes that lock before a transaction's first event, or has the events
// wait in the session and numbers them in conclude. SQLite has one writer, whose turn is that lock.
type engine interface {
	// read runs fn in a transaction of one snapshot, which it gives up in the end. fresh asks for a connection that
	// remembers nothing.
	read(ctx context.Context, fresh bool, fn func(*session) error) error
	// write runs fn in a transaction, calls commits.conclude in it, commits, calls commits.made, and returns. When fn fails
	// or panics, nothing of what it did stays.
	write(ctx context.Context, fn func(*session) error) error
	// makeRoom frees what the engine can do without on a disk that is full. A write that failed for lack of room has
	// errFull beneath its error.
	makeRoom(ctx context.Context)
	// close waits for what runs. Later calls get ErrClosed, and so do those that wait.
	close() error
}
