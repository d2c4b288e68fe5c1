package sqlcatalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// maxBatch is how many writes may share a commit. More would save little and make the first wait long.
const maxBatch = 64

// batch is a transaction that several writes share.
type batch struct {
	size    int
	changes       // of those who did not fail
	lost    error // why it cannot be committed any more
	done    chan struct{}
	err     error // of the commit; set before done is closed
}

// write runs fn in a savepoint of the shared transaction, on the caller's own goroutine, and returns when that
// transaction is committed. A panic in fn rolls its part back and goes on to the caller. Two transactions are never
// open at once, so nothing has to be run again but for lack of room.
func (e *sqliteEngine) write(ctx context.Context, fn func(*session) error) error {
	return e.noRoom(e.share(ctx, fn))
}

func (e *sqliteEngine) share(ctx context.Context, fn func(*session) error) error {
	if err := e.line.waitTurn(ctx, e.declineTurn); err != nil {
		return err
	}
	if e.open == nil {
		if err := e.begin(); err != nil {
			e.line.leave()
			return err
		}
	}
	b := e.open
	failure := e.part(ctx, b, fn)
	e.handOnOrCommit(b)
	if b.err != nil {
		// Even a refusal may rest on what others wrote in the transaction that is now lost.
		return b.err
	}
	return failure
}

// beginImmediate excludes other writers from the first moment: a deferred transaction may fail at its first write when it
// has read before.
const beginImmediate = "BEGIN IMMEDIATE"

// begin opens a batch on a connection that works.
func (e *sqliteEngine) begin() error {
	if e.writer == nil {
		c, err := connect(e.writers, &sqlite, e.ran)
		if err != nil {
			return fmt.Errorf("begin a write: %w", err)
		}
		e.writer = c
	}
	if err := e.writer.run(beginImmediate); err != nil {
		e.dropWriter()
		return fmt.Errorf("begin a write: %w", err)
	}
	e.open = &batch{done: make(chan struct{})}
	return nil
}

// part runs one caller's function in its savepoint and returns why nothing of it stays, or nil.
func (e *sqliteEngine) part(ctx context.Context, b *batch, fn func(*session) error) error {
	b.size++
	if err := e.writer.run("SAVEPOINT part"); err != nil {
		b.lost = fmt.Errorf("set a savepoint: %w", err)
		return b.lost
	}
	w := &session{ctx: ctx, conn: e.writer, dialect: &sqlite, changes: changes{unindexed: slices.Clip(b.unindexed)}}
	returned := false
	defer func() {
		w.over = true
		if !returned { // a panic, or the end of the goroutine: the others go on
			e.undo(b, nil)
			e.handOnOrCommit(b)
		}
	}()
	err := fn(w)
	returned = true
	if err == nil {
		err = w.failed
	}
	if err != nil {
		e.undo(b, err)
		return err
	}
	if err := e.writer.run("RELEASE part"); err != nil {
		b.lost = fmt.Errorf("release a savepoint: %w", err)
		return b.lost
	}
	b.touched.addAll(&w.touched)
	b.unindexed = w.unindexed
	return nil
}

// undo takes back one part, which failed with the cause. SQLite itself gives up the whole transaction after some
// failures, a full disk among them; then there is no savepoint any more and the batch is lost, for that cause.
func (e *sqliteEngine) undo(b *batch, cause error) {
	for _, statement := range []string{"ROLLBACK TO part", "RELEASE part"} {
		if err := e.writer.run(statement); err != nil {
			b.lost = fmt.Errorf("undo one write of several: %w", err)
			if cause = e.noRoom(cause); errors.Is(cause, errFull) {
				b.lost = cause
			}
			return
		}
	}
}

// handOnOrCommit hands the turn on with the batch still open, or commits it, and returns when the outcome is known.
func (e *sqliteEngine) handOnOrCommit(b *batch) {
	if b.lost == nil && b.size < maxBatch && e.line.next() {
		<-b.done
		return
	}
	e.finish(b)
	e.line.leave()
}

// declineTurn does with a turn that is not wanted what its owner would have done after its part.
func (e *sqliteEngine) declineTurn() {
	b := e.open
	if b != nil {
		if e.line.next() {
			return
		}
		e.finish(b)
	}
	e.line.leave()
}

// finish ends the batch and tells everyone who has a part in it.
func (e *sqliteEngine) finish(b *batch) {
	b.err = e.commit(b)
	e.open = nil
	// After a failure as well: whether a commit whose fsync failed will be found again is not known.
	e.commits.made(&b.changes)
	close(b.done)
}

// commit makes the batch durable. After a failure the connection is given up with its file descriptors: what the kernel
// could not write once, it may forget and report as written the next time.
func (e *sqliteEngine) commit(b *batch) error {
	err := b.lost
	if err == nil {
		w := &session{ctx: context.Background(), conn: e.writer, dialect: &sqlite, changes: b.changes}
		err = e.commits.conclude(w)
		b.changes = w.changes
	}
	if err == nil {
		err = e.beforeCommit()
	}
	if err == nil {
		err = e.writer.run("COMMIT")
	}
	if err != nil {
		e.dropWriter()
		b.revision = 0
		return fmt.Errorf("commit: %w", err)
	}
	e.afterCommit()
	if e.scarce() {
		e.makeRoom(context.Background())
	}
	return nil
}

// dropWriter closes the writing connection, which rolls back what is open on it.
func (e *sqliteEngine) dropWriter() {
	discard(e.writer)
	e.writer = nil
}
