package trail

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"entrepot/catalog"
	"entrepot/ratelimit"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// behindDelay is how long events are gathered before they are written together.
	behindDelay = 200 * time.Millisecond
	// maxBehind bounds those that wait. What comes beyond is dropped, and counted: whoever asks again and again for what he may not
	// see shall not make a commit with each question, nor fill the memory.
	maxBehind = 2048
	// maxOfAccount bounds those that wait of one account: no account crowds out what is refused to others.
	maxOfAccount = maxBehind / 4
	// perSecond is how many refusals of an account go on record in a second, in the long run. Without it a caller who is refused all
	// day would fill the record, and the disk, with what nobody reads.
	perSecond = 20
	// behindWithin bounds one writing.
	behindWithin = time.Minute
)

// Behind records events that nobody waits for, many in one transaction.
type Behind struct {
	catalog catalog.Store
	log     *slog.Logger
	lost    prometheus.Counter
	rates   *ratelimit.Limiter[string] // by account

	mu      sync.Mutex
	waiting []catalog.Event
	of      map[string]int // how many of them are of an account
	dropped int            // since they were written the last time
	some    chan struct{}  // holds one while events wait
}

// NewBehind makes one. It writes nothing until Run runs.
func NewBehind(c catalog.Store, log *slog.Logger, metrics prometheus.Registerer, now func() time.Time) (*Behind, error) {
	b := &Behind{catalog: c, log: log, of: map[string]int{}, some: make(chan struct{}, 1), lost: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "entrepot_audit_refusals_dropped_total",
		Help: "Refused reads that are not on record because too many came, or because they could not be written.",
	}), rates: ratelimit.NewWithBurst[string](perSecond, maxOfAccount, now)}
	return b, metrics.Register(b.lost)
}

// Record takes an event to be written soon. It never waits.
func (b *Behind) Record(e catalog.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) >= maxBehind || b.of[e.Account] >= maxOfAccount || !b.rates.Admit(e.Account) {
		b.dropped++
		b.lost.Inc()
		return
	}
	b.waiting = append(b.waiting, e)
	b.of[e.Account]++
	select {
	case b.some <- struct{}{}:
	default:
	}
}

// Run writes what comes until the context ends, and then what is left.
func (b *Behind) Run(ctx context.Context) {
	for {
		select {
		case <-b.some:
			select {
			case <-time.After(behindDelay):
			case <-ctx.Done():
			}
			b.Flush(ctx)
		case <-ctx.Done():
			b.Flush(ctx)
			return
		}
	}
}

// Flush writes all that waits. What cannot be written is lost, and said to be.
func (b *Behind) Flush(ctx context.Context) {
	b.mu.Lock()
	events, dropped := b.waiting, b.dropped
	b.waiting, b.dropped = nil, 0
	clear(b.of)
	b.mu.Unlock()
	if dropped > 0 {
		b.log.WarnContext(ctx, "more reads were refused than are recorded", "dropped", dropped)
	}
	if len(events) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), behindWithin)
	defer cancel()
	err := b.catalog.Write(ctx, func(w catalog.Writer) error {
		for _, e := range events {
			if err := w.Record(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.lost.Add(float64(len(events)))
		b.log.ErrorContext(ctx, "refused reads could not be recorded", "events", len(events), "error", err.Error())
	}
}
