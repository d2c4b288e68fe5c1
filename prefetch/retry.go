package prefetch

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// How long is waited before a request is made again: twice as long each time, and as long as the server says.
const (
	firstWait   = time.Second
	longestWait = time.Minute
	longestWish = 5 * time.Minute
)

// A file that takes longer than a request waits is asked for again after a moment, for as long as the largest take.
const (
	between = 100 * time.Millisecond
	rounds  = 1000
)

// again makes a request until it does not fail for the moment only, or has been made often enough.
func (r *run) again(ctx context.Context, request func() error) error {
	wait := firstWait
	for attempt := 0; ; attempt++ {
		err := request()
		e, temporary := errors.AsType[*Again](err)
		if !temporary || attempt >= r.options.Retries || ctx.Err() != nil {
			return err
		}
		// Not all at once: what is busy now would be then.
		if err := pause(ctx, max(wait/2+rand.N(wait/2), min(e.After, longestWish))); err != nil {
			return err
		}
		wait = min(2*wait, longestWait)
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
