// Package delivery tells targets of events: what became of package versions goes from the record to webhooks, files, queues
// and event buses, at least once and in the order of each package.
//
// Each target has a cursor into the record, which moves when events were acknowledged. What a target does not take waits
// as deliveries and holds back later events of its package, not those of others. See decision 88.
package delivery

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/events"

	"github.com/prometheus/client_golang/prometheus"
)

// Message is one event on its way to a target.
type Message struct {
	Event events.Event
	Body  []byte // the event as JSON, or what is told in its place
	Group string // of messages that are told in order
}

// Sender is a way to tell. Send returns when the message is acknowledged, or why it is not; it is called for messages of
// several packages at a time, for those of one in their order. It gives up by itself after a while.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// Target is somebody who is told of events.
type Target struct {
	Name    string // of the catalog.EventTarget
	Pattern events.Pattern
	// Account is the one whose copies are told; empty means one copy of each event, that of the domain's owner.
	Account artifact.AccountID
	To      Sender
	Retries *Retries // of an event that it does not take; nil where nobody has said
	// Revision tells what a target is now from what it was under the same name.
	Revision string
}

// Options are what a Service works with. All are needed unless they say otherwise.
type Options struct {
	Catalog catalog.Store
	Region  string
	Account artifact.AccountID // the installation's own, which has the targets of the configuration
	Now     func() time.Time
	Log     *slog.Logger
	Metrics prometheus.Registerer
	// Targets are those that the operator has configured.
	Targets []Target
	// Destinations are where rules may send events.
	Destinations []Destination
	// RecordLater has it recorded that somebody was not allowed to look; nil if it is not.
	RecordLater func(catalog.Event)
	// DisableAfter is for how long a target may take nothing before it is disabled; GiveUpAfter for how long one event may be
	// refused, by a target that takes others, before it is given up. Zero means a day.
	DisableAfter, GiveUpAfter time.Duration
	// KeepDead is how long events that were given up are kept; zero means two weeks.
	KeepDead time.Duration
	// Jitter turns the time to wait after a failure into the one that is waited; nil means up to a half more or less.
	Jitter func(time.Duration) time.Duration
}

// Service tells targets. It has one Run at a time.
type Service struct {
	Options
	wake    chan struct{}
	backlog backlog

	told    *prometheus.CounterVec // by target and outcome
	waiting *prometheus.GaugeVec   // by target
	behind  *prometheus.GaugeVec   // by target
}

const day = 24 * time.Hour

// New prepares to tell and registers its metrics.
func New(o Options) (*Service, error) {
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{{&o.DisableAfter, day}, {&o.GiveUpAfter, day}, {&o.KeepDead, 14 * day}} {
		if *d.value == 0 {
			*d.value = d.standard
		}
	}
	if o.Jitter == nil {
		o.Jitter = aroundHalf
	}
	s := &Service{Options: o, wake: make(chan struct{}, 1), backlog: backlog{most: mostOfAccount}}
	const space, system = "entrepot", "events"
	s.told = prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: space, Subsystem: system, Name: "deliveries_total",
		Help: "Attempts to tell a target of an event, by outcome: told, failed, or dead, which is given up."}, []string{"target", "outcome"})
	s.waiting = prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: space, Subsystem: system, Name: "waiting_deliveries",
		Help: "Events that a target has not taken and that wait for another attempt."}, []string{"target"})
	s.behind = prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: space, Subsystem: system, Name: "oldest_waiting_time_seconds",
		Help: "When the oldest event happened that a target has not taken, in Unix time; 0 if there is none."}, []string{"target"})
	for _, c := range []prometheus.Collector{s.told, s.waiting, s.behind} {
		if err := o.Metrics.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return s, nil
}

// Prepare makes the records of configured targets that are new: they are told of what happens from now on. Those that were
// disabled are enabled: whoever starts the server has looked after them.
func (s *Service) Prepare(ctx context.Context) error {
	if len(s.Targets) == 0 {
		return nil
	}
	return s.Catalog.Write(ctx, func(w catalog.Writer) error {
		for _, t := range s.Targets {
			if err := begin(w, t.Name); err != nil {
				return err
			}
			known, err := w.EventTarget(t.Name)
			if err != nil {
				return err
			}
			if !known.Disabled {
				continue
			}
			if err := w.PutEventTarget(catalog.EventTarget{Name: t.Name, Cursor: known.Cursor}); err != nil {
				return err
			}
		}
		return nil
	})
}

// begin makes the record of a target that has none.
func begin(w catalog.Writer, name string) error {
	_, err := w.EventTarget(name)
	if !artifact.Is(err, artifact.NotFound) {
		return err
	}
	last, err := w.LastEvent()
	if err != nil {
		return err
	}
	return w.PutEventTarget(catalog.EventTarget{Name: name, Cursor: last})
}

// Wake is ready when there is somebody to tell: at the beginning, when targets have changed, and every minute, for a Run that
// has failed. Listen sees to it. Where nobody is told, nothing is done.
func (s *Service) Wake() <-chan struct{} { return s.wake }

