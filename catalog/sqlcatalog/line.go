package sqlcatalog

import (
	"context"
	"slices"
	"sync"
)

// line is where writers wait for the writing connection. Exactly one goroutine has the turn at a time, and what turn
// guards (the connection, the open batch) belongs to it.
type line struct {
	mu      sync.Mutex
	taken   bool
	waiting []chan struct{} // closed to give the turn
	closed  bool
}

// waitTurn waits for the turn. With an error of ctx the caller has no turn.
func (l *line) waitTurn(ctx context.Context, decline func()) error {
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
		decline()
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
