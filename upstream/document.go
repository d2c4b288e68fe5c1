package upstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"entrepot/artifact"
)

// DocumentRequest asks for metadata. Path or URL says which; exactly one caller's function is run for any number of
// callers that ask for the same at once, so it must not depend on who asks.
type DocumentRequest struct {
	Connection string // public:npmjs
	// Path is relative and already escaped; it is resolved below the origin's address, whose own path stays in front.
	// It may end in a query.
	Path string
	// URL is used in place of Path where metadata gave an absolute one. It is fetched only from the origin, one of its
	// download hosts, or a public address.
	URL string
	// KeptAs is under what the document is remembered in place of Path or URL, for one of which the address has something in it that
	// comes and goes. RegenerateVersion then says which of them it is.
	KeptAs string
	// Method is that of the request, where it is not GET: of an API that lists with POST. It is asked as often as a GET.
	Method string
	Accept string // header; a page (text/html) is refused unless it stands here
	Max    int64  // bytes, after decompression; Options.MaxDocument if zero, and never more
	// Essential names a document that the connection's others are found through, in words: "service index". That a
	// registry lacks it says nothing about a package, so this is a failure like another: the kept one is answered on,
	// or the error is Unavailable and names it.
	Essential string
	// Regenerate reads the upstream's document from src, bounded in bytes and time, and writes our own form to dst. An
	// error means that the document cannot be used: nothing of it is kept.
	Regenerate func(dst io.Writer, src io.Reader) error
	// RegenerateAnswer is Regenerate for upstreams that say a part of it in the header of their answer, and stands in its place.
	RegenerateAnswer func(dst io.Writer, src io.Reader, answer http.Header) error
	// Fits reports whether our form, which is kept, has what the header of a 304 says: that answer is about the body alone, and may leave
	// out of its header what it does not have anew. If it has not, the whole is asked for. nil: that header is not heeded.
	Fits func(kept io.Reader, answer http.Header) (bool, error)
	// RegenerateVersion names the form that Regenerate writes. A change of it makes every kept document unknown. One
	// path is asked for in one form only: two would drive each other out.
	RegenerateVersion string
}

// Document is what an upstream says, in our form.
type Document struct {
	ID                   string    // names the content: equal IDs, equal bytes
	Size                 int64     // bytes
	FetchedAt            time.Time // when this content came
	CheckedAt            time.Time // when the upstream last confirmed it
	UpstreamLastModified time.Time // as the upstream says; zero if it does not
	// Stale says that the upstream should have been asked again and could not be.
	Stale bool

	entry   Entry
	client  *Client
	request DocumentRequest
}

// ReadAll returns the content at once: for a document that its request's Max keeps small. Errors are those of Open.
func (d Document) ReadAll(ctx context.Context) ([]byte, error) {
	body, err := d.Open(ctx)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(body)
	return content, wrap("read kept document", errors.Join(err, body.Close()))
}

// Open returns the content. Where the cache has lost it, it is fetched again; if the upstream has changed it meanwhile
// the error is Unavailable, because the ID would no longer fit.
func (d Document) Open(ctx context.Context) (io.ReadCloser, error) {
	body, err := d.client.opts.Cache.Open(ctx, d.entry)
	if !errors.Is(err, ErrNoEntry) {
		return body, wrap("open kept document", err)
	}
	d.client.markBodyLost(d.entry)
	again, err := d.client.Document(ctx, d.request)
	if err != nil {
		return nil, err
	}
	if again.ID != d.ID {
		return nil, artifact.Errorf(artifact.Unavailable,
			"The upstream's document changed while it was read. Ask again.")
	}
	body, err = d.client.opts.Cache.Open(ctx, again.entry)
	return body, wrap("open kept document", err)
}

func wrap(verb string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", verb, err)
}

// Document returns what the upstream says about req, from what is kept where that is young enough.
//
// Up to Freshness old, it is answered without I/O. For StaleWhileRevalidate longer the old document is answered while
// one request asks for news. Beyond, callers wait for that request, together; when the upstream fails or dawdles the
// old document is answered without end, marked Stale.
//
// Errors: NotFound when the upstream definitely does not have it (any more), unless it is Essential. Unavailable when
// the connection has no address, the upstream refused our credentials, or it failed and nothing usable is kept. Invalid
// for a Path that could leave the origin. An error of ctx when the caller leaves; the request goes on without it.
func (c *Client) Document(ctx context.Context, req DocumentRequest) (Document, error) {
	return c.document(ctx, req, false)
}

