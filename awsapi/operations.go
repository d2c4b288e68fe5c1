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
	Available    bool // false: known and checked, but answered that it is not available yet
}

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
	does(post, "/v1/repository/external-connection",
		"AssociateExternalConnection", (*API).associateExternalConnection),
	does(post, "/v1/package/versions/copy", "CopyPackageVersions", (*API).copyPackageVersions),
	does(post, "/v1/domain", "CreateDomain", (*API).createDomain),
	waits[createPackageGroupInput](post, "/v1/package-group", "CreatePackageGroup"),
	does(post, "/v1/repository", "CreateRepository", (*API).createRepository),
	does(del, "/v1/domain", "DeleteDomain", (*API).deleteDomain),
	does(del, "/v1/domain/permissions/policy", "DeleteDomainPermissionsPolicy", (*API).deleteDomainPermissionsPolicy),
	does(del, "/v1/package", "DeletePackage", (*API).deletePackage),
	waits[packageGroupInput](del, "/v1/package-group", "DeletePackageGroup"),
	does(post, "/v1/package/versions/delete", "DeletePackageVersions", (*API).deletePackageVersions),
	does(del, "/v1/repository", "DeleteRepository", (*API).deleteRepository),
	does(del, "/v1/repository/permissions/policies",
		"DeleteRepositoryPermissionsPolicy", (*API).deleteRepositoryPermissionsPolicy),
	does(get, "/v1/domain", "DescribeDomain", (*API).describeDomain),
	does(get, "/v1/package", "DescribePackage", (*API).describePackage),
	waits[packageGroupInput](get, "/v1/package-group", "DescribePackageGroup"),
	does(get, "/v1/package/version", "DescribePackageVersion", (*API).describePackageVersion),
	does(get, "/v1/repository", "DescribeRepository", (*API).describeRepository),
	does(del, "/v1/repository/external-connection",
		"DisassociateExternalConnection", (*API).disassociateExternalConnection),
	does(post, "/v1/package/versions/dispose", "DisposePackageVersions", (*API).disposePackageVersions),
	waits[getAssociatedPackageGroupInput](get, "/v1/get-associated-package-group", "GetAssociatedPackageGroup"),
	does(post, "/v1/authorization-token", "GetAuthorizationToken", (*API).getAuthorizationToken),
	does(get, "/v1/domain/permissions/policy", "GetDomainPermissionsPolicy", (*API).getDomainPermissionsPolicy),
	does(get, "/v1/package/version/asset", "GetPackageVersionAsset", (*API).getPackageVersionAsset),
	does(get, "/v1/package/version/readme", "GetPackageVersionReadme", (*API).getPackageVersionReadme),
	does(get, "/v1/repository/endpoint", "GetRepositoryEndpoint", (*API).getRepositoryEndpoint),
	does(get, "/v1/repository/permissions/policy",
		"GetRepositoryPermissionsPolicy", (*API).getRepositoryPermissionsPolicy),
	waits[listAllowedRepositoriesForGroupInput](get, "/v1/package-group-allowed-repositories",
		"ListAllowedRepositoriesForGroup"),
	waits[listAssociatedPackagesInput](get, "/v1/list-associated-packages", "ListAssociatedPackages"),
	does(post, "/v1/domains", "ListDomains", (*API).listDomains),
	waits[listPackageGroupsInput](post, "/v1/package-groups", "ListPackageGroups"),
	does(post, "/v1/package/version/assets", "ListPackageVersionAssets", (*API).listPackageVersionAssets),
	does(post, "/v1/package/version/dependencies",
		"ListPackageVersionDependencies", (*API).listPackageVersionDependencies),
	does(post, "/v1/package/versions", "ListPackageVersions", (*API).listPackageVersions),
	does(post, "/v1/packages", "ListPackages", (*API).listPackages),
	does(post, "/v1/repositories", "ListRepositories", (*API).listRepositories),
	does(post, "/v1/domain/repositories", "ListRepositoriesInDomain", (*API).listRepositoriesInDomain),
	waits[listSubPackageGroupsInput](post, "/v1/package-groups/sub-groups", "ListSubPackageGroups"),
	does(post, "/v1/tags", "ListTagsForResource", (*API).listTagsForResource),
	does(publishRoute.method, publishRoute.path, "PublishPackageVersion", (*API).publishPackageVersion),
	does(put, "/v1/domain/permissions/policy", "PutDomainPermissionsPolicy", (*API).putDomainPermissionsPolicy),
	does(post, "/v1/package", "PutPackageOriginConfiguration", (*API).putPackageOriginConfiguration),
	does(put, "/v1/repository/permissions/policy",
		"PutRepositoryPermissionsPolicy", (*API).putRepositoryPermissionsPolicy),
	does(post, "/v1/tag", "TagResource", (*API).tagResource),
	does(post, "/v1/untag", "UntagResource", (*API).untagResource),
	waits[updatePackageGroupInput](put, "/v1/package-group", "UpdatePackageGroup"),
	waits[updatePackageGroupOriginConfigurationInput](put, "/v1/package-group-origin-configuration",
		"UpdatePackageGroupOriginConfiguration"),
	does(post, "/v1/package/versions/update_status",
		"UpdatePackageVersionsStatus", (*API).updatePackageVersionsStatus),
	does(put, "/v1/repository", "UpdateRepository", (*API).updateRepository),
}

// anInput is *T for an input struct T.
type anInput[T any] interface {
	*T
	input
}

// does makes the row of an operation with a handler.
func does[T, Out any, In anInput[T]](method, path, name string,
	handle func(*API, context.Context, iam.Caller, In) (Out, error)) operation {
	var out Out
	row := waits[T, In](method, path, name)
	row.Available = true
	row.output = out
	row.run = func(a *API, ctx context.Context, c iam.Caller, in input) (any, error) {
		return handle(a, ctx, c, in.(In))
	}
	return row
}

// action finds the operation's action. A name that has none is a mistake in the table, and the program does not start.
func action(name string) repository.Action {
	a, known := repository.ActionNamed(name)
	if !known {
		panic("awsapi: there is no action " + name)
	}
	return a
}

// waits makes the row of an operation whose handler is yet to come. The request is decoded, checked and authorised as
// it will be then, so a client learns all there is to learn before it is told.
func waits[T any, In anInput[T]](method, path, name string) operation {
	return operation{
		Operation: Operation{Action: action(name), Method: method, Path: path},
		input:     func() input { return In(new(T)) },
		plan:      planOf[T](),
		run: func(*API, context.Context, iam.Caller, input) (any, error) {
			return nil, refuse(UnknownOperation, "%s is not available yet in this version of Entrepot.", name)
		},
	}
}
