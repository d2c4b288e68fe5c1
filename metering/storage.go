package metering

import (
	"context"
	"fmt"
	"time"

	"entrepot/catalog"
	"entrepot/usage"
)

// measured is what is known of the last measurement of what is stored.
type measured struct {
	hour  usage.Hour // in which it was made
	event int64      // the last that there was
	after time.Time  // no other is made before
}

// A measurement reads all assets. It may take one part in so many of the time.
const measuringShare = 100

// Measure writes down what lies in the domains if anything may have changed: once an hour in any case, and more often when the
// record has grown and the last measurement took little.
func (m *Meter) Measure(ctx context.Context) error {
	m.measuring.Lock()
	defer m.measuring.Unlock()
	now := m.Now()
	var stored []usage.Stored
	var event int64
	skipped := false
	err := m.Catalog.Read(ctx, func(r catalog.Reader) (err error) {
		if event, err = r.LastEvent(); err != nil {
			return err
		}
		if skipped = !m.storage.due(now, event); skipped {
			return nil
		}
		stored, err = r.MeasureStored()
		return err
	})
	if err != nil {
		return fmt.Errorf("measure what is stored: %w", err)
	}
	if skipped {
		return nil
	}
	took := m.Now().Sub(now)
	err = m.Catalog.Write(ctx, func(w catalog.Writer) error { return w.SetStored(stored, now) })
	if err != nil {
		return fmt.Errorf("write down what is stored: %w", err)
	}
	m.storage = measured{usage.HourOf(now), event, now.Add(took * measuringShare)}
	var bytes int64
	for _, s := range stored {
		bytes += s.Own
	}
	m.totals.stored.Store(bytes)
	return nil
}

// due reports whether it is time for another measurement.
func (l measured) due(now time.Time, event int64) bool {
	if usage.HourOf(now) != l.hour {
		return true
	}
	return event != l.event && !now.Before(l.after)
}
