package npm

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/url"
	"strings"

	"entrepot/artifact"
	"entrepot/bytecache"
	"entrepot/repository"
	"entrepot/upstream"
)

// asset is the only asset of an npm version, under the name the API knows it by.
const asset = "package.tgz"

// source is a registry behind an external connection.
type source struct {
	client     *upstream.Client
	connection string
	heads      *bytecache.Cache[string, *indexedHead] // by the ID of their document
}

var _ repository.Source = (*source)(nil)

func newSource(c *upstream.Client, connection string) repository.Source {
	return &source{client: c, connection: connection, heads: bytecache.New[string](headsRoom, (*indexedHead).cost)}
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
	name := fullName(p)
	if _, err := parseName(name); err != nil {
		return nil, notFound("%q is not a name that an npm registry can have.", name)
	}
	doc, err := ask(ctx, upstream.DocumentRequest{
		Connection: s.connection,
		// Registries take a scoped name as one segment; only newer ones take two.
		Path: strings.Replace(escapedName(p), "/", "%2f", 1),
		// The full document: only that one has times, and the abbreviated one can be made from it.
		Accept: "application/json",
		Regenerate: func(dst io.Writer, src io.Reader) error {
			odd, err := regenerate(dst, src, name)
			if odd.count > 0 && err == nil {
				s.client.Remark(s.connection, name, odd.count, odd.first)
			}
			return err
		},
		RegenerateVersion: keptForm,
	})
	if err != nil {
		return nil, err
	}
	h, err := s.headOf(doc.ID, func() (head, error) { return openHead(ctx, doc) })
	if err != nil {
		return nil, fmt.Errorf("read kept packument of %s: %w", name, err)
	}
	return &listing{key: p, connection: s.connection, id: doc.ID, head: h, open: doc.Open}, nil
}

func openHead(ctx context.Context, doc upstream.Document) (head, error) {
	body, err := doc.Open(ctx)
	if err != nil {
		return head{}, err
	}
	defer body.Close()
	return readHead(body, doc.Size)
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

// listing is one packument in its kept form.
type listing struct {
	key        artifact.PackageKey
	connection string
	id         string
	head       *indexedHead
	open       func(ctx context.Context) (io.ReadCloser, error)
}

// ID follows repository.Listing.
func (l *listing) ID() string { return l.id }

// Labels follows repository.Listing: the dist-tags whose version is there.
func (l *listing) Labels() map[string]string { return l.head.Tags }

// Numbers follows repository.Listing.
func (l *listing) Numbers() iter.Seq[string] { return maps.Keys(l.head.places) }

// Manifest follows repository.Listing.
func (l *listing) Manifest() []byte { return l.head.Package }

// Status follows repository.Listing: npm's registry hides no version that it lists.
func (l *listing) Status(number string) artifact.Status {
	if _, ok := l.head.places[number]; ok {
		return artifact.Published
	}
	return ""
}

// Version follows repository.Listing. Details are filled in; Each leaves them out, because index documents do not need
// them and there may be thousands.
func (l *listing) Version(ctx context.Context, number string) (artifact.Version, error) {
	at, ok := l.head.places[number]
	if !ok {
		return artifact.Version{}, notFound("The registry has no version %q of %s.", number, fullName(l.key)).
			About(artifact.VersionResource, l.key.At(number).String())
	}
	where := l.head.Index[at]
	body, err := l.open(ctx)
	if err != nil {
		return artifact.Version{}, err
	}
	defer body.Close()
	if err := passTo(body, where.At); err != nil {
		return artifact.Version{}, fmt.Errorf("read kept packument of %s: %w", fullName(l.key), err)
	}
	v, m, err := l.read(body, where)
	if err != nil {
		return artifact.Version{}, err
	}
	// The registry has one readme for all versions. A version's own is in its tarball (readmeOf).
	if v.Details, err = describe(l.key, m, ""); err != nil {
		return artifact.Version{}, fmt.Errorf("%w: %s %s: %w", errKeptForm, fullName(l.key), number, err)
	}
	return v, nil
}

func passTo(r io.Reader, at int64) error {
	if seeker, ok := r.(io.Seeker); ok {
		_, err := seeker.Seek(at, io.SeekStart)
		return err
	}
	_, err := io.CopyN(io.Discard, r, at)
	return err
}

// Each follows repository.Listing; the order is the registry's.
func (l *listing) Each(ctx context.Context) iter.Seq2[artifact.Version, error] {
	return func(yield func(artifact.Version, error) bool) {
		body, err := l.open(ctx)
		if err != nil {
			yield(artifact.Version{}, err)
			return
		}
		defer body.Close()
		in, at := bufio.NewReaderSize(body, 64<<10), int64(0)
		for _, where := range l.head.Index {
			// Between two versions may be one that does not count.
			var v artifact.Version
			_, err := in.Discard(int(where.At - at))
			if err == nil {
				v, _, err = l.read(in, where)
			}
			at = where.At + where.Length
			if err == nil {
				err = ctx.Err()
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// read takes the version at the reader's present place.
func (l *listing) read(r io.Reader, where place) (artifact.Version, manifest, error) {
	lines := make([]byte, where.Length)
	if _, err := io.ReadFull(r, lines); err != nil {
		return artifact.Version{}, manifest{}, fmt.Errorf("read kept packument of %s: %w", fullName(l.key), err)
	}
	m, err := cutManifest(lines)
	if err != nil {
		return artifact.Version{}, manifest{}, fmt.Errorf("%w: %s %s", errKeptForm, fullName(l.key), where.Version)
	}
	digests, err := digestsOf(m)
	if err != nil {
		return artifact.Version{}, manifest{}, fmt.Errorf("%w: %s %s: %w", errKeptForm, fullName(l.key), where.Version, err)
	}
	return artifact.Version{
		VersionKey:   l.key.At(where.Version),
		Status:       artifact.Published,
		Origin:       artifact.Origin{Type: artifact.OriginExternal, Connection: l.connection},
		Manifest:     lines,
		Assets:       []artifact.Asset{{Name: asset, Size: -1, Digests: digests}},
		UpstreamTime: where.Time,
	}, m, nil
}

// headsRoom bounds the memory that parsed heads may take, in bytes by rough count.
const headsRoom = 64 << 20

// indexedHead is a head with its versions by number.
type indexedHead struct {
	head
	places map[string]int
}

// cost is a rough count.
func (h *indexedHead) cost() int64 {
	return int64(1<<10 + len(h.Package) + 200*len(h.Index) + 100*len(h.Tags))
}

// headOf returns a document's head, parsed once for as long as it is remembered.
func (s *source) headOf(id string, read func() (head, error)) (*indexedHead, error) {
	if known, ok := s.heads.Get(id); ok {
		return known, nil
	}
	plain, err := read()
	if err != nil {
		return nil, err
	}
	fresh := &indexedHead{head: plain, places: make(map[string]int, len(plain.Index))}
	for i, p := range plain.Index {
		fresh.places[p.Version] = i
	}
	s.heads.Put(id, fresh)
	return fresh, nil
}
