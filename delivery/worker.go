package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/events"
)

// The bounds of what one target has in hand.
const (
	portion    = 200 // events that are read at a time
	mostLanes  = 64  // packages that wait before the cursor stands still
	mostWaits  = catalog.MaxPage - portion
	atOnce     = 8 // packages that are told of at a time
	shortest   = 200 * time.Millisecond
	longest    = 5 * time.Minute
	mostReason = 500 // bytes that are kept of what an attempt said
)

// worker tells one target.
type worker struct {
	service *Service
	target  Target
	woken   chan struct{} // has room for one
	stop    context.CancelFunc
	ended   chan struct{}
	passed  passed
	alarm   sync.Once   // a panic is logged with its stack, once
	left    atomic.Bool // nobody waits for its end any more: it writes nothing down
}

// passed is how far a worker has read past a cursor of events that do not concern its target.
type passed struct{ cursor, read int64 }

// mostPassed is how many events are passed before the cursor is moved. Were it moved for each, every change of a package would cost
// a transaction for every target that it does not concern.
const mostPassed = 1000

func (w *worker) nudge() {
	select {
	case w.woken <- struct{}{}:
	default:
	}
}

func (w *worker) hasEnded() bool {
	select {
	case <-w.ended:
		return true
	default:
		return false
	}
}

// work does a round whenever there may be something to do, until ctx is done.
func (w *worker) work(ctx context.Context) {
	defer w.settle(context.WithoutCancel(ctx))
	for failures := 0; ; {
		again, err := w.round(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			// The catalog does not answer, or the target is gone and the worker will be ended.
			failures++
			w.service.Log.WarnContext(ctx, "events could not be told to "+w.target.Name+" and are tried again", "target", w.target.Name,
				"error", err.Error())
			again = w.service.backoff(failures)
		} else {
			failures = 0
		}
		if again == 0 {
			continue
		}
		var timer <-chan time.Time
		if again > 0 {
			timer = time.After(again)
		}
		select {
		case <-ctx.Done():
			return
		case <-w.woken:
		case <-timer:
		}
	}
}

// settle moves the cursor past what did not concern the target. By another pattern it might.
func (w *worker) settle(ctx context.Context) {
	if w.passed.read <= w.passed.cursor || w.left.Load() {
		return
	}
	err := w.service.Catalog.Write(ctx, func(wr catalog.Writer) error {
		t, err := wr.EventTarget(w.target.Name)
		if err != nil || t.Cursor != w.passed.cursor {
			return err
		}
		t.Cursor = w.passed.read
		return wr.Progress(t)
	})
	if err != nil && !artifact.Is(err, artifact.NotFound) {
		w.service.Log.WarnContext(ctx, "how far "+w.target.Name+" has read was not written down", "target", w.target.Name, "error", err.Error())
	}
}

// never is how long to wait when nothing but a change brings something to do.
const never = time.Duration(-1)

// item is one event that a target is to be told of.
type item struct {
	catalog.Delivery
	event events.Event
	kept  bool // there is a row of it
}

// lane is the events of one package, in their order.
type lane struct {
	items []item
	told  int   // so many of them were told
	err   error // why the next was not; nil if it was not tried
}

// plan is what a round is to do.
type plan struct {
	target catalog.EventTarget
	read   int64 // the last event that was read
	more   bool  // there may be more events
	held   bool  // events were not read, for too much waits
	lanes  map[string]*lane
	order  []string // of the lanes, by their first event
}

// round reads what is to be done, does it and writes down what was done. It returns when there is something to do again:
// at once, after a time, or never without a change.
func (w *worker) round(ctx context.Context) (again time.Duration, err error) {
	defer w.contain(&err)
	p, err := w.plan(ctx)
	if artifact.Is(err, artifact.NotFound) {
		return never, nil // the target is gone, and the worker will be ended
	}
	if err != nil || p.target.Disabled {
		return never, err
	}
	began := w.service.Now()
	if len(p.order) == 0 && p.read-p.target.Cursor < mostPassed {
		w.passed = passed{p.target.Cursor, p.read}
		w.report(ctx, outcome{target: p.target})
		if p.more {
			return 0, nil
		}
		return never, nil
	}
	w.tell(ctx, p, began)
	if w.left.Load() {
		return never, nil
	}
	// What was told is written down for a worker that is told to stop as well.
	o, err := w.record(context.WithoutCancel(ctx), p)
	switch {
	case artifact.Is(err, artifact.NotFound): // it went meanwhile
		return never, nil
	case err != nil || o.target.Disabled:
		return never, err
	case p.more || p.held && o.told+o.dead > 0:
		return 0, nil
	case o.next.IsZero():
		return never, nil
	}
	return max(o.next.Sub(w.service.Now()), time.Millisecond), nil
}

