package swift

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"entrepot/artifact"
	"entrepot/bytecache"
	"entrepot/format/keptpage"
	"entrepot/repository"
	"entrepot/upstream"
)

// source is another registry of the protocol. It tells of a package which releases there are, and of each one, in documents of its
// own, what is said of it and which manifests it has.
type source struct {
	client     *upstream.Client
	connection string
	pages      *bytecache.Cache[string, *releasesPage] // by the ID of their document
	indexes    *bytecache.Cache[string, *versionIndex] // by the IDs of their pages
}

var _ repository.Source = (*source)(nil)

// roomForLists is how much is remembered of the lists of a registry, in bytes: of their pages, and again of what those make together.
const roomForLists = 1 << 20

func newSource(c *upstream.Client, connection string) repository.Source {
	return &source{c, connection,
		bytecache.New[string](roomForLists, func(p *releasesPage) int64 { return int64(200 + len(p.Next) + 40*len(p.Versions)) }),
		bytecache.New[string](roomForLists, func(i *versionIndex) int64 { return int64(200 + 150*len(i.versions)) })}
}

// Types that a registry is asked for.
const (
	jsonForm  = mediaType + ".v1+json"
	swiftForm = mediaType + ".v1+swift"
	zipForm   = mediaType + ".v1+zip"
)

// Listing follows repository.Source.
func (s *source) Listing(ctx context.Context, p artifact.PackageKey) (repository.Listing, error) {
	return s.listing(ctx, p, s.client.Document)
}

// Refresh follows repository.Source.
func (s *source) Refresh(ctx context.Context, p artifact.PackageKey) (repository.Listing, error) {
	return s.listing(ctx, p, s.client.Refresh)
}

// maxPages and maxList bound the pages of one list of releases, and each of them in bytes.
const (
	maxPages = 100
	maxList  = 64 << 20
)

// ask is how a document is asked for.
type ask func(context.Context, upstream.DocumentRequest) (upstream.Document, error)

// listing reads all pages of a list of releases. A version that two of them have is listed once. A page is kept by its number: a
// registry may write the address of the next anew with each answer, and what was kept by it would be there for good. One that was
// asked for at another address is no part of this list.
func (s *source) listing(ctx context.Context, p artifact.PackageKey, ask ask) (repository.Listing, error) {
	of, err := registered(p)
	if err != nil {
		return nil, err
	}
	path := of.scope + "/" + of.name
	request := s.document(p, path, listDocument)
	var ids []string
	var pages []*releasesPage
	releases, been := 0, map[string]bool{}
	for len(pages) < maxPages {
		found, err := ask(ctx, request)
		if err != nil {
			return nil, err
		}
		page, err := s.page(ctx, found)
		if err != nil {
			return nil, err
		}
		ids, pages, releases = append(ids, found.ID), append(pages, page), releases+len(page.Versions)
		if releases > maxReleases {
			return nil, artifact.Errorf(artifact.Unavailable, "The registry's list of the releases of %s has more than %d.", of, maxReleases)
		}
		if page.Next == "" {
			id := strings.Join(ids, " ")
			return &listing{s, p, of, id, s.index(id, pages)}, nil
		}
		if request.URL, err = s.client.Resolve(s.connection, path, page.Next); err != nil {
			return nil, err
		}
		if been[request.URL] {
			return nil, artifact.Errorf(artifact.Unavailable, "The registry's list of the releases of %s leads in a circle.", of)
		}
		been[request.URL] = true
		at := sha256.Sum256([]byte(request.URL))
		request.Path, request.KeptAs = "", fmt.Sprintf("%s page %d", path, len(pages)+1)
		request.RegenerateVersion = listDocument.form + " at " + hex.EncodeToString(at[:])
		request.Essential = "page of the list of releases"
	}
	return nil, artifact.Errorf(artifact.Unavailable, "The registry's list of the releases of %s has more than %d pages.", of, maxPages)
}

// page reads a page of a list, once for as long as it is remembered.
func (s *source) page(ctx context.Context, found upstream.Document) (*releasesPage, error) {
	if known, ok := s.pages.Get(found.ID); ok {
		return known, nil
	}
	page, err := readKept[releasesPage](ctx, found)
	if err == nil {
		s.pages.Put(found.ID, &page)
	}
	return &page, err
}

