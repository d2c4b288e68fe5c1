package pypi

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"maps"

	"entrepot/artifact"
	"entrepot/bytecache"
	"entrepot/repository"
	"entrepot/upstream"
)

// acceptPages asks for JSON, which alone has sizes and times; registries of before PEP 691 have HTML only.
const acceptPages = jsonType + ", " + htmlType + ";q=0.2, " + legacyType + ";q=0.1"

// source is a registry behind an external connection.
type source struct {
	client     *upstream.Client
	connection string
	heads      *bytecache.Cache[string, *indexedHead] // by the ID of their page
}

var _ repository.Source = (*source)(nil)

// headsRoom bounds the memory that parsed heads may take, in bytes by rough count.
const headsRoom = 32 << 20

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

// pageOf is where a registry has the page about a project, below its address.
func pageOf(p artifact.PackageKey) string { return segment(p.Name) + "/" }

func (s *source) listing(ctx context.Context, p artifact.PackageKey,
	ask func(context.Context, upstream.DocumentRequest) (upstream.Document, error)) (repository.Listing, error) {
	if _, err := parseName(p.Name); err != nil {
		return nil, notFound("%q is not a name that a Python registry can have.", p.Name)
	}
	page, err := ask(ctx, upstream.DocumentRequest{
		Connection: s.connection,
		Path:       pageOf(p),
		Accept:     acceptPages,
		Regenerate: func(dst io.Writer, src io.Reader) error {
			odd, err := regenerate(dst, src, p.Name)
			if odd.count > 0 && err == nil {
				s.client.Remark(s.connection, p.Name, odd.count, odd.first)
			}
			return err
		},
		RegenerateVersion: keptForm,
	})
	if err != nil {
		return nil, err
	}
	h, err := s.headOf(ctx, page)
	if err != nil {
		return nil, fmt.Errorf("read kept page of %s: %w", p.Name, err)
	}
	return &listing{key: p, connection: s.connection, id: page.ID, head: h, open: page.Open}, nil
}

// headOf returns a page's head, parsed once for as long as it is remembered.
func (s *source) headOf(ctx context.Context, page upstream.Document) (*indexedHead, error) {
	if known, ok := s.heads.Get(page.ID); ok {
		return known, nil
	}
	body, err := page.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	fresh, err := readIndexedHead(body)
	if err == nil {
		s.heads.Put(page.ID, fresh)
	}
	return fresh, err
}

// Asset follows repository.Source.
func (s *source) Asset(_ context.Context, v artifact.Version, name string) (upstream.AssetRequest, error) {
	promise, ok := v.Asset(name)
	if !ok {
		return upstream.AssetRequest{}, noFile(v, name)
	}
	facts, err := factsOf(promise)
	if err != nil {
		return upstream.AssetRequest{}, err
	}
	wanted, ok := facts.wanted()
	if !ok {
		return upstream.AssetRequest{}, artifact.Errorf(artifact.Unavailable,
			"The registry gives no hash of %s that is known here, so its bytes could not be checked.", name)
	}
	address, err := s.address(v, facts)
	if err != nil {
		return upstream.AssetRequest{}, err
	}
	if promise.Promised {
		wanted.Size = promise.Size
	}
	// The registry lists it. That its download host lacked it a moment ago, just after it was published, is not believed.
	return upstream.AssetRequest{Connection: s.connection, URL: address, Want: wanted, Refresh: true}, nil
}

func noFile(v artifact.Version, name string) error {
	return notFound("The registry has no file %.255q of %s %s.", name, v.Name, v.Version).
		About(artifact.AssetResource, v.VersionKey.String()+"/"+name)
}

// address is where the registry has a file.
func (s *source) address(v artifact.Version, facts fileFacts) (string, error) {
	if facts.URL == "" {
		return "", artifact.Errorf(artifact.Unavailable, "Nobody knows where the registry has this file of %s %s.",
			v.Name, v.VersionKey.Version)
	}
	return s.client.Resolve(s.connection, pageOf(v.PackageKey), facts.URL)
}

