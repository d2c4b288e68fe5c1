package keptpage

import (
	"context"
	"fmt"
	"io"
	"sync"

	"entrepot/artifact"
	"entrepot/bytecache"
	"entrepot/repository"
	"entrepot/upstream"
)

// Form is what a format does to keep the pages of its registries.
type Form struct {
	Name string // of what Regenerate writes: a change of that, or of what is taken from a page, changes the name
	// Path is where a registry has the page about the package, below its address. NotFound: no registry can have one of it. nil:
	// another document says where pages are, and they are read with Read.
	Path   func(p artifact.PackageKey) (string, error)
	Accept string // header: the types of pages that Regenerate reads
	// Room is bytes of memory for the heads that were read last: for each connection of the vocabulary, and for all remotes together.
	Room int64
	// Regenerate reads a registry's page about the package from src, which is not trusted and bounded in bytes, and writes
	// it to dst by a Writer. What no client could use is left out. An error means that the page cannot be used.
	Regenerate func(dst io.Writer, src io.Reader, p artifact.PackageKey) (LeftOut, error)
	// Read takes a version's manifest and assets from what is kept of it. The bytes are its own.
	Read func(kept []byte) (manifest []byte, assets []artifact.Asset, err error)
	// Describe reads the details out of a complete version; nil if pages have none. It is asked for single versions.
	Describe func(v artifact.Version) (artifact.Details, error)
}

// LeftOut is what Regenerate has left out of a page that is used all the same.
type LeftOut struct {
	Count int
	First string // what the first one was, and why it could not be used
}

// Note counts one more, in the words of fmt.Sprintf.
func (l *LeftOut) Note(format string, args ...any) {
	if l.Count++; l.Count == 1 {
		l.First = fmt.Sprintf(format, args...)
	}
}

// Registry reads the pages of an external registry: what a repository.Source has of listings.
type Registry struct {
	client     *upstream.Client
	connection string
	form       *Form
	heads      *bytecache.Cache[string, *indexed] // by the ID of their page
}

// NewRegistry returns the registry behind the connection, whose pages are kept in the form.
func NewRegistry(c *upstream.Client, connection string, f *Form) *Registry {
	heads := bytecache.New[string](f.Room, (*indexed).cost)
	if _, remote := upstream.RemoteName(connection); remote {
		heads = f.ofRemotes(heads)
	}
	return &Registry{client: c, connection: connection, form: f, heads: heads}
}

// remoteHeads are the heads of all remotes, by their forms: there may be any number of remotes, and what a page's head takes is
// up to whoever is at the other side. A head follows from what its page's ID names, so it is the same for all.
var (
	remoteHeads   = map[*Form]*bytecache.Cache[string, *indexed]{}
	remoteHeadsMu sync.Mutex
)

// ofRemotes returns the heads that all remotes share, which are these if there are none yet.
func (f *Form) ofRemotes(these *bytecache.Cache[string, *indexed]) *bytecache.Cache[string, *indexed] {
	remoteHeadsMu.Lock()
	defer remoteHeadsMu.Unlock()
	if known := remoteHeads[f]; known != nil {
		return known
	}
	remoteHeads[f] = these
	return these
}

// Listing follows repository.Source.
func (r *Registry) Listing(ctx context.Context, p artifact.PackageKey) (repository.Listing, error) {
	return r.listing(ctx, p, false)
}

// Refresh follows repository.Source.
func (r *Registry) Refresh(ctx context.Context, p artifact.PackageKey) (repository.Listing, error) {
	return r.listing(ctx, p, true)
}

func (r *Registry) listing(ctx context.Context, p artifact.PackageKey, now bool) (repository.Listing, error) {
	path, err := r.form.Path(p)
	if err != nil {
		return nil, err
	}
	page, err := r.Read(ctx, p, Address{Path: path}, now)
	if err != nil {
		return nil, err
	}
	return page, nil
}

// Address is where a registry has a page: as in an upstream.DocumentRequest.
type Address struct{ Path, URL, Essential string }

// Read returns the page about a package at an address; one that the registry was just asked for, if it is to be asked now
// (upstream.Client.Refresh). Errors are those of upstream.Client.Document and of Form.Page.
func (r *Registry) Read(ctx context.Context, p artifact.PackageKey, at Address, now bool) (*Page, error) {
	ask := r.client.Document
	if now {
		ask = r.client.Refresh
	}
	doc, err := ask(ctx, upstream.DocumentRequest{
		Connection: r.connection,
		Path:       at.Path,
		URL:        at.URL,
		Essential:  at.Essential,
		Accept:     r.form.Accept,
		Regenerate: func(dst io.Writer, src io.Reader) error {
			left, err := r.form.Regenerate(dst, src, p)
			if left.Count > 0 && err == nil {
				r.client.Remark(r.connection, p.Qualified(), left.Count, left.First)
			}
			return err
		},
		RegenerateVersion: r.form.Name + ", " + layout,
	})
	if err != nil {
		return nil, err
	}
	return r.page(ctx, p, Stored{doc.ID, doc.Size, doc.Open})
}

// page reads a page's head once for as long as it is remembered.
func (r *Registry) page(ctx context.Context, p artifact.PackageKey, s Stored) (*Page, error) {
	if known, ok := r.heads.Get(s.ID); ok {
		return &Page{Key: p, connection: r.connection, form: r.form, stored: s, indexed: known}, nil
	}
	fresh, err := r.form.Page(ctx, p, r.connection, s)
	if err == nil {
		r.heads.Put(s.ID, fresh.indexed)
	}
	return fresh, err
}

// Page returns the page about a package, kept of what came through the connection, that lies in a store. Errors: those of
// Open, and ErrForm.
func (f *Form) Page(ctx context.Context, p artifact.PackageKey, connection string, s Stored) (*Page, error) {
	page := &Page{Key: p, connection: connection, form: f, stored: s}
	h, err := s.head(ctx)
	if err != nil {
		return nil, page.unreadable(err)
	}
	page.indexed = index(h)
	return page, nil
}
