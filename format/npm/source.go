package npm

import (
	"context"
	"io"
	"net/url"
	"strings"

	"entrepot/artifact"
	"entrepot/format/keptpage"
	"entrepot/repository"
	"entrepot/upstream"
)

// asset is the only asset of an npm version, under the name the API knows it by.
const asset = "package.tgz"

// packuments is how the packuments of registries are kept: of each version its manifest.
var packuments = keptpage.Form{
	Name: "npm 4",
	Path: pathOf,
	// The full document: only that one has times, and the abbreviated one can be made from it.
	Accept: "application/json",
	Room:   64 << 20,
	Regenerate: func(dst io.Writer, src io.Reader, p artifact.PackageKey) (keptpage.LeftOut, error) {
		return regenerate(dst, src, fullName(p))
	},
	Read:     readKept,
	Describe: describeKept,
}

// source is a registry behind an external connection.
type source struct {
	*keptpage.Registry
	client     *upstream.Client
	connection string
}

var _ repository.Source = (*source)(nil)

func newSource(c *upstream.Client, connection string) repository.Source {
	return &source{keptpage.NewRegistry(c, connection, &packuments), c, connection}
}

// pathOf is where a registry has the packument, below its address. Registries take a scoped name as one segment; only newer
// ones take two. NotFound: no registry can have a package of that name.
func pathOf(p artifact.PackageKey) (string, error) {
	if _, err := parseName(fullName(p)); err != nil {
		return "", notFound("%q is not a name that an npm registry can have.", fullName(p))
	}
	return strings.Replace(escapedName(p), "/", "%2f", 1), nil
}

// Asset follows repository.Source. Flight, Open and Keep are the caller's to fill in.
func (s *source) Asset(_ context.Context, v artifact.Version, name string) (upstream.AssetRequest, error) {
	promise, ok := v.Asset(name)
	if !ok || name != asset {
		return upstream.AssetRequest{}, notFound("An npm version has the asset %s only.", asset).
			About(artifact.AssetResource, name)
	}
	kept, promised, err := originOf(v)
	if err != nil {
		return upstream.AssetRequest{}, err
	}
	if address, err := url.Parse(kept.Tarball); err != nil || address.Host == "" {
		return upstream.AssetRequest{}, artifact.Errorf(artifact.Unavailable,
			"The registry gives no usable address for the tarball of %s %s.", fullName(v.PackageKey), v.Version)
	}
	wanted, ok := promised.want()
	if !ok {
		return upstream.AssetRequest{}, artifact.Errorf(artifact.Unavailable,
			"The registry gives neither integrity nor shasum for %s %s, so its bytes could not be checked.",
			fullName(v.PackageKey), v.Version)
	}
	wanted.Size = promise.Size
	// The registry lists it. That its download host lacked it a moment ago, just after it was published, is not believed.
	return upstream.AssetRequest{Connection: s.connection, URL: kept.Tarball, Want: wanted, Refresh: true}, nil
}

// readKept takes a version apart that is kept as its manifest.
func readKept(kept []byte) ([]byte, []artifact.Asset, error) {
	m, err := cutManifest(kept)
	if err != nil {
		return nil, nil, err
	}
	digests, err := digestsOf(m)
	if err != nil {
		return nil, nil, err
	}
	return kept, []artifact.Asset{{Name: asset, Size: -1, Digests: digests}}, nil
}

// describeKept leaves the readme out: the registry has one for all versions, and a version's own is in its tarball
// (readmeOf).
func describeKept(v artifact.Version) (artifact.Details, error) {
	m, err := cutManifest(v.Manifest)
	if err != nil {
		return artifact.Details{}, err
	}
	return describe(v.PackageKey, m, "")
}
