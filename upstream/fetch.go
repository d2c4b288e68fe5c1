package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"entrepot/artifact"
)

// A target is where one GET or HEAD goes, as far as the first byte of its body: redirects, retries and breaker
// included.
type target struct {
	method     string
	connection string
	origin     Origin
	url        *url.URL
	guarded    bool // the URL came from metadata and is neither the origin's nor a download host's
	header     http.Header
}

// target finds where a request goes: to an absolute URL out of metadata, or to a path below the origin.
func (c *Client) target(connection, absolute, path string) (target, error) {
	origin, err := c.opts.Origins.Lookup(connection)
	if err != nil {
		return target{}, err
	}
	to := target{method: http.MethodGet, connection: connection, origin: origin}
	if absolute == "" {
		to.url, err = origin.below(path)
		return to, err
	}
	u, err := url.Parse(absolute)
	if err != nil || len(absolute) > maxURL {
		return target{}, origin.unavailable("points to something that is no URL").
			Causing(err)
	}
	u.Fragment, u.RawFragment = "", ""
	to.guarded, err = checkURL(origin, u)
	to.url = u
	return to, err
}

// Resolve returns the absolute URL of a reference that the document at path makes, relative to itself or not (RFC 3986
// §5). Where it leads is judged when it is fetched. Errors are those of Document.
func (c *Client) Resolve(connection, path, reference string) (string, error) {
	to, err := c.target(connection, "", path)
	if err != nil {
		return "", err
	}
	u, err := to.url.Parse(reference)
	if err != nil {
		return "", to.origin.unavailable("points to something that is no URL").Causing(err)
	}
	return u.String(), nil
}

// errRefused marks a 401 or 403: an answer of its own, which an old copy does not paper over.
var errRefused = errors.New("the upstream refused access")

// errSlow is why an attempt or a body was given up.
var errSlow = errors.New("the upstream is too slow")

const maxRedirects = 5

// An outcome names what became of a request in metrics and decides what follows.
type outcome struct {
	label   string
	verdict verdict
	again   bool // another attempt may help
}

var (
	answered      = outcome{"ok", worked, false}
	unmodified    = outcome{"not_modified", worked, false}
	redirected    = outcome{"redirect", worked, false}
	absent        = outcome{"absent", worked, false}
	refused       = outcome{"refused", worked, false}
	throttled     = outcome{"throttled", failed, true}
	brokenServer  = outcome{"server_error", failed, true}
	oddStatus     = outcome{"unexpected_status", worked, false}
	unreachable   = outcome{"transport_error", failed, true}
	abandoned     = outcome{"abandoned", undecided, false}
	guardRefusal  = outcome{"address_refused", undecided, false}
	breakerIsOpen = "circuit_open"
	badContent    = "bad_content"
	brokenBody    = "broken_body"
)

// statuses lists every status that is not simply unexpected. Gone and Unavailable For Legal Reasons mean absence as
// much as Not Found does; Cargo's index protocol says so outright.
var statuses = map[int]outcome{
	http.StatusOK:                         answered,
	http.StatusNotModified:                unmodified,
	http.StatusMovedPermanently:           redirected,
	http.StatusFound:                      redirected,
	http.StatusSeeOther:                   redirected,
	http.StatusTemporaryRedirect:          redirected,
	http.StatusPermanentRedirect:          redirected,
	http.StatusUnauthorized:               refused,
	http.StatusForbidden:                  refused,
	http.StatusNotFound:                   absent,
	http.StatusGone:                       absent,
	http.StatusUnavailableForLegalReasons: absent,
	http.StatusRequestTimeout:             brokenServer,
	http.StatusTooManyRequests:            throttled,
	http.StatusInternalServerError:        brokenServer,
	http.StatusBadGateway:                 brokenServer,
	http.StatusServiceUnavailable:         brokenServer,
	http.StatusGatewayTimeout:             brokenServer,
}

// get sends the request and returns a response with status 200, or 304 where a validator was sent. Its body is paced
// and must be closed. Errors are *artifact.Error: NotFound after a definitive absence, otherwise Unavailable.
func (c *Client) get(ctx context.Context, to target) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	tooLong := time.AfterFunc(c.opts.AttemptsWithin, func() { cancel(errSlow) })
	defer tooLong.Stop()
	for attempt := 1; ; attempt++ {
		resp, b, what, err := c.follow(ctx, to)
		if err == nil {
			resp.Body = c.pace(resp.Body, to, b, cancel)
			return resp, nil
		}
		if !what.again || attempt > c.opts.Retries || !b.retry() || !c.backOff(ctx, attempt, err) {
			cancel(nil)
			return nil, err
		}
	}
}

