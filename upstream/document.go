package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"golang.org/x/time/rate"

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
	URL    string
	Accept string // header; a page (text/html) is refused unless it stands here
	// Regenerate reads the upstream's document from src, bounded in bytes and time, and writes our own form to dst. An
	// error means that the document cannot be used: nothing of it is kept.
	Regenerate func(dst io.Writer, src io.Reader) error
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

// Open returns the content. Where the cache has lost it, it is fetched again; if the upstream has changed it meanwhile
// the error is Unavailable, because the ID would no longer fit.
func (d Document) Open(ctx context.Context) (io.ReadCloser, error) {
	body, err := d.client.opts.Cache.Open(ctx, d.entry)
	if !errors.Is(err, ErrNoEntry) {
		return body, wrap("open kept document", err)
	}
	d.client.lose(d.entry)
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

// memory is an entry as the client remembers it.
type memory struct {
	Entry
	failedAt time.Time // of the latest attempt to ask again; zero after a success
	lost     bool      // the cache still tells of the entry but has no body: neither to be answered nor revalidated
}

// A standing says what may be done with what is remembered.
type standing uint8

const (
	unknown standing = iota // ask, and wait for the answer
	current                 // answer; no I/O
	ageing                  // answer, and ask in the background
	expired                 // ask and wait a little; then the old copy will do
	missing                 // the upstream does not have it
)

// Document returns what the upstream says about req, from what is kept where that is young enough.
//
// Up to Freshness old, it is answered without I/O. For StaleWhileRevalidate longer the old document is answered while
// one request asks for news. Beyond, callers wait for that request, together; when the upstream fails or dawdles the
// old document is answered without end, marked Stale.
//
// Errors: NotFound when the upstream definitely does not have it (any more). Unavailable when the connection has no
// address, the upstream refused our credentials, or it failed and nothing usable is kept. Invalid for a Path that could
// leave the origin. An error of ctx when the caller leaves; the request goes on without it.
func (c *Client) Document(ctx context.Context, req DocumentRequest) (Document, error) {
	return c.document(ctx, req, false)
}

// Refresh is Document for a caller who knows that what it was answered is too old: a version is asked for that the
// document does not list. It asks the upstream now, unless that was just done (RefreshEvery), is being done too often
// for this connection (RefreshRate), or lately failed.
func (c *Client) Refresh(ctx context.Context, req DocumentRequest) (Document, error) {
	return c.document(ctx, req, true)
}

func (c *Client) document(ctx context.Context, req DocumentRequest, now bool) (Document, error) {
	a, err := c.target(req.Connection, req.URL, req.Path)
	if err != nil {
		return Document{}, err
	}
	k := Key{req.Connection, req.Path}
	if req.URL != "" {
		k.Path = req.URL
	}
	if err := c.load(ctx, k); err != nil {
		return Document{}, err
	}
	for {
		m, st := c.standing(k, req.RegenerateVersion)
		if now && (st == current || st == ageing) && c.refreshable(m) {
			st = expired
		}
		switch st {
		case missing:
			return Document{}, notThere(a.origin)
		case current:
			return c.answer(m, req), nil
		case ageing:
			c.inquire(a, req, k, false)
			return c.answer(m, req), nil
		}
		q := c.inquire(a, req, k, now)
		now = false
		if q == nil { // somebody else's inquiry ended just now
			continue
		}
		return c.await(ctx, q, m, st, req)
	}
}

func notThere(o Origin) error {
	return artifact.Errorf(artifact.NotFound, "Upstream %s does not have it.", o.Name)
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

// standing judges what is remembered under k in the wanted form.
func (c *Client) standing(k Key, form string) (memory, standing) {
	now := c.opts.Now()
	if until, ok := c.absences.Get(k); ok {
		if now.Before(until) {
			return memory{}, missing
		}
		c.absences.Remove(k)
	}
	m, ok := c.entries.Get(k)
	if !ok || m.lost || m.RegenerateVersion != form {
		return memory{}, unknown
	}
	age := now.Sub(m.CheckedAt)
	old := c.opts.Freshness + c.opts.StaleWhileRevalidate
	switch {
	case age < -c.opts.Freshness: // checked in a future that a corrected clock took back
		return m, expired
	case m.Gone && age < c.opts.NegativeTTL:
		return memory{}, missing
	case m.Gone:
		return memory{}, unknown
	case age <= c.opts.Freshness:
		return m, current
	case !m.failedAt.IsZero() && now.Sub(m.failedAt) < c.opts.Freshness:
		return m, current
	case !m.failedAt.IsZero() || age <= old:
		return m, ageing
	}
	return m, expired
}

// refreshable reports whether the entry may be asked for although it is young enough.
func (c *Client) refreshable(m memory) bool {
	now := c.opts.Now()
	return now.Sub(m.CheckedAt) >= c.opts.RefreshEvery && now.Sub(m.failedAt) >= c.opts.Freshness
}

// countRefresh takes one refresh out of the connection's rate. The caller holds c.mu.
func (c *Client) countRefresh(k Key) bool {
	l := c.limiters[k.Connection]
	if l == nil {
		l = rate.NewLimiter(rate.Limit(c.opts.RefreshRate), max(1, int(2*c.opts.RefreshRate)))
		c.limiters[k.Connection] = l
	}
	return l.AllowN(c.opts.Now(), 1)
}

func (c *Client) answer(m memory, req DocumentRequest) Document {
	if !m.failedAt.IsZero() {
		c.metrics.stale(req.Connection)
	}
	modified, err := http.ParseTime(m.LastModified)
	if err != nil {
		modified = time.Time{}
	}
	return Document{ID: m.Digest.String(), Size: m.Size, FetchedAt: m.FetchedAt, CheckedAt: m.CheckedAt,
		UpstreamLastModified: modified, Stale: !m.failedAt.IsZero(), entry: m.Entry, client: c, request: req}
}

// question is what one inquiry answers.
type question struct {
	Key
	form string
}

// An inquiry is one request upstream with everybody who waits for it.
type inquiry struct {
	done   chan struct{}
	result memory // set before done is closed
	err    error
}

// inquire joins the inquiry that is under way or begins one. It returns nil when neither is needed any more, because
// one has ended since the caller looked; force begins one all the same.
func (c *Client) inquire(a ask, req DocumentRequest, k Key, force bool) *inquiry {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked := question{k, req.RegenerateVersion}
	if q := c.asking[asked]; q != nil {
		c.metrics.coalesced(k.Connection, documentKind)
		return q
	}
	m, st := c.standing(k, req.RegenerateVersion)
	known := st == current || st == ageing
	switch {
	case st == missing:
		return nil
	case force && known && (!c.refreshable(m) || !c.countRefresh(k)):
		return nil
	case !force && st == current:
		return nil
	}
	q := &inquiry{done: make(chan struct{})}
	end := func(m memory, err error) {
		q.result, q.err = m, err
		c.mu.Lock()
		delete(c.asking, asked)
		c.mu.Unlock()
		close(q.done)
	}
	begun := c.spawn(func(ctx context.Context) {
		end(c.revalidate(ctx, a, req, k))
	}, func(err error) {
		c.failing(k, err)
		end(memory{}, err)
	})
	if !begun {
		q.err = shuttingDown()
		close(q.done)
		return q
	}
	c.metrics.flight(k.Connection, documentKind)
	c.asking[asked] = q
	return q
}

// await waits for the inquiry. With an expired copy at hand it does not wait for ever, and a failure is no error.
func (c *Client) await(ctx context.Context, q *inquiry, m memory, st standing, req DocumentRequest) (Document, error) {
	var enough <-chan time.Time
	if st == expired {
		timer := time.NewTimer(c.opts.StaleWait)
		defer timer.Stop()
		enough = timer.C
	}
	old := func() (Document, error) {
		m.failedAt = c.opts.Now()
		return c.answer(m, req), nil
	}
	select {
	case <-ctx.Done():
		return Document{}, fmt.Errorf("wait for upstream document: %w", ctx.Err())
	case <-enough:
		return old()
	case <-q.done:
	}
	switch {
	case q.err == nil:
		return c.answer(q.result, req), nil
	case st == expired && !conclusive(q.err):
		return old()
	}
	return Document{}, retell(q.err)
}

// conclusive errors are answers, which no old copy replaces: absence, and refusal of our credentials.
func conclusive(err error) bool {
	return artifact.Is(err, artifact.NotFound) || errors.Is(err, errRefused)
}

// revalidate asks the upstream and remembers what came of it.
func (c *Client) revalidate(ctx context.Context, a ask, req DocumentRequest, k Key) (memory, error) {
	old, _ := c.entries.Get(k)
	if old.lost || old.RegenerateVersion != req.RegenerateVersion {
		old = memory{}
	}
	m, err := c.consult(ctx, a, req, k, old)
	if errors.Is(err, ErrNoEntry) { // the cache lost the body whose validators were sent
		c.lose(old.Entry)
		old = memory{}
		m, err = c.consult(ctx, a, req, k, old)
	}
	switch {
	case err == nil:
		c.absences.Remove(k)
		c.entries.Add(k, m)
	case artifact.Is(err, artifact.NotFound):
		c.vanish(ctx, k)
	default:
		c.failing(k, err)
	}
	return m, err
}

func (c *Client) consult(ctx context.Context, a ask, req DocumentRequest, k Key, old memory) (memory, error) {
	a.header = http.Header{"Accept-Encoding": {"gzip"}}
	if req.Accept != "" {
		a.header.Set("Accept", req.Accept)
	}
	if old.ETag != "" {
		a.header.Set("If-None-Match", old.ETag)
	}
	if old.LastModified != "" {
		a.header.Set("If-Modified-Since", old.LastModified)
	}
	resp, err := c.get(ctx, a)
	if err != nil {
		return memory{}, err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end, or given up
	if resp.StatusCode == http.StatusOK {
		return c.take(ctx, a, req, k, old, resp)
	}
	drain(resp.Body)
	e := old.Entry
	e.CheckedAt, e.Gone = c.opts.Now(), false
	if tag := validator(resp, "ETag"); tag != "" {
		e.ETag = tag
	}
	ctx, cancel := context.WithTimeout(ctx, c.opts.KeepTimeout)
	defer cancel()
	return memory{Entry: e}, wrap("renew kept document", c.opts.Cache.Touch(ctx, e))
}

// maxValidator bounds what is stored and sent back, in bytes; longer validators are not used.
const maxValidator = kib

func validator(resp *http.Response, name string) string {
	value := resp.Header.Get(name)
	if len(value) > maxValidator || strings.ContainsFunc(value, func(r rune) bool { return r < 0x20 || r > 0x7e }) {
		return ""
	}
	return value
}

// failing remembers that k could not be renewed, so that for a while nobody waits for it in vain.
func (c *Client) failing(k Key, err error) {
	m, have := c.entries.Get(k)
	if have {
		m.failedAt = c.opts.Now()
		c.entries.Add(k, m)
	}
	if !errors.Is(err, errClosed) {
		c.opts.Logger.Warn("could not renew an upstream document", "connection", k.Connection, "path", k.Path,
			"kept", have && !m.Gone, "error", err)
	}
}

// vanish remembers that the upstream does not have k: as a mark on the entry where there is one, else as a small fact.
func (c *Client) vanish(ctx context.Context, k Key) {
	now := c.opts.Now()
	m, have := c.entries.Get(k)
	if !have {
		c.absences.Add(k, now.Add(c.opts.NegativeTTL))
		return
	}
	m.Gone, m.CheckedAt, m.failedAt = true, now, time.Time{}
	ctx, cancel := context.WithTimeout(ctx, c.opts.KeepTimeout)
	defer cancel()
	err := c.opts.Cache.Touch(ctx, m.Entry)
	if errors.Is(err, ErrNoEntry) {
		c.entries.Remove(k)
		c.absences.Add(k, now.Add(c.opts.NegativeTTL))
		return
	}
	// In memory it is gone whether or not that could be written down.
	c.entries.Add(k, m)
	if err != nil {
		c.opts.Logger.Error("could not mark a kept document as gone", "connection", k.Connection, "path", k.Path,
			"error", err)
	}
}

// lose notes that the cache no longer has an entry's body, unless a newer one stands there already.
func (c *Client) lose(e Entry) {
	if m, ok := c.entries.Get(e.Key); !ok || m.Digest == e.Digest {
		c.entries.Add(e.Key, memory{Entry: e, lost: true})
	}
}
