package artifact

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Kind sorts failures by what the caller can do about them. Each door maps kinds to its own statuses and words.
type Kind uint8

// The kinds. The zero value is Internal, so an error nobody classified is never mistaken for the caller's fault.
const (
	Internal        Kind = iota // ours; details are logged, not told
	Invalid                     // the request is malformed or breaks a rule of its fields
	Unauthenticated             // no credential, or one that is not good (any more)
	Denied                      // known caller, no permission
	NotFound                    // the thing is not there, or the caller may not know that it is
	Conflict                    // the thing's state forbids it
	Quota                       // a count or size limit is reached
	Throttled                   // too fast; RetryAfter says when to come back
	Unavailable                 // somebody we depend on does not answer; trying again may help
)

var kindNames = [...]string{"internal", "invalid", "unauthenticated", "denied", "not found", "conflict", "quota",
	"throttled", "unavailable"}

// String names the kind in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", k)
}

// ResourceType is what an error is about, in the words of the API's resourceType member.
type ResourceType string

// The resource types of the service model.
const (
	DomainResource     ResourceType = "domain"
	RepositoryResource ResourceType = "repository"
	PackageResource    ResourceType = "package"
	VersionResource    ResourceType = "package-version"
	AssetResource      ResourceType = "asset"
)

// Resource names the thing an error is about.
type Resource struct {
	Type ResourceType
	ID   string // name of a domain, domain/repository, or a longer path of the same form
}

// Error is a failure with its kind. Reason is a whole sentence meant for the caller's eyes; Err is the cause and is
// only logged.
type Error struct {
	Kind       Kind
	Resource   Resource
	Reason     string
	Err        error
	RetryAfter time.Duration // with Throttled and Unavailable: when trying again makes sense; zero if unknown
}

// WholeSeconds writes a time to wait as doors tell it: in seconds, rounded up. Whoever came back early would be refused
// again.
func WholeSeconds(wait time.Duration) string {
	return strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10)
}

// Error joins the kind, the reason and the cause.
func (e *Error) Error() string {
	text := e.Kind.String()
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// About says which resource the error concerns.
func (e *Error) About(t ResourceType, id string) *Error {
	e.Resource = Resource{t, id}
	return e
}

// Causing keeps err as the cause.
func (e *Error) Causing(err error) *Error {
	e.Err = err
	return e
}

// Errorf makes an error of kind k; format and args give the sentence for the caller.
func Errorf(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Reason: fmt.Sprintf(format, args...)}
}

// KindOf returns the kind of the first *Error in err's chain, or Internal.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is of kind k. A nil error is of no kind.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }
