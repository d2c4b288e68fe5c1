package nuget

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"net/http"

	"golang.org/x/sync/errgroup"

	"entrepot/artifact"
	"entrepot/bytecache"
	"entrepot/format/jsonscan"
	"entrepot/format/keptpage"
	"entrepot/repository"
	"entrepot/upstream"
)

// pages is how the registrations of registries are kept: of each version its manifest.
var pages = keptpage.Form{
	Name:       "nuget 1",
	Accept:     "application/json",
	Room:       32 << 20,
	Regenerate: regenerate,
	Read:       readKept,
	Describe:   describeKept,
}

// source is a registry behind an external connection.
type source struct {
	registry   *keptpage.Registry
	client     *upstream.Client
	connection string
	joined     *bytecache.Cache[string, *listing]
}

var _ repository.Source = (*source)(nil)

func newSource(c *upstream.Client, connection string) repository.Source {
	room := int64(joinedRoom)
	if _, remote := upstream.RemoteName(connection); remote {
		room = joinedRoomOfRemote
	}
	return &source{keptpage.NewRegistry(c, connection, &pages), c, connection,
		bytecache.New[string](room, func(l *listing) int64 { return int64(1<<10 + 100*len(l.of)) })}
}

// Listing follows repository.Source.
func (s *source) Listing(ctx context.Context, p artifact.PackageKey) (repository.Listing, error) {
	return s.listing(ctx, p, false)
}

// Refresh follows repository.Source. A version that came lately is on the last page.
func (s *source) Refresh(ctx context.Context, p artifact.PackageKey) (repository.Listing, error) {
	return s.listing(ctx, p, true)
}

// pagesAtOnce is how many pages of one registration are asked for at the same time.
const pagesAtOnce = 8

