package repository

import (
	"entrepot/artifact"
	"entrepot/catalog"
)

// DomainSpec asks for a domain of the caller's account.
type DomainSpec struct {
	Name          string
	EncryptionKey string // key ARN, key id, alias name or alias ARN; empty for the account's own key
	Tags          map[string]string
}

// DomainInfo is a domain and what it holds.
type DomainInfo struct {
	catalog.Domain
	catalog.Usage
}

// RepositorySpec asks for a repository.
type RepositorySpec struct {
	artifact.RepositoryKey
	Description string
	Upstreams   []string // repositories of the same domain, in search order
	Tags        map[string]string
}

// RepositoryChange changes a repository; a nil member stays as it is.
type RepositoryChange struct {
	Description *string
	Upstreams   *[]string
}

// Target is what holds a resource policy or tags: a domain, or the repository called Repository in it. Tags are held by
// package groups as well.
type Target struct {
	artifact.DomainKey
	Repository string // empty for the domain itself
	Group      string // the pattern of a package group
}

// Selection names the versions that a call about several of them means, as the API does.
type Selection struct {
	Versions  []string
	Revisions map[string]string // version → the revision it must have
	Expected  artifact.Status   // the status each must have; empty for any
}

// Outcome is the answer to such a call. Every version is in one of the maps, but for copies that were identical already
// while nothing failed.
type Outcome struct {
	Successful map[string]VersionResult
	Failed     map[string]VersionFailure
}

// VersionResult is a version's state after the call.
type VersionResult struct {
	Revision string
	Status   artifact.Status
}

// VersionFailure says why a version was left alone.
type VersionFailure struct {
	Code    FailureCode
	Message string
}

// FailureCode is an errorCode of the service model.
type FailureCode string

// The per-version codes of the service model.
const (
	AlreadyExists      FailureCode = "ALREADY_EXISTS"
	MismatchedRevision FailureCode = "MISMATCHED_REVISION"
	MismatchedStatus   FailureCode = "MISMATCHED_STATUS"
	NotAllowed         FailureCode = "NOT_ALLOWED"
	VersionNotFound    FailureCode = "NOT_FOUND"
	Skipped            FailureCode = "SKIPPED"
)

// CopySpec asks to copy versions of one package between two repositories of a domain.
type CopySpec struct {
	From, To artifact.RepositoryKey
	artifact.PackageKey
	Selection       // exactly one of Versions and Revisions
	AllowOverwrite  bool
	IncludeUpstream bool // look in From's upstreams as well
}

// VersionList is a page of a package's versions.
type VersionList struct {
	catalog.Listing[catalog.VersionSummary]
	DefaultDisplay string // the version that is shown where none is named, see Traits; empty if none is Published
}
