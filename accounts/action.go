package accounts

import (
	"context"

	"entrepot/artifact"
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
	return s.ledger().Looked(c, action, err)
}

// change runs an action that changes something. That it was refused is recorded in a transaction of its own.
func (s *Service) change(ctx context.Context, c iam.Caller, action string, fn func(a *changing) error) error {
	err := s.Catalog.Write(ctx, func(w catalog.Writer) error {
		return fn(&changing{reading{s, w, ctx, c, action}, w})
	})
	return s.ledger().Changed(ctx, c, action, err)
}

// account is the caller's: what an action is done to belongs to it.
func (a *reading) account() artifact.AccountID { return artifact.AccountID(a.caller.Principal.Account) }

// may asks whether the caller may do the action to the subject.
func (a *reading) may(on Subject) error { return Authorize(a.caller, a.action, on) }

// record puts the change on record. detail holds the parameters worth knowing later, never a policy's text or a secret.
func (a *changing) record(resource string, detail map[string]any) error {
	return a.ledger().Done(a.write, a.caller, a.action, resource, detail)
}

func (s *Service) ledger() Ledger { return Ledger{s.Catalog, s.Now, s.RecordLater} }
