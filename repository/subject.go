package repository

import "entrepot/artifact"

// Subject is what an action is done to: the whole account (all members empty), a domain, a repository of it, a package in
// that repository, or a package group of the domain. It is the one thing that permission is asked for; nothing is decided
// from the text of a URL.
type Subject struct {
	Domain     artifact.DomainKey  // zero for account-level actions
	Repository string              // empty for domain-level actions
	Package    artifact.PackageKey // zero for repository-level actions; without a repository its group is meant
	Group      string              // the pattern of a package group
}

// OnDomain is the subject of a domain-level action.
func OnDomain(key artifact.DomainKey) Subject { return Subject{Domain: key} }

// OnRepository is the subject of a repository-level action.
func OnRepository(key artifact.RepositoryKey) Subject {
	return Subject{Domain: key.DomainKey(), Repository: key.Name}
}

// OnPackage is the subject of a package-level action. The package need not exist.
func OnPackage(key artifact.RepositoryKey, p artifact.PackageKey) Subject {
	return Subject{Domain: key.DomainKey(), Repository: key.Name, Package: p}
}

// OnGroup is the subject of an action on a package group. The group need not exist.
func OnGroup(key GroupKey) Subject { return Subject{Domain: key.DomainKey, Group: key.Pattern} }

// OnGroupOf is the subject of an action on the group that a package belongs to.
func OnGroupOf(key artifact.DomainKey, p artifact.PackageKey) Subject {
	return Subject{Domain: key, Package: p}
}
