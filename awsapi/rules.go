package awsapi

import (
	"context"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/repository"
)

// Rules is what the operations ask of the rules; *repository.Service has it all. Keys are validated before they get
// here and the caller is authorised for the row's action by Authorize; checks that only the rules can make (an
// upstream's AssociateWithDownstreamRepository, the source of a copy, tags of a creation) are made by the methods that
// take a caller. Every change is recorded with the caller in the same transaction.
type Rules interface {
	// Authorize asks for permission. action is the operation's name without its service prefix. It loads the policies of
	// the domain and the repository that count for the action, and their tags. A domain that does not exist is judged
	// without policies, so strangers are Denied whether or not it exists. tags are those the request carries, if any.
	Authorize(ctx context.Context, c iam.Caller, action string, on Subject, tags map[string]string) error

	CreateDomain(ctx context.Context, c iam.Caller, spec repository.DomainSpec) (repository.DomainInfo, error)
	Domain(ctx context.Context, key artifact.DomainKey) (repository.DomainInfo, error)
	// DeleteDomain returns ok=false, without an error, for a domain that is not there.
	DeleteDomain(ctx context.Context, c iam.Caller, key artifact.DomainKey) (d repository.DomainInfo, ok bool, err error)
	Domains(ctx context.Context, owner artifact.AccountID, page catalog.Page) (catalog.Listing[catalog.Domain], error)

	CreateRepository(ctx context.Context, c iam.Caller, spec repository.RepositorySpec) (catalog.Repository, error)
	Repository(ctx context.Context, key artifact.RepositoryKey) (catalog.Repository, error)
	UpdateRepository(ctx context.Context, c iam.Caller, key artifact.RepositoryKey,
		change repository.RepositoryChange) (catalog.Repository, error)
	// DeleteRepository returns ok=false, without an error, for a repository that is not there in a domain that is.
	DeleteRepository(ctx context.Context, c iam.Caller,
		key artifact.RepositoryKey) (r catalog.Repository, ok bool, err error)
	// RepositoriesOf lists the repositories that an account administers, in all domains.
	RepositoriesOf(ctx context.Context, administrator artifact.AccountID, namePrefix string,
		page catalog.Page) (catalog.Listing[catalog.Repository], error)
	// RepositoriesIn lists those of one domain; administrator may be empty.
	RepositoriesIn(ctx context.Context, key artifact.DomainKey, administrator artifact.AccountID, namePrefix string,
		page catalog.Page) (catalog.Listing[catalog.Repository], error)
	AssociateExternalConnection(ctx context.Context, c iam.Caller, key artifact.RepositoryKey,
		connection string) (catalog.Repository, error)
	DisassociateExternalConnection(ctx context.Context, c iam.Caller, key artifact.RepositoryKey,
		connection string) (catalog.Repository, error)
	// Endpoint returns the base URL of a repository for one format, ending in a slash.
	Endpoint(ctx context.Context, key artifact.RepositoryKey, f artifact.Format) (string, error)

	// PutPolicy replaces the policy. A revision that is not empty must be the current one, else Conflict.
	PutPolicy(ctx context.Context, c iam.Caller, on repository.Target, document, revision string) (catalog.Policy, error)
	Policy(ctx context.Context, on repository.Target) (catalog.Policy, error)
	DeletePolicy(ctx context.Context, c iam.Caller, on repository.Target, revision string) (catalog.Policy, error)

	Tags(ctx context.Context, on repository.Target) (map[string]string, error)
	PutTags(ctx context.Context, c iam.Caller, on repository.Target, tags map[string]string) error
	DeleteTags(ctx context.Context, c iam.Caller, on repository.Target, keys []string) error

	Packages(ctx context.Context, key artifact.RepositoryKey, filter catalog.PackageFilter,
		page catalog.Page) (catalog.Listing[artifact.Package], error)
	Package(ctx context.Context, key artifact.RepositoryKey, p artifact.PackageKey) (artifact.Package, error)
	PutControls(ctx context.Context, c iam.Caller, key artifact.RepositoryKey, p artifact.PackageKey,
		controls artifact.Controls) (artifact.Package, error)
	DeletePackage(ctx context.Context, c iam.Caller, key artifact.RepositoryKey,
		p artifact.PackageKey) (artifact.Package, error)

	Versions(ctx context.Context, key artifact.RepositoryKey, p artifact.PackageKey, filter catalog.VersionFilter,
		page catalog.Page) (repository.VersionList, error)
	Version(ctx context.Context, key artifact.RepositoryKey, v artifact.VersionKey) (artifact.Version, error)
	// Asset opens an asset that the repository itself holds. A revision that is not empty must be the current one, else
	// NotFound. Conflict if the version's status withholds its assets.
	Asset(ctx context.Context, key artifact.RepositoryKey, v artifact.VersionKey, asset,
		revision string) (repository.File, error)
	SetStatus(ctx context.Context, c iam.Caller, key artifact.RepositoryKey, p artifact.PackageKey,
		s repository.Selection, target artifact.Status) (repository.Outcome, error)
	Dispose(ctx context.Context, c iam.Caller, key artifact.RepositoryKey, p artifact.PackageKey,
		s repository.Selection) (repository.Outcome, error)
	DeleteVersions(ctx context.Context, c iam.Caller, key artifact.RepositoryKey, p artifact.PackageKey,
		s repository.Selection) (repository.Outcome, error)
	Copy(ctx context.Context, c iam.Caller, spec repository.CopySpec) (repository.Outcome, error)
}

// Subject is what an operation acts on; the zero members say how far down it reaches.
type Subject = repository.Subject

// Tokens issues authorization tokens; package access has it. The caller is authorised for
// codeartifact:GetAuthorizationToken already; Issue asks for sts:GetServiceBearerToken itself.
type Tokens interface {
	// Issue makes a token for the domain. seconds is nil when the request named no duration.
	Issue(ctx context.Context, c iam.Caller, domain catalog.Domain,
		seconds *int) (token string, expires time.Time, err error)
}