// index makes one index of the pages of a list, once for as long as it is remembered.
func (s *source) index(id string, pages []*releasesPage) *versionIndex {
	if known, ok := s.indexes.Get(id); ok {
		return known
	}
	i := newIndex()
	for _, page := range pages {
		i.add(page.Versions)
	}
	s.indexes.Put(id, i)
	return i
}

// registered is a package as registries are asked for it. NotFound: none can have one of that name.
func registered(p artifact.PackageKey) (identity, error) {
	of, err := identityOf(p.Namespace, p.Name)
	if err != nil || slices.Contains(reserved, p.Namespace) {
		return identity{}, artifact.Errorf(artifact.NotFound, "A registry of Swift packages can have no %s.", p.Qualified()).
			About(artifact.PackageResource, p.String())
	}
	return of, nil
}

// regenerating reads an answer about a package and writes what is kept of it. What no client could use it leaves out.
type regenerating func(dst io.Writer, src io.Reader, answer http.Header, p artifact.PackageKey) (keptpage.LeftOut, error)

// kind is a kind of document, and how it is read.
type kind struct {
	accept, form string
	most         int64 // bytes
	regenerate   regenerating
	fits         func(kept io.Reader, answer http.Header) (bool, error) // nil: nothing of it stands in the header
}

var (
	listDocument     = kind{jsonForm, "swift releases 1", maxList, regenerateReleases, fits(releasesPage.says)}
	releaseDocument  = kind{jsonForm, "swift release 1", maxRelease, regenerateRelease, nil}
	manifestDocument = kind{swiftForm, "swift manifests 1", maxManifest, regenerateManifest, fits(manifests.says)}
)

// fits looks whether what is kept of a document is what the links of an answer say. An answer without any says nothing of them.
func fits[T any](says func(kept T, links heardLinks) bool) func(io.Reader, http.Header) (bool, error) {
	return func(kept io.Reader, answer http.Header) (bool, error) {
		if len(answer["Link"]) == 0 {
			return true, nil
		}
		var was T
		if err := json.NewDecoder(kept).Decode(&was); err != nil {
			return false, nil // it is made anew
		}
		return says(was, readLinks(answer)), nil
	}
}

// document is the request for a document about a package.
func (s *source) document(p artifact.PackageKey, path string, of kind) upstream.DocumentRequest {
	return upstream.DocumentRequest{
		Connection: s.connection, Path: path, Accept: of.accept, Max: of.most, RegenerateVersion: of.form, Fits: of.fits,
		RegenerateAnswer: func(dst io.Writer, src io.Reader, answer http.Header) error {
			left, err := of.regenerate(dst, src, answer, p)
			if left.Count > 0 && err == nil {
				s.client.Remark(s.connection, p.Qualified(), left.Count, left.First)
			}
			return err
		},
	}
}

// asked asks for a document and reads what is kept of it.
func asked[T any](ctx context.Context, s *source, r upstream.DocumentRequest) (kept T, err error) {
	found, err := s.client.Document(ctx, r)
	if err != nil {
		return kept, err
	}
	return readKept[T](ctx, found)
}

// readKept reads what is kept of a document.
func readKept[T any](ctx context.Context, found upstream.Document) (kept T, err error) {
	text, err := found.ReadAll(ctx)
	if err != nil {
		return kept, err
	}
	if err := json.Unmarshal(text, &kept); err != nil {
		return kept, fmt.Errorf("%w: %w", keptpage.ErrForm, err)
	}
	return kept, nil
}

// versionIndex has the versions of a package that a registry lists, in its order.
type versionIndex struct {
	versions []string
	listed   map[string]bool
	folded   map[string]bool
}

func newIndex() *versionIndex {
	return &versionIndex{listed: map[string]bool{}, folded: map[string]bool{}}
}

// add adds those of a page that are not there. Of versions that are one to clients the first counts.
func (i *versionIndex) add(versions []string) {
	for _, version := range versions {
		if plain := withoutBuild(version); !i.folded[plain] {
			i.folded[plain], i.listed[version] = true, true
			i.versions = append(i.versions, version)
		}
	}
}

// listing is what a registry lists of a package.
type listing struct {
	source *source
	key    artifact.PackageKey
	of     identity
	id     string
	*versionIndex
}

var _ repository.Listing = (*listing)(nil)

// ID follows repository.Listing. What is said of a release never changes.
func (l *listing) ID() string { return l.id }

// Labels follows repository.Listing: there are none.
func (l *listing) Labels() map[string]string { return nil }

