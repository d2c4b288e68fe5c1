package delivery

import (
	"entrepot/accounts"
	"entrepot/artifact"
)

// Error is a refusal with the name that EventBridge's service model has for it.
type Error = accounts.Fault

// The exceptions (EventBridge API reference, "Common errors" and those of the operations).
var (
	accessDenied  = accounts.Exception{Name: "AccessDeniedException", Kind: artifact.Denied}
	badPattern    = accounts.Exception{Name: "InvalidEventPatternException", Kind: artifact.Invalid}
	limitExceeded = accounts.Exception{Name: "LimitExceededException", Kind: artifact.Quota}
	notFound      = accounts.Exception{Name: "ResourceNotFoundException", Kind: artifact.NotFound}
	badValue      = accounts.Exception{Name: "ValidationException", Kind: artifact.Invalid}
)

func fail(e accounts.Exception, format string, args ...any) *Error {
	return accounts.Fail(e, format, args...)
}
