package upstream

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"entrepot/artifact"
)

// ExistsRequest asks whether an upstream has a file. Its fields are those of AssetRequest.
type ExistsRequest struct {
	Connection string
	URL, Path  string
	Accept     string
	Refresh    bool
}

// FileInfo is what an upstream announces about a file that it has. Like every announcement it is no promise, so nothing
// of it ever goes into a Want.
type FileInfo struct {
	Size     int64     // bytes; -1 where the upstream does not say
	Modified time.Time // zero where it does not
}

// Exists reports whether the upstream has a file, without its bytes: for registries that list no files, where a name is
// known by asking only. Where ok is false the upstream definitely does not have the file.
//
// The question is one HEAD for all who ask at once, under the same guard, limits and breaker as Asset. That a file is
// there is remembered for Freshness, that it is not for NegativeTTL, whichever of Asset and Exists learned it.
//
// Errors: Unavailable when the upstream does not answer, refuses our credentials or the method, or answers with a page.
// Invalid for a Path that could leave the origin. An error of ctx when the caller leaves; the request goes on without
// it.
func (c *Client) Exists(ctx context.Context, req ExistsRequest) (info FileInfo, ok bool, err error) {
	unknown := FileInfo{Size: -1}
	to, err := c.onBehalf(ctx, req.Connection, req.URL, req.Path)
	if err != nil {
		return unknown, false, err
	}
	to.method = http.MethodHead
	p := c.joinProbe(to, req)
	select {
	case <-ctx.Done():
		return unknown, false, fmt.Errorf("ask whether an upstream file exists: %w", ctx.Err())
	case <-p.done:
	}
	return FileInfo{p.file.size, p.file.modified}, p.file.exists, retell(p.err)
}

// Lacks reports whether the upstream lately said, to Asset or Exists, that it does not have the file at this path. Nobody
// is asked.
func (c *Client) Lacks(connection, path string) bool {
	f, known := c.file(Key{connection, path})
	if !known || f.exists {
		return false
	}
	c.metrics.negativeHit(connection, existenceKind)
	return true
}

// probeKey is what one probe is of. Requests that have come by different ways never wait for each other: they could do so in
// a circle.
type probeKey struct {
	Key
	hops string
}

// A probe is one question for a file's existence, with everybody who waits for it.
type probe struct {
	done chan struct{}
	file knownFile // set before done is closed
	err  error
}

// joinProbe joins the probe that is under way or begins one, unless the answer is known.
func (c *Client) joinProbe(to target, req ExistsRequest) *probe {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := keyOf(req.Connection, req.URL, req.Path)
	p := &probe{done: make(chan struct{}), file: knownFile{size: -1}}
	if f, known := c.file(k); known && !(req.Refresh && c.mayAskAgain(k, f)) {
		if !f.exists {
			c.metrics.negativeHit(req.Connection, existenceKind)
		}
		p.file = f
		close(p.done)
		return p
	}
	asked := probeKey{k, to.hops.String()}
	if under := c.probes[asked]; under != nil {
		c.metrics.coalesced(req.Connection, existenceKind)
		return under
	}
	end := func(f knownFile, err error) {
		p.file, p.err = f, err
		c.mu.Lock()
		delete(c.probes, asked)
		c.mu.Unlock()
		close(p.done)
	}
	begun := c.spawn(func(ctx context.Context) {
		end(c.probe(ctx, to, req, k))
	}, func(err error) { end(knownFile{size: -1}, err) })
	if !begun {
		p.err = shuttingDown()
		close(p.done)
		return p
	}
	c.metrics.flight(req.Connection, existenceKind)
	c.probes[asked] = p
	return p
}

// probe asks the upstream and remembers a definite answer.
func (c *Client) probe(ctx context.Context, to target, req ExistsRequest, k Key) (knownFile, error) {
	unknown := knownFile{size: -1}
	to.header = assetHeader(req.Accept)
	resp, err := c.do(ctx, to)
	if artifact.Is(err, artifact.NotFound) {
		c.rememberFile(k, unknown)
		return unknown, nil
	}
	if err != nil {
		return unknown, err
	}
	defer func() { _ = resp.Body.Close() }() // a HEAD has none
	if err := checkType(resp, req.Accept); err != nil {
		return unknown, c.unusableAsset(to, err)
	}
	f := knownFile{exists: true, size: resp.ContentLength, modified: lastModified(resp.Header)}
	c.rememberFile(k, f)
	return f, nil
}

// A knownFile is what an upstream last said about a file.
type knownFile struct {
	exists   bool
	size     int64     // as announced; -1 when it was not
	modified time.Time // the same; zero when it was not
	at       time.Time
}

// lastModified is zero unless the header has a time that can be read.
func lastModified(h http.Header) time.Time {
	at, err := http.ParseTime(h.Get("Last-Modified"))
	if err != nil {
		return time.Time{}
	}
	return at
}

// keyOf names what is asked for: by the whole URL where metadata gave one.
func keyOf(connection, absolute, path string) Key {
	if absolute != "" {
		return Key{connection, absolute}
	}
	return Key{connection, path}
}

// maxKnownName bounds what a name takes of the memory that Options.MaxEntries counts by entries, in bytes: clients may
// choose these names. A longer one is asked for each time.
const maxKnownName = kib

// rememberFile remembers what the upstream has just said.
func (c *Client) rememberFile(k Key, f knownFile) {
	if len(k.Path) > maxKnownName {
		return
	}
	f.at = c.opts.Now()
	c.files.Add(k, f)
}

// file returns what is known of a file, while it is young enough to be answered.
func (c *Client) file(k Key) (f knownFile, known bool) {
	f, known = c.files.Get(k)
	if !known {
		return knownFile{}, false
	}
	good := c.absentFor(k.Connection)
	if f.exists {
		good, _ = c.freshFor(k.Connection)
	}
	// A negative age is that of a clock that was corrected since.
	if age := c.opts.Now().Sub(f.at); age < 0 || age >= good {
		return knownFile{}, false
	}
	return f, true
}

// mayAskAgain reports whether a caller who does not believe what is known may have the upstream asked, and takes that
// out of the connection's rate. The caller holds c.mu.
func (c *Client) mayAskAgain(k Key, f knownFile) bool {
	return c.opts.Now().Sub(f.at) >= c.opts.RefreshEvery && c.allowRefresh(k)
}
