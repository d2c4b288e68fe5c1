package accounts

import (
	"context"
	"errors"
	"fmt"

	"entrepot/artifact"
	"entrepot/audit"
	"entrepot/catalog"
	"entrepot/iam"
)

// reading is one call of an action that changes nothing, on the snapshot in which it looks.
type reading struct {
	*Service
	catalog.Reader
	ctx    context.Context
	caller iam.Caller
	action string // service:Operation
}

// changing is one call of an action that changes something, in the transaction in which it does. Permission is asked in
// there as well, so that what it rests on cannot change in between.
type changing struct {
	reading
	write catalog.Writer
}

// look runs an action that changes nothing. That it was refused is recorded while nobody waits.
func (s *Service) look(ctx context.Context, c iam.Caller, action string, fn func(a *reading) error) error {
	err := s.Catalog.Read(ctx, func(r catalog.Reader) error {
		return fn(&reading{s, r, ctx, c, action})
	})
	if refused, ok := errors.AsType[*Refusal](err); ok && s.RecordLater != nil {
		event, err := s.refusal(c, action, true, refused, err)
		if err != nil {
			return err
		}
		s.RecordLater(event)
	}
	return err
}

// change runs an action that changes something. That it was refused is recorded in a transaction of its own.
func (s *Service) change(ctx context.Context, c iam.Caller, action string, fn func(a *changing) error) error {
	err := s.Catalog.Write(ctx, func(w catalog.Writer) error {
		return fn(&changing{reading{s, w, ctx, c, action}, w})
	})
	if refused, ok := errors.AsType[*Refusal](err); ok {
		if err := s.recordRefusal(ctx, c, action, refused, err); err != nil {
			return err
		}
	}
	return err
}

// account is the caller's: what an action is done to belongs to it.
func (a *reading) account() artifact.AccountID { return artifact.AccountID(a.caller.Principal.Account) }

// may asks whether the caller may do the action to the subject.
func (a *reading) may(on Subject) error { return Authorize(a.caller, a.action, on) }

// record puts the change on record. detail holds the parameters worth knowing later, never a policy's text or a secret.
func (a *changing) record(resource string, detail map[string]any) error {
	event, err := a.event(a.caller, a.action, resource, audit.Done(a.caller, a.action), detail)
	if err != nil {
		return err
	}
	return a.write.Record(event)
}

func (s *Service) event(c iam.Caller, action, resource string, call audit.Call, detail map[string]any) (catalog.Event, error) {
	return catalog.Audited(s.Now(), c, action, resource, call, detail)
}

// refusal is the record of a call that was refused: which statement decided, and on which action, if it was another than the
// call's.
func (s *Service) refusal(c iam.Caller, action string, reads bool, r *Refusal, refused error) (catalog.Event, error) {
	told, _ := errors.AsType[*artifact.Error](refused)
	call := audit.Refused(c, r.Decision, told.Reason)
	call.Reads = reads
	if r.Action != action {
		call.Decision.Action = r.Action
	}
	return s.event(c, action, r.Decision.Resource, call, nil)
}

// recordRefusal records that somebody was not allowed to change something.
func (s *Service) recordRefusal(ctx context.Context, c iam.Caller, action string, r *Refusal, refused error) error {
	event, err := s.refusal(c, action, false, r, refused)
	if err != nil {
		return err
	}
	err = s.Catalog.Write(context.WithoutCancel(ctx), func(w catalog.Writer) error { return w.Record(event) })
	if err != nil {
		return fmt.Errorf("record a refusal: %w", err)
	}
	return nil
}