// backOff waits before the next attempt; false means there is no point.
func (c *Client) backOff(ctx context.Context, attempt int, err error) bool {
	var asked time.Duration
	if e, ok := errors.AsType[*artifact.Error](err); ok {
		asked = e.RetryAfter
	}
	d, ok := c.opts.pause(attempt, asked)
	if !ok {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// follow makes one attempt, through at most five redirects, each judged as if metadata had pointed there.
func (c *Client) follow(ctx context.Context, to target) (*http.Response, *breaker, outcome, error) {
	for hop := 0; ; hop++ {
		b := c.breaker(to)
		resp, what, err := c.roundTrip(ctx, to, b)
		if err != nil || what != redirected {
			return resp, b, what, err
		}
		next, err := redirect(to, resp)
		drain(resp.Body)
		if err == nil && hop == maxRedirects {
			err = to.origin.unavailable("redirects without end")
		}
		if err != nil {
			return nil, b, what, err
		}
		to = next
	}
}

// redirect reads where the response leads. Validators and Accept travel along; credentials are decided per hop.
func redirect(to target, resp *http.Response) (target, error) {
	location := resp.Header.Get("Location")
	next, err := to.url.Parse(location)
	if err != nil || location == "" || len(location) > maxURL {
		return to, to.origin.unavailable("redirects to something that is no URL").
			Causing(err)
	}
	if to.url.Scheme == "https" && next.Scheme != "https" {
		return to, to.origin.unavailable("redirects from https to %.20q", next.Scheme)
	}
	next.Fragment, next.RawFragment = "", ""
	to.guarded, err = checkURL(to.origin, next)
	to.url = next
	return to, err
}

func (c *Client) roundTrip(ctx context.Context, to target, b *breaker) (*http.Response, outcome, error) {
	leave, ok, wait := b.allow()
	if !ok {
		c.metrics.request(to.connection, breakerIsOpen)
		err := to.origin.unavailable("failed repeatedly and is left alone for a while")
		err.RetryAfter = wait
		return nil, outcome{label: breakerIsOpen}, err
	}
	r, err := c.request(ctx, to)
	if err != nil {
		leave.report(undecided, 0)
		return nil, oddStatus, err
	}
	transport := c.transports.trusted
	if to.guarded {
		transport = c.transports.guarded
	}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		what, err := c.transportError(ctx, to, err)
		leave.report(what.verdict, 0)
		c.metrics.request(to.connection, what.label)
		return nil, what, err
	}
	what, known := statuses[resp.StatusCode]
	if !known || what == unmodified && !conditional(to.header) {
		what = oddStatus
	}
	hold := retryAfter(resp.Header.Get("Retry-After"), c.opts.Now())
	leave.report(what.verdict, hold)
	c.metrics.request(to.connection, what.label)
	if what == answered || what == unmodified || what == redirected {
		return resp, what, nil
	}
	drain(resp.Body)
	return nil, what, statusError(to.origin, resp.StatusCode, what, hold)
}

func conditional(h http.Header) bool {
	return h.Get("If-None-Match") != "" || h.Get("If-Modified-Since") != ""
}

func (c *Client) request(ctx context.Context, to target) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, to.method, to.url.String(), nil)
	if err != nil {
		return nil, to.origin.unavailable("cannot be asked for this URL").Causing(err)
	}
	r.Header = to.header.Clone()
	r.Header.Set("User-Agent", c.opts.UserAgent)
	// A WWW-Authenticate answer changes nothing here: whom to trust with a credential is configuration.
	if to.origin.Owns(to.url) {
		to.origin.Credential.attach(r)
	}
	if to.guarded && c.opts.Proxy != nil {
		if proxy, err := c.opts.Proxy(r); err != nil || proxy != nil {
			return nil, to.origin.unavailable("points to a host that only a proxy reaches; " +
				"list it among its download hosts").Causing(err)
		}
	}
	return r, nil
}

// transportError words a request that got no response.
func (c *Client) transportError(ctx context.Context, to target, err error) (outcome, error) {
	cause := context.Cause(ctx)
	switch {
	case errors.Is(err, errNotPublic):
		return guardRefusal, to.origin.unavailable("points to an address that is not public").Causing(err)
	case errors.Is(cause, errClosed):
		return abandoned, shuttingDown()
	case cause != nil && !errors.Is(cause, errSlow):
		return abandoned, to.origin.unavailable("was no longer asked").Causing(cause)
	case cause != nil:
		err = fmt.Errorf("%w: %w", cause, err)
	}
	return unreachable, to.origin.unavailable("does not answer").Causing(err)
}

// statusError words a status that is no success.
func statusError(o Origin, status int, what outcome, hold time.Duration) error {
	var e *artifact.Error
	switch what {
	case absent:
		return o.notFound()
	case refused:
		had := "there are none in the configuration"
		if !o.Credential.IsZero() {
			had = "the configured ones were refused"
		}
		return o.unavailable("wants other credentials: %s", had).
			Causing(fmt.Errorf("%w with status %d", errRefused, status))
	case throttled:
		e = o.unavailable("asks for patience")
	default:
		e = o.unavailable("answered with status %d", status)
	}
	e.RetryAfter = hold
	return e.Causing(fmt.Errorf("status %d", status))
}

// breaker returns the breaker of the host the request goes to.
func (c *Client) breaker(to target) *breaker {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := to.origin.Name + " " + to.url.Scheme + "://" + hostPort(to.url)
	b, ok := c.breakers.Get(key)
	if !ok {
		b = &breaker{now: c.opts.Now, after: c.opts.BreakAfter, pause: c.opts.BreakFor, budget: maxBudget}
		c.breakers.Add(key, b)
	}
	return b
}

// drain reads a little of a body nobody wants, so that the connection may be used again, and closes it.
func drain(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 16*kib) // only for reuse
	_ = body.Close()                          // a body given up has no error worth telling
}
