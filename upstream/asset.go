package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"entrepot/artifact"
)

// AssetRequest asks for a file.
type AssetRequest struct {
	Connection string // public:npmjs
	// URL is absolute, as metadata gave it. It is fetched only from the origin, one of its download hosts, or a public
	// address. Path is used where URL is empty: relative, escaped, below the origin's address.
	URL, Path string
	Accept    string // header; a page (text/html) is refused unless it stands here
	// Refresh has the upstream asked although it lately did not have the file: for a caller who has reason to believe
	// that it has it now. It is obeyed as often as Client.Refresh is (RefreshEvery, RefreshRate).
	Refresh bool
	// Flight is the coalescing key. Requests with the same one, at the same time, must be for the same bytes and of the
	// same domain: the first request's Open and Keep serve them all.
	Flight string
	Want   Want
	// Promise finds out what else the bytes must be, once a flight, beside the request for them: for registries that tell a
	// file's digest in the header of their answer, which answer gives as soon as it begins, or in a document of its own,
	// which Promise may ask for. ctx ends when the file has failed, so that no answer will come. Nobody gets the last bytes
	// before Promise has returned, and its error ends the flight. nil: Want is all that is known.
	Promise func(ctx context.Context, answer <-chan http.Header) (Want, error)
	// Inspect looks at the whole, once a flight, after size and digests were found right and before it is kept: where a registry
	// promises no digest, what is in a file is all that tells whether it is the right one. Its error ends the flight as
	// ErrMismatch does. nil: nobody looks.
	Inspect func(content io.ReaderAt, size int64) error
	// Open makes room for the bytes, once a flight, when the upstream has begun to answer.
	Open func(ctx context.Context) (Spool, error)
	// Keep keeps the bytes, once a flight, after size and digests were found right and before anybody gets the last of
	// them. ReadAt of the spool stays good until Discard, which the client calls when the last reader is gone.
	Keep func(ctx context.Context, spool Spool, digests artifact.Digests, size int64) error
	// Each runs for every caller after Keep and before its own last bytes, with the context of its Asset call and the
	// spool that Keep was given, for reading; several may run at once, and one long after Keep. nil
	// means nothing to do. Its error is this caller's alone.
	Each func(ctx context.Context, spool Spool, digests artifact.Digests, size int64) error
}

// Asset asks the upstream for a file and returns it as it comes. For any number of callers with the same Flight there
// is one request, which goes on when callers leave, within its own limits. It returns once the upstream has begun to
// answer.
//
// A file that the upstream does not have is remembered as missing for NegativeTTL, for all flights.
//
// The last bytes, up to 64 KiB of what has arrived, are held back until the whole is known to be right: Want is met,
// Keep and Each returned nil. So no reader ever gets a complete wrong body, and a small file comes in one piece or not
// at all.
//
// Errors, also of reads: NotFound when the upstream does not have it; Unavailable when it does not answer, refuses our
// credentials, or sent something else (its cause is ErrMismatch if it was a file, and not the one promised); Invalid for a
// request that makes no sense; otherwise those of Open, Keep, Promise and Each.
func (c *Client) Asset(ctx context.Context, req AssetRequest) (*Transfer, error) {
	if err := req.check(); err != nil {
		return nil, err
	}
	to, err := c.onBehalf(ctx, req.Connection, req.URL, req.Path)
	if err != nil {
		return nil, err
	}
	if hops := to.hops.String(); hops != "" {
		req.Flight += "\x00" + hops // see probeKey
	}
	f, err := c.join(to, req)
	if err != nil {
		return nil, err
	}
	t := &Transfer{client: c, flight: f, ctx: ctx, req: req, closed: make(chan struct{})}
	if err := t.begun(); err != nil {
		_ = t.Close() // releases the flight; nothing was read
		return nil, err
	}
	return t, nil
}

func (r AssetRequest) check() error {
	missing := ""
	switch {
	case r.Flight == "":
		missing = "Flight"
	case r.Open == nil:
		missing = "Open"
	case r.Keep == nil:
		missing = "Keep"
	default:
		return r.Want.check()
	}
	return artifact.Errorf(artifact.Invalid, "AssetRequest.%s is missing.", missing)
}

