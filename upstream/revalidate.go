package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"entrepot/artifact"
)

// revalidationKey is what one revalidation is of.
type revalidationKey struct {
	Key
	form string
	hops string // see probeKey
}

// A revalidation is one request upstream with everybody who waits for it.
type revalidation struct {
	done   chan struct{}
	result memory // set before done is closed
	err    error
}

// joinRevalidation joins the revalidation that is under way or begins one. It returns nil when neither is needed any
// more, because one has ended since the caller looked; force begins one all the same.
func (c *Client) joinRevalidation(to target, req DocumentRequest, k Key, force bool) *revalidation {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked := revalidationKey{k, req.RegenerateVersion, to.hops.String()}
	if q := c.revalidations[asked]; q != nil {
		c.metrics.coalesced(k.Connection, documentKind)
		return q
	}
	m, st := c.freshness(k, req.RegenerateVersion)
	known := st == fresh || st == ageing
	switch {
	case st == missing:
		return nil
	case force && known && (!c.refreshable(m) || !c.allowRefresh(k)):
		return nil
	case !force && st == fresh:
		return nil
	}
	q := &revalidation{done: make(chan struct{})}
	end := func(m memory, err error) {
		q.result, q.err = m, err
		c.mu.Lock()
		delete(c.revalidations, asked)
		c.mu.Unlock()
		close(q.done)
	}
	begun := c.spawn(func(ctx context.Context) {
		end(c.revalidate(ctx, to, req, k))
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
	c.revalidations[asked] = q
	return q
}

// await waits for the revalidation. With an expired copy at hand it does not wait for ever, and a failure is no error.
func (c *Client) await(ctx context.Context, q *revalidation, m memory, st freshness,
	req DocumentRequest) (Document, error) {
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
	return artifact.Is(err, artifact.NotFound) || errors.Is(err, ErrRefused)
}

// revalidate asks the upstream and remembers what came of it.
func (c *Client) revalidate(ctx context.Context, to target, req DocumentRequest, k Key) (memory, error) {
	old, _ := c.entries.Get(k)
	if old.lost || old.RegenerateVersion != req.RegenerateVersion {
		old = memory{}
	}
	m, err := c.exchange(ctx, to, req, k, old)
	if errors.Is(err, ErrNoEntry) { // the cache lost the body whose validators were sent
		c.markBodyLost(old.Entry)
		old = memory{}
		m, err = c.exchange(ctx, to, req, k, old)
	}
	switch {
	case err == nil:
		c.absences.Remove(k)
		c.entries.Add(k, m)
	case artifact.Is(err, artifact.NotFound) && req.Essential != "" && old.Key == k && !old.Gone:
		err = req.absent(to.origin)
		c.failing(k, err)
	case artifact.Is(err, artifact.NotFound):
		err = req.absent(to.origin)
		c.markAbsent(ctx, k)
	case errors.Is(err, ErrLoop): // which says nothing to those who come by another way
	default:
		c.failing(k, err)
	}
	return m, err
}

func (c *Client) exchange(ctx context.Context, to target, req DocumentRequest, k Key, old memory) (memory, error) {
	to.header = http.Header{"Accept-Encoding": {"gzip"}}
	if req.Accept != "" {
		to.header.Set("Accept", req.Accept)
	}
	if old.ETag != "" {
		to.header.Set("If-None-Match", old.ETag)
	}
	if old.LastModified != "" {
		to.header.Set("If-Modified-Since", old.LastModified)
	}
	resp, err := c.do(ctx, to)
	if err != nil {
		return memory{}, err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end, or given up
	if resp.StatusCode == http.StatusOK {
		return c.take(ctx, to, req, k, old, resp)
	}
	drain(resp.Body)
	if fits, err := c.fits(ctx, req, old.Entry, resp.Header); err != nil || !fits {
		if err != nil {
			return memory{}, err
		}
		return c.exchange(ctx, to, req, k, memory{}) // without validators, so a 304 is no answer to it
	}
	e := old.Entry
	e.CheckedAt, e.Gone = c.opts.Now(), false
	if tag := validator(resp, "ETag"); tag != "" {
		e.ETag = tag
	}
	ctx, cancel := context.WithTimeout(ctx, c.opts.KeepTimeout)
	defer cancel()
	return memory{Entry: e}, wrap("renew kept document", c.opts.Cache.Touch(ctx, e))
}

// fits reports whether what is kept of a document has what the header of a 304 says.
func (c *Client) fits(ctx context.Context, req DocumentRequest, kept Entry, answer http.Header) (bool, error) {
	if req.Fits == nil {
		return true, nil
	}
	body, err := c.opts.Cache.Open(ctx, kept)
	if err != nil {
		return false, wrap("open kept document", err)
	}
	fits, err := req.Fits(body, answer)
	return fits, wrap("read kept document", errors.Join(err, body.Close()))
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
	if have && !errors.Is(err, ErrLoop) { // that is about who asks, and he says himself how he has come
		m.failedAt = c.opts.Now()
		c.entries.Add(k, m)
	}
	if !errors.Is(err, errClosed) {
		c.opts.Logger.Warn("could not renew an upstream document", "connection", k.Connection, "path", k.Path,
			"kept", have && !m.Gone, "error", err)
	}
}

// markAbsent remembers that the upstream does not have k: as a mark on the entry where there is one, else in absences.
func (c *Client) markAbsent(ctx context.Context, k Key) {
	now := c.opts.Now()
	m, have := c.entries.Get(k)
	if !have {
		c.absences.Add(k, now.Add(c.absentFor(k.Connection)))
		return
	}
	m.Gone, m.CheckedAt, m.failedAt = true, now, time.Time{}
	ctx, cancel := context.WithTimeout(ctx, c.opts.KeepTimeout)
	defer cancel()
	err := c.opts.Cache.Touch(ctx, m.Entry)
	if errors.Is(err, ErrNoEntry) {
		c.entries.Remove(k)
		c.absences.Add(k, now.Add(c.absentFor(k.Connection)))
		return
	}
	// In memory it is gone whether or not that could be written down.
	c.entries.Add(k, m)
	if err != nil {
		c.opts.Logger.Error("could not mark a kept document as gone", "connection", k.Connection, "path", k.Path,
			"error", err)
	}
}

// markBodyLost notes that the cache no longer has an entry's body, unless a newer one stands there already.
func (c *Client) markBodyLost(e Entry) {
	if m, ok := c.entries.Get(e.Key); !ok || m.Digest == e.Digest {
		c.entries.Add(e.Key, memory{Entry: e, lost: true})
	}
}