// regenerate has the caller make our form of an answer.
func (r DocumentRequest) regenerate(dst io.Writer, src io.Reader, answer http.Header) error {
	if r.RegenerateAnswer != nil {
		return r.RegenerateAnswer(dst, src, answer)
	}
	return r.Regenerate(dst, src)
}

// absent words that the upstream does not have the document.
func (r DocumentRequest) absent(o Origin) error {
	if r.Essential == "" {
		return o.notFound()
	}
	return o.unavailable("has no %s at its address", r.Essential)
}

// Refresh is Document for a caller who knows that what it was answered is too old: a version is asked for that the
// document does not list. It asks the upstream now, unless that was just done (RefreshEvery), is being done too often
// for this connection (RefreshRate), or lately failed.
func (c *Client) Refresh(ctx context.Context, req DocumentRequest) (Document, error) {
	return c.document(ctx, req, true)
}

func (c *Client) document(ctx context.Context, req DocumentRequest, now bool) (Document, error) {
	to, err := c.onBehalf(ctx, req.Connection, req.URL, req.Path)
	if err != nil {
		return Document{}, err
	}
	to.method = cmp.Or(req.Method, to.method)
	k := Key{req.Connection, cmp.Or(req.KeptAs, req.URL, req.Path)}
	if err := c.load(ctx, k); err != nil {
		return Document{}, err
	}
	for {
		m, st := c.freshness(k, req.RegenerateVersion)
		if now && (st == fresh || st == ageing) && c.refreshable(m) {
			st = expired
		}
		switch st {
		case missing:
			c.metrics.negativeHit(k.Connection, documentKind)
			return Document{}, req.absent(to.origin)
		case fresh:
			return c.answer(m, req), nil
		case ageing:
			c.joinRevalidation(to, req, k, false)
			return c.answer(m, req), nil
		}
		q := c.joinRevalidation(to, req, k, now)
		now = false
		if q == nil { // somebody else's revalidation ended just now
			continue
		}
		return c.await(ctx, q, m, st, req)
	}
}

// load brings the entry into memory if it is not there, once for all who ask at the same time.
func (c *Client) load(ctx context.Context, k Key) error {
	if c.entries.Contains(k) || c.absences.Contains(k) {
		return nil
	}
	loaded := c.loads.DoChan(k.Connection+" "+k.Path, func() (any, error) {
		ctx, cancel := context.WithTimeout(c.ctx, c.opts.KeepTimeout)
		defer cancel()
		e, err := c.opts.Cache.Load(ctx, k)
		if err == nil {
			c.entries.ContainsOrAdd(k, memory{Entry: e})
		}
		return nil, err
	})
	select {
	case <-ctx.Done():
		return fmt.Errorf("load kept document: %w", ctx.Err())
	case r := <-loaded:
		if errors.Is(r.Err, ErrNoEntry) {
			return nil
		}
		return wrap("load kept document", r.Err)
	}
}

func (c *Client) answer(m memory, req DocumentRequest) Document {
	if !m.failedAt.IsZero() {
		c.metrics.stale(req.Connection)
	}
	modified := lastModified(http.Header{"Last-Modified": {m.LastModified}})
	return Document{ID: m.Digest.String(), Size: m.Size, FetchedAt: m.FetchedAt, CheckedAt: m.CheckedAt,
		UpstreamLastModified: modified, Stale: !m.failedAt.IsZero(), entry: m.Entry, client: c, request: req}
}

// Remark logs what a caller's Regenerate left out of a document that is used all the same: how many things, and the first
// of them. A document may come again every few seconds, so the same remark is made once.
func (c *Client) Remark(connection, document string, left int, first string) {
	remark := Key{connection, fmt.Sprintf("%s %d %s", document, left, first)}
	if known, _ := c.remarks.ContainsOrAdd(remark, struct{}{}); known {
		return
	}
	c.opts.Logger.Warn("left out parts of an upstream document that no client could use", "connection", connection,
		"document", document, "parts", left, "first", first)
}
