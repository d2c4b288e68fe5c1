package sqlcatalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"entrepot/catalog"
)

// maxBatch is how many writes may share a commit. More would save little and make the first wait long.
const maxBatch = 64

// ErrClosed is returned by every call after Close.
var ErrClosed = errors.New("the catalog is closed")

// line is where writers wait for the writing connection. Exactly one goroutine has the turn at a time, and what turn
// guards (the connection, the open batch) belongs to it.
type line struct {
	mu      sync.Mutex
	taken   bool
	waiting []chan struct{} // closed to give the turn
	closed  bool
}

// enter waits for the turn. With an error of ctx the caller has no turn.
func (l *line) enter(ctx context.Context, pass func()) error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return ErrClosed
	}
	if !l.taken {
		l.taken = true
		l.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	l.waiting = append(l.waiting, turn)
	l.mu.Unlock()
	select {
	case <-turn:
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.closed {
			return ErrClosed
		}
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	i := slices.Index(l.waiting, turn)
	if i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
	}
	closed := l.closed
	l.mu.Unlock()
	if i < 0 && !closed {
		// The turn came at the same moment. An open batch may hang on it, so it cannot just be dropped.
		pass()
	}
	return ctx.Err()
}

// next gives the turn to the first in line; it reports false, and keeps the turn, if there is nobody.
func (l *line) next() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		return false
	}
	close(l.waiting[0])
	l.waiting = slices.Delete(l.waiting, 0, 1)
	return true
}

// leave gives the turn to the first in line or to whoever comes.
func (l *line) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		l.taken = false
		return
	}
	close(l.waiting[0])
	l.waiting = slices.Delete(l.waiting, 0, 1)
}

// shut ends the line for good. The caller has the turn and keeps it; those who wait get ErrClosed.
func (l *line) shut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, turn := range l.waiting {
		close(turn)
	}
	l.waiting = nil
}

// batch is a transaction that several writes share.
type batch struct {
	size    int
	touched stripeSet // by those who did not fail
	// unindexed is what the parts have left for the index of search.
	unindexed []indexing
	lost      error // why it cannot be committed any more
	done      chan struct{}
	err       error // of the commit; set before done is closed
}

// Write runs fn in a savepoint of the shared transaction, on the caller's own goroutine, and returns when that
// transaction is committed. A panic in fn rolls its part back and goes on to the caller. Write must not be called from
// within fn: it would wait for itself.
func (s *Store) Write(ctx context.Context, fn func(catalog.Writer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.line.enter(ctx, s.pass); err != nil {
		return err
	}
	if s.open == nil {
		if err := s.begin(); err != nil {
			s.line.leave()
			return err
		}
	}
	b := s.open
	failure := s.part(ctx, b, fn)
	s.settle(b)
	if b.err != nil {
		// Even a refusal may rest on what others wrote in the transaction that is now lost.
		return b.err
	}
	return failure
}

// begin opens a batch on a connection that works.
func (s *Store) begin() error {
	if s.writer == nil {
		c, err := s.connect(s.writers)
		if err != nil {
			return fmt.Errorf("begin a write: %w", err)
		}
		s.writer = c
	}
	if err := s.writer.run(s.dialect.beginWrite); err != nil {
		s.dropWriter()
		return fmt.Errorf("begin a write: %w", err)
	}
	s.open = &batch{done: make(chan struct{})}
	return nil
}

// part runs one caller's function in its savepoint and returns why nothing of it stays, or nil.
func (s *Store) part(ctx context.Context, b *batch, fn func(catalog.Writer) error) error {
	b.size++
	if err := s.writer.run("SAVEPOINT part"); err != nil {
		b.lost = fmt.Errorf("set a savepoint: %w", err)
		return b.lost
	}
	w := &session{ctx: ctx, conn: s.writer, dialect: s.dialect, stamps: &s.stamps, touched: &stripeSet{},
		unindexed: slices.Clip(b.unindexed)}
	returned := false
	defer func() {
		w.over = true
		if !returned { // a panic, or the end of the goroutine: the others go on
			s.undo(b)
			s.settle(b)
		}
	}()
	err := fn(w)
	returned = true
	if err == nil {
		err = w.failed
	}
	if err != nil {
		s.undo(b)
		return err
	}
	if err := s.writer.run("RELEASE part"); err != nil {
		b.lost = fmt.Errorf("release a savepoint: %w", err)
		return b.lost
	}
	b.touched.addAll(w.touched)
	b.unindexed = w.unindexed
	return nil
}

// undo takes back one part. SQLite itself gives up the whole transaction after some failures, a full disk among them;
// then there is no savepoint any more and the batch is lost.
func (s *Store) undo(b *batch) {
	for _, statement := range []string{"ROLLBACK TO part", "RELEASE part"} {
		if err := s.writer.run(statement); err != nil {
			b.lost = fmt.Errorf("undo one write of several: %w", err)
			return
		}
	}
}

// settle hands the turn on with the batch still open, or commits it, and returns when the outcome is known.
func (s *Store) settle(b *batch) {
	if b.lost == nil && b.size < maxBatch && s.line.next() {
		<-b.done
		return
	}
	s.finish(b)
	s.line.leave()
}

// pass does with a turn that is not wanted what its owner would have done after its part.
func (s *Store) pass() {
	b := s.open
	if b != nil {
		if s.line.next() {
			return
		}
		s.finish(b)
	}
	s.line.leave()
}

// finish ends the batch and tells everyone who has a part in it.
func (s *Store) finish(b *batch) {
	b.err = s.commit(b)
	s.open = nil
	// Counted after a failure as well: whether a commit whose fsync failed will be found again is not known.
	s.stamps.count(&b.touched)
	close(b.done)
}

// commit makes the batch durable. After a failure the connection is given up with its file descriptors: what the kernel
// could not write once, it may forget and report as written the next time.
func (s *Store) commit(b *batch) error {
	err := b.lost
	if err == nil {
		err = s.writeIndexOf(b)
	}
	if err == nil {
		err = s.beforeCommit()
	}
	if err == nil {
		err = s.writer.run("COMMIT")
	}
	if err != nil {
		s.dropWriter()
		return fmt.Errorf("commit: %w", err)
	}
	s.afterCommit()
	return nil
}

// dropWriter closes the writing connection, which rolls back what is open on it.
func (s *Store) dropWriter() {
	discard(s.writer)
	s.writer = nil
}