// join joins the flight or starts it; either way the caller is one of its followers. NotFound when the file is
// remembered as missing.
func (c *Client) join(to target, req AssetRequest) (*flight, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.flights[req.Flight]; f != nil && f.follow() {
		c.metrics.coalesced(req.Connection, assetKind)
		return f, nil
	}
	k := keyOf(req.Connection, req.URL, req.Path)
	if file, known := c.file(k); known && !file.exists && !(req.Refresh && c.mayAskAgain(k, file)) {
		c.metrics.negativeHit(req.Connection, assetKind)
		return nil, to.origin.notFound()
	}
	f := newFlight(req.Flight)
	begun := c.spawn(func(ctx context.Context) {
		err := c.fetch(ctx, to, req, f)
		c.finish(f, err)
	}, func(err error) { c.finish(f, err) })
	if !begun {
		f.end(shuttingDown())
		f.leave(c.discard)
		return f, nil
	}
	c.metrics.flight(req.Connection, assetKind)
	c.flights[req.Flight] = f
	return f, nil
}

// assetHeader asks for archives as they are: a coding would change the bytes the digests were made of.
func assetHeader(accept string) http.Header {
	h := http.Header{"Accept-Encoding": {"identity"}}
	if accept != "" {
		h.Set("Accept", accept)
	}
	return h
}