// Listen makes Wake ready until ctx is done.
func (s *Service) Listen(ctx context.Context) {
	changed, stop := s.Catalog.Watch(catalog.EventTargetsTopic())
	defer stop()
	again := time.NewTicker(time.Minute)
	defer again.Stop()
	for {
		if targets, err := s.targets(ctx); err != nil || len(targets) > 0 {
			select {
			case s.wake <- struct{}{}:
			default:
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-again.C:
		}
	}
}

// Run tells all targets until ctx is done, or until there are none. One process does it at a time; were there two for a
// moment, events would be told twice and nothing worse.
func (s *Service) Run(ctx context.Context) error {
	changed, stop := s.Catalog.Watch(catalog.VersionEventsTopic(), catalog.EventTargetsTopic())
	defer stop()
	s.backlog.clear()
	crew := &crew{service: s, workers: map[string]*worker{}}
	defer crew.dismiss()
	again := time.NewTicker(time.Minute) // that an account was closed is no change of a target
	defer again.Stop()
	for {
		stamp, known := s.Catalog.Stamp(catalog.EventTargetsTopic())
		targets, err := s.targets(ctx)
		if err != nil {
			return err
		}
		if len(targets) == 0 {
			return nil
		}
		if err := s.count(ctx, targets); err != nil {
			return err
		}
		crew.hire(ctx, targets)
		for same := true; same; {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-changed:
			case <-again.C:
				known = false
			}
			now, still := s.Catalog.Stamp(catalog.EventTargetsTopic())
			same = known && still && now == stamp
			crew.wake()
		}
	}
}

// count notes what waits for targets that are new, before any of them is told more.
func (s *Service) count(ctx context.Context, targets []Target) error {
	return s.Catalog.Read(ctx, func(r catalog.Reader) error {
		for _, t := range targets {
			if s.backlog.knows(t) {
				continue
			}
			counts, err := r.CountDeliveries(t.Name)
			if err != nil {
				return err
			}
			s.backlog.count(t, counts.Waiting)
		}
		return nil
	})
}

// targets are all who are told: those of the operator and those of rules.
func (s *Service) targets(ctx context.Context) ([]Target, error) {
	ofRules, err := s.ruleTargets(ctx)
	return append(slices.Clone(s.Targets), ofRules...), err
}

// Bury removes what was given up and has been kept for long enough.
func (s *Service) Bury(ctx context.Context) error {
	const batch = 500
	for {
		removed := 0
		err := s.Catalog.Write(ctx, func(w catalog.Writer) (err error) {
			removed, err = w.DeleteDeadDeliveries(s.Now().Add(-s.KeepDead), batch)
			return err
		})
		if err != nil || removed < batch {
			return err
		}
	}
}

// crew is the workers that are at it, one for each target.
type crew struct {
	service *Service
	workers map[string]*worker // by target
	leaving []*worker
}

// hire has a worker for each of the targets and for no others. One whose target is another now under the same name is
// succeeded once it has ended.
func (c *crew) hire(ctx context.Context, targets []Target) {
	wanted := make(map[string]bool, len(targets))
	for _, t := range targets {
		wanted[t.Name] = true
		before := c.workers[t.Name]
		if before != nil && before.target.Revision == t.Revision {
			before.nudge()
			continue
		}
		w := &worker{service: c.service, target: t, woken: make(chan struct{}, 1), ended: make(chan struct{})}
		var working context.Context
		working, w.stop = context.WithCancel(ctx)
		c.workers[t.Name] = w
		if before != nil {
			before.stop()
		}
		go func() {
			defer close(w.ended)
			if before != nil {
				<-before.ended
			}
			w.work(working)
		}()
	}
	c.leaving = slices.DeleteFunc(c.leaving, (*worker).hasEnded)
	for name, w := range c.workers {
		if !wanted[name] {
			w.stop()
			c.service.backlog.forget(w.target)
			c.leaving = append(c.leaving, w)
			delete(c.workers, name)
		}
	}
}

func (c *crew) wake() {
	for _, w := range c.workers {
		w.nudge()
	}
}

// farewell is how long workers are waited for that are told to end. It is longer than any sender takes that gives up by itself; a
// stream or a pipe that nobody reads takes for ever.
const farewell = 2 * patience

// dismiss ends all workers, at once, and waits for them, but not for ever. What one sends that is left behind is told again.
func (c *crew) dismiss() {
	for _, w := range c.workers {
		w.stop()
		c.leaving = append(c.leaving, w)
	}
	over := time.NewTimer(farewell)
	defer over.Stop()
	late := false
	for _, w := range c.leaving {
		if !late {
			select {
			case <-w.ended:
			case <-over.C:
				late = true
			}
		}
		if late && !w.hasEnded() {
			w.left.Store(true)
			c.service.Log.Warn(w.target.Name+" takes an event without end and is waited for no more", "target", w.target.Name)
		}
	}
}