// indexedHead is a head with its versions by their text.
type indexedHead struct {
	head
	manifest []byte // the facts about the project, as they stand in the head
	size     int64  // bytes of its line
	places   map[string]place
}

func readIndexedHead(r io.Reader) (*indexedHead, error) {
	plain, size, err := readHead(r)
	if err != nil {
		return nil, err
	}
	h := &indexedHead{head: plain, size: size, places: make(map[string]place, len(plain.Index)),
		manifest: plain.Project.encode()}
	for _, p := range plain.Index {
		h.places[p.Version] = p
	}
	return h, nil
}

// cost is a rough count.
func (h *indexedHead) cost() int64 { return int64(1<<10 + len(h.manifest) + 200*len(h.Index)) }

// listing is one page in its kept form.
type listing struct {
	key        artifact.PackageKey
	connection string
	id         string
	head       *indexedHead
	open       func(ctx context.Context) (io.ReadCloser, error)
}

// ID follows repository.Listing.
func (l *listing) ID() string { return l.id }

// Labels follows repository.Listing: Python's registries have none.
func (l *listing) Labels() map[string]string { return nil }

// Numbers follows repository.Listing.
func (l *listing) Numbers() iter.Seq[string] { return maps.Keys(l.head.places) }

// Manifest follows repository.Listing.
func (l *listing) Manifest() []byte { return l.head.manifest }

// Status follows repository.Listing. A yank hides nothing: it is a fact about a file, which clients are shown (PEP 592).
func (l *listing) Status(version string) artifact.Status {
	if _, ok := l.head.places[version]; ok {
		return artifact.Published
	}
	return ""
}

// Version follows repository.Listing. There are no details: a page has none, and to ask for the metadata of a file would
// hold back its first byte.
func (l *listing) Version(ctx context.Context, version string) (artifact.Version, error) {
	where, ok := l.head.places[version]
	if !ok {
		return artifact.Version{}, notFound("The registry has no version %.255q of %s.", version, l.key.Name).
			About(artifact.VersionResource, l.key.At(version).String())
	}
	body, err := l.open(ctx)
	if err != nil {
		return artifact.Version{}, err
	}
	defer body.Close()
	if err := passTo(body, l.head.size+where.At); err != nil {
		return artifact.Version{}, fmt.Errorf("read kept page of %s: %w", l.key.Name, err)
	}
	return l.read(body, where)
}

func passTo(r io.Reader, at int64) error {
	if seeker, ok := r.(io.Seeker); ok {
		_, err := seeker.Seek(at, io.SeekStart)
		return err
	}
	_, err := io.CopyN(io.Discard, r, at)
	return err
}

// Each follows repository.Listing; the order is that of versions.
func (l *listing) Each(ctx context.Context) iter.Seq2[artifact.Version, error] {
	return func(yield func(artifact.Version, error) bool) {
		body, err := l.open(ctx)
		if err != nil {
			yield(artifact.Version{}, err)
			return
		}
		defer body.Close()
		in := bufio.NewReaderSize(body, 64<<10)
		_, err = in.Discard(int(l.head.size))
		for _, where := range l.head.Index {
			var v artifact.Version
			if err == nil {
				v, err = l.read(in, where)
			}
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
func (l *listing) read(r io.Reader, where place) (artifact.Version, error) {
	lines := make([]byte, where.Length)
	if _, err := io.ReadFull(r, lines); err != nil {
		return artifact.Version{}, fmt.Errorf("read kept page of %s: %w", l.key.Name, err)
	}
	files, err := readFiles(lines)
	if err != nil {
		return artifact.Version{}, fmt.Errorf("read kept page of %s: %w", l.key.Name, err)
	}
	return artifact.Version{
		VersionKey:   l.key.At(where.Version),
		Status:       artifact.Published,
		Origin:       artifact.Origin{Type: artifact.OriginExternal, Connection: l.connection},
		Manifest:     externalManifest,
		Assets:       files,
		UpstreamTime: where.Time,
	}, nil
}

// externalManifest is that of a version from outside: all that its registry says is said about its files.
var externalManifest = []byte("{}")
