package awsapi

import (
	"context"
	"net/http"

	"entrepot/iam"
)

// Level is what kind of thing an operation's permission is asked on (service authorization reference).
type Level string

// The levels.
const (
	OfAccount    Level = "account"    // nothing in particular
	OfDomain     Level = "domain"     // a domain, which need not exist
	OfRepository Level = "repository" // a repository, which need not exist
	OfPackage    Level = "package"    // a package in a repository; neither need exist
	OfGroup      Level = "package group"
	OfARN        Level = "named resource" // the domain or repository whose ARN the request gives
)

// Operation describes one operation of the API.
type Operation struct {
	Name, Method, Path string
	Subject            Level
	Available          bool // false: known and checked, but answered that it is not available yet
}

// Action is the name under which policies know the operation.
func (o Operation) Action() string { return "codeartifact:" + o.Name }

type operation struct {
	Operation
	input func() input
	plan  []binding
	run   func(a *API, ctx context.Context, c iam.Caller, in input) (any, error)
	// output is an empty value of the output's type, for the tests that hold shapes against the model; nil for none.
	output any
}

// Operations lists every operation of the service model, by name.
func Operations() []Operation {
	list := make([]Operation, len(operations))
	for i, o := range operations {
		list[i] = o.Operation
	}
	return list
}

const (
	get  = http.MethodGet
	post = http.MethodPost
	put  = http.MethodPut
	del  = http.MethodDelete
)

