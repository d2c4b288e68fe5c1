package repository

import (
	"context"
	"sync"
)

// The bounds on work in the background: how much runs at once, and how much may wait. What finds no room is left undone,
// so it must be work that nobody needs.
const (
	backgroundAtOnce  = 4
	backgroundWaiting = 1024
)

// background runs work that no request waits for, until it is closed.
type background struct {
	ctx   context.Context
	stop  context.CancelFunc
	slots chan struct{}

	mu      sync.Mutex      // guards what follows
	begun   map[string]bool // what was begun and has not ended, by name
	closed  bool
	running sync.WaitGroup
}

func newBackground() *background {
	b := &background{slots: make(chan struct{}, backgroundAtOnce), begun: map[string]bool{}}
	b.ctx, b.stop = context.WithCancel(context.Background())
	return b
}

// run does the work when there is room, with a context that ends when the rules are closed. Work of one name is done once
// at a time.
func (b *background) run(name string, work func(context.Context)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.begun[name] || len(b.begun) == backgroundWaiting {
		return
	}
	b.begun[name] = true
	b.running.Go(func() {
		defer b.ended(name)
		select {
		case b.slots <- struct{}{}:
			defer func() { <-b.slots }()
			work(b.ctx)
		case <-b.ctx.Done():
		}
	})
}

func (b *background) ended(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.begun, name)
}

// Close ends the work that nobody waits for, and waits until none is under way. What the rules work with is closed after
// it; requests must have ended before.
func (s *Service) Close() error {
	s.background.mu.Lock()
	s.background.closed = true
	s.background.mu.Unlock()
	s.background.stop()
	s.background.running.Wait()
	return nil
}
