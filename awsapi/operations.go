package awsapi

import (
	"context"
	"net/http"

	"entrepot/iam"
	"entrepot/repository"
)

// Operation describes one operation of the API: the action that permission is asked for, and the request that asks for
// it.
type Operation struct {
	repository.Action
	Method, Path string
}

type operation struct {
	Operation
	own   bool // one of ours, whose rules ask for permission themselves
	input func() input
	plan  []binding
	run   func(a *API, ctx context.Context, c iam.Caller, in input) (any, error)
	// output is an empty value of the output's type, for the tests that hold shapes against the model; nil for none.
	output any
}

// Operations lists every operation of the service model, by name.
func Operations() []Operation { return described(operations) }

func described(table []operation) []Operation {
	list := make([]Operation, len(table))
	for i, o := range table {
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
	does(post, "/v1/repository/external-connection",
		"AssociateExternalConnection", (*API).associateExternalConnection),
	does(post, "/v1/package/versions/copy", "CopyPackageVersions", (*API).copyPackageVersions),
	does(post, "/v1/domain", "CreateDomain", (*API).createDomain),
	does(post, "/v1/package-group", "CreatePackageGroup", (*API).createPackageGroup),
	does(post, "/v1/repository", "CreateRepository", (*API).createRepository),
	does(del, "/v1/domain", "DeleteDomain", (*API).deleteDomain),
	does(del, "/v1/domain/permissions/policy", "DeleteDomainPermissionsPolicy", (*API).deleteDomainPermissionsPolicy),
	does(del, "/v1/package", "DeletePackage", (*API).deletePackage),
	does(del, "/v1/package-group", "DeletePackageGroup", (*API).deletePackageGroup),
	does(post, "/v1/package/versions/delete", "DeletePackageVersions", (*API).deletePackageVersions),
	does(del, "/v1/repository", "DeleteRepository", (*API).deleteRepository),
	does(del, "/v1/repository/permissions/policies",
		"DeleteRepositoryPermissionsPolicy", (*API).deleteRepositoryPermissionsPolicy),
	does(get, "/v1/domain", "DescribeDomain", (*API).describeDomain),
	does(get, "/v1/package", "DescribePackage", (*API).describePackage),
	does(get, "/v1/package-group", "DescribePackageGroup", (*API).describePackageGroup),
	does(get, "/v1/package/version", "DescribePackageVersion", (*API).describePackageVersion),
	does(get, "/v1/repository", "DescribeRepository", (*API).describeRepository),
	does(del, "/v1/repository/external-connection",
		"DisassociateExternalConnection", (*API).disassociateExternalConnection),
	does(post, "/v1/package/versions/dispose", "DisposePackageVersions", (*API).disposePackageVersions),
	does(get, "/v1/get-associated-package-group",
		"GetAssociatedPackageGroup", (*API).getAssociatedPackageGroup),
	does(post, "/v1/authorization-token", "GetAuthorizationToken", (*API).getAuthorizationToken),
	does(get, "/v1/domain/permissions/policy", "GetDomainPermissionsPolicy", (*API).getDomainPermissionsPolicy),
	does(get, "/v1/package/version/asset", "GetPackageVersionAsset", (*API).getPackageVersionAsset),
	does(get, "/v1/package/version/readme", "GetPackageVersionReadme", (*API).getPackageVersionReadme),
	does(get, "/v1/repository/endpoint", "GetRepositoryEndpoint", (*API).getRepositoryEndpoint),
	does(get, "/v1/repository/permissions/policy",
		"GetRepositoryPermissionsPolicy", (*API).getRepositoryPermissionsPolicy),
	does(get, "/v1/package-group-allowed-repositories",
		"ListAllowedRepositoriesForGroup", (*API).listAllowedRepositoriesForGroup),
	does(get, "/v1/list-associated-packages", "ListAssociatedPackages", (*API).listAssociatedPackages),
	does(post, "/v1/domains", "ListDomains", (*API).listDomains),
	does(post, "/v1/package-groups", "ListPackageGroups", (*API).listPackageGroups),
	does(post, "/v1/package/version/assets", "ListPackageVersionAssets", (*API).listPackageVersionAssets),
	does(post, "/v1/package/version/dependencies",
		"ListPackageVersionDependencies", (*API).listPackageVersionDependencies),
	does(post, "/v1/package/versions", "ListPackageVersions", (*API).listPackageVersions),
	does(post, "/v1/packages", "ListPackages", (*API).listPackages),
	does(post, "/v1/repositories", "ListRepositories", (*API).listRepositories),
	does(post, "/v1/domain/repositories", "ListRepositoriesInDomain", (*API).listRepositoriesInDomain),
	does(post, "/v1/package-groups/sub-groups", "ListSubPackageGroups", (*API).listSubPackageGroups),
	does(post, "/v1/tags", "ListTagsForResource", (*API).listTagsForResource),
	does(publishRoute.method, publishRoute.path, "PublishPackageVersion", (*API).publishPackageVersion),
	does(put, "/v1/domain/permissions/policy", "PutDomainPermissionsPolicy", (*API).putDomainPermissionsPolicy),
	does(post, "/v1/package", "PutPackageOriginConfiguration", (*API).putPackageOriginConfiguration),
	does(put, "/v1/repository/permissions/policy",
		"PutRepositoryPermissionsPolicy", (*API).putRepositoryPermissionsPolicy),
	does(post, "/v1/tag", "TagResource", (*API).tagResource),
	does(post, "/v1/untag", "UntagResource", (*API).untagResource),
	does(put, "/v1/package-group", "UpdatePackageGroup", (*API).updatePackageGroup),
	does(put, "/v1/package-group-origin-configuration",
		"UpdatePackageGroupOriginConfiguration", (*API).updatePackageGroupOriginConfiguration),
	does(post, "/v1/package/versions/update_status",
		"UpdatePackageVersionsStatus", (*API).updatePackageVersionsStatus),
	does(put, "/v1/repository", "UpdateRepository", (*API).updateRepository),
}

// anInput is *T for an input struct T.
type anInput[T any] interface {
	*T
	input
}

// does makes the row of an operation.
func does[T, Out any, In anInput[T]](method, path, name string,
	handle func(*API, context.Context, iam.Caller, In) (Out, error)) operation {
	return rowOf(Operation{Action: action(name), Method: method, Path: path}, handle)
}

// rowOf makes a row of a table of operations.
func rowOf[T, Out any, In anInput[T]](o Operation, handle func(*API, context.Context, iam.Caller, In) (Out, error)) operation {
	var out Out
	return operation{
		Operation: o,
		input:     func() input { return In(new(T)) },
		plan:      planOf[T](),
		run: func(a *API, ctx context.Context, c iam.Caller, in input) (any, error) {
			return handle(a, ctx, c, in.(In))
		},
		output: out,
	}
}

// action finds the operation's action. A name that has none is a mistake in the table, and the program does not start.
func action(name string) repository.Action {
	a, known := repository.ActionNamed(name)
	if !known {
		panic("awsapi: there is no action " + name)
	}
	return a
}
