package delivery

import (
	"fmt"

	"entrepot/artifact"
)

// Error is a refusal with the name that EventBridge's service model has for it.
type Error struct {
	code   code
	reason string
	cause  error // an *accounts.Refusal, or nil
}

// code is an exception of the service model, with the kind of artifact.Error that it is.
type code struct {
	name string
	kind artifact.Kind
}

// The exceptions (EventBridge API reference, "Common errors" and those of the operations).
var (
	accessDenied  = code{"AccessDeniedException", artifact.Denied}
	badPattern    = code{"InvalidEventPatternException", artifact.Invalid}
	limitExceeded = code{"LimitExceededException", artifact.Quota}
	notFound      = code{"ResourceNotFoundException", artifact.NotFound}
	badValue      = code{"ValidationException", artifact.Invalid}
)

func fail(c code, format string, args ...any) *Error {
	return &Error{code: c, reason: fmt.Sprintf(format, args...)}
}

// Name is the exception's name.
func (e *Error) Name() string { return e.code.name }

// Error joins the name and the reason.
func (e *Error) Error() string { return e.code.name + ": " + e.reason }

// Unwrap gives the refusal as an error of this project: one with a kind, and a sentence for the caller.
func (e *Error) Unwrap() error {
	return &artifact.Error{Kind: e.code.kind, Reason: e.reason, Err: e.cause}
}
