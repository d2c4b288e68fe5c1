package accounts

import (
	"context"

	"entrepot/artifact"
	"entrepot/iam"
)

// NothingOf asks for something of a user, the caller where no name is given, that no user has here: a password, a device for a second
// factor, a certificate.
func (s *Service) NothingOf(ctx context.Context, c iam.Caller, action, user string) error {
	return s.look(ctx, c, action, func(a *reading) error {
		_, err := a.entity(User(user), Subject{})
		return err
	})
}

// NothingAtAll asks for something that no account has here.
func (s *Service) NothingAtAll(ctx context.Context, c iam.Caller, action string) error {
	return s.look(ctx, c, action, func(a *reading) error { return a.may(Subject{}) })
}

// NoLoginProfile is NothingOf for the password of a user: NotFound where that was permitted.
func (s *Service) NoLoginProfile(ctx context.Context, c iam.Caller, action, user string) error {
	return s.look(ctx, c, action, func(a *reading) error {
		p, err := a.entity(User(user), Subject{})
		if err != nil {
			return err
		}
		return artifact.Errorf(artifact.NotFound, "Login Profile for User %s cannot be found.", p.Name)
	})
}

// NoPasswordPolicy is NothingAtAll for what an account wants of passwords: NotFound where that was permitted.
func (s *Service) NoPasswordPolicy(ctx context.Context, c iam.Caller) error {
	if err := s.NothingAtAll(ctx, c, "iam:GetAccountPasswordPolicy"); err != nil {
		return err
	}
	return artifact.Errorf(artifact.NotFound, "The Password Policy with domain name %s cannot be found.", c.Principal.Account)
}