// operations is the API, in the order of the service model. Most lists are POSTs; two policy operations differ from
// their siblings in path and in where they keep their members. That is how the model has it.
var operations = []operation{
	does(post, "/v1/repository/external-connection", OfRepository,
		"AssociateExternalConnection", (*API).associateExternalConnection),
	does(post, "/v1/package/versions/copy", OfPackage, "CopyPackageVersions", (*API).copyPackageVersions),
	does(post, "/v1/domain", OfDomain, "CreateDomain", (*API).createDomain),
	waits[createPackageGroupInput](post, "/v1/package-group", OfGroup, "CreatePackageGroup"),
	does(post, "/v1/repository", OfRepository, "CreateRepository", (*API).createRepository),
	does(del, "/v1/domain", OfDomain, "DeleteDomain", (*API).deleteDomain),
	does(del, "/v1/domain/permissions/policy", OfDomain,
		"DeleteDomainPermissionsPolicy", (*API).deleteDomainPermissionsPolicy),
	does(del, "/v1/package", OfPackage, "DeletePackage", (*API).deletePackage),
	waits[packageGroupInput](del, "/v1/package-group", OfGroup, "DeletePackageGroup"),
	does(post, "/v1/package/versions/delete", OfPackage, "DeletePackageVersions", (*API).deletePackageVersions),
	does(del, "/v1/repository", OfRepository, "DeleteRepository", (*API).deleteRepository),
	does(del, "/v1/repository/permissions/policies", OfRepository,
		"DeleteRepositoryPermissionsPolicy", (*API).deleteRepositoryPermissionsPolicy),
	does(get, "/v1/domain", OfDomain, "DescribeDomain", (*API).describeDomain),
	does(get, "/v1/package", OfPackage, "DescribePackage", (*API).describePackage),
	waits[packageGroupInput](get, "/v1/package-group", OfGroup, "DescribePackageGroup"),
	does(get, "/v1/package/version", OfPackage, "DescribePackageVersion", (*API).describePackageVersion),
	does(get, "/v1/repository", OfRepository, "DescribeRepository", (*API).describeRepository),
	does(del, "/v1/repository/external-connection", OfRepository,
		"DisassociateExternalConnection", (*API).disassociateExternalConnection),
	does(post, "/v1/package/versions/dispose", OfPackage, "DisposePackageVersions", (*API).disposePackageVersions),
	waits[getAssociatedPackageGroupInput](get, "/v1/get-associated-package-group", OfGroup, "GetAssociatedPackageGroup"),
	does(post, "/v1/authorization-token", OfDomain, "GetAuthorizationToken", (*API).getAuthorizationToken),
	does(get, "/v1/domain/permissions/policy", OfDomain,
		"GetDomainPermissionsPolicy", (*API).getDomainPermissionsPolicy),
	does(get, "/v1/package/version/asset", OfPackage, "GetPackageVersionAsset", (*API).getPackageVersionAsset),
	does(get, "/v1/package/version/readme", OfPackage, "GetPackageVersionReadme", (*API).getPackageVersionReadme),
	does(get, "/v1/repository/endpoint", OfRepository, "GetRepositoryEndpoint", (*API).getRepositoryEndpoint),
	does(get, "/v1/repository/permissions/policy", OfRepository,
		"GetRepositoryPermissionsPolicy", (*API).getRepositoryPermissionsPolicy),
	waits[listAllowedRepositoriesForGroupInput](get, "/v1/package-group-allowed-repositories", OfGroup,
		"ListAllowedRepositoriesForGroup"),
	waits[listAssociatedPackagesInput](get, "/v1/list-associated-packages", OfGroup, "ListAssociatedPackages"),
	does(post, "/v1/domains", OfAccount, "ListDomains", (*API).listDomains),
	waits[listPackageGroupsInput](post, "/v1/package-groups", OfDomain, "ListPackageGroups"),
	does(post, "/v1/package/version/assets", OfPackage, "ListPackageVersionAssets", (*API).listPackageVersionAssets),
	does(post, "/v1/package/version/dependencies", OfPackage,
		"ListPackageVersionDependencies", (*API).listPackageVersionDependencies),
	does(post, "/v1/package/versions", OfPackage, "ListPackageVersions", (*API).listPackageVersions),
	does(post, "/v1/packages", OfRepository, "ListPackages", (*API).listPackages),
	does(post, "/v1/repositories", OfAccount, "ListRepositories", (*API).listRepositories),
	does(post, "/v1/domain/repositories", OfDomain, "ListRepositoriesInDomain", (*API).listRepositoriesInDomain),
	waits[listSubPackageGroupsInput](post, "/v1/package-groups/sub-groups", OfGroup, "ListSubPackageGroups"),
	does(post, "/v1/tags", OfARN, "ListTagsForResource", (*API).listTagsForResource),
	waits[publishPackageVersionInput](publishRoute.method, publishRoute.path, OfPackage, "PublishPackageVersion"),
	does(put, "/v1/domain/permissions/policy", OfDomain,
		"PutDomainPermissionsPolicy", (*API).putDomainPermissionsPolicy),
	does(post, "/v1/package", OfPackage, "PutPackageOriginConfiguration", (*API).putPackageOriginConfiguration),
	does(put, "/v1/repository/permissions/policy", OfRepository,
		"PutRepositoryPermissionsPolicy", (*API).putRepositoryPermissionsPolicy),
	does(post, "/v1/tag", OfARN, "TagResource", (*API).tagResource),
	does(post, "/v1/untag", OfARN, "UntagResource", (*API).untagResource),
	waits[updatePackageGroupInput](put, "/v1/package-group", OfGroup, "UpdatePackageGroup"),
	waits[updatePackageGroupOriginConfigurationInput](put, "/v1/package-group-origin-configuration", OfGroup,
		"UpdatePackageGroupOriginConfiguration"),
	does(post, "/v1/package/versions/update_status", OfPackage,
		"UpdatePackageVersionsStatus", (*API).updatePackageVersionsStatus),
	does(put, "/v1/repository", OfRepository, "UpdateRepository", (*API).updateRepository),
}

// anInput is *T for an input struct T.
type anInput[T any] interface {
	*T
	input
}

// does makes the row of an operation with a handler.
func does[T, Out any, In anInput[T]](method, path string, on Level, name string,
	handle func(*API, context.Context, iam.Caller, In) (Out, error)) operation {
	var out Out
	row := waits[T, In](method, path, on, name)
	row.Available = true
	row.output = out
	row.run = func(a *API, ctx context.Context, c iam.Caller, in input) (any, error) {
		return handle(a, ctx, c, in.(In))
	}
	return row
}

// waits makes the row of an operation whose handler is yet to come. The request is decoded, checked and authorised as
// it will be then, so a client learns all there is to learn before it is told.
func waits[T any, In anInput[T]](method, path string, on Level, name string) operation {
	return operation{
		Operation: Operation{Name: name, Method: method, Path: path, Subject: on},
		input:     func() input { return In(new(T)) },
		plan:      planOf[T](),
		run: func(*API, context.Context, iam.Caller, input) (any, error) {
			return nil, refuse(UnknownOperation, "%s is not available yet in this version of Entrepot.", name)
		},
	}
}