// plan reads where the target stands, what waits for it, and the events after its cursor.
func (w *worker) plan(ctx context.Context) (*plan, error) {
	p := &plan{lanes: map[string]*lane{}}
	err := w.service.Catalog.Read(ctx, func(r catalog.Reader) (err error) {
		p.lanes, p.order, p.more, p.held = map[string]*lane{}, nil, false, false
		if p.target, err = r.EventTarget(w.target.Name); err != nil || p.target.Disabled {
			return err
		}
		p.read = p.target.Cursor
		if w.passed.cursor == p.target.Cursor {
			p.read = max(p.read, w.passed.read)
		}
		waiting, err := r.Deliveries(w.target.Name, false, 0, catalog.MaxPage)
		if err != nil {
			return err
		}
		for _, d := range waiting {
			i := item{Delivery: d, kept: true}
			if err := json.Unmarshal(d.Event, &i.event); err != nil {
				return fmt.Errorf("read delivery %d: %w", d.Sequence, err)
			}
			p.add(i)
		}
		if len(p.order) >= mostLanes || len(waiting) >= mostWaits {
			p.held = true
			return nil
		}
		room := w.service.backlog.room(w.target, len(waiting))
		if room == 0 {
			p.held = true
			return nil
		}
		found, err := r.Events(p.read, room)
		if err != nil {
			return err
		}
		p.more = len(found) == room
		for _, e := range found {
			p.read = e.Sequence
			w.concerns(p, e)
		}
		return nil
	})
	return p, err
}

// concerns adds an event to the plan if the target is to be told of it. One that cannot be read is passed over: it would
// hold up all others for ever.
func (w *worker) concerns(p *plan, e catalog.Event) {
	if e.Kind != catalog.VersionEvent {
		return
	}
	copies, err := events.Told(events.Record{Sequence: e.Sequence, Time: e.Time, Resource: e.Resource, Detail: e.Detail}, w.service.Region)
	if err != nil {
		w.service.Log.Error("an event cannot be told", "target", w.target.Name, "error", err.Error())
		return
	}
	for _, c := range copies {
		if w.target.Account != "" && c.Account != string(w.target.Account) {
			continue
		}
		means, err := w.means(c)
		if err != nil {
			w.service.Log.Error("an event cannot be told", "target", w.target.Name, "error", err.Error())
			return
		}
		if means {
			p.add(item{event: c, Delivery: catalog.Delivery{Target: w.target.Name, Sequence: e.Sequence, Lane: c.Lane(), Event: c.JSON()}})
		}
		return // who is told of everything is told once
	}
}

// means reports whether the target's pattern means an event.
func (w *worker) means(e events.Event) (means bool, err error) {
	defer w.contain(&err)
	return w.target.Pattern.Match(e), nil
}

// send tells the target of one event.
func (w *worker) send(ctx context.Context, i item) (err error) {
	defer w.contain(&err)
	return w.target.To.Send(ctx, Message{Event: i.event, Body: i.Event, Group: i.Lane})
}

// contain makes an error of a panic: whatever a target is told with, it ends neither the server nor what others are told.
func (w *worker) contain(err *error) {
	p := recover()
	if p == nil {
		return
	}
	*err = fmt.Errorf("panic: %v", p)
	w.alarm.Do(func() {
		w.service.Log.Error("panic while events were told to "+w.target.Name, "target", w.target.Name, "panic", fmt.Sprint(p),
			"stack", string(debug.Stack()))
	})
}

func (p *plan) add(i item) {
	l, known := p.lanes[i.Lane]
	if !known {
		l = &lane{}
		p.lanes[i.Lane] = l
		p.order = append(p.order, i.Lane)
	}
	l.items = append(l.items, i)
}

// tell tells of every package whose next event is due, several at a time, each in its order and until one is not taken.
// Nothing is begun once ctx is done; what was begun comes to its end.
func (w *worker) tell(ctx context.Context, p *plan, now time.Time) {
	var all sync.WaitGroup
	room := make(chan struct{}, atOnce)
	sending := context.WithoutCancel(ctx)
	for _, name := range p.order {
		l := p.lanes[name]
		if l.items[0].DueAt.After(now) {
			continue
		}
		room <- struct{}{}
		all.Go(func() {
			defer func() { <-room }()
			for ; l.told < len(l.items) && ctx.Err() == nil; l.told++ {
				i := l.items[l.told]
				if l.err = w.send(sending, i); l.err != nil {
					return
				}
			}
		})
	}
	all.Wait()
}

// record writes down how the round went.
func (w *worker) record(ctx context.Context, p *plan) (o outcome, err error) {
	err = w.service.Catalog.Write(ctx, func(wr catalog.Writer) error {
		o = w.judge(p)
		now, err := wr.EventTarget(w.target.Name)
		if err != nil {
			return err
		}
		if now.Cursor == p.target.Cursor { // else somebody has moved it meanwhile
			now.Cursor = p.read
		}
		now.Disabled = now.Disabled || o.target.Disabled
		now.FailingSince, now.Problem = o.target.FailingSince, o.target.Problem
		if now == p.target && len(o.put) == 0 && len(o.gone) == 0 {
			return nil
		}
		for _, sequence := range o.gone {
			if err := wr.DeleteDelivery(w.target.Name, sequence); err != nil && !artifact.Is(err, artifact.NotFound) {
				return err
			}
		}
		for _, d := range o.put {
			if err := wr.PutDelivery(d); err != nil {
				return err
			}
		}
		if o.dead > 0 {
			if err := w.bury(wr); err != nil {
				return err
			}
		}
		return wr.Progress(now)
	})
	if err != nil {
		return o, fmt.Errorf("record what was told: %w", err)
	}
	w.report(ctx, o)
	return o, nil
}

