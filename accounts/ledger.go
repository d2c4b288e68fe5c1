package accounts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"entrepot/artifact"
	"entrepot/audit"
	"entrepot/catalog"
	"entrepot/iam"
)

// Ledger puts on record who has changed what, and who was not allowed to do what he asked for. Actions are named as
// service:Operation.
type Ledger struct {
	Catalog catalog.Store
	Now     func() time.Time
	// Later puts an event on record without anybody waiting for it; nil means that refused looks are not recorded.
	Later func(e catalog.Event)
}

// Done records a change in the transaction that makes it. resource is an ARN, or empty. detail holds the parameters worth knowing
// later, never a policy's text or a secret.
func (l Ledger) Done(w catalog.Writer, c iam.Caller, action, resource string, detail map[string]any) error {
	event, err := catalog.Audited(l.Now(), c, action, resource, audit.Done(c, action), detail)
	if err != nil {
		return err
	}
	return w.Record(event)
}

// Looked returns what an action that changes nothing has ended with. That it was denied is recorded while nobody waits.
func (l Ledger) Looked(c iam.Caller, action string, err error) error {
	if l.Later == nil || !artifact.Is(err, artifact.Denied) {
		return err
	}
	event, failed := l.denial(c, action, true, err)
	if failed != nil {
		return failed
	}
	l.Later(event)
	return err
}

// Changed returns what an action that changes something has ended with. That it was denied is recorded in a transaction of its
// own, which goes on when the caller leaves.
func (l Ledger) Changed(ctx context.Context, c iam.Caller, action string, err error) error {
	if !artifact.Is(err, artifact.Denied) {
		return err
	}
	event, failed := l.denial(c, action, false, err)
	if failed == nil {
		failed = l.Catalog.Write(context.WithoutCancel(ctx), func(w catalog.Writer) error { return w.Record(event) })
	}
	if failed != nil {
		return fmt.Errorf("record a refusal: %w", failed)
	}
	return err
}

// denial is the record of a call that was denied: which statement decided, and on which action, if it was another than the call's.
// Some things nobody may do whatever policies say.
func (l Ledger) denial(c iam.Caller, action string, reads bool, denied error) (catalog.Event, error) {
	told, _ := errors.AsType[*artifact.Error](denied)
	call, resource := audit.Barred(c, told.Reason), ""
	if r, ok := errors.AsType[*Refusal](denied); ok {
		call, resource = audit.Refused(c, r.Decision, told.Reason), r.Decision.Resource
		if r.Action != action {
			call.Decision.Action = r.Action
		}
	}
	call.Reads = reads
	return catalog.Audited(l.Now(), c, action, resource, call, nil)
}
