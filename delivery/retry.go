package delivery

import (
	"errors"
	"time"

	"entrepot/catalog"
)

// What a retry policy leaves open (EventBridge user guide, "How EventBridge retries delivering events").
const (
	mostRetries = 185
	mostAge     = day
)

// Retries is how often and how long an event is sent again that was not taken, before it is given up. It is sent once in any case.
type Retries struct {
	Most int           // attempts after the first
	Age  time.Duration // of the event, by which the last attempt is made
}

// retriesOf are the retries of a rule's target; nil if it has no policy.
func retriesOf(p *catalog.RetryPolicy) *Retries {
	if p == nil {
		return nil
	}
	r := Retries{mostRetries, mostAge}
	if p.Attempts != nil {
		r.Most = *p.Attempts
	}
	if p.Seconds != nil {
		r.Age = time.Duration(*p.Seconds) * time.Second
	}
	return &r
}

// again decides, of an event that was just not taken, when the next attempt is due and whether it is given up instead. Where a target
// has no policy of its own, that is when the event has failed for long enough while the target took others. What never can be told is
// given up at once: it would hold back its package for nothing.
func (w *worker) again(t catalog.EventTarget, d catalog.Delivery, why error, happened, now time.Time) (due time.Time, over bool) {
	due = now.Add(w.service.backoff(d.Attempts))
	if errors.Is(why, errTooMuch) {
		return due, true
	}
	p := w.target.Retries
	if p == nil {
		return due, now.Sub(d.FailedAt) >= w.service.GiveUpAfter && (t.FailingSince.IsZero() || t.FailingSince.After(d.FailedAt))
	}
	ends := happened.Add(p.Age)
	if due.After(ends) {
		due = ends // whoever asks for a minute gets a last attempt at its end, not five minutes later
	}
	return due, d.Attempts > p.Most || !now.Before(ends)
}

// mostDead is how many dead letters of a rule's target are kept at most: by a policy of no retries, one that is away has as many as
// there are events.
const mostDead = 1000

// bury removes the oldest dead letters of a rule's target, if there are more than may be.
func (w *worker) bury(wr catalog.Writer) error {
	if w.target.Account == "" {
		return nil
	}
	counts, err := wr.CountDeliveries(w.target.Name)
	if err != nil {
		return err
	}
	surplus := counts.Dead - min(mostDead, w.service.backlog.share(w.target))
	if surplus <= 0 {
		return nil
	}
	oldest, err := wr.Deliveries(w.target.Name, true, 0, surplus)
	for _, d := range oldest {
		if err := wr.DeleteDelivery(d.Target, d.Sequence); err != nil {
			return err
		}
	}
	return err
}
