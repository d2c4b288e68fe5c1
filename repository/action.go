package repository

import (
	"fmt"
	"strings"
)

// Action is something that permission is asked for: an operation of the API, or what package managers' requests need.
type Action struct {
	Name    string // without its service prefix: CopyPackageVersions
	Changes bool   // whether it changes something: its refusal is recorded, and it counts as a write
	// levels are the ways to judge it; the subject tells which one, by what it names.
	levels []*level
}

const (
	reading  = false
	changing = true
)

// actions is every action there is, in the order of the service authorization reference. Permission is decided from
// this table, and the documentation is printed from it.
var actions = []Action{
	{"AssociateExternalConnection", changing, []*level{onRepository}},
	{"AssociateWithDownstreamRepository", changing, []*level{onRepository}},
	{"CopyPackageVersions", changing, []*level{onDestination}},
	{"CreateDomain", changing, []*level{onNewDomain}},
	{"CreatePackageGroup", changing, []*level{onNewGroup}},
	{"CreateRepository", changing, []*level{onNewRepository}},
	{"DeleteDomain", changing, []*level{onDomain}},
	{"DeleteDomainPermissionsPolicy", changing, []*level{onDomain}},
	{"DeletePackage", changing, []*level{onPackage}},
	{"DeletePackageGroup", changing, []*level{onGroup}},
	{"DeletePackageVersions", changing, []*level{onPackage}},
	{"DeleteRepository", changing, []*level{onRepository}},
	{"DeleteRepositoryPermissionsPolicy", changing, []*level{onRepository}},
	{"DescribeDomain", reading, []*level{onDomain}},
	{"DescribePackage", reading, []*level{onPackage}},
	{"DescribePackageGroup", reading, []*level{onGroup}},
	{"DescribePackageVersion", reading, []*level{onPackage}},
	{"DescribeRepository", reading, []*level{onRepository}},
	{"DisassociateExternalConnection", changing, []*level{onRepository}},
	{"DisposePackageVersions", changing, []*level{onPackage}},
	{"GetAssociatedPackageGroup", reading, []*level{onGroup}},
	{getAuthorizationToken, reading, []*level{onDomain}},
	{"GetDomainPermissionsPolicy", reading, []*level{onDomain}},
	{"GetPackageVersionAsset", reading, []*level{onPackage}},
	{"GetPackageVersionReadme", reading, []*level{onPackage}},
	{"GetRepositoryEndpoint", reading, []*level{onRepository}},
	{"GetRepositoryPermissionsPolicy", reading, []*level{onRepository}},
	{"ListAllowedRepositoriesForGroup", reading, []*level{onGroup}},
	{"ListAssociatedPackages", reading, []*level{onGroupContents}},
	{"ListDomains", reading, []*level{onAccount}},
	{"ListPackageGroups", reading, []*level{onDomain}},
	{"ListPackageVersionAssets", reading, []*level{onPackage}},
	{"ListPackageVersionDependencies", reading, []*level{onPackage}},
	{"ListPackageVersions", reading, []*level{onPackage}},
	{"ListPackages", reading, []*level{onContents}},
	{"ListRepositories", reading, []*level{onAccount}},
	{"ListRepositoriesInDomain", reading, []*level{onDomain}},
	{"ListSubPackageGroups", reading, []*level{onGroup}},
	{"ListTagsForResource", reading, []*level{onDomain, onGroup, onRepository}},
	{"PublishPackageVersion", changing, []*level{onPackage}},
	{"PutDomainPermissionsPolicy", changing, []*level{onDomainUnowned}},
	{"PutPackageMetadata", changing, []*level{onPackage}},
	{"PutPackageOriginConfiguration", changing, []*level{onPackage}},
	{"PutRepositoryPermissionsPolicy", changing, []*level{onRepositoryUnowned}},
	{"ReadFromRepository", reading, []*level{onContents}},
	{"TagResource", changing, []*level{onDomain, onGroup, onRepository}},
	{"UntagResource", changing, []*level{onDomain, onGroup, onRepository}},
	{"UpdatePackageGroup", changing, []*level{onGroup}},
	{"UpdatePackageGroupOriginConfiguration", changing, []*level{onGroup}},
	{"UpdatePackageVersionsStatus", changing, []*level{onPackage}},
	{"UpdateRepository", changing, []*level{onRepository}},
}

var actionsByName = func() map[string]Action {
	named := make(map[string]Action, len(actions))
	for _, a := range actions {
		named[a.Name] = a
	}
	return named
}()

// ActionNamed returns the action of that name, without its service prefix; ok is false if there is none.
func ActionNamed(name string) (a Action, ok bool) {
	a, ok = actionsByName[name]
	return a, ok
}

// Permission is the action's name in policies.
func (a Action) Permission() string { return "codeartifact:" + a.Name }

// JudgedOn says on what permission for the action is asked: package, repository, domain, account, package group.
func (a Action) JudgedOn() string {
	kinds := make([]string, len(a.levels))
	for i, l := range a.levels {
		kinds[i] = l.judgedOn
	}
	return strings.Join(kinds, " or ")
}

// ResourcePolicies says whose resource policies count for the action.
func (a Action) ResourcePolicies() string {
	return a.levels[len(a.levels)-1].countingPolicies()
}

// readOnly reports whether the action is one that reads, as records say it: who gets a token has changed something.
func (a Action) readOnly() bool { return !a.Changes && a.Name != getAuthorizationToken }

// Fits reports whether permission for the action can be asked on such a subject.
func (a Action) Fits(on Subject) bool { return a.levelOf(on) != nil }

func (a Action) levelOf(on Subject) *level {
	for _, l := range a.levels {
		if l.reaches == on.depth() {
			return l
		}
	}
	return nil
}

// judgedAt finds an action and the level at which it is judged on a subject. That an action is not in the table, or not
// one that is done to such a subject, is a mistake of the program: the error is not one for callers, and nothing is
// decided.
func judgedAt(action string, on Subject) (Action, *level, error) {
	a, known := ActionNamed(action)
	if !known {
		return a, nil, fmt.Errorf("there is no action %q", action)
	}
	if l := a.levelOf(on); l != nil {
		return a, l, nil
	}
	return a, nil, fmt.Errorf("permission for %s is asked on a %s, not on %+v", action, a.JudgedOn(), on)
}
