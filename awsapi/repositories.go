package awsapi

import (
	"context"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/repository"
)

type repositorySummary struct {
	Name                 string             `json:"name"`
	AdministratorAccount artifact.AccountID `json:"administratorAccount"`
	DomainName           string             `json:"domainName"`
	DomainOwner          artifact.AccountID `json:"domainOwner"`
	Arn                  string             `json:"arn"`
	Description          string             `json:"description,omitempty"`
	CreatedTime          timestamp          `json:"createdTime,omitzero"`
}

type upstreamRepository struct {
	RepositoryName string `json:"repositoryName" is:"RepositoryName,required"`
}

type externalConnection struct {
	ExternalConnectionName string          `json:"externalConnectionName"`
	PackageFormat          artifact.Format `json:"packageFormat,omitempty"`
	Status                 string          `json:"status"`
}

type repositoryDescription struct {
	repositorySummary
	Upstreams           []upstreamRepository `json:"upstreams"`
	ExternalConnections []externalConnection `json:"externalConnections"`
}

type repositoryOutput struct {
	Repository *repositoryDescription `json:"repository,omitempty"`
}

// connectionAvailable is the status of every connection. The model's enum says Available; the service, its guide and
// Terraform's tests say this.
const connectionAvailable = "AVAILABLE"

func (a *API) summarizeRepository(r catalog.Repository) repositorySummary {
	return repositorySummary{Name: r.Name, AdministratorAccount: r.Administrator, DomainName: r.RepositoryKey.Domain,
		DomainOwner: r.Owner, Arn: a.arns.repository(r.RepositoryKey), Description: r.Description,
		CreatedTime: timestamp{r.CreatedAt}}
}

// repositoryOf describes a repository. Upstreams that no longer exist have no name and are left out.
func (a *API) repositoryOf(r catalog.Repository, err error) (*repositoryOutput, error) {
	if err != nil {
		return nil, err
	}
	upstreams := []upstreamRepository{}
	for _, u := range r.Upstreams {
		if u.Name != "" {
			upstreams = append(upstreams, upstreamRepository{u.Name})
		}
	}
	connections := each(r.Connections, func(name string) externalConnection {
		format, _ := repository.ConnectionFormat(name)
		return externalConnection{name, format, connectionAvailable}
	})
	return &repositoryOutput{&repositoryDescription{a.summarizeRepository(r), upstreams, connections}}, nil
}

type createRepositoryInput struct {
	ofRepository
	Description string               `json:"description" is:"Description"`
	Upstreams   []upstreamRepository `json:"upstreams" is:"UpstreamRepositoryList"`
	tagList
}

func (in *createRepositoryInput) check() error { return in.tagList.check() }

func (a *API) createRepository(ctx context.Context, c iam.Caller,
	in *createRepositoryInput) (*repositoryOutput, error) {
	return a.repositoryOf(a.rules.CreateRepository(ctx, c, repository.RepositorySpec{RepositoryKey: in.key(),
		Description: in.Description, Upstreams: upstreamNames(in.Upstreams), Tags: in.requestTags()}))
}

func upstreamNames(upstreams []upstreamRepository) []string {
	return each(upstreams, func(u upstreamRepository) string { return u.RepositoryName })
}

type repositoryInput struct{ ofRepository }

func (a *API) describeRepository(ctx context.Context, _ iam.Caller, in *repositoryInput) (*repositoryOutput, error) {
	return a.repositoryOf(a.rules.Repository(ctx, in.key()))
}

// updateRepositoryInput tells absent from empty: an absent member stays as it is, an empty one is cleared.
type updateRepositoryInput struct {
	ofRepository
	Description *string               `json:"description" is:"Description"`
	Upstreams   *[]upstreamRepository `json:"upstreams" is:"UpstreamRepositoryList"`
}

func (a *API) updateRepository(ctx context.Context, c iam.Caller,
	in *updateRepositoryInput) (*repositoryOutput, error) {
	change := repository.RepositoryChange{Description: in.Description}
	if in.Upstreams != nil {
		names := upstreamNames(*in.Upstreams)
		change.Upstreams = &names
	}
	return a.repositoryOf(a.rules.UpdateRepository(ctx, c, in.key(), change))
}

