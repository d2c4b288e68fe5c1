package metering

import (
	"context"
	"time"

	"entrepot/catalog"
	"entrepot/usage"
)

// Every is how often what was counted is written down: what a crash loses at most.
const Every = time.Minute

// Run writes down what is used until ctx ends, and once more then. It wakes at full minutes, so that figures of an hour are written
// when it is over, and earlier when much has come together.
func (m *Meter) Run(ctx context.Context) {
	m.warn(ctx, m.Measure(ctx))
	for {
		now := m.Now()
		timer := time.NewTimer(now.Truncate(Every).Add(Every).Sub(now))
		select {
		case <-timer.C:
			m.warn(ctx, m.Flush(ctx))
			m.warn(ctx, m.Measure(ctx))
		case <-m.full:
			timer.Stop()
			m.warn(ctx, m.Flush(ctx))
		case <-ctx.Done():
			timer.Stop()
			ctx = context.WithoutCancel(ctx)
			m.warn(ctx, m.Flush(ctx))
			m.warn(ctx, m.Measure(ctx))
			return
		}
	}
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