// outcome is how a round went.
type outcome struct {
	target             catalog.EventTarget
	put                []catalog.Delivery
	gone               []int64   // deliveries that were told
	next               time.Time // when the next attempt is due; zero if nothing waits
	told, failed, dead int
	waiting            int
	oldest             time.Time // when the oldest event that waits happened
	disabled           bool      // now
}

// judge decides what becomes of each event of a round, and of the target.
func (w *worker) judge(p *plan) (o outcome) {
	now := w.service.Now()
	o.target = p.target
	for _, l := range p.lanes {
		o.told += l.told
		if l.err != nil {
			o.failed++
			o.target.Problem = reason(l.err)
		}
	}
	recovered := o.told > 0 && !p.target.FailingSince.IsZero()
	switch {
	case o.told > 0:
		o.target.FailingSince = time.Time{}
		if o.failed == 0 {
			o.target.Problem = ""
		}
	case o.failed > 0 && o.target.FailingSince.IsZero():
		o.target.FailingSince = now
	case o.failed > 0 && now.Sub(o.target.FailingSince) >= w.service.DisableAfter:
		o.target.Disabled, o.disabled = true, true
	}
	for _, name := range p.order {
		w.judgeLane(p.lanes[name], &o, now, recovered)
	}
	return o
}

// judgeLane decides what becomes of the events of one package. Once a target takes events again, all packages that wait
// are due.
func (w *worker) judgeLane(l *lane, o *outcome, now time.Time, recovered bool) {
	for _, i := range l.items[:l.told] {
		if i.kept {
			o.gone = append(o.gone, i.Sequence)
		}
	}
	for n, i := range l.items[l.told:] {
		d, before := i.Delivery, i.kept
		switch {
		case n == 0 && l.err != nil:
			d.Attempts, d.Problem = d.Attempts+1, reason(l.err)
			if d.FailedAt.IsZero() {
				d.FailedAt = now
			}
			var over bool
			if d.DueAt, over = w.again(o.target, d, l.err, i.event.Time, now); over {
				d.DeadAt = now
				o.dead++
			}
			before = false
		case n == 0 && recovered && d.DueAt.After(now), !i.kept:
			d.DueAt, before = now, false
		}
		if !before {
			o.put = append(o.put, d)
		}
		if !d.DeadAt.IsZero() {
			o.next = now // for what comes after it
			continue
		}
		o.waiting++
		if o.oldest.IsZero() || i.event.Time.Before(o.oldest) {
			o.oldest = i.event.Time
		}
		if n == 0 && (o.next.IsZero() || d.DueAt.Before(o.next)) {
			o.next = d.DueAt
		}
	}
}

// backoff is how long to wait after so many attempts.
func (s *Service) backoff(attempts int) time.Duration {
	return s.Jitter(min(shortest<<min(attempts-1, 20), longest))
}

func aroundHalf(d time.Duration) time.Duration { return d/2 + rand.N(max(d, 1)) }

// reason is what is kept of an error.
func reason(err error) string {
	text := err.Error()
	return text[:min(len(text), mostReason)]
}

// report logs and counts how a round went.
func (w *worker) report(ctx context.Context, o outcome) {
	s, name := w.service, w.target.Name
	s.backlog.set(w.target, o.waiting)
	for outcome, n := range map[string]int{"told": o.told, "failed": o.failed, "dead": o.dead} {
		if n > 0 {
			s.told.WithLabelValues(label(name), outcome).Add(float64(n))
		}
	}
	if label(name) == name {
		oldest := 0.0
		if !o.oldest.IsZero() {
			oldest = float64(o.oldest.Unix())
		}
		s.waiting.WithLabelValues(name).Set(float64(o.waiting))
		s.behind.WithLabelValues(name).Set(oldest)
	}
	if o.dead > 0 {
		s.Log.ErrorContext(ctx, fmt.Sprintf("%d events were given up for %s: they are dead letters now", o.dead, name), "target", name,
			"events", o.dead, "error", o.target.Problem)
	}
	if o.disabled {
		s.Log.ErrorContext(ctx, name+" took no event for too long and is told no more until it is enabled", "target", name,
			"error", o.target.Problem)
	}
	if o.failed > 0 && o.dead == 0 {
		s.Log.WarnContext(ctx, fmt.Sprintf("%d events were not taken by %s and are tried again", o.failed, name), "target", name,
			"events", o.failed, "error", o.target.Problem)
	}
}

// label is what metrics call a target: those of rules, which callers name, all the same.
func label(name string) string {
	if strings.Contains(name, "/") {
		return "rules"
	}
	return name
}
