package accounts

import (
	"context"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// CreateAccountAlias gives the caller's account another name, in place of the one it has.
func (s *Service) CreateAccountAlias(ctx context.Context, c iam.Caller, alias string) error {
	return s.change(ctx, c, "iam:CreateAccountAlias", func(a *changing) error {
		if err := a.may(Subject{}); err != nil {
			return err
		}
		err := a.write.SetAccountAlias(a.account(), alias)
		if artifact.Is(err, artifact.Conflict) {
			return AlreadyExists.errorf("The account alias %s already exists.", alias)
		}
		if err != nil {
			return err
		}
		return a.record("", map[string]any{"accountAlias": alias})
	})
}

// DeleteAccountAlias takes the other name of the caller's account away.
func (s *Service) DeleteAccountAlias(ctx context.Context, c iam.Caller, alias string) error {
	return s.change(ctx, c, "iam:DeleteAccountAlias", func(a *changing) error {
		if err := a.may(Subject{}); err != nil {
			return err
		}
		err := a.write.DeleteAccountAlias(a.account(), alias)
		if artifact.Is(err, artifact.NotFound) {
			return artifact.Errorf(artifact.NotFound, "The account alias %s cannot be found.", alias)
		}
		if err != nil {
			return err
		}
		return a.record("", map[string]any{"accountAlias": alias})
	})
}

// AccountAlias returns the other name of the caller's account; empty if it has none.
func (s *Service) AccountAlias(ctx context.Context, c iam.Caller) (alias string, err error) {
	err = s.look(ctx, c, "iam:ListAccountAliases", func(a *reading) error {
		if err := a.may(Subject{}); err != nil {
			return err
		}
		alias, err = a.Reader.AccountAlias(a.account())
		return err
	})
	return alias, err
}

// Summary is what an account has and may have.
type Summary struct {
	catalog.AccountUsage
	RootKeys int // access keys of the account itself
	Quotas   Quotas
	Sizes    Sizes
}

// Sizes are how large policies may be, in characters without white space.
type Sizes struct{ User, Group, Role, Managed int }

// GetAccountSummary counts what the caller's account has.
func (s *Service) GetAccountSummary(ctx context.Context, c iam.Caller) (sum Summary, err error) {
	err = s.look(ctx, c, "iam:GetAccountSummary", func(a *reading) error {
		if err := a.may(Subject{}); err != nil {
			return err
		}
		sum.Quotas = s.Quotas
		sum.Sizes = Sizes{embeddedSizes[catalog.UserPrincipal], embeddedSizes[catalog.GroupPrincipal],
			embeddedSizes[catalog.RolePrincipal], managedPolicySize}
		if sum.AccountUsage, err = a.AccountUsage(a.account()); err != nil {
			return err
		}
		root, err := a.PrincipalByARN(a.rootARN(a.account()))
		if artifact.Is(err, artifact.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		keys, err := a.AccessKeys(root.ID)
		sum.RootKeys = len(keys)
		return err
	})
	return sum, err
}

// rootARN is the ARN of an account itself.
func (s *Service) rootARN(account artifact.AccountID) string { return s.arnOf(account, "root", "", "") }
