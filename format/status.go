package format

import (
	"context"
	"errors"

	"entrepot/artifact"
)

// statusError is an error whose status says more than its kind does.
type statusError struct {
	cause  *artifact.Error
	status int
}

// Error is the cause's.
func (e *statusError) Error() string { return e.cause.Error() }

// Unwrap makes the kind visible.
func (e *statusError) Unwrap() error { return e.cause }

// WithStatus returns an error that Fail answers with this HTTP status instead of that of the cause's kind: 405 for a
// method that a path does not have, 413 for a body that is too large. The words and the kind stay the cause's.
func WithStatus(status int, cause *artifact.Error) error { return &statusError{cause, status} }

// StatusOf returns the status that WithStatus gave to err or to what err wraps. ok is false if nothing did, and the
// format's own status for the kind holds.
func StatusOf(err error) (status int, ok bool) {
	e, ok := errors.AsType[*statusError](err)
	if !ok {
		return 0, false
	}
	return e.status, true
}

// OrDenied returns the shelf's refusal where there is one, else err: nobody who may not come in is told what is wrong with a
// request, or that there is nothing where it points to.
func OrDenied(ctx context.Context, s Shelf, err error) error {
	if denied := s.Access(ctx); denied != nil {
		return denied
	}
	return err
}
