package awsapi

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/repository"
)

// timestamp is a moment as JSON carries it: seconds since 1970 as a number, to the millisecond. The Go SDK takes
// nothing else.
type timestamp struct{ time.Time }

// MarshalJSON writes the number.
func (t timestamp) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(t.UnixMilli())/1000, 'f', 3, 64), nil
}

var _ json.Marshaler = timestamp{}

// The states of a domain (service model, DomainStatus).
const (
	domainActive  = "Active"
	domainDeleted = "Deleted"
)

type domainSummary struct {
	Name          string             `json:"name"`
	Owner         artifact.AccountID `json:"owner"`
	Arn           string             `json:"arn"`
	Status        string             `json:"status"`
	CreatedTime   timestamp          `json:"createdTime,omitzero"`
	EncryptionKey string             `json:"encryptionKey,omitempty"`
}

type domainDescription struct {
	domainSummary
	RepositoryCount int    `json:"repositoryCount"`
	AssetSizeBytes  int64  `json:"assetSizeBytes"`
	S3BucketArn     string `json:"s3BucketArn"`
}

type domainOutput struct {
	Domain *domainDescription `json:"domain,omitempty"`
}

func (a *API) summarizeDomain(d catalog.Domain) domainSummary {
	return domainSummary{Name: d.Name, Owner: d.Owner, Arn: a.arns.domain(d.DomainKey), Status: domainActive,
		CreatedTime: timestamp{d.CreatedAt}, EncryptionKey: d.EncryptionKey}
}

func (a *API) describe(d repository.DomainInfo, status string) *domainOutput {
	summary := a.summarizeDomain(d.Domain)
	summary.Status = status
	return &domainOutput{&domainDescription{summary, d.Repositories, d.AssetBytes, a.arns.bucket()}}
}

// createDomainInput has no domain owner: a domain is made in the caller's own account.
type createDomainInput struct {
	Domain        string `query:"domain" is:"DomainName,required"`
	EncryptionKey string `json:"encryptionKey" is:"Arn"`
	tagList
	owner artifact.AccountID
}

func (in *createDomainInput) complete(_ *API, c iam.Caller) error {
	in.owner = ownerOr("", c)
	return nil
}

func (in *createDomainInput) subject() repository.Subject {
	return repository.OnDomain(artifact.DomainKey{Owner: in.owner, Name: in.Domain})
}

func (a *API) createDomain(ctx context.Context, c iam.Caller, in *createDomainInput) (*domainOutput, error) {
	spec := repository.DomainSpec{Name: in.Domain, EncryptionKey: in.EncryptionKey, Tags: in.requestTags()}
	d, err := a.rules.CreateDomain(ctx, c, spec)
	if e, ok := errors.AsType[*artifact.Error](err); ok && e.Kind == artifact.Invalid {
		// Name and tags are checked by now; all that the rules can find invalid is the key.
		return nil, refuse(EncryptionKeyError, "%s", e.Reason)
	}
	if err != nil {
		return nil, err
	}
	return a.describe(d, domainActive), nil
}

type domainInput struct{ ofDomain }

func (a *API) describeDomain(ctx context.Context, _ iam.Caller, in *domainInput) (*domainOutput, error) {
	d, err := a.rules.Domain(ctx, in.key())
	if err != nil {
		return nil, err
	}
	return a.describe(d, domainActive), nil
}

// deleteDomain answers a domain that is not there with success and nothing else; CloudFormation's handlers count on it.
func (a *API) deleteDomain(ctx context.Context, c iam.Caller, in *domainInput) (*domainOutput, error) {
	d, there, err := a.rules.DeleteDomain(ctx, c, in.key())
	if err != nil || !there {
		return &domainOutput{}, err
	}
	return a.describe(d, domainDeleted), nil
}

type listDomainsInput struct {
	ofAccount
	bodyPage
	owner artifact.AccountID
}

func (in *listDomainsInput) complete(_ *API, c iam.Caller) error {
	in.owner = ownerOr("", c)
	return nil
}

type domainList struct {
	Domains   []domainSummary `json:"domains"`
	NextToken string          `json:"nextToken,omitempty"`
}

func (a *API) listDomains(ctx context.Context, _ iam.Caller, in *listDomainsInput) (*domainList, error) {
	found, err := a.rules.Domains(ctx, in.owner, in.page(defaultPage))
	if err != nil {
		return nil, err
	}
	return &domainList{each(found.Items, a.summarizeDomain), in.next(found.Next)}, nil
}

// each maps a list; the result is never nil, so that it is written as [] when it is empty.
func each[From, To any](items []From, convert func(From) To) []To {
	list := make([]To, len(items))
	for i, item := range items {
		list[i] = convert(item)
	}
	return list
}

type getAuthorizationTokenInput struct {
	ofDomain
	DurationSeconds *int `query:"duration" is:"AuthorizationTokenDurationSeconds"`
}

// shortestToken is the shortest life of a token that does not end with a session, in seconds (user guide, "Tokens").
const shortestToken = 900

func (in *getAuthorizationTokenInput) check() error {
	if s := in.DurationSeconds; s != nil && *s != 0 && *s < shortestToken {
		return refuse(FieldValidationFailed, "durationSeconds must be 0 or between %d and 43200", shortestToken)
	}
	return nil
}

type tokenOutput struct {
	AuthorizationToken string    `json:"authorizationToken"`
	Expiration         timestamp `json:"expiration"`
}

func (a *API) getAuthorizationToken(ctx context.Context, c iam.Caller,
	in *getAuthorizationTokenInput) (*tokenOutput, error) {
	d, err := a.rules.Domain(ctx, in.key())
	if err != nil {
		return nil, err
	}
	token, expires, err := a.tokens.Issue(ctx, c, d.Domain, in.DurationSeconds)
	if err != nil {
		return nil, err
	}
	return &tokenOutput{token, timestamp{expires}}, nil
}
