package repository

import (
	"unicode"
	"unicode/utf8"

	"entrepot/artifact"
)

// Quotas are the limits of the service (user guide, "Quotas"), those that an operator may raise and those that are
// fixed on AWS alike.
type Quotas struct {
	Domains             int   // per account
	Repositories        int   // per domain
	DirectUpstreams     int   // per repository
	SearchedUpstreams   int   // per request, the asked repository not counted
	ExternalConnections int   // per repository
	Tags                int   // per resource
	Assets              int   // per version
	AssetSize           int64 // bytes
}

// DefaultQuotas are the service's own limits. The settings of a server that nobody configured are made of them.
func DefaultQuotas() Quotas {
	return Quotas{
		Domains: 10, Repositories: 1000, DirectUpstreams: 10, SearchedUpstreams: 25, ExternalConnections: 1,
		Tags: 50, Assets: 350, AssetSize: 5 << 30,
	}
}

// withDefaults fills in the service's own limits where q has zero.
func (q Quotas) withDefaults() Quotas {
	standard := DefaultQuotas()
	orDefault(&q.Domains, standard.Domains)
	orDefault(&q.Repositories, standard.Repositories)
	orDefault(&q.DirectUpstreams, standard.DirectUpstreams)
	orDefault(&q.SearchedUpstreams, standard.SearchedUpstreams)
	orDefault(&q.ExternalConnections, standard.ExternalConnections)
	orDefault(&q.Tags, standard.Tags)
	orDefault(&q.Assets, standard.Assets)
	orDefault(&q.AssetSize, standard.AssetSize)
	return q
}

const (
	maxAssetName = 255      // characters (service model, AssetName)
	maxMetadata  = 16 << 20 // bytes of a version's manifest, readme and facts together
)

// recordable refuses a version that is more than a record takes, whoever it comes from: publishers and registries alike.
// Quota: it has too many assets, or too much is said about it. Invalid: an asset has a name that the API cannot tell.
func (s *Service) recordable(v artifact.Version) error {
	refuse := func(kind artifact.Kind, format string, args ...any) error {
		return artifact.Errorf(kind, format, args...).About(artifact.VersionResource, v.VersionKey.String())
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
