package formattest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/url"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
	"entrepot/upstream"
)

// The connections of the made-up format: it goes by the name of a format that has two.
const (
	central = "public:maven-central"
	clojars = "public:maven-clojars"
)

// madeUp is a format that has every property that is hard for a shelf, all at once. It has no routes: shelves are asked
// directly.
//
// A dot in a name means a dash, and leading zeros of a version mean nothing. Case and underscores tell no two packages
// apart, and case tells no two versions. Versions whose name ends in -SNAPSHOT can be replaced.
func madeUp() format.Format {
	return format.Format{
		Name: artifact.Maven,
		Traits: repository.Traits{
			Canonical: func(v artifact.VersionKey) artifact.VersionKey {
				v.Name = strings.ReplaceAll(v.Name, ".", "-")
				if trimmed := strings.TrimLeft(v.Version, "0"); trimmed != "" {
					v.Version = trimmed
				}
				return v
			},
			CanonicalAPI: true,
			Fold: func(p artifact.PackageKey) string {
				return strings.ToLower(p.Namespace + "/" + strings.ReplaceAll(p.Name, "_", "-"))
			},
			FoldVersion:  strings.ToLower,
			Late:         repository.LateWhole | repository.LateOnRequest,
			Growth:       repository.GrowAlways,
			FollowStatus: true,
			Replaceable:  func(version string) bool { return strings.HasSuffix(version, "-SNAPSHOT") },
			DefaultLabel: "newest",
			Prefer:       strings.Compare,
		},
		Source: func(c *upstream.Client, connection string) repository.Source { return &source{c, connection} },
	}
}

// contents are a package as a registry of the made-up format describes it, in JSON.
type contents struct {
	Manifest string
	Labels   map[string]string
	Versions []released // in the order of the registry
}

// released is one version of it.
type released struct {
	Version  string
	Status   artifact.Status
	Manifest string
	Files    []file
}

// file is an asset; Size is -1 and Digests are zero where the registry does not promise them.
type file struct {
	Name    string
	Size    int64
	Facts   string
	Digests artifact.Digests
}

// listingPath is where a registry has the contents of a package, filePath an asset, attachmentPath what stands beside.
func listingPath(p artifact.PackageKey) string {
	return "packages/" + url.PathEscape(p.Namespace) + "/" + url.PathEscape(p.Name)
}

func filePath(v artifact.VersionKey, name string) string {
	return "files/" + strings.TrimPrefix(listingPath(v.PackageKey), "packages/") + "/" + url.PathEscape(v.Version) + "/" +
		url.PathEscape(name)
}

func attachmentPath(v artifact.VersionKey, name string) string { return "beside/" + filePath(v, name) }

// source reads a registry of the made-up format.
type source struct {
	client     *upstream.Client
	connection string
}

// Listing follows repository.Source.
func (s *source) Listing(ctx context.Context, p artifact.PackageKey) (repository.Listing, error) {
	return s.listing(ctx, p, s.client.Document)
}

// Refresh follows repository.Source.
func (s *source) Refresh(ctx context.Context, p artifact.PackageKey) (repository.Listing, error) {
	return s.listing(ctx, p, s.client.Refresh)
}

func (s *source) listing(ctx context.Context, p artifact.PackageKey,
	ask func(context.Context, upstream.DocumentRequest) (upstream.Document, error)) (repository.Listing, error) {
	doc, err := ask(ctx, upstream.DocumentRequest{
		Connection: s.connection, Path: listingPath(p), Regenerate: regenerate, RegenerateVersion: "1",
	})
	if err != nil {
		return nil, err
	}
	text, err := doc.ReadAll(ctx)
	if err != nil {
		return nil, err
	}
	l := &listing{key: p, connection: s.connection, id: doc.ID}
	return l, json.Unmarshal(text, &l.contents)
}

// regenerate reads contents and writes them anew.
func regenerate(dst io.Writer, src io.Reader) error {
	var read contents
	if err := json.NewDecoder(src).Decode(&read); err != nil {
		return err
	}
	return json.NewEncoder(dst).Encode(read)
}

// Asset follows repository.Source.
func (s *source) Asset(_ context.Context, v artifact.Version, name string) (upstream.AssetRequest, error) {
	if err := whole(v); err != nil {
		return upstream.AssetRequest{}, err
	}
	request := upstream.AssetRequest{Path: filePath(v.VersionKey, name)}
	if a, ok := v.Asset(name); ok && a.SHA256 != (artifact.Digest{}) {
		request.Want = upstream.Want{Size: a.Size, SHA256: a.SHA256[:]}
	}
	return request, nil
}

// whole is an error unless the version came with its manifest, in which a format finds where things are.
func whole(v artifact.Version) error {
	if len(v.Manifest) == 0 {
		return fmt.Errorf("asked about %s without its manifest", v.VersionKey)
	}
	return nil
}

// Attachment follows repository.Source.
func (s *source) Attachment(ctx context.Context, v artifact.Version, name string) (io.ReadCloser, error) {
	if err := whole(v); err != nil {
		return nil, err
	}
	doc, err := s.client.Document(ctx, upstream.DocumentRequest{
		Connection: s.connection, Path: attachmentPath(v.VersionKey, name), RegenerateVersion: "1",
		Regenerate: func(dst io.Writer, src io.Reader) error {
			_, err := io.Copy(dst, src)
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	return doc.Open(ctx)
}

// listing is the contents of a package at one moment.
type listing struct {
	contents
	key            artifact.PackageKey
	connection, id string
}

// ID follows repository.Listing.
func (l *listing) ID() string { return l.id }

// Labels follows repository.Listing.
func (l *listing) Labels() map[string]string { return l.contents.Labels }

// Numbers follows repository.Listing.
func (l *listing) Numbers() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, r := range l.contents.Versions {
			if !yield(r.Version) {
				return
			}
		}
	}
}

// Manifest follows repository.Listing.
func (l *listing) Manifest() []byte { return []byte(l.contents.Manifest) }

// Status follows repository.Listing.
func (l *listing) Status(version string) artifact.Status {
	if at := l.find(version); at >= 0 {
		return l.contents.Versions[at].Status
	}
	return ""
}

func (l *listing) find(version string) int {
	return slices.IndexFunc(l.contents.Versions, func(r released) bool { return r.Version == version })
}

// Version follows repository.Listing.
func (l *listing) Version(_ context.Context, version string) (artifact.Version, error) {
	at := l.find(version)
	if at < 0 {
		return artifact.Version{}, artifact.Errorf(artifact.NotFound, "The registry has no version %s.", version)
	}
	v := l.read(l.contents.Versions[at])
	v.Details.Summary = "summary of " + v.VersionKey.Version
	return v, nil
}

// Each follows repository.Listing.
func (l *listing) Each(context.Context) iter.Seq2[artifact.Version, error] {
	return func(yield func(artifact.Version, error) bool) {
		for _, r := range l.contents.Versions {
			if !yield(l.read(r), nil) {
				return
			}
		}
	}
}

func (l *listing) read(r released) artifact.Version {
	v := artifact.Version{VersionKey: l.key.At(r.Version), Status: r.Status, Manifest: []byte(r.Manifest),
		Origin: artifact.Origin{Type: artifact.OriginExternal, Connection: l.connection}, UpstreamTime: Now}
	for _, f := range r.Files {
		v.Assets = append(v.Assets,
			artifact.Asset{Name: f.Name, Size: f.Size, Digests: f.Digests, Facts: []byte(f.Facts)})
	}
	return v
}
