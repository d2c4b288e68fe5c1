package maven

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"entrepot/artifact"
	"entrepot/bytecache"
	"entrepot/repository"
	"entrepot/upstream"
)

// source is a registry behind an external connection. It has a document that lists the versions of a package, which may
// be old or missing; of a version it has files, which it does not list.
type source struct {
	client     *upstream.Client
	connection string
	listings   *bytecache.Cache[string, *listing] // by the ID of their document
}

var _ repository.Finder = (*source)(nil)

// listingsRoom bounds the memory that parsed documents may take, in bytes by rough count.
const listingsRoom = 32 << 20

func newSource(c *upstream.Client, connection string) repository.Source {
	return &source{client: c, connection: connection, listings: bytecache.New[string](listingsRoom, (*listing).cost)}
}

// Listing follows repository.Source.
func (s *source) Listing(ctx context.Context, p artifact.PackageKey) (repository.Listing, error) {
	return s.listing(ctx, p, s.client.Document)
}

// Refresh follows repository.Source.
func (s *source) Refresh(ctx context.Context, p artifact.PackageKey) (repository.Listing, error) {
	return s.listing(ctx, p, s.client.Refresh)
}

// keptForm names what regenerate writes; a change of it has documents fetched again.
const keptForm = "maven-metadata 1"

func (s *source) listing(ctx context.Context, p artifact.PackageKey,
	ask func(context.Context, upstream.DocumentRequest) (upstream.Document, error)) (repository.Listing, error) {
	doc, err := ask(ctx, upstream.DocumentRequest{
		Connection: s.connection, Path: pathOf(p) + "/" + metadataFile, Max: maxMetadata,
		Regenerate:        func(dst io.Writer, src io.Reader) error { return regenerate(dst, src, p) },
		RegenerateVersion: keptForm,
	})
	if err != nil {
		return nil, err
	}
	if known, ok := s.listings.Get(doc.ID); ok {
		return known, nil
	}
	text, err := doc.ReadAll(ctx)
	if err != nil {
		return nil, err
	}
	kept, err := readMetadata(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("read kept metadata of %s: %w", p.Qualified(), err)
	}
	fresh, err := newListing(p, s.connection, doc.ID, kept)
	if err == nil {
		s.listings.Put(doc.ID, fresh)
	}
	return fresh, err
}

// regenerate reads a registry's document about a package or a group and writes it anew, with the coordinates that it was
// asked for: some registries' documents have none. Snapshots are left out, because no connection brings them (user guide,
// "Use Maven snapshots"), and so is what is no version.
func regenerate(dst io.Writer, src io.Reader, p artifact.PackageKey) error {
	m, err := readMetadata(src)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	versions := slices.DeleteFunc(m.versions, func(v string) bool {
		again := seen[v]
		seen[v] = true
		return again || isSnapshot(v) || isBuild(v) || !artifact.ValidCoordinate(v)
	})
	return metadata{group: p.Namespace, artifact: p.Name, versions: versions, updated: m.updated,
		plugins: m.plugins}.write(dst)
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

// Find follows repository.Finder. Snapshots are never found (user guide, "Use Maven snapshots").
func (s *source) Find(ctx context.Context, v artifact.VersionKey, asset string) (artifact.Version, error) {
	found := artifact.Version{VersionKey: v, Status: artifact.Published,
		Origin: artifact.Origin{Type: artifact.OriginExternal, Connection: s.connection}}
	if isSnapshot(v.Version) || isBuild(v.Version) {
		return found, notInRegistry(v)
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
	path := assetPath(v.VersionKey, name)
	return upstream.AssetRequest{Path: path, Promise: s.promises(path)}, nil
}

// Attachment follows repository.Source: a registry of this format has nothing but files beside files.
func (s *source) Attachment(_ context.Context, v artifact.Version, name string) (io.ReadCloser, error) {
	return nil, artifact.Errorf(artifact.NotFound, "A Maven repository has no %s of %s.", name, v.Qualified())
}

// listing is one document in its kept form.
type listing struct {
	key        artifact.PackageKey
	connection string
	id         string
	versions   []string
	has        map[string]bool
	manifest   []byte
}

// newListing makes the listing. Its manifest is the document without the versions: the time of the last change, and the
// plugins of the group.
func newListing(p artifact.PackageKey, connection, id string, kept metadata) (*listing, error) {
	l := &listing{key: p, connection: connection, id: id, versions: kept.versions, has: make(map[string]bool, len(kept.versions))}
	for _, v := range kept.versions {
		l.has[v] = true
	}
	var about bytes.Buffer
	kept.versions = nil
	err := kept.write(&about)
	l.manifest = about.Bytes()
	return l, err
}

// cost is a rough count.
func (l *listing) cost() int64 { return int64(1<<10 + len(l.manifest) + 100*len(l.versions)) }

// ID follows repository.Listing.
func (l *listing) ID() string { return l.id }

// Labels follows repository.Listing: there are none.
func (l *listing) Labels() map[string]string { return nil }

// Numbers follows repository.Listing.
func (l *listing) Numbers() iter.Seq[string] { return slices.Values(l.versions) }

// Manifest follows repository.Listing.
func (l *listing) Manifest() []byte { return l.manifest }

// Status follows repository.Listing.
func (l *listing) Status(version string) artifact.Status {
	if l.has[version] {
		return artifact.Published
	}
	return ""
}

// Version follows repository.Listing; of a version the registry says nothing else than that it is there.
func (l *listing) Version(_ context.Context, version string) (artifact.Version, error) {
	if !l.has[version] {
		return artifact.Version{}, notInRegistry(l.key.At(version))
	}
	return l.version(version), nil
}

// Each follows repository.Listing; the order is the registry's.
func (l *listing) Each(context.Context) iter.Seq2[artifact.Version, error] {
	return func(yield func(artifact.Version, error) bool) {
		for _, v := range l.versions {
			if !yield(l.version(v), nil) {
				return
			}
		}
	}
}

func (l *listing) version(version string) artifact.Version {
	return artifact.Version{VersionKey: l.key.At(version), Status: artifact.Published,
		Origin: artifact.Origin{Type: artifact.OriginExternal, Connection: l.connection}}
}

// updatedBy reads the time that a manifest of a listing has; zero if it has none that can be read.
func updatedBy(m metadata) time.Time {
	at, err := time.Parse(stampLayout, m.updated)
	if err != nil {
		return time.Time{}
	}
	return at
}
