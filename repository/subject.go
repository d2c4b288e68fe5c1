package repository

import "entrepot/artifact"

// Subject is what an action is done to: the whole account (all members empty), a domain, a repository of it, or a
// package in that repository. It is the one thing that permission is asked for; nothing is decided from the text of a
// URL.
type Subject struct {
	Domain     artifact.DomainKey  // zero for account-level actions
	Repository string              // empty for domain-level actions
	Package    artifact.PackageKey // zero for repository-level actions
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
