package awsapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"entrepot/accounts"
	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/repository"
	"entrepot/usage"
)

// RequestIDHeader is the header that names the request in every answer; SDKs print it with every error.
const RequestIDHeader = "X-Amzn-Requestid"

// Options say where the API stands.
type Options struct {
	Region    string // us-east-1
	Partition string // aws; empty means aws
	// Account is the installation's own: the bucket that DescribeDomain names is shown under it.
	Account artifact.AccountID
	// Served are the formats that repositories have an endpoint for: those that a package manager can use, and those that
	// are used through the API. Nil means all.
	Served []artifact.Format
	// Principals, Credentials, Usage and Delivery are what the operations of our own are about. They are needed for those.
	Principals  Principals
	Credentials Credentials
	Usage       Usage
	Delivery    Delivery
	Rates       Rates            // none unless set
	Now         func() time.Time // time.Now if nil
	Logger      *slog.Logger     // nil means slog.Default()
}

// Principals are the users and roles whose requests can be explained to others; *accounts.Service has them.
type Principals interface {
	// Standing returns a user or role as it would call under the caller's circumstances. It asks for permission.
	Standing(ctx context.Context, c iam.Caller, arn string) (iam.Caller, error)
}

// Credentials are the tokens and sessions that were given out; *accounts.Service has them, and asks for permission.
type Credentials interface {
	Credentials(ctx context.Context, c iam.Caller, principal string, page catalog.Page) (catalog.Listing[accounts.Credential], error)
	Revoke(ctx context.Context, c iam.Caller, id string) (accounts.Revoked, error)
	RevokeAll(ctx context.Context, c iam.Caller, principal string) (accounts.Revoked, error)
}

// Usage tells what was used; *metering.Meter does, and asks for permission.
type Usage interface {
	Report(ctx context.Context, c iam.Caller, q usage.Question) (usage.Report, error)
}

// Tokens issues authorization tokens; package access has it. The caller is authorised for
// codeartifact:GetAuthorizationToken already; Issue asks for sts:GetServiceBearerToken itself.
type Tokens interface {
	// Issue makes a token for the domain. seconds is nil when the request named no duration.
	Issue(ctx context.Context, c iam.Caller, domain catalog.Domain,
		seconds *int) (token string, expires time.Time, err error)
}

// API answers CodeArtifact requests whose callers are known.
type API struct {
	rules  *repository.Service
	tokens Tokens
	arns   arns
	Options
	throttle *throttle
	routes   map[route]*operation
}

type route struct{ method, path string }

// New makes an API over the rules and the issuer of tokens.
func New(rules *repository.Service, tokens Tokens, o Options) *API {
	if o.Partition == "" {
		o.Partition = "aws"
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &API{throttle: newThrottle(o.Rates, o.Now),
		rules: rules, tokens: tokens, Options: o,
		arns:   arns{o.Partition, o.Region, o.Account},
		routes: routesOf(slices.Concat(operations, ownOperations)),
	}
}

func routesOf(table []operation) map[route]*operation {
	routes := make(map[route]*operation, len(table))
	for i := range table {
		routes[route{table[i].Method, table[i].Path}] = &table[i]
	}
	return routes
}

// Serve answers one request of an authenticated caller. Errors are answered as Fail does.
func (a *API) Serve(w http.ResponseWriter, r *http.Request, caller iam.Caller) {
	if w.Header().Get(RequestIDHeader) == "" && caller.RequestID != "" {
		w.Header().Set(RequestIDHeader, caller.RequestID)
	}
	out, err := a.answer(r, caller)
	if err != nil {
		a.Fail(w, r, err)
		return
	}
	if d, ok := out.(*download); ok {
		a.send(w, r, d)
		return
	}
	writeJSON(w, http.StatusOK, out)
}

// answer does what Serve does up to the point where bytes go out. A request learns its own faults
// first, then whether it is permitted, and only then whether what it names exists.
func (a *API) answer(r *http.Request, caller iam.Caller) (any, error) {
	op, ok := a.routes[route{r.Method, r.URL.EscapedPath()}]
	if !ok {
		return nil, refuse(UnknownOperation, "There is no operation %s %.200s.", r.Method, r.URL.EscapedPath())
	}
	if err := a.throttle.admit(caller.Principal.Account, op.Action); err != nil {
		return nil, err
	}
	if op.own {
		if err := knownOnly(r, op.plan); err != nil {
			return nil, err
		}
	}
	in := op.input()
	if err := decode(r, op.plan, in); err != nil {
		return nil, err
	}
	if err := in.complete(a, caller); err != nil {
		return nil, err
	}
	meter(r.Context(), op, in)
	if c, ok := in.(checked); ok {
		if err := c.check(); err != nil {
			return nil, err
		}
	}
	if p, ok := in.(paged); ok {
		if err := p.open(bindingOf(op, caller, in)); err != nil {
			return nil, err
		}
	}
	if !op.own {
		if err := a.authorize(r.Context(), caller, op, in); err != nil {
			return nil, err
		}
	}
	return op.run(a, r.Context(), caller, in)
}

// meter notes what a request is about and whether it changes anything. Operations of our own are not paid for.
func meter(ctx context.Context, op *operation, in input) {
	n := usage.NoteOf(ctx)
	switch {
	case n == nil:
	case op.own:
		n.Count = 0
	default:
		on := in.subject()
		n.Domain, n.Repository, n.Write = on.Domain, on.Repository, op.Changes
		n.Package.Format = on.Package.Format
		if on.Package.Name != "" {
			usage.About(ctx, on.Package)
		}
	}
}

// authorize asks for permission once, for the parsed subject.
func (a *API) authorize(ctx context.Context, caller iam.Caller, op *operation, in input) error {
	var tags map[string]string
	if t, ok := in.(tagged); ok {
		tags = t.requestTags()
	}
	return a.rules.Authorize(ctx, caller, op.Name, in.subject(), tags)
}

// HeaderHash reports whether the request carries the SHA-256 of its body in the header x-amz-content-sha256, so that
// its signature is checked with that value and its body is not to be read beforehand. Only PublishPackageVersion does.
func HeaderHash(r *http.Request) bool {
	return r.Method == publishRoute.method && r.URL.EscapedPath() == publishRoute.path
}

var publishRoute = route{http.MethodPost, "/v1/package/version/publish"}

// Fail answers an error in the words of the API. It is also for errors met before Serve: a signature that is wrong, a
// caller that is too fast. Kinds that are nobody's fault but ours are logged here, and only here.
func (a *API) Fail(w http.ResponseWriter, r *http.Request, err error) {
	f := failureOf(err)
	if f.ours && !errors.Is(r.Context().Err(), context.Canceled) {
		a.Logger.ErrorContext(r.Context(), "failed "+r.Method+" "+r.URL.EscapedPath(), "error", err,
			"request_id", w.Header().Get(RequestIDHeader), "status", f.status)
	}
	f.write(w)
}

// input is what every operation's input can do; the structs of subjects.go give it to those that embed them.
type input interface {
	// complete fills in what a request may leave out, brings names into their kept spelling and makes the checks that
	// every operation on this subject needs.
	complete(a *API, c iam.Caller) error
	subject() repository.Subject
}

// checked is an input with rules that span several members.
type checked interface{ check() error }

// tagged is an input that carries tags for the conditions aws:RequestTag and aws:TagKeys.
type tagged interface{ requestTags() map[string]string }