// Manifest follows repository.Listing: nothing is said of a package but its releases.
func (l *listing) Manifest() []byte { return []byte("{}") }

// Numbers follows repository.Listing.
func (l *listing) Numbers() iter.Seq[string] { return slices.Values(l.versions) }

// Status follows repository.Listing. Registries do not list what is to be hidden.
func (l *listing) Status(version string) artifact.Status {
	if l.listed[version] {
		return artifact.Published
	}
	return ""
}

// Version follows repository.Listing. What is said of the release and which manifests it has are asked for at once.
func (l *listing) Version(ctx context.Context, version string) (artifact.Version, error) {
	key := l.key.At(version)
	if !l.listed[version] {
		return artifact.Version{}, artifact.Errorf(artifact.NotFound, "The registry has no version %.255q of %s.", version, l.of).
			About(artifact.VersionResource, key.String())
	}
	var said told
	var has manifests
	path := l.of.path(version)
	group, asking := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		said, err = asked[told](asking, l.source, l.source.document(l.key, path, releaseDocument))
		return err
	})
	group.Go(func() (err error) {
		has, err = asked[manifests](asking, l.source, l.source.document(l.key, path+"/"+manifestFile, manifestDocument))
		return err
	})
	if err := group.Wait(); err != nil {
		return artifact.Version{}, err
	}
	return said.version(key, has, l.source.connection)
}

// Each follows repository.Listing. A version that its registry lists and has not is left out.
func (l *listing) Each(ctx context.Context) iter.Seq2[artifact.Version, error] {
	return func(yield func(artifact.Version, error) bool) {
		for _, version := range l.versions {
			v, err := l.Version(ctx, version)
			if artifact.Is(err, artifact.NotFound) {
				continue
			}
			if v.Details = (artifact.Details{}); !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// Asset follows repository.Source. Flight, Open, Keep and Each are the caller's to fill in. Variants of the manifest come without a
// digest. A registry that lacks one leads to the manifest itself, which then is what clients would have got in its place.
func (s *source) Asset(_ context.Context, v artifact.Version, name string) (upstream.AssetRequest, error) {
	kept, _, err := recordOf(v)
	if err != nil {
		return upstream.AssetRequest{}, err
	}
	if kept.From == nil {
		return upstream.AssetRequest{}, artifact.Errorf(artifact.Unavailable, "Nobody knows what the registry has of %s %s.",
			v.Qualified(), v.VersionKey.Version)
	}
	of, err := registered(v.PackageKey)
	if err != nil {
		return upstream.AssetRequest{}, err
	}
	// The registry lists it. That it lacked it a moment ago, just before it was published, is not believed.
	request := upstream.AssetRequest{Connection: s.connection, Refresh: true}
	path := of.path(v.VersionKey.Version)
	suffix := variantPattern.FindStringSubmatch(name)
	switch {
	case name == archiveFile(v.VersionKey):
		request.Path, request.Accept = path+archiveEnding, zipForm
		request.Want.SHA256, err = hex.DecodeString(kept.From.Archive)
	case name == manifestFile:
		request.Path, request.Accept, request.Inspect = path+"/"+manifestFile, swiftForm, inspectManifest
		request.Want.SHA256, err = hex.DecodeString(kept.From.Manifest)
	case suffix != nil:
		request.Path, request.Accept, request.Inspect = path+"/"+manifestFile+"?swift-version="+suffix[1], swiftForm, inspectManifest
	default:
		err = artifact.Errorf(artifact.NotFound, "A registry of Swift packages has no %.200q of %s %s.", name, of, v.VersionKey.Version).
			About(artifact.AssetResource, v.VersionKey.String()+"/"+name)
	}
	return request, err
}

// inspectManifest refuses what no client could read as a manifest.
func inspectManifest(content io.ReaderAt, size int64) error {
	if size > maxManifest {
		return fmt.Errorf("a manifest has more than %d bytes", maxManifest)
	}
	text, err := io.ReadAll(io.NewSectionReader(content, 0, size))
	if err == nil && !saysTools(text) {
		err = errNoTools
	}
	return err
}

// Attachment follows repository.Source: a registry shows signatures with the archives, and has nothing beside them.
func (s *source) Attachment(_ context.Context, v artifact.Version, name string) (io.ReadCloser, error) {
	return nil, artifact.Errorf(artifact.NotFound, "A registry of Swift packages has nothing called %.200q beside %s.", name, v.Qualified())
}
