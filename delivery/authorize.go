package delivery

import (
	"context"

	"entrepot/accounts"
	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// allow asks whether the caller may do the action, named as service:Operation. Whoever may not gets an accessDenied that has
// the accounts.Refusal beneath it.
func allow(c iam.Caller, action string, on accounts.Subject) error {
	return accounts.AuthorizeOr(accessDenied, c, action, on)
}

// write runs fn in a transaction. That somebody was not allowed to do the action is recorded in one of its own.
func (s *Service) write(ctx context.Context, c iam.Caller, action string, fn func(w catalog.Writer) error) error {
	return s.ledger().Changed(ctx, c, action, s.Catalog.Write(ctx, fn))
}

// read runs fn on a snapshot. That somebody was not allowed to look is recorded while nobody waits.
func (s *Service) read(ctx context.Context, c iam.Caller, action string, fn func(r catalog.Reader) error) error {
	return s.ledger().Looked(c, action, s.Catalog.Read(ctx, fn))
}

// audit records a change in the transaction that makes it.
func (s *Service) audit(w catalog.Writer, c iam.Caller, action, resource string, detail map[string]any) error {
	return s.ledger().Done(w, c, action, resource, detail)
}

func (s *Service) ledger() accounts.Ledger {
	return accounts.Ledger{Catalog: s.Catalog, Now: s.Now, Later: s.RecordLater}
}

// owner is the account of a caller, in which rules are made and listed.
func owner(c iam.Caller) artifact.AccountID { return artifact.AccountID(c.Principal.Account) }

// arn is the name of something of an account's in EventBridge.
func (s *Service) arn(account artifact.AccountID, resource string) string {
	return iam.ARN{Partition: partition, Service: "events", Region: s.Region, Account: string(account), Resource: resource}.String()
}

const partition = "aws"
