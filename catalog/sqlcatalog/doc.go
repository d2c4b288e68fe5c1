// Package sqlcatalog keeps the catalog in an SQL database: SQLite, one file in the data folder.
//
// The verbs are written for any SQL database. What only SQLite has is in the files that begin with its name, and
// dialect.go says what another database has to bring.
//
// # Writing
//
// One connection writes. Writers queue for it; each runs inside a savepoint of the open transaction and hands the
// connection to the next in the queue, and the last one commits for all. So a lone writer pays one fsync and sixty-four
// together pay one fsync as well. A function that fails or panics is rolled back to its savepoint and takes nobody with it.
//
// # Reading
//
// Every other connection only reads. A Read is one transaction on one of them: SQLite's write-ahead log gives it a
// snapshot that no writer disturbs or waits for.
//
// # Durability
//
// The log is synced at every commit (synchronous=FULL). What Write acknowledged survives a power cut.
//
// # One Store or several
//
// A lock file keeps a second Store out, of this process or of another, unless both were opened to share (Options.Sharing).
// Then each commit leaves in the database which topics it touched and tells the other Stores before Write returns; a
// Store that has not read the database for its bound answers that stamps are unknown, so that nothing it remembers is
// used. Alone, neither costs anything: the trace is not written.
package sqlcatalog
