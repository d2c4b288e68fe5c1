package repository

import (
	"unicode"
	"unicode/utf8"

	"entrepot/artifact"
)

// Quotas are the limits of the service (user guide, "Quotas"), those that an operator may raise and those that are
// fixed on AWS alike; and those of a package, which everybody who reads its index documents has to carry.
type Quotas struct {
	Domains             int   // per account
	Repositories        int   // per domain
	PackageGroups       int   // per domain, that of all packages among them
	DirectUpstreams     int   // per repository
	SearchedUpstreams   int   // per request, the asked repository not counted
	ExternalConnections int   // per repository
	Tags                int   // per resource
	Assets              int   // per version
	AssetSize           int64 // bytes
	PackageVersions     int   // per package and repository
	PackageLabels       int   // per package and repository
	PackageIndex        int64 // bytes of artifact.Version.IndexBytes, of all versions of a package in a repository
	VersionIndex        int64 // bytes of artifact.Version.IndexBytes, of a version that is published
}

// DefaultQuotas are the service's own limits. The settings of a server that nobody configured are made of them.
func DefaultQuotas() Quotas {
	return Quotas{
		Domains: 10, Repositories: 1000, PackageGroups: 1000, DirectUpstreams: 10, SearchedUpstreams: 25, ExternalConnections: 1,
		Tags: 50, Assets: 350, AssetSize: 5 << 30,
		PackageVersions: 50_000, PackageLabels: 2000, PackageIndex: 256 << 20, VersionIndex: 2 << 20,
	}
}

// withDefaults fills in the service's own limits where q has zero.
func (q Quotas) withDefaults() Quotas {
	standard := DefaultQuotas()
	orDefault(&q.Domains, standard.Domains)
	orDefault(&q.Repositories, standard.Repositories)
	orDefault(&q.PackageGroups, standard.PackageGroups)
	orDefault(&q.DirectUpstreams, standard.DirectUpstreams)
	orDefault(&q.SearchedUpstreams, standard.SearchedUpstreams)
	orDefault(&q.ExternalConnections, standard.ExternalConnections)
	orDefault(&q.Tags, standard.Tags)
	orDefault(&q.Assets, standard.Assets)
	orDefault(&q.AssetSize, standard.AssetSize)
	orDefault(&q.PackageVersions, standard.PackageVersions)
	orDefault(&q.PackageLabels, standard.PackageLabels)
	orDefault(&q.PackageIndex, standard.PackageIndex)
	orDefault(&q.VersionIndex, standard.VersionIndex)
	return q
}

const (
	maxAssetName = 255      // characters (service model, AssetName)
	maxMetadata  = 16 << 20 // bytes of a version's manifest, readme and facts together
	// maxPublishedLabels is how many labels one publication may set. Package managers set one or two.
	maxPublishedLabels = 100
)

// recordable refuses a version that is more than a record of the repository takes, whoever it comes from: publishers and registries alike.
// What a publisher adds to index documents is bounded closer: what a registry serves, its clients carry already.
// Quota: it has too many assets, or too much is said about it. Invalid: an asset has a name that the API cannot tell.
func (s *Service) recordable(in artifact.RepositoryKey, v artifact.Version) error {
	refuse := func(kind artifact.Kind, format string, args ...any) error {
		return artifact.Errorf(kind, format, args...).About(artifact.VersionResource, idIn(in, v.VersionKey.String()))
	}
	if len(v.Assets) > s.Quotas.Assets {
		return refuse(artifact.Quota, "A package version can have at most %d assets.", s.Quotas.Assets)
	}
	size := len(v.Manifest) + len(v.Details.Readme)
	for _, a := range v.Assets {
		size += len(a.Facts)
		if n := utf8.RuneCountInString(a.Name); n == 0 || n > maxAssetName || !printable(a.Name) {
			return refuse(artifact.Invalid, "An asset's name has 1 to %d characters, none of which controls anything; "+
				"version %s of %s has one that is called %.300q.", maxAssetName, v.VersionKey.Version, v.Qualified(), a.Name)
		}
	}
	if v.Origin.Published() && v.IndexBytes() > s.Quotas.VersionIndex {
		return refuse(artifact.Quota, "The metadata of a published version can have at most %d bytes, but for its readme.",
			s.Quotas.VersionIndex)
	}
	if size > maxMetadata {
		return refuse(artifact.Quota, "The metadata of a package version can have at most %d bytes.", maxMetadata)
	}
	return nil
}

func printable(name string) bool {
	for _, r := range name {
		if unicode.Is(unicode.C, r) {
			return false
		}
	}
	return utf8.ValidString(name)
}
