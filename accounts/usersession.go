package accounts

import (
	"context"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// SessionToken begins a session of the caller, a user or the account itself, with all that he may do but in IAM (STS API
// reference, GetSessionToken). No permission is asked for: he has it already.
func (s *Service) SessionToken(ctx context.Context, c iam.Caller, seconds int) (begun Begun, err error) {
	err = s.change(ctx, c, "sts:GetSessionToken", func(a *changing) error {
		if err := a.lastingCredentials("GetSessionToken"); err != nil {
			return err
		}
		lasts, err := life(seconds, standardUser, a.longest())
		if err != nil {
			return err
		}
		at := a.from()
		begun, err = a.begin(catalog.Session{Principal: c.Principal.ID, Kind: catalog.UserSession, IssuedAt: at,
			ExpiresAt: at.Add(lasts)}, c.Principal.ARN, map[string]any{})
		return err
	})
	return begun, err
}

// lastingCredentials refuses callers in a session: a session cannot be made longer by another.
func (a *reading) lastingCredentials(operation string) error {
	if a.caller.Temporary.ID == "" {
		return nil
	}
	return artifact.Errorf(artifact.Denied, "Cannot call %s with session credentials", operation)
}

// longest is how long a session of the caller may last, in seconds.
func (a *reading) longest() int {
	if callerKind(a.caller) == "root" {
		return longestRootSession
	}
	return longestUser
}

// allowNothing is the session policy of a federated user who was given none.
const allowNothing = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":"*","Resource":"*"}]}`

// FederationToken begins a session under another name, with what both the caller and the policies that are passed allow; with none
// of them, nothing but what policies of resources allow it by name (STS API reference, GetFederationToken).
func (s *Service) FederationToken(ctx context.Context, c iam.Caller, name string, n Narrowing) (begun Begun, err error) {
	err = s.change(ctx, c, "sts:GetFederationToken", func(a *changing) error {
		if err := a.lastingCredentials("GetFederationToken"); err != nil {
			return err
		}
		arn := "arn:" + s.Partition + ":sts::" + c.Principal.Account + ":federated-user/" + name
		d := catalog.SessionDetails{Name: name}
		if d.Tags, err = a.sessionTags(n.Tags); err != nil {
			return err
		}
		for _, action := range actionsOf(a.action, d) {
			if err := Authorize(c, action, Subject{ARN: arn, Given: d.Tags}); err != nil {
				return err
			}
		}
		lasts, err := life(n.Seconds, standardUser, a.longest())
		if err != nil {
			return err
		}
		if d.Policies, err = a.sessionPolicies(n, a.account()); err != nil {
			return err
		}
		if len(d.Policies) == 0 {
			d.Policies = []string{allowNothing}
		}
		at := a.from()
		begun, err = a.begin(catalog.Session{Principal: c.Principal.ID, Kind: catalog.FederatedSession, IssuedAt: at,
			ExpiresAt: at.Add(lasts), SessionDetails: d}, arn, map[string]any{"name": name})
		begun.ARN, begun.ID = arn, c.Principal.Account+":"+name
		return err
	})
	return begun, err
}

// KeyAccount returns the account that an access key belongs to, of a user or of a session; Invalid for one that nobody has.
func (s *Service) KeyAccount(ctx context.Context, c iam.Caller, id string) (account artifact.AccountID, err error) {
	err = s.look(ctx, c, "sts:GetAccessKeyInfo", func(a *reading) error {
		if err := a.may(Subject{}); err != nil {
			return err
		}
		holder := ""
		if key, err := a.AccessKey(id); err == nil {
			holder = key.Principal
		} else if session, err := a.Session(id); err == nil {
			holder = session.Principal
		} else if !artifact.Is(err, artifact.NotFound) {
			return err
		}
		p, err := a.Principal(holder)
		if artifact.Is(err, artifact.NotFound) {
			return artifact.Errorf(artifact.Invalid, "Nobody has the access key %.128s.", id)
		}
		account = p.Account
		return err
	})
	return account, err
}
