package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"entrepot/accounts"
	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/events"
	"entrepot/iam"
)

// The actions of our own, which AWS does not have.
const (
	listEvents   = "entrepot:ListEvents"
	listTargets  = "entrepot:ListEventTargets"
	listDead     = "entrepot:ListDeadLetters"
	replayEvents = "entrepot:ReplayEvents"
	enableTarget = "entrepot:EnableEventTarget"
)

// Standing is how a target stands.
type Standing struct {
	catalog.EventTarget
	catalog.DeliveryCounts
}

// DeadLetter is an event that was given up.
type DeadLetter struct {
	catalog.Delivery
	Event json.RawMessage
}

// mine is whose a target is, and under which ARN permission on it is asked: a rule's under that of the rule, one of the
// configuration, which the installation's own account has, under one of our own.
func (s *Service) mine(name string) (owner artifact.AccountID, arn string) {
	parts := strings.Split(name, "/")
	if len(parts) == 3 {
		account := artifact.AccountID(parts[0])
		return account, s.ruleARN(account, parts[1])
	}
	return s.Account, s.arn(s.Account, "event-target/"+name)
}

// onTarget finds a target and asks permission. One that is not there is asked for all the same.
func (s *Service) onTarget(r catalog.Reader, c iam.Caller, action, name string) (t catalog.EventTarget, arn string, err error) {
	owner, arn := s.mine(name)
	if err := allow(c, action, accounts.Subject{ARN: arn, Owner: owner}); err != nil {
		return t, arn, err
	}
	if t, err = r.EventTarget(name); artifact.Is(err, artifact.NotFound) {
		err = fail(notFound, "There is no target %.200s.", name)
	}
	return t, arn, err
}

// Standings lists the targets of the caller's account, ordered by name: those of its rules, and for the installation's own
// those of the configuration, former ones among them.
func (s *Service) Standings(ctx context.Context, c iam.Caller) (all []Standing, err error) {
	err = s.read(ctx, c, listTargets, func(r catalog.Reader) error {
		all = nil
		if err := allow(c, listTargets, accounts.Subject{ARN: "*"}); err != nil {
			return err
		}
		for t, err := range catalog.Each(r.EventTargets) {
			if err != nil {
				return err
			}
			if of, _ := s.mine(t.Name); of != owner(c) {
				continue
			}
			counts, err := r.CountDeliveries(t.Name)
			if err != nil {
				return err
			}
			all = append(all, Standing{t, counts})
		}
		return nil
	})
	return all, err
}

// DeadLetters returns up to a page of the events that were given up for a target, after a sequence number.
func (s *Service) DeadLetters(ctx context.Context, c iam.Caller, target string, after int64) (all []DeadLetter, err error) {
	err = s.read(ctx, c, listDead, func(r catalog.Reader) error {
		all = nil
		if _, _, err := s.onTarget(r, c, listDead, target); err != nil {
			return err
		}
		found, err := r.Deliveries(target, true, after, catalog.MaxPage)
		for _, d := range found {
			all = append(all, DeadLetter{d, json.RawMessage(d.Event)})
		}
		return err
	})
	return all, err
}

// Replay has events that were given up told again: the one of a sequence number, or for zero up to a page of them. It
// returns how many those are.
func (s *Service) Replay(ctx context.Context, c iam.Caller, target string, sequence int64) (replayed int, err error) {
	err = s.write(ctx, c, replayEvents, func(w catalog.Writer) error {
		replayed = 0
		t, arn, err := s.onTarget(w, c, replayEvents, target)
		if err != nil {
			return err
		}
		dead, err := w.Deliveries(target, true, max(sequence-1, 0), catalog.MaxPage)
		if err != nil {
			return err
		}
		for _, d := range dead {
			if sequence != 0 && d.Sequence != sequence {
				break
			}
			again := catalog.Delivery{Target: d.Target, Sequence: d.Sequence, Lane: d.Lane, Event: d.Event, DueAt: s.Now()}
			if err := w.PutDelivery(again); err != nil {
				return err
			}
			replayed++
		}
		if sequence != 0 && replayed == 0 {
			return fail(notFound, "Target %s has no dead letter %d.", target, sequence)
		}
		if err := w.PutEventTarget(t); err != nil { // whoever tells hears of it
			return err
		}
		return s.audit(w, c, replayEvents, arn, map[string]any{"target": target, "events": replayed})
	})
	return replayed, err
}

// Enable has a target told again that was disabled because it took nothing, from where it stopped.
func (s *Service) Enable(ctx context.Context, c iam.Caller, target string) error {
	return s.write(ctx, c, enableTarget, func(w catalog.Writer) error {
		_, arn, err := s.onTarget(w, c, enableTarget, target)
		if err == nil {
			err = enable(w, target)
		}
		if err != nil {
			return err
		}
		return s.audit(w, c, enableTarget, arn, map[string]any{"target": target})
	})
}

// Happened returns what the caller's account is told of events after a sequence number, of which a page is looked at, and the
// number to go on from. Before zero it looks at none and says where the record ends.
func (s *Service) Happened(ctx context.Context, c iam.Caller, after int64) (told []events.Event, next int64, err error) {
	err = s.read(ctx, c, listEvents, func(r catalog.Reader) (err error) {
		told, next = nil, after
		if err := allow(c, listEvents, accounts.Subject{ARN: "*"}); err != nil {
			return err
		}
		if after < 0 {
			next, err = r.LastEvent()
			return err
		}
		found, err := r.Events(after, catalog.MaxPage)
		if err != nil {
			return err
		}
		for _, e := range found {
			next = e.Sequence
			if e.Kind != catalog.VersionEvent {
				continue
			}
			copies, err := events.Told(events.Record{Sequence: e.Sequence, Time: e.Time, Resource: e.Resource, Detail: e.Detail}, s.Region)
			if err != nil {
				return fmt.Errorf("list events: %w", err)
			}
			for _, copy := range copies {
				if copy.Account == c.Principal.Account {
					told = append(told, copy)
				}
			}
		}
		return nil
	})
	return told, next, err
}
