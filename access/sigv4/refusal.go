package sigv4

import (
	"fmt"
	"net/http"

	"entrepot/artifact"
)

// Code sorts refusals the way AWS names them.
type Code uint8

// The codes. Unrecognized and Expired are never given by this package: they are for callers that, once the signature
// has proved right, find the key switched off or its session over.
const (
	Missing      Code = iota // no signature at all
	Incomplete               // a signature that is malformed or lacks a part
	Mismatch                 // wrong scope, wrong time, wrong signature, or a key id nobody has
	Unrecognized             // a session token that does not belong to the key, or a key that is switched off
	Expired                  // a session that is over
	Malformed                // a request no service of AWS would take, signed or not
	TooLarge                 // a body over the caller's limit
)

// codes is what is told of each code. JSON services and query services (IAM, STS) name the same thing differently.
// Sources: "Common errors" of both kinds of API reference. All are answered 403, save those that are no matter of
// identity.
var codes = [...]struct {
	name, queryName string
	status          int
	kind            artifact.Kind
	message         string // when there is nothing more precise to say
}{
	Missing: {"MissingAuthenticationTokenException", "MissingAuthenticationToken", http.StatusForbidden,
		artifact.Unauthenticated, "Missing Authentication Token"},
	Incomplete: {"IncompleteSignatureException", "IncompleteSignature", http.StatusForbidden,
		artifact.Unauthenticated, "The request signature does not conform to AWS standards."},
	Mismatch: {"InvalidSignatureException", "SignatureDoesNotMatch", http.StatusForbidden,
		artifact.Unauthenticated, "The request signature we calculated does not match the signature you provided. " +
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."},
	Unrecognized: {"UnrecognizedClientException", "InvalidClientTokenId", http.StatusForbidden,
		artifact.Unauthenticated, "The security token included in the request is invalid."},
	Expired: {"ExpiredTokenException", "ExpiredToken", http.StatusForbidden,
		artifact.Unauthenticated, "The security token included in the request is expired"},
	Malformed: {"ValidationException", "ValidationError", http.StatusBadRequest,
		artifact.Invalid, "The request is malformed."},
	TooLarge: {"RequestEntityTooLargeException", "RequestEntityTooLarge", http.StatusRequestEntityTooLarge,
		artifact.Invalid, "The request body is too large."},
}

// Error is a refused request. Its message is meant for the caller's eyes and never holds the text that was signed nor
// the signature that would have been right.
type Error struct {
	Code    Code
	Message string
}

// Refuse makes the error of a code in AWS's own general words.
func Refuse(c Code) *Error { return &Error{c, codes[c].message} }

func refusef(c Code, format string, args ...any) *Error {
	return &Error{c, fmt.Sprintf(format, args...)}
}

// Name is the error's name in JSON services, such as InvalidSignatureException.
func (e *Error) Name() string { return codes[e.Code].name }

// QueryName is the error's name in query services, such as SignatureDoesNotMatch.
func (e *Error) QueryName() string { return codes[e.Code].queryName }

// Status is the HTTP status to answer with.
func (e *Error) Status() int { return codes[e.Code].status }

// Error joins name and message.
func (e *Error) Error() string { return e.Name() + ": " + e.Message }

// Unwrap gives the refusal as the other rooms know errors: Unauthenticated, or Invalid where the request could
// not have been right whoever sent it.
func (e *Error) Unwrap() error { return &artifact.Error{Kind: codes[e.Code].kind, Reason: e.Message} }
