package awsapi

import (
	"context"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/repository"
)

type resourcePolicy struct {
	ResourceArn string `json:"resourceArn"`
	Revision    string `json:"revision"`
	Document    string `json:"document"` // as it was put, with the names that its principals have now
}

type policyOutput struct {
	Policy resourcePolicy `json:"policy"`
}

func (a *API) policyOf(on repository.Target, p catalog.Policy, err error) (*policyOutput, error) {
	if err != nil {
		return nil, err
	}
	return &policyOutput{resourcePolicy{a.arns.target(on), p.Revision, p.Document}}, nil
}

func (d *ofDomain) target() repository.Target { return repository.Target{DomainKey: d.key()} }

func (r *ofRepository) target() repository.Target {
	return repository.Target{DomainKey: r.ofDomain.key(), Repository: r.Repository}
}

func (a *API) getDomainPermissionsPolicy(ctx context.Context, _ iam.Caller, in *domainInput) (*policyOutput, error) {
	p, err := a.rules.Policy(ctx, in.target())
	return a.policyOf(in.target(), p, err)
}

func (a *API) getRepositoryPermissionsPolicy(ctx context.Context, _ iam.Caller,
	in *repositoryInput) (*policyOutput, error) {
	p, err := a.rules.Policy(ctx, in.target())
	return a.policyOf(in.target(), p, err)
}

// putDomainPermissionsPolicyInput names its domain in the body, unlike every other input.
type putDomainPermissionsPolicyInput struct {
	Domain         string             `json:"domain" is:"DomainName,required"`
	DomainOwner    artifact.AccountID `json:"domainOwner" is:"AccountId,blank"`
	PolicyDocument string             `json:"policyDocument" is:"PolicyDocument,required"`
	PolicyRevision string             `json:"policyRevision" is:"PolicyRevision"`
}

func (in *putDomainPermissionsPolicyInput) complete(_ *API, c iam.Caller) error {
	in.DomainOwner = ownerOr(in.DomainOwner, c)
	return nil
}

func (in *putDomainPermissionsPolicyInput) target() repository.Target {
	return repository.Target{DomainKey: artifact.DomainKey{Owner: in.DomainOwner, Name: in.Domain}}
}

func (in *putDomainPermissionsPolicyInput) subject() repository.Subject {
	return repository.OnDomain(in.target().DomainKey)
}

func (a *API) putDomainPermissionsPolicy(ctx context.Context, c iam.Caller,
	in *putDomainPermissionsPolicyInput) (*policyOutput, error) {
	p, err := a.rules.PutPolicy(ctx, c, in.target(), in.PolicyDocument, in.PolicyRevision)
	return a.policyOf(in.target(), p, err)
}

type putRepositoryPermissionsPolicyInput struct {
	ofRepository
	PolicyDocument string `json:"policyDocument" is:"PolicyDocument,required"`
	PolicyRevision string `json:"policyRevision" is:"PolicyRevision"`
}

func (a *API) putRepositoryPermissionsPolicy(ctx context.Context, c iam.Caller,
	in *putRepositoryPermissionsPolicyInput) (*policyOutput, error) {
	p, err := a.rules.PutPolicy(ctx, c, in.target(), in.PolicyDocument, in.PolicyRevision)
	return a.policyOf(in.target(), p, err)
}

type deleteDomainPermissionsPolicyInput struct {
	ofDomain
	PolicyRevision string `query:"policy-revision" is:"PolicyRevision"`
}

func (a *API) deleteDomainPermissionsPolicy(ctx context.Context, c iam.Caller,
	in *deleteDomainPermissionsPolicyInput) (*policyOutput, error) {
	p, err := a.rules.DeletePolicy(ctx, c, in.target(), in.PolicyRevision)
	return a.policyOf(in.target(), p, err)
}

type deleteRepositoryPermissionsPolicyInput struct {
	ofRepository
	PolicyRevision string `query:"policy-revision" is:"PolicyRevision"`
}

func (a *API) deleteRepositoryPermissionsPolicy(ctx context.Context, c iam.Caller,
	in *deleteRepositoryPermissionsPolicyInput) (*policyOutput, error) {
	p, err := a.rules.DeletePolicy(ctx, c, in.target(), in.PolicyRevision)
	return a.policyOf(in.target(), p, err)
}
