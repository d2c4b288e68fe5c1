package awsapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"entrepot/artifact"
	"entrepot/repository"
)

// Reason is the reason member of a ValidationException (service model, ValidationExceptionReason).
type Reason string

// The reasons.
const (
	CannotParse           Reason = "CANNOT_PARSE"            // not JSON, not of the member's type, ambiguous
	EncryptionKeyError    Reason = "ENCRYPTION_KEY_ERROR"    // the domain's key is unknown or unusable
	FieldValidationFailed Reason = "FIELD_VALIDATION_FAILED" // a field breaks its grammar, or two contradict each other
	UnknownOperation      Reason = "UNKNOWN_OPERATION"       // no such path and method
	OtherReason           Reason = "OTHER"                   // the rules say no
)

// refusal is a request that breaks the API's own rules. It is an Invalid error for whoever asks.
type refusal struct {
	reason  Reason
	message string
}

func refuse(reason Reason, format string, args ...any) error {
	return &refusal{reason, fmt.Sprintf(format, args...)}
}

func (r *refusal) Error() string { return string(r.reason) + ": " + r.message }

// Unwrap gives the refusal as an error of this project: one with a kind.
func (r *refusal) Unwrap() error { return &artifact.Error{Kind: artifact.Invalid, Reason: r.message} }

// named is an error that already knows what AWS calls it: a refused signature. Such codes are AWS-wide, not in the
// service model.
type named interface {
	error
	Name() string
	Status() int
}

// failures is what is told of each kind. A kind without a text of its own gets the general one.
var failures = map[artifact.Kind]struct {
	code     string
	status   int
	resource bool // the body names the resource
	ours     bool // logged; the caller's fault otherwise
	text     string
}{
	artifact.Internal: {"InternalServerException", http.StatusInternalServerError, false, true,
		"The service has encountered an error. Try again."},
	artifact.Invalid: {"ValidationException", http.StatusBadRequest, false, false, "The request is not valid."},
	artifact.Unauthenticated: {"UnrecognizedClientException", http.StatusForbidden, false, false,
		"The security token included in the request is invalid."},
	artifact.Denied:   {"AccessDeniedException", http.StatusForbidden, false, false, "Access is denied."},
	artifact.NotFound: {"ResourceNotFoundException", http.StatusNotFound, true, false, "The resource does not exist."},
	artifact.Conflict: {"ConflictException", http.StatusConflict, true, false,
		"The resource's state does not allow this."},
	artifact.Quota:     {"ServiceQuotaExceededException", http.StatusPaymentRequired, true, false, "A quota is reached."},
	artifact.Throttled: {"ThrottlingException", http.StatusTooManyRequests, false, false, "Rate exceeded."},
	// The model has no code for this. InternalServerException is the one whose readers try again, 503 tells a person why.
	artifact.Unavailable: {"InternalServerException", http.StatusServiceUnavailable, false, true,
		"The service is temporarily unavailable. Try again."},
}

// failure is an error as it goes out.
type failure struct {
	code         string
	status       int
	ours         bool
	retryAfter   time.Duration
	Message      string                `json:"message"`
	Reason       Reason                `json:"reason,omitempty"`
	ResourceID   string                `json:"resourceId,omitempty"`
	ResourceType artifact.ResourceType `json:"resourceType,omitempty"`
}

// failureOf words an error. What an Internal error says is never part of it.
func failureOf(err error) failure {
	var cause artifact.Error
	if e, ok := errors.AsType[*artifact.Error](err); ok {
		cause = *e
	}
	if errors.Is(err, repository.ErrKeyUnusable) {
		cause.Kind = artifact.Invalid // the model has a reason for it, and whoever is told may be one to enable the key
	}
	row, known := failures[cause.Kind]
	if !known {
		cause, row = artifact.Error{}, failures[artifact.Internal]
	}
	f := failure{code: row.code, status: row.status, ours: row.ours, retryAfter: cause.RetryAfter, Message: cause.Reason}
	if cause.Kind == artifact.Internal || f.Message == "" {
		f.Message = row.text
	}
	if row.resource {
		f.ResourceID, f.ResourceType = cause.Resource.ID, cause.Resource.Type
	}
	if cause.Kind == artifact.Invalid {
		f.Reason = reasonOf(err)
	}
	if n, ok := errors.AsType[named](err); ok {
		f.code, f.status = n.Name(), n.Status()
	}
	return f
}

func reasonOf(err error) Reason {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.reason
	}
	if errors.Is(err, repository.ErrKeyUnusable) {
		return EncryptionKeyError
	}
	if _, ok := errors.AsType[named](err); ok {
		return CannotParse // not even its signature could be read
	}
	return OtherReason
}

// write sends the error. The Go SDK needs the body to be valid JSON, or it loses the code as well.
func (f failure) write(w http.ResponseWriter) {
	w.Header().Set("X-Amzn-Errortype", f.code)
	if f.retryAfter > 0 {
		w.Header().Set("Retry-After", artifact.WholeSeconds(f.retryAfter))
	}
	writeJSON(w, f.status, f)
}

// writeJSON sends v. What it sends are our own structs, which always encode.
func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("awsapi: encode %T: %v", v, err))
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone needs no answer
}
