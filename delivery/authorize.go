package delivery

import (
	"context"
	"errors"
	"fmt"

	"entrepot/accounts"
	"entrepot/artifact"
	"entrepot/audit"
	"entrepot/catalog"
	"entrepot/iam"
)

// allow asks whether the caller may do the action, named as service:Operation. Whoever may not gets an accessDenied that has
// the accounts.Refusal beneath it.
func allow(c iam.Caller, action string, on accounts.Subject) error {
	err := accounts.Authorize(c, action, on)
	if told, ok := errors.AsType[*artifact.Error](err); ok && told.Kind == artifact.Denied {
		refusal := fail(accessDenied, "%s", told.Reason)
		refusal.cause = told.Err
		return refusal
	}
	return err
}

// write runs fn in a transaction. That somebody was not allowed to do the action is recorded in one of its own.
func (s *Service) write(ctx context.Context, c iam.Caller, action string, fn func(w catalog.Writer) error) error {
	err := s.Catalog.Write(ctx, fn)
	refused, ok := errors.AsType[*accounts.Refusal](err)
	if !ok {
		return err
	}
	event, failed := s.refusal(c, action, false, refused, err)
	if failed == nil {
		failed = s.Catalog.Write(context.WithoutCancel(ctx), func(w catalog.Writer) error { return w.Record(event) })
	}
	if failed != nil {
		return fmt.Errorf("record refusal: %w", failed)
	}
	return err
}

// read runs fn on a snapshot. That somebody was not allowed to look is recorded while nobody waits.
func (s *Service) read(ctx context.Context, c iam.Caller, action string, fn func(r catalog.Reader) error) error {
	err := s.Catalog.Read(ctx, fn)
	if refused, ok := errors.AsType[*accounts.Refusal](err); ok && s.RecordLater != nil {
		event, failed := s.refusal(c, action, true, refused, err)
		if failed != nil {
			return failed
		}
		s.RecordLater(event)
	}
	return err
}

// audit records a change in the transaction that makes it.
func (s *Service) audit(w catalog.Writer, c iam.Caller, action, resource string, detail map[string]any) error {
	event, err := s.event(c, action, resource, audit.Done(c, action), detail)
	if err != nil {
		return err
	}
	return w.Record(event)
}

func (s *Service) event(c iam.Caller, action, resource string, call audit.Call, detail map[string]any) (catalog.Event, error) {
	return catalog.Audited(s.Now(), c, action, resource, call, detail)
}

// refusal is the record of a call that was refused, and of the statement that decided.
func (s *Service) refusal(c iam.Caller, action string, reads bool, r *accounts.Refusal, refused error) (catalog.Event, error) {
	told, _ := errors.AsType[*artifact.Error](refused)
	call := audit.Refused(c, r.Decision, told.Reason)
	call.Reads = reads
	return s.event(c, action, r.Decision.Resource, call, nil)
}

// owner is the account of a caller, in which rules are made and listed.
func owner(c iam.Caller) artifact.AccountID { return artifact.AccountID(c.Principal.Account) }

// arn is the name of something of an account's in EventBridge.
func (s *Service) arn(account artifact.AccountID, resource string) string {
	return iam.ARN{Partition: partition, Service: "events", Region: s.Region, Account: string(account), Resource: resource}.String()
}

const partition = "aws"
