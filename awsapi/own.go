package awsapi

import (
	"context"
	"strings"
	"time"

	"entrepot/accounts"
	"entrepot/artifact"
	"entrepot/iam"
	"entrepot/repository"
)

// Where the operations of our own are. AWS's API has no path that begins so.
const (
	ExplainPath      = "/v1/entrepot/explain"
	ListTokensPath   = "/v1/entrepot/tokens/list"
	RevokeTokensPath = "/v1/entrepot/tokens/revoke"
	UsagePath        = "/v1/entrepot/usage"
	PrefetchPath     = "/v1/entrepot/prefetch"
	PutRemotePath    = "/v1/entrepot/remotes"
	ListRemotesPath  = "/v1/entrepot/remotes/list"
	DeleteRemotePath = "/v1/entrepot/remotes/delete"
	CheckRemotePath  = "/v1/entrepot/remotes/check"

	ListEventsPath        = "/v1/entrepot/events/list"
	EventTargetsPath      = "/v1/entrepot/events/targets"
	DeadLettersPath       = "/v1/entrepot/events/dead-letters"
	ReplayEventsPath      = "/v1/entrepot/events/replay"
	EnableEventTargetPath = "/v1/entrepot/events/enable"
)

// ownOperations are those that the service model does not have. They are signed, decoded and refused as its own are; what they
// are about is for their rules to ask permission for.
var ownOperations = []operation{
	offers(ExplainPath, "Explain", false, (*API).explain),
	offers(ListTokensPath, "ListTokens", false, (*API).listTokens),
	offers(RevokeTokensPath, "RevokeTokens", true, (*API).revokeTokens),
	offers(UsagePath, "GetUsage", false, (*API).getUsage),
	offers(PrefetchPath, "Prefetch", false, (*API).prefetch),
	offers(PutRemotePath, "PutRemote", true, (*API).putRemote),
	offers(ListRemotesPath, "ListRemotes", false, (*API).listRemotes),
	offers(DeleteRemotePath, "DeleteRemote", true, (*API).deleteRemote),
	offers(CheckRemotePath, "CheckRemote", false, (*API).checkRemote),
	offers(ListEventsPath, "ListEvents", false, (*API).listEvents),
	offers(EventTargetsPath, "ListEventTargets", false, (*API).listEventTargets),
	offers(DeadLettersPath, "ListDeadLetters", false, (*API).listDeadLetters),
	offers(ReplayEventsPath, "ReplayEvents", true, (*API).replayEvents),
	offers(EnableEventTargetPath, "EnableEventTarget", true, (*API).enableEventTarget),
}

// OwnOperations lists them.
func OwnOperations() []Operation { return described(ownOperations) }

// offers makes the row of an operation of our own.
func offers[T, Out any, In anInput[T]](path, name string, changes bool,
	handle func(*API, context.Context, iam.Caller, In) (Out, error)) operation {
	row := rowOf(Operation{Action: repository.Action{Name: name, Changes: changes}, Method: post, Path: path}, handle)
	row.own = true
	return row
}

type explainInput struct {
	ofRepository
	Format         artifact.Format `query:"format" is:"PackageFormat"`
	Namespace      string          `query:"namespace" is:"PackageNamespace"`
	Package        string          `query:"package" is:"PackageName"`
	PackageVersion string          `query:"version" is:"PackageVersion"`
	Asset          string          `query:"asset" is:"AssetName"`
	Action         string          `query:"action" is:"OwnActionName"`
	Principal      string          `query:"principal" is:"Arn"`
}

// complete lets no package be named in part.
func (in *explainInput) complete(a *API, c iam.Caller) error {
	if err := in.ofRepository.complete(a, c); err != nil {
		return err
	}
	switch {
	case in.Package == "" && (in.Format != "" || in.Namespace != "" || in.PackageVersion != "" || in.Asset != ""):
		return refuse(FieldValidationFailed, "The request names no package.")
	case in.Package != "" && in.Format == "":
		return refuse(FieldValidationFailed, "The request does not name the package's format.")
	case in.Asset != "" && in.PackageVersion == "":
		return refuse(FieldValidationFailed, "The request names an asset of no version.")
	}
	if in.Package == "" {
		return nil
	}
	named := coordinates{Format: in.Format, Namespace: in.Namespace, Package: in.Package}
	return named.complete(a)
}

// Explanation is what Explain answers: why a principal is answered as it is.
type Explanation struct {
	Permission     ExplainedPermission `json:"permission"`
	PackageGroup   *ExplainedGroup     `json:"packageGroup,omitempty"`
	OriginControls []ExplainedControls `json:"originControls,omitempty"`
	Places         []ExplainedPlace    `json:"places,omitempty"`
	Verdict        ExplainedVerdict    `json:"verdict"`
}

// ExplainedPermission is how the policies decide.
type ExplainedPermission struct {
	Principal string              `json:"principal"`
	Action    string              `json:"action"`
	Resource  string              `json:"resource"`
	Allowed   bool                `json:"allowed"`
	Reason    string              `json:"reason"`
	Message   string              `json:"message,omitempty"`
	Statement *ExplainedStatement `json:"statement,omitempty"`
}

// ExplainedStatement is the statement that decided.
type ExplainedStatement struct {
	Policy   string `json:"policy,omitempty"`
	Sid      string `json:"sid,omitempty"`
	Position int    `json:"position"`
}