func (s *source) listing(ctx context.Context, p artifact.PackageKey, now bool) (repository.Listing, error) {
	if !validID(p.Name) {
		return nil, notFound("%q is not an id that a NuGet registry can have.", p.Name)
	}
	base, err := s.registrations(ctx)
	if err != nil {
		return nil, err
	}
	first, err := s.registry.Read(ctx, p, keptpage.Address{URL: base + p.Name + "/index.json"}, now)
	if err != nil {
		return nil, err
	}
	about, err := keptpage.ReadManifest[registration](first.Manifest())
	if err != nil || len(about.Pages) == 0 {
		return first, err
	}
	all := make([]*keptpage.Page, 1+len(about.Pages))
	all[0] = first
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(pagesAtOnce)
	for i, address := range about.Pages {
		last := i == len(about.Pages)-1
		group.Go(func() (err error) {
			all[1+i], err = s.registry.Read(ctx, p,
				keptpage.Address{URL: address, Essential: "page of a registration that it lists"}, now && last)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return s.join(all), nil
}

// joinedRoom is how much is remembered of registrations of several pages, in bytes.
const joinedRoom = 16 << 20

// joinedRoomOfRemote is the same of a remote, of which there may be any number.
const joinedRoomOfRemote = 512 << 10

// listing is a registration of several pages.
type listing struct {
	id    string
	pages []*keptpage.Page
	of    map[string]*keptpage.Page // by version
}

var _ repository.Listing = (*listing)(nil)

// join makes one listing of the pages, once for as long as it is remembered. A version belongs to the first page that has it.
func (s *source) join(pages []*keptpage.Page) *listing {
	sum := sha256.New()
	for _, page := range pages {
		_, _ = io.WriteString(sum, page.ID()+"\n") // never fails
	}
	id := hex.EncodeToString(sum.Sum(nil))
	if known, ok := s.joined.Get(id); ok {
		return known
	}
	l := &listing{id: id, pages: pages, of: map[string]*keptpage.Page{}}
	for _, page := range pages {
		for version := range page.Numbers() {
			if l.of[version] == nil {
				l.of[version] = page
			}
		}
	}
	s.joined.Put(id, l)
	return l
}

// ID follows repository.Listing.
func (l *listing) ID() string { return l.id }

// Labels follows repository.Listing: there are none.
func (l *listing) Labels() map[string]string { return nil }

// Numbers follows repository.Listing.
func (l *listing) Numbers() iter.Seq[string] {
	return func(yield func(string) bool) {
		for version := range l.of {
			if !yield(version) {
				return
			}
		}
	}
}

// Manifest follows repository.Listing.
func (l *listing) Manifest() []byte { return l.pages[0].Manifest() }

// Status follows repository.Listing.
func (l *listing) Status(version string) artifact.Status {
	if page := l.of[version]; page != nil {
		return page.Status(version)
	}
	return ""
}

// Version follows repository.Listing.
func (l *listing) Version(ctx context.Context, version string) (artifact.Version, error) {
	if page := l.of[version]; page != nil {
		return page.Version(ctx, version)
	}
	return l.pages[0].Version(ctx, version) // which says that it is not there
}

// Each follows repository.Listing.
func (l *listing) Each(ctx context.Context) iter.Seq2[artifact.Version, error] {
	return func(yield func(artifact.Version, error) bool) {
		for _, page := range l.pages {
			for v, err := range page.Each(ctx) {
				if err == nil && l.of[v.VersionKey.Version] != page {
					continue
				}
				if !yield(v, err) || err != nil {
					return
				}
			}
		}
	}
}

// Asset follows repository.Source. Registrations say nothing of the bytes. The document that a version's entry is of may; where it
// does not, the package says itself which one it is.
func (s *source) Asset(_ context.Context, v artifact.Version, name string) (upstream.AssetRequest, error) {
	if name != assetOf(v.VersionKey) {
		return upstream.AssetRequest{}, notFound("A NuGet version has the asset %s only.", assetOf(v.VersionKey)).
			About(artifact.AssetResource, v.VersionKey.String()+"/"+name)
	}
	m, err := readManifest(v.Manifest)
	if err != nil {
		return upstream.AssetRequest{}, err
	}
	if m.From == nil {
		return upstream.AssetRequest{}, artifact.Errorf(artifact.Unavailable, "Nobody knows where the registry has the package of %s %s.",
			v.Name, v.VersionKey.Version)
	}
	// The registry lists it. That its download host lacked it a moment ago, just after it was published, is not believed.
	request := upstream.AssetRequest{Connection: s.connection, URL: m.From.Content, Refresh: true,
		Want: upstream.Want{SHA512: m.From.SHA512, Size: m.From.Size}, Inspect: inspectFetched(v.VersionKey)}
	if m.From.SHA512 == nil && m.From.Entry != "" {
		request.Promise = func(ctx context.Context, _ <-chan http.Header) (upstream.Want, error) {
			return s.promised(ctx, m.From.Entry)
		}
	}
	return request, nil
}

// maxCatalogEntry bounds the document about one version, in bytes: it lists the files of the package.
const maxCatalogEntry = 16 << 20

// promised asks for the digest of a package in the document about its version. Many registries have none there, or a page for
// people.
func (s *source) promised(ctx context.Context, address string) (upstream.Want, error) {
	found, err := s.client.Document(ctx, upstream.DocumentRequest{
		Connection: s.connection, URL: address, Accept: "application/json, text/html;q=0.1", Max: maxCatalogEntry,
		Regenerate: regenerateHash, RegenerateVersion: "nuget hash 1",
	})
	if artifact.Is(err, artifact.NotFound) {
		return upstream.Want{}, nil
	}
	if err != nil {
		return upstream.Want{}, err
	}
	text, err := found.ReadAll(ctx)
	if err != nil {
		return upstream.Want{}, err
	}
	all, err := jsonscan.Split(text)
	sum, size := hashFrom(all)
	return upstream.Want{SHA512: sum, Size: size}, err
}

// hashMembers are what is kept of the document about a version.
var hashMembers = []string{"packageHash", "packageHashAlgorithm", "packageSize"}

// regenerateHash keeps what a document says about the bytes of a package; an empty object of one that says nothing.
func regenerateHash(dst io.Writer, src io.Reader) error {
	scan := jsonscan.New(withoutMark(io.LimitReader(src, maxCatalogEntry)))
	scan.Mend = true
	kept := map[string][]byte{}
	err := scan.Object(func(key string) error {
		for _, name := range hashMembers {
			if key == name {
				value, err := scan.Raw(maxText)
				kept[key] = value
				return err
			}
		}
		return scan.Skip()
	})
	if syntax := new(jsonscan.SyntaxError); errors.As(err, &syntax) {
		kept, err = nil, nil
	}
	if err != nil {
		return err
	}
	var found jsonscan.Members
	for _, name := range hashMembers {
		if value := kept[name]; value != nil {
			found = append(found, jsonscan.Member{Key: name, Value: value})
		}
	}
	_, err = dst.Write(found.Append(nil))
	return err
}

// Attachment follows repository.Source: signatures are in the packages, and there is nothing beside them.
func (s *source) Attachment(_ context.Context, v artifact.Version, name string) (io.ReadCloser, error) {
	return nil, notFound("A NuGet registry has nothing called %.200q beside %s %s.", name, v.Name, v.VersionKey.Version)
}
