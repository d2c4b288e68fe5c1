// Package events has the words of EventBridge as far as packages go: the event that tells of a change of a package
// version, and the patterns that rules match events with. Pure: no I/O, no clock.
package events

import "entrepot/artifact"

// What every event of ours says of itself (user guide, "CodeArtifact event format and example").
const (
	Source     = "aws.codeartifact"
	DetailType = "CodeArtifact Package Version State Change"
)

// Operation is what was done to a version.
type Operation string

// The operations.
const (
	Created Operation = "Created"
	Updated Operation = "Updated"
	Deleted Operation = "Deleted"
)

// Change is what happened to one version in one repository, as it is recorded. Its members are those of an event's
// detail, in the order of the guide's sample.
type Change struct {
	Domain        string          `json:"domainName"`
	DomainOwner   string          `json:"domainOwner"`
	Repository    string          `json:"repositoryName"`
	Administrator string          `json:"repositoryAdministrator"`
	Format        artifact.Format `json:"packageFormat"`
	Namespace     *string         `json:"packageNamespace"` // null when there is none: rules in the wild match on it
	Package       string          `json:"packageName"`
	Version       string          `json:"packageVersion"`
	State         artifact.Status `json:"packageVersionState"`
	Revision      string          `json:"packageVersionRevision"`
	Changes       Changes         `json:"changes"`
	Operation     Operation       `json:"operationType"`
}

// Changes are what an operation did to a version. A version that is replaced counts its assets as added, so
// AssetsUpdated stays 0.
type Changes struct {
	AssetsAdded     int  `json:"assetsAdded"`
	AssetsRemoved   int  `json:"assetsRemoved"`
	MetadataUpdated bool `json:"metadataUpdated"`
	AssetsUpdated   int  `json:"assetsUpdated"`
	StatusChanged   bool `json:"statusChanged"`
}