// ExplainedGroup is the group that the package belongs to.
type ExplainedGroup struct {
	Pattern      string                 `json:"pattern"`
	Variant      bool                   `json:"variant,omitempty"`
	Restrictions []ExplainedRestriction `json:"restrictions"`
}

// ExplainedRestriction is what it says of one way into the repository.
type ExplainedRestriction struct {
	Type   artifact.RestrictionType `json:"type"`
	Mode   artifact.RestrictionMode `json:"mode"`
	From   string                   `json:"inheritedFrom,omitempty"`
	Closed bool                     `json:"closed"`
}

// ExplainedControls are the package's origin controls in a repository.
type ExplainedControls struct {
	Repository string           `json:"repository"`
	Publish    artifact.Control `json:"publish"`
	Upstream   artifact.Control `json:"upstream"`
}

// ExplainedPlace is a place of the search.
type ExplainedPlace struct {
	Repository string             `json:"repository,omitempty"`
	Connection string             `json:"externalConnection,omitempty"`
	Depth      int                `json:"depth"`
	Says       repository.Finding `json:"says"`
	Status     artifact.Status    `json:"status,omitempty"`
	Why        string             `json:"why,omitempty"`
}

// ExplainedVerdict is how the request ends.
type ExplainedVerdict struct {
	Ending repository.Ending `json:"ending"`
	Why    string            `json:"why"`
	Next   string            `json:"next,omitempty"`
}

// explain says what becomes of a request of the caller's, or of another principal's.
func (a *API) explain(ctx context.Context, c iam.Caller, in *explainInput) (*Explanation, error) {
	as := c
	if in.Principal != "" && in.Principal != c.Principal.ARN {
		var err error
		if as, err = a.Principals.Standing(ctx, c, in.Principal); err != nil {
			return nil, err
		}
	}
	e, err := a.rules.Explain(ctx, c, as, repository.Question{Repository: in.key(), Action: strings.TrimPrefix(in.Action, "codeartifact:"), Version: in.PackageVersion, Asset: in.Asset,
		Package: artifact.PackageKey{Format: in.Format, Namespace: in.Namespace, Name: in.Package}})
	if err != nil {
		return nil, err
	}
	p := e.Permission
	out := &Explanation{
		Permission: ExplainedPermission{p.Principal, p.Action, p.Resource, p.Allowed, p.Reason, p.Message, (*ExplainedStatement)(p.Statement)},
		Verdict:    ExplainedVerdict(e.Verdict),
	}
	if g := e.Group; g != nil {
		out.PackageGroup = &ExplainedGroup{Pattern: g.Pattern, Variant: g.Variant}
		for _, r := range g.Restrictions {
			out.PackageGroup.Restrictions = append(out.PackageGroup.Restrictions, ExplainedRestriction(r))
		}
	}
	for _, controls := range e.Controls {
		out.OriginControls = append(out.OriginControls, ExplainedControls{controls.Repository, controls.Publish, controls.Upstream})
	}
	for _, place := range e.Places {
		out.Places = append(out.Places, ExplainedPlace(place))
	}
	return out, nil
}

type listTokensInput struct {
	ofAccount
	queryPage
	Principal string `query:"principal" is:"Arn"`
}

// TokenList is what ListTokens answers: authorization tokens, and after them sessions.
type TokenList struct {
	Credentials []TokenDescription `json:"credentials"`
	NextToken   string             `json:"nextToken,omitempty"`
}

// TokenDescription describes a token, or a session if it is for no domain.
type TokenDescription struct {
	ID        string    `json:"id"`
	Principal string    `json:"principal"`
	Domain    string    `json:"domain,omitempty"`
	Session   string    `json:"session,omitempty"`
	Name      string    `json:"name,omitempty"`
	IssuedAt  time.Time `json:"issuedAt"`
	ExpiresAt time.Time `json:"expiresAt"`
}

func (a *API) listTokens(ctx context.Context, c iam.Caller, in *listTokensInput) (*TokenList, error) {
	found, err := a.Credentials.Credentials(ctx, c, in.Principal, in.page(defaultPackagesPage))
	if err != nil {
		return nil, err
	}
	out := &TokenList{Credentials: []TokenDescription{}, NextToken: in.next(found.Next)}
	for _, item := range found.Items {
		out.Credentials = append(out.Credentials, TokenDescription(item))
	}
	return out, nil
}

type revokeTokensInput struct {
	ofAccount
	ID        string `query:"id" is:"OwnCredentialId"`
	Principal string `query:"principal" is:"Arn"`
	All       bool   `query:"all" is:"BooleanOptional"`
}

// complete wants exactly one way to say which.
func (in *revokeTokensInput) complete(*API, iam.Caller) error {
	said := 0
	for _, one := range []bool{in.ID != "", in.Principal != "", in.All} {
		if one {
			said++
		}
	}
	if said != 1 {
		return refuse(FieldValidationFailed, "Say which: id, principal, or all=true.")
	}
	return nil
}

// RevokedTokens is what RevokeTokens answers.
type RevokedTokens struct {
	Tokens   int `json:"tokens"`
	Sessions int `json:"sessions"`
}

func (a *API) revokeTokens(ctx context.Context, c iam.Caller, in *revokeTokensInput) (*RevokedTokens, error) {
	var done accounts.Revoked
	var err error
	if in.ID != "" {
		done, err = a.Credentials.Revoke(ctx, c, in.ID)
	} else {
		done, err = a.Credentials.RevokeAll(ctx, c, in.Principal)
	}
	return (*RevokedTokens)(&done), err
}
