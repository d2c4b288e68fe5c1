package awsapi

import (
	"context"
	"time"

	"entrepot/artifact"
	"entrepot/iam"
	"entrepot/repository"
)

// prefetchPatience is how long a request of Prefetch waits for an asset: less than the minute after which what stands between a client
// and a server often ends a connection on which nothing comes, and longer than a registry that says nothing is waited for.
const prefetchPatience = 40 * time.Second

type prefetchInput struct {
	ofRepository
	Format         artifact.Format `query:"format" is:"PackageFormat,required"`
	Namespace      string          `query:"namespace" is:"PackageNamespace"`
	Package        string          `query:"package" is:"PackageName,required"`
	PackageVersion string          `query:"version" is:"PackageVersion,required"`
	Asset          string          `query:"asset" is:"AssetName"`
}

// complete wants a namespace where the format has one.
func (in *prefetchInput) complete(a *API, c iam.Caller) error {
	if err := in.ofRepository.complete(a, c); err != nil {
		return err
	}
	named := coordinates{Format: in.Format, Namespace: in.Namespace, Package: in.Package}
	return named.complete(a)
}

// Prefetched is what Prefetch answers: what there is of a version, and what of it the repository keeps.
type Prefetched struct {
	Ending repository.Ending `json:"ending"` // served, not-found or withheld
	Why    string            `json:"why,omitempty"`
	Assets []PrefetchedAsset `json:"assets"`
	// Needs are versions of the same format that clients read along with it, such as a POM's parent.
	Needs []PrefetchedNeed `json:"needs,omitempty"`
}

// PrefetchedNeed is a version of the same format.
type PrefetchedNeed struct {
	Namespace string `json:"namespace,omitempty"`
	Package   string `json:"package"`
	Version   string `json:"version"`
}

// PrefetchedAsset is an asset of the version.
type PrefetchedAsset struct {
	Name   string            `json:"name"`
	Size   int64             `json:"size"` // bytes; 0 where its registry does not say
	Hashes map[string]string `json:"hashes"`
	Kept   bool              `json:"kept"`
}

// prefetch tells what there is of a version, or brings one asset of it in. Permission is asked by the shelf, as for package managers.
func (a *API) prefetch(ctx context.Context, c iam.Caller, in *prefetchInput) (*Prefetched, error) {
	shelf := a.rules.Shelf(c, in.key(), "")
	key := artifact.PackageKey{Format: in.Format, Namespace: in.Namespace, Name: in.Package}.At(in.PackageVersion)
	var found repository.Prefetched
	var err error
	if in.Asset == "" {
		found, err = shelf.Prospect(ctx, key)
	} else {
		found, err = shelf.Prefetch(ctx, key, in.Asset, prefetchPatience)
	}
	if err != nil {
		return nil, err
	}
	return &Prefetched{found.Ending, found.Why, each(found.Assets, func(one artifact.Asset) PrefetchedAsset {
		told := summarizeAsset(one)
		return PrefetchedAsset{told.Name, told.Size, told.Hashes, !one.Promised}
	}), each(found.Needs, func(v artifact.VersionKey) PrefetchedNeed { return PrefetchedNeed{v.Namespace, v.Name, v.Version} })}, nil
}