// deleteRepository answers a repository that is not there with success and nothing else, as deleteDomain does.
func (a *API) deleteRepository(ctx context.Context, c iam.Caller, in *repositoryInput) (*repositoryOutput, error) {
	r, there, err := a.rules.DeleteRepository(ctx, c, in.key())
	if err != nil || !there {
		return &repositoryOutput{}, err
	}
	return a.repositoryOf(r, nil)
}

type connectionInput struct {
	ofRepository
	ExternalConnection string `query:"external-connection" is:"ExternalConnectionName,required"`
}

func (a *API) associateExternalConnection(ctx context.Context, c iam.Caller,
	in *connectionInput) (*repositoryOutput, error) {
	return a.repositoryOf(a.rules.AssociateExternalConnection(ctx, c, in.key(), in.ExternalConnection))
}

func (a *API) disassociateExternalConnection(ctx context.Context, c iam.Caller,
	in *connectionInput) (*repositoryOutput, error) {
	return a.repositoryOf(a.rules.DisassociateExternalConnection(ctx, c, in.key(), in.ExternalConnection))
}

// getRepositoryEndpointInput takes both endpoint types; this server answers at one address, whatever its IP version.
type getRepositoryEndpointInput struct {
	ofRepository
	Format       artifact.Format `query:"format" is:"PackageFormat,required"`
	EndpointType string          `query:"endpointType" is:"EndpointType"`
}

type endpointOutput struct {
	RepositoryEndpoint string `json:"repositoryEndpoint"`
}

// complete refuses a format that is not served. An address at which nothing answers would be written into a client's
// configuration, by aws codeartifact login for one, and break it for every package.
func (in *getRepositoryEndpointInput) complete(a *API, c iam.Caller) error {
	if a.Served != nil && !slices.Contains(a.Served, in.Format) {
		return refuse(FieldValidationFailed, "A repository has no endpoint for the format %s: this version of Entrepot does "+
			"not serve it yet. It serves %s.", in.Format, strings.Join(spelled(a.Served), ", "))
	}
	return in.ofRepository.complete(a, c)
}

func (a *API) getRepositoryEndpoint(ctx context.Context, _ iam.Caller,
	in *getRepositoryEndpointInput) (*endpointOutput, error) {
	url, err := a.rules.Endpoint(ctx, in.key(), in.Format)
	if err != nil {
		return nil, err
	}
	return &endpointOutput{url}, nil
}

type repositoryList struct {
	Repositories []repositorySummary `json:"repositories"`
	NextToken    string              `json:"nextToken,omitempty"`
}

type listRepositoriesInput struct {
	ofAccount
	RepositoryPrefix string `query:"repository-prefix" is:"RepositoryName"`
	queryPage
	administrator artifact.AccountID
}

func (in *listRepositoriesInput) complete(_ *API, c iam.Caller) error {
	in.administrator = ownerOr("", c)
	return nil
}

func (a *API) listRepositories(ctx context.Context, _ iam.Caller, in *listRepositoriesInput) (*repositoryList, error) {
	found, err := a.rules.RepositoriesOf(ctx, in.administrator, in.RepositoryPrefix, in.page(defaultPage))
	if err != nil {
		return nil, err
	}
	return &repositoryList{each(found.Items, a.summarizeRepository), in.next(found.Next)}, nil
}

type listRepositoriesInDomainInput struct {
	ofDomain
	AdministratorAccount artifact.AccountID `query:"administrator-account" is:"AccountId"`
	RepositoryPrefix     string             `query:"repository-prefix" is:"RepositoryName"`
	queryPage
}

func (a *API) listRepositoriesInDomain(ctx context.Context, _ iam.Caller,
	in *listRepositoriesInDomainInput) (*repositoryList, error) {
	found, err := a.rules.RepositoriesIn(ctx, in.key(), in.AdministratorAccount, in.RepositoryPrefix, in.page(defaultPage))
	if err != nil {
		return nil, err
	}
	return &repositoryList{each(found.Items, a.summarizeRepository), in.next(found.Next)}, nil
}
