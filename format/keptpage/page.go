package keptpage

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"maps"

	"entrepot/artifact"
	"entrepot/repository"
)

// Page is one page of a registry, as long as its document can be read: the listing of a package.
type Page struct {
	Key        artifact.PackageKey
	connection string // that the page came through
	form       *Form
	stored     Stored
	*indexed
}

var _ repository.Listing = (*Page)(nil)

// indexed is a head with its versions by their text. It is shared and never changes.
type indexed struct {
	head   *Head
	places map[string]int // in the index of the head
}

func index(h *Head) *indexed {
	i := &indexed{head: h, places: make(map[string]int, len(h.Index))}
	for at, p := range h.Index {
		i.places[p.Version] = at
	}
	return i
}

// cost is a rough count of bytes.
func (i *indexed) cost() int64 {
	return int64(1<<10 + len(i.head.Manifest) + 200*len(i.head.Index) + 100*len(i.head.Labels))
}

// Head returns what the page says besides its versions. It is the receiver's to read only.
func (p *Page) Head() *Head { return p.head }

// ID follows repository.Listing.
func (p *Page) ID() string { return p.stored.ID }

// Labels follows repository.Listing.
func (p *Page) Labels() map[string]string { return p.head.Labels }

// Numbers follows repository.Listing.
func (p *Page) Numbers() iter.Seq[string] { return maps.Keys(p.places) }

// Manifest follows repository.Listing.
func (p *Page) Manifest() []byte { return p.head.Manifest }

// Status follows repository.Listing.
func (p *Page) Status(version string) artifact.Status {
	if at, ok := p.places[version]; ok {
		return p.head.Index[at].status()
	}
	return ""
}

// Version follows repository.Listing.
func (p *Page) Version(ctx context.Context, version string) (artifact.Version, error) {
	at, ok := p.places[version]
	if !ok {
		return artifact.Version{}, artifact.Errorf(artifact.NotFound, "The registry has no version %.255q of %s.",
			version, p.Key.Qualified()).About(artifact.VersionResource, p.Key.At(version).String())
	}
	where := p.head.Index[at]
	kept, err := p.stored.read(ctx, where.At, where.Length)
	if err != nil {
		return artifact.Version{}, p.unreadable(err)
	}
	v, err := p.take(where, kept)
	if err == nil && p.form.Describe != nil {
		if v.Details, err = p.form.Describe(v); err != nil {
			return artifact.Version{}, p.unreadable(fmt.Errorf("%w: details of %s: %w", ErrForm, version, err))
		}
	}
	return v, err
}

// Each follows repository.Listing; the order is that in which the format wrote the versions.
func (p *Page) Each(ctx context.Context) iter.Seq2[artifact.Version, error] {
	return func(yield func(artifact.Version, error) bool) {
		body, err := p.stored.Open(ctx)
		if err != nil {
			yield(artifact.Version{}, err)
			return
		}
		defer body.Close()
		in, at := bufio.NewReaderSize(body, 64<<10), int64(0)
		for _, where := range p.head.Index {
			var v artifact.Version
			kept, err := next(in, where, at)
			if err != nil {
				err = p.unreadable(err)
			} else if v, err = p.take(where, kept); err == nil {
				err = ctx.Err()
			}
			at = where.At + where.Length
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// next reads what is kept of a version from a reader that stands at a place before it: between two versions may be one that
// does not count.
func next(in *bufio.Reader, where Place, at int64) ([]byte, error) {
	if _, err := in.Discard(int(where.At - at)); err != nil {
		return nil, err
	}
	kept := make([]byte, where.Length)
	_, err := io.ReadFull(in, kept)
	return kept, err
}

// take makes a version of what is kept of it.
func (p *Page) take(where Place, kept []byte) (artifact.Version, error) {
	manifest, assets, err := p.form.Read(kept)
	if err != nil {
		return artifact.Version{}, p.unreadable(fmt.Errorf("%w: version %s: %w", ErrForm, where.Version, err))
	}
	return artifact.Version{
		VersionKey:   p.Key.At(where.Version),
		Status:       where.status(),
		Origin:       artifact.Origin{Type: artifact.OriginExternal, Connection: p.connection},
		Manifest:     manifest,
		Assets:       assets,
		UpstreamTime: where.Time,
	}, nil
}

func (p *Page) unreadable(err error) error {
	return fmt.Errorf("read kept page of %s: %w", p.Key.Qualified(), err)
}
