package repository

import (
	"fmt"
	"slices"
	"strings"
)

// Action is something that permission is asked for: an operation of the API, or what package managers' requests need.
type Action struct {
	Name    string // without its service prefix: CopyPackageVersions
	Changes bool   // whether it changes something: its refusal is recorded, and it counts as a write
	own     bool   // the service that this one stands for does not have it
	// levels are the ways to judge it; the subject tells which one, by what it names.
	levels []*level
}

const (
	reading  = false
	changing = true

	theirs = false
	ours   = true
)

// actions is every action there is, in the order of the service authorization reference. Permission is decided from
// this table, and the documentation is printed from it.
var actions = []Action{
	{"AssociateExternalConnection", changing, theirs, []*level{onRepository}},
	{"AssociateWithDownstreamRepository", changing, theirs, []*level{onRepository}},
	{"CopyPackageVersions", changing, theirs, []*level{onDestination}},
	{"CreateDomain", changing, theirs, []*level{onNewDomain}},
	{"CreatePackageGroup", changing, theirs, []*level{onNewGroup}},
	{"CreateRepository", changing, theirs, []*level{onNewRepository}},
	{"DeleteDomain", changing, theirs, []*level{onDomain}},
	{"DeleteDomainPermissionsPolicy", changing, theirs, []*level{onDomain}},
	{"DeletePackage", changing, theirs, []*level{onPackage}},
	{"DeletePackageGroup", changing, theirs, []*level{onGroup}},
	{"DeletePackageVersions", changing, theirs, []*level{onPackage}},
	{"DeleteRepository", changing, theirs, []*level{onRepository}},
	{"DeleteRepositoryPermissionsPolicy", changing, theirs, []*level{onRepository}},
	{"DescribeDomain", reading, theirs, []*level{onDomain}},
	{"DescribePackage", reading, theirs, []*level{onPackage}},
	{"DescribePackageGroup", reading, theirs, []*level{onGroup}},
	{"DescribePackageVersion", reading, theirs, []*level{onPackage}},
	{"DescribeRepository", reading, theirs, []*level{onRepository}},
	{"DisassociateExternalConnection", changing, theirs, []*level{onRepository}},
	{"DisposePackageVersions", changing, theirs, []*level{onPackage}},
	{"GetAssociatedPackageGroup", reading, theirs, []*level{onGroup}},
	{getAuthorizationToken, reading, theirs, []*level{onDomain}},
	{"GetDomainPermissionsPolicy", reading, theirs, []*level{onDomain}},
	{"GetPackageVersionAsset", reading, theirs, []*level{onPackage}},
	{"GetPackageVersionReadme", reading, theirs, []*level{onPackage}},
	{"GetRepositoryEndpoint", reading, theirs, []*level{onRepository}},
	{"GetRepositoryPermissionsPolicy", reading, theirs, []*level{onRepository}},
	{"ListAllowedRepositoriesForGroup", reading, theirs, []*level{onGroup}},
	{"ListAssociatedPackages", reading, theirs, []*level{onGroupContents}},
	{"ListDomains", reading, theirs, []*level{onAccount}},
	{"ListPackageGroups", reading, theirs, []*level{onDomain}},
	{"ListPackageVersionAssets", reading, theirs, []*level{onPackage}},
	{"ListPackageVersionDependencies", reading, theirs, []*level{onPackage}},
	{"ListPackageVersions", reading, theirs, []*level{onPackage}},
	{"ListPackages", reading, theirs, []*level{onContents}},
	{"ListRepositories", reading, theirs, []*level{onAccount}},
	{"ListRepositoriesInDomain", reading, theirs, []*level{onDomain}},
	{"ListSubPackageGroups", reading, theirs, []*level{onGroup}},
	{"ListTagsForResource", reading, theirs, []*level{onDomain, onGroup, onRepository}},
	{"PublishPackageVersion", changing, theirs, []*level{onPackage}},
	{"PutDomainPermissionsPolicy", changing, theirs, []*level{onDomainUnowned}},
	{"PutPackageMetadata", changing, theirs, []*level{onPackage}},
	{"PutPackageOriginConfiguration", changing, theirs, []*level{onPackage}},
	{"PutRepositoryPermissionsPolicy", changing, theirs, []*level{onRepositoryUnowned}},
	{"ReadFromRepository", reading, theirs, []*level{onContents}},
	{"TagResource", changing, theirs, []*level{onDomain, onGroup, onRepository}},
	{"UntagResource", changing, theirs, []*level{onDomain, onGroup, onRepository}},
	{"UpdatePackageGroup", changing, theirs, []*level{onGroup}},
	{"UpdatePackageGroupOriginConfiguration", changing, theirs, []*level{onGroup}},
	{"UpdatePackageVersionsStatus", changing, theirs, []*level{onPackage}},
	{"UpdateRepository", changing, theirs, []*level{onRepository}},
}

// ownActions are those that the service authorization reference does not have. Whoever puts a remote decides where the server
// connects to, so only identity policies count.
var ownActions = []Action{
	{"PutRemote", changing, ours, []*level{onDomainUnowned}},
	{"DeleteRemote", changing, ours, []*level{onDomainUnowned}},
	{"ListRemotes", reading, ours, []*level{onDomainUnowned}},
}

var actionsByName = func() map[string]Action {
	named := make(map[string]Action, len(actions)+len(ownActions))
	for _, a := range slices.Concat(actions, ownActions) {
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
func (a Action) Permission() string {
	if a.own {
		return "entrepot:" + a.Name
	}
	return "codeartifact:" + a.Name
}

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
