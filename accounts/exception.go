package accounts

import (
	"errors"
	"fmt"

	"entrepot/artifact"
	"entrepot/iam"
)

// Exception is an error that the model of one of AWS's services has, with the kind of error of this project that it is.
type Exception struct {
	Name string
	Kind artifact.Kind
}

// Fault is a refusal with the name of an exception.
type Fault struct {
	exception Exception
	reason    string
	cause     error // a *Refusal, or nil
}

// Fail makes a fault; format and args give the sentence for the caller.
func Fail(e Exception, format string, args ...any) *Fault {
	return &Fault{exception: e, reason: fmt.Sprintf(format, args...)}
}

// AuthorizeOr is Authorize of a service whose model has the exception for whoever may not. The *Refusal is beneath it.
func AuthorizeOr(denied Exception, c iam.Caller, action string, on Subject) error {
	err := Authorize(c, action, on)
	if told, ok := errors.AsType[*artifact.Error](err); ok && told.Kind == artifact.Denied {
		return &Fault{denied, told.Reason, told.Err}
	}
	return err
}

// Name is the exception's name.
func (f *Fault) Name() string { return f.exception.Name }

// Reason is the sentence for the caller.
func (f *Fault) Reason() string { return f.reason }

// Error joins the name and the reason.
func (f *Fault) Error() string { return f.exception.Name + ": " + f.reason }

// Unwrap gives the refusal as an error of this project: one with a kind, and a sentence for the caller.
func (f *Fault) Unwrap() error {
	return &artifact.Error{Kind: f.exception.Kind, Reason: f.reason, Err: f.cause}
}