// fetch asks the upstream, spools, verifies and keeps.
func (c *Client) fetch(ctx context.Context, to target, req AssetRequest, f *flight) error {
	to.header = assetHeader(req.Accept)
	k := keyOf(req.Connection, req.URL, req.Path)
	promised := c.findOut(ctx, req)
	defer promised.close()
	resp, err := c.do(ctx, to)
	if err != nil {
		if artifact.Is(err, artifact.NotFound) {
			c.rememberFile(k, knownFile{size: -1})
		}
		return err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end, or given up
	if err := c.checkAsset(to, req, resp); err != nil {
		return err
	}
	promised.answered(resp.Header)
	opening, cancel := context.WithTimeout(ctx, c.opts.KeepTimeout)
	defer cancel()
	spool, err := req.Open(opening)
	if err != nil {
		return fmt.Errorf("make room for an asset: %w", err)
	}
	modified := lastModified(resp.Header)
	f.begin(spool, announced(resp, req.Want), modified)
	// Never more than was wanted: a reader that counts to the wanted size must not take the excess for the whole.
	body := &ceiling{r: resp.Body, max: c.opts.MaxAsset}
	if req.Want.Size > 0 {
		body.max = req.Want.Size
	}
	digests, size, err := c.spool(to, f, spool, body)
	if req.Want.Size > 0 && body.read > req.Want.Size {
		return c.reportMismatch(to, req, Mismatch{What: "size", Want: fmt.Sprint(req.Want.Size), Got: "more"})
	}
	if err != nil {
		return err
	}
	if err := c.verify(to, req, promised, digests, size); err != nil {
		return err
	}
	if err := c.inspect(to, req, spool, size); err != nil {
		return err
	}
	keeping, cancel := context.WithTimeout(ctx, c.opts.KeepTimeout)
	defer cancel()
	if err := req.Keep(keeping, spool, digests, size); err != nil {
		return fmt.Errorf("keep an asset: %w", err)
	}
	c.rememberFile(k, knownFile{exists: true, size: size, modified: modified})
	if c.opts.Linger <= 0 {
		c.remove(f) // before anybody has read it whole: whoever asks again after that means a new request
	}
	f.verified(digests)
	return nil
}

// verify compares what has come with what was wanted, and with what the upstream itself promises.
func (c *Client) verify(to target, req AssetRequest, promised *promise, digests artifact.Digests, size int64) error {
	theirs, err := promised.wait()
	if err != nil {
		return err
	}
	for _, want := range []Want{req.Want, theirs} {
		if m, differs := want.mismatch(digests, size); differs {
			return c.reportMismatch(to, req, m)
		}
	}
	return nil
}

// inspect has the caller look at what has come.
func (c *Client) inspect(to target, req AssetRequest, spool Spool, size int64) error {
	if req.Inspect == nil {
		return nil
	}
	if err := req.Inspect(spool, size); err != nil {
		return c.reportMismatch(to, req, Mismatch{What: "content", Want: "that of the file that was asked for", Got: err.Error()})
	}
	return nil
}

func announced(resp *http.Response, w Want) int64 {
	switch {
	case resp.ContentLength > 0:
		return resp.ContentLength
	case w.Size > 0:
		return w.Size
	}
	return -1
}

// checkAsset judges what the headers say.
func (c *Client) checkAsset(to target, req AssetRequest, resp *http.Response) error {
	if err := checkType(resp, req.Accept); err != nil {
		return c.unusableAsset(to, err)
	}
	switch n := resp.ContentLength; {
	case resp.StatusCode != http.StatusOK:
		return c.unusableAsset(to, fmt.Errorf("%w: status %d", errContent, resp.StatusCode))
	case n == 0:
		return c.unusableAsset(to, fmt.Errorf("%w: it is empty", errContent))
	case n > c.opts.MaxAsset || req.Want.Size > c.opts.MaxAsset:
		return c.unusableAsset(to, fmt.Errorf("%w: it is larger than %d bytes", errContent, c.opts.MaxAsset))
	case n > 0 && req.Want.Size > 0 && n != req.Want.Size:
		return c.reportMismatch(to, req, Mismatch{What: "size", Want: fmt.Sprint(req.Want.Size), Got: fmt.Sprint(n)})
	}
	// Without a length or chunks a body ends where the connection does, whatever the reason.
	endless := resp.ProtoMajor == 1 && resp.ContentLength < 0 && len(resp.TransferEncoding) == 0
	if endless && req.Want.Size <= 0 && !req.Want.anyDigest() {
		return c.unusableAsset(to, fmt.Errorf("%w: nothing tells its end from a broken connection", errContent))
	}
	// Some servers call a .tgz gzip-coded. Its bytes are then still the file's, which only a digest can tell.
	coding := strings.ToLower(resp.Header.Get("Content-Encoding"))
	if coding != "" && coding != "identity" && !req.Want.anyDigest() {
		return c.unusableAsset(to, fmt.Errorf("%w: it is coded as %.40q and no digest is known", errContent, coding))
	}
	return nil
}

// chunks are the buffers between upstreams and spools. One made for each file would be most of what a small file
// allocates.
var chunks = sync.Pool{New: func() any { return new([chunk]byte) }}

// spool copies the body, hashing it, and tells the followers of every step.
func (c *Client) spool(to target, f *flight, spool io.Writer, src *ceiling) (artifact.Digests, int64, error) {
	sums := artifact.NewDigester()
	whole := chunks.Get().(*[chunk]byte)
	defer chunks.Put(whole)
	buf := whole[:]
	for {
		n, err := src.Read(buf)
		if n > 0 {
			_, _ = sums.Write(buf[:n]) // never fails
			if _, err := spool.Write(buf[:n]); err != nil {
				return artifact.Digests{}, 0, fmt.Errorf("write an asset: %w", err)
			}
			f.advance(n)
		}
		if err == io.EOF {
			digests, size := sums.Sum()
			return digests, size, nil
		}
		if err != nil {
			return artifact.Digests{}, 0, c.unusableAsset(to, err)
		}
	}
}

// reportMismatch tells everybody who should know that the bytes are not those wanted, and words it for the callers.
func (c *Client) reportMismatch(to target, req AssetRequest, m Mismatch) error {
	m.Connection, m.Flight = req.Connection, req.Flight
	c.metrics.integrityFailure(to.connection)
	c.opts.Logger.Error("upstream digest mismatch", "connection", to.connection, "flight", req.Flight, "what", m.What,
		"want", m.Want, "got", m.Got)
	c.opts.OnMismatch(m)
	return to.origin.unavailable("sent a file whose %s is not what was promised",
		m.What).Causing(fmt.Errorf("%w: %s: want %s, got %s", ErrMismatch, m.What, m.Want, m.Got))
}

func (c *Client) unusableAsset(to target, err error) error {
	switch {
	case errors.Is(err, errClosed) || c.ctx.Err() != nil:
		return shuttingDown()
	case errors.Is(err, errBroken):
		return to.origin.unavailable("broke off in the middle of a file").Causing(err)
	}
	c.metrics.request(to.connection, badContent)
	return to.origin.unavailable("sent something that is not the file").Causing(err)
}
