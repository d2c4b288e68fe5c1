package kms

import (
	"entrepot/accounts"
	"entrepot/artifact"
)

// Error is a refusal with the name that KMS's service model has for it.
type Error = accounts.Fault

// The exceptions (KMS API reference, "Common errors" and those of the operations).
var (
	accessDenied    = accounts.Exception{Name: "AccessDeniedException", Kind: artifact.Denied}
	alreadyExists   = accounts.Exception{Name: "AlreadyExistsException", Kind: artifact.Conflict}
	disabled        = accounts.Exception{Name: "DisabledException", Kind: artifact.Conflict}
	invalidAlias    = accounts.Exception{Name: "InvalidAliasNameException", Kind: artifact.Invalid}
	invalidARN      = accounts.Exception{Name: "InvalidArnException", Kind: artifact.Invalid}
	invalidMarker   = accounts.Exception{Name: "InvalidMarkerException", Kind: artifact.Invalid}
	invalidState    = accounts.Exception{Name: "KMSInvalidStateException", Kind: artifact.Conflict}
	limitExceeded   = accounts.Exception{Name: "LimitExceededException", Kind: artifact.Quota}
	malformedPolicy = accounts.Exception{Name: "MalformedPolicyDocumentException", Kind: artifact.Invalid}
	notFound        = accounts.Exception{Name: "NotFoundException", Kind: artifact.NotFound}
	badTags         = accounts.Exception{Name: "TagException", Kind: artifact.Invalid}
	badValue        = accounts.Exception{Name: "ValidationException", Kind: artifact.Invalid}
)

func fail(e accounts.Exception, format string, args ...any) *Error {
	return accounts.Fail(e, format, args...)
}
