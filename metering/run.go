package metering

import (
	"context"
	"sync"
	"time"

	"entrepot/catalog"
	"entrepot/usage"
)

// Every is how often what was counted is written down: what a crash loses at most.
const Every = time.Minute

// Run writes down what is used until ctx ends, and what was counted once more then. It wakes at full minutes, so that figures of an
// hour are written when it is over, and earlier when much has come together.
func (m *Meter) Run(ctx context.Context) {
	var measuring sync.WaitGroup
	measuring.Go(func() { m.measureOn(ctx) }) // it may take longer than an interval
	defer measuring.Wait()
	for {
		timer := m.untilNext()
		select {
		case <-timer.C:
		case <-m.full:
		case <-ctx.Done():
			timer.Stop()
			last := context.WithoutCancel(ctx) // ctx itself is also of who measures
			m.warn(last, m.Flush(last))
			return
		}
		timer.Stop()
		m.warn(ctx, m.Flush(ctx))
	}
}

// measureOn measures when it is due, at full minutes, until ctx ends.
func (m *Meter) measureOn(ctx context.Context) {
	for {
		m.warn(ctx, m.Measure(ctx))
		timer := m.untilNext()
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// untilNext is a timer that ends with the next full minute.
func (m *Meter) untilNext() *time.Timer {
	now := m.Now()
	return time.NewTimer(now.Truncate(Every).Add(Every).Sub(now))
}

func (m *Meter) warn(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		m.Log.WarnContext(ctx, "what is used could not be written down; it is tried again", "error", err.Error())
	}
}

// Forget removes figures that have been kept long enough (usage.KeptMonths). It is the work of a job.
func (m *Meter) Forget(ctx context.Context) error {
	before := usage.KeptSince(m.Now())
	for {
		removed := 0
		err := m.Catalog.Write(ctx, func(w catalog.Writer) (err error) {
			removed, err = w.ForgetUsage(before, catalog.MaxPage)
			return err
		})
		if err != nil || removed < catalog.MaxPage {
			return err
		}
	}
}
