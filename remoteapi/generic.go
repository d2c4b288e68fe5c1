package remoteapi

import (
	"context"
	"io"
	"iter"
	"slices"

	"entrepot/artifact"
	"entrepot/repository"
	"entrepot/upstream"
)

// Alone is a repository of another service whose packages are read through its API alone.
func Alone(a *API) repository.Source { return alone{source{api: a}} }

type alone struct{ source }

var _ repository.Source = alone{}

// Listing follows repository.Source.
func (s alone) Listing(ctx context.Context, p artifact.PackageKey) (repository.Listing, error) {
	return s.listing(ctx, p, false)
}

// Refresh follows repository.Source.
func (s alone) Refresh(ctx context.Context, p artifact.PackageKey) (repository.Listing, error) {
	return s.listing(ctx, p, true)
}

func (s alone) listing(ctx context.Context, p artifact.PackageKey, fresh bool) (repository.Listing, error) {
	h, err := s.api.versions(ctx, p, fresh)
	if err != nil {
		return nil, s.silent(err)
	}
	return listed{s, p, h}, nil
}

// Asset follows repository.Source.
func (s alone) Asset(ctx context.Context, v artifact.Version, name string) (upstream.AssetRequest, error) {
	promise, ok := v.Asset(name)
	if !ok {
		return upstream.AssetRequest{}, artifact.Errorf(artifact.NotFound, "Version %s of %s has no asset %.255q.", v.VersionKey.Version,
			v.Qualified(), name).About(artifact.AssetResource, name)
	}
	want := upstream.Want{Size: promise.Size}
	if d := promise.Digests; d.SHA256 != (artifact.Digest{}) {
		want.MD5, want.SHA1, want.SHA256, want.SHA512 = d.MD5[:], d.SHA1[:], d.SHA256[:], d.SHA512[:]
	}
	return upstream.AssetRequest{Path: "v1/package/version/asset?" + s.api.query(v.PackageKey, "version", v.VersionKey.Version, "asset", name),
		Want: want}, nil
}

// Attachment follows repository.Source: the API keeps nothing beside assets.
func (s alone) Attachment(_ context.Context, v artifact.Version, name string) (io.ReadCloser, error) {
	return nil, artifact.Errorf(artifact.NotFound, "There is no %.100s of version %s of %s.", name, v.VersionKey.Version, v.Qualified()).
		About(artifact.VersionResource, v.String())
}

// listed is what the API lists of a package.
type listed struct {
	from alone
	key  artifact.PackageKey
	held *held
}

// ID follows repository.Listing.
func (l listed) ID() string { return l.held.id }

// Labels follows repository.Listing: there are none.
func (listed) Labels() map[string]string { return nil }

// Numbers follows repository.Listing.
func (l listed) Numbers() iter.Seq[string] { return slices.Values(l.held.order) }

// Manifest follows repository.Listing: there is none.
func (listed) Manifest() []byte { return nil }

// Status follows repository.Listing.
func (l listed) Status(version string) artifact.Status { return l.held.statuses[version] }

// Version follows repository.Listing. Its assets are asked for.
func (l listed) Version(ctx context.Context, version string) (artifact.Version, error) {
	status, ok := l.held.statuses[version]
	if !ok {
		return artifact.Version{}, artifact.Errorf(artifact.NotFound, "There is no version %.255q of %s.", version, l.key.Qualified()).
			About(artifact.VersionResource, l.key.At(version).String())
	}
	v := artifact.Version{VersionKey: l.key.At(version), Status: status, Origin: artifact.Origin{Type: artifact.OriginExternal}}
	if !status.Downloadable() {
		return v, nil
	}
	var err error
	v.Assets, err = l.from.api.assets(ctx, v.VersionKey)
	return v, err
}

// Each follows repository.Listing.
func (l listed) Each(ctx context.Context) iter.Seq2[artifact.Version, error] {
	return func(yield func(artifact.Version, error) bool) {
		for _, version := range l.held.order {
			if v, err := l.Version(ctx, version); !yield(v, err) || err != nil {
				return
			}
		}
	}
}
