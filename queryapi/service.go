// Package queryapi speaks the AWS query protocol, in which STS and IAM are called: a form comes in, with the parameters
// Action and Version, and XML goes out. A service is a table of its actions.
package queryapi

import (
	"context"
	"net/http"
	"reflect"

	"entrepot/access/sigv4"
	"entrepot/accounts"
	"entrepot/artifact"
	"entrepot/iam"
)

// Service answers the calls of one AWS service whose callers are known.
type Service struct {
	Version   string // of the service's API, as requests name it: 2011-06-15
	Namespace string // of its XML
	Actions   map[string]Action
	// Failures say how the service tells kinds of errors, before the protocol's own words for them; Problems, before
	// those, how it tells errors that have a problem as their cause.
	Failures map[artifact.Kind]Failure
	Problems map[accounts.Problem]Failure
}

// Action is one action of a service. Most are made by do, of a function over structs.
type Action struct {
	// Do does it for a caller. The result is what the element <NAMEResult> holds, as package encoding/xml writes it; nil for
	// actions that have none. Errors are told as Fail does.
	Do func(ctx context.Context, c iam.Caller, in Form) (result any, err error)

	in, out reflect.Type
	// anybody may call it without a signature: who calls is proved by what the call carries.
	anybody bool
}

func (a Action) ofAnybody() Action {
	a.anybody = true
	return a
}

// Failure is how an error is told.
type Failure struct {
	Status int
	Code   string
}

// Serve answers one request: a POST with a form as its body, or a presigned GET with the form in its query. A caller who is nobody in
// particular has signed nothing.
func (s *Service) Serve(w http.ResponseWriter, r *http.Request, c iam.Caller) {
	if w.Header().Get(requestIDHeader) == "" && c.RequestID != "" {
		w.Header().Set(requestIDHeader, c.RequestID)
	}
	name, result, err := s.do(r, c)
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	send(w, http.StatusOK, response{name, s.Namespace, result, w.Header().Get(requestIDHeader)})
}

func (s *Service) do(r *http.Request, c iam.Caller) (name string, result any, err error) {
	in, err := readForm(r)
	if err != nil {
		return "", nil, err
	}
	name = in.Get("Action")
	if name == "" {
		return "", nil, &Error{http.StatusBadRequest, "MissingAction", "The request must contain the parameter Action."}
	}
	version := in.Get("Version")
	if version == "" {
		version = "NO_VERSION_SPECIFIED"
	}
	act, known := s.Actions[name]
	if !known || version != s.Version {
		return "", nil, &Error{http.StatusBadRequest, "InvalidAction",
			"Could not find operation " + shorten(name) + " for version " + shorten(version)}
	}
	if c.Principal.Anonymous() && !act.anybody {
		return "", nil, sigv4.Refuse(sigv4.Missing)
	}
	result, err = act.Do(r.Context(), c, in)
	return name, result, err
}

// Fail answers an error in the words of the service: an Error as it says, another by its kind, and what is ours with 500
// and without its reason. It is also for errors met before Serve, such as a refused signature.
func (s *Service) Fail(w http.ResponseWriter, _ *http.Request, err error) {
	writeError(w, s.Namespace, s.errorOf(err))
}

// shorten bounds what an error echoes of a request, in bytes.
func shorten(s string) string {
	const most = 64
	return s[:min(len(s), most)]
}

// failures says how an error of the rules is told, where the service has no words of its own for it.
var failures = map[artifact.Kind]Failure{
	artifact.Invalid:         {http.StatusBadRequest, "ValidationError"},
	artifact.Unauthenticated: {http.StatusForbidden, "MissingAuthenticationToken"},
	artifact.Denied:          {http.StatusForbidden, "AccessDenied"},
	artifact.Throttled:       {http.StatusBadRequest, "Throttling"},
	artifact.Unavailable:     {http.StatusServiceUnavailable, "ServiceUnavailable"},
}
