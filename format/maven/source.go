package maven

import (
	"context"
	"io"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"entrepot/artifact"
	"entrepot/format/keptpage"
	"entrepot/repository"
	"entrepot/upstream"
)

// source is a registry behind an external connection. It has a document that lists the versions of a package, which may
// be old or missing; of a version it has files, which it does not list.
type source struct {
	*keptpage.Registry
	client     *upstream.Client
	connection string
	silent     atomic.Bool // the last file that came had no checksum in the header of its answer
}

var _ repository.Finder = (*source)(nil)

func newSource(c *upstream.Client, connection string) repository.Source {
	return &source{Registry: keptpage.NewRegistry(c, connection, &documents), client: c, connection: connection}
}

// pathOf is where a package lies below a repository's address, and the metadata of the group of the same path.
func pathOf(p artifact.PackageKey) string {
	segments := []string{p.Name}
	if p.Namespace != "" {
		segments = append(strings.Split(p.Namespace, "."), p.Name)
	}
	for i, segment := range segments {
		segments[i] = url.PathEscape(segment)
	}
	return strings.Join(segments, "/")
}

// assetPath is where an asset of a release lies.
func assetPath(v artifact.VersionKey, asset string) string {
	return pathOf(v.PackageKey) + "/" + url.PathEscape(v.Version) + "/" + url.PathEscape(asset)
}

// inLayout reports whether what the path of an asset names is that asset, and of a version without one whether it is for its POM.
// Not every name that the API takes is one of the layout, and registries may read the path of another as a package that is not to
// be asked for: com//acme is com/acme to many.
func inLayout(v artifact.VersionKey, asset string) bool {
	if asset == "" {
		asset = usual(v)[0]
	}
	l, err := parsePath(assetPath(v, asset))
	return err == nil && l.level == assetLevel && l.key() == v && l.asset == asset
}

// Presume follows repository.Finder. Snapshots are never found (user guide, "Use Maven snapshots").
func (s *source) Presume(v artifact.VersionKey, asset string) (artifact.Version, error) {
	if isSnapshot(v.Version) || isBuild(v.Version) || !inLayout(v, asset) || s.client.Lacks(s.connection, assetPath(v, asset)) {
		return artifact.Version{}, notInRegistry(v)
	}
	return artifact.Version{VersionKey: v, Status: artifact.Published,
		Origin: artifact.Origin{Type: artifact.OriginExternal, Connection: s.connection}}, nil
}

// Find follows repository.Finder.
func (s *source) Find(ctx context.Context, v artifact.VersionKey, asset string) (artifact.Version, error) {
	found, err := s.Presume(v, asset)
	if err != nil {
		return found, err
	}
	names := []string{asset}
	if asset == "" {
		names = usual(v)
	}
	answers := make([]answer, len(names))
	var asking sync.WaitGroup
	for i, name := range names {
		asking.Go(func() { answers[i] = s.ask(ctx, v, name) })
	}
	asking.Wait()
	for i, a := range answers {
		switch {
		case a.err != nil:
			return found, a.err
		case !a.ok:
			continue
		case found.UpstreamTime.IsZero():
			found.UpstreamTime = a.info.Modified
		}
		found.Assets = append(found.Assets, artifact.Asset{Name: names[i], Size: -1})
	}
	if len(found.Assets) == 0 {
		return found, notInRegistry(v)
	}
	return found, nil
}

// answer is what the registry says about one file.
type answer struct {
	info upstream.FileInfo
	ok   bool
	err  error
}

func (s *source) ask(ctx context.Context, v artifact.VersionKey, asset string) (a answer) {
	a.info, a.ok, a.err = s.client.Exists(ctx, upstream.ExistsRequest{Connection: s.connection, Path: assetPath(v, asset)})
	return a
}

// usual are the assets that a version is looked for by, the POM first (user guide, "Requesting Maven packages from external
// connections").
func usual(v artifact.VersionKey) []string {
	stem := fileStem(v.Name, v.Version)
	return []string{stem + pomSuffix, stem + ".jar", stem + "-javadoc.jar", stem + "-sources.jar"}
}

func notInRegistry(v artifact.VersionKey) error {
	return artifact.Errorf(artifact.NotFound, "The registry has no version %q of %s.", v.Version, v.Qualified()).
		About(artifact.VersionResource, v.String())
}

// Asset follows repository.Source. Flight, Open, Keep and Each are the caller's to fill in.
func (s *source) Asset(_ context.Context, v artifact.Version, name string) (upstream.AssetRequest, error) {
	if !inLayout(v.VersionKey, name) {
		return upstream.AssetRequest{}, notInRegistry(v.VersionKey)
	}
	path := assetPath(v.VersionKey, name)
	_, isThere := v.Asset(name)
	return upstream.AssetRequest{Path: path, Promise: s.promises(path, isThere)}, nil
}

// Attachment follows repository.Source: a registry of this format has nothing but files beside files.
func (s *source) Attachment(_ context.Context, v artifact.Version, name string) (io.ReadCloser, error) {
	return nil, artifact.Errorf(artifact.NotFound, "A Maven repository has no %s of %s.", name, v.Qualified())
}
