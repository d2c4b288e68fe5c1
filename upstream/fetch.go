package upstream

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxRedirects bounds the redirects of one attempt; registries with download hosts need one or two.
const maxRedirects = 5

// maxRenewals bounds how often one request is made again with something else to show.
const maxRenewals = 2

// do sends the request and returns a response with status 200, or 304 where a validator was sent. Its body is paced
// and must be closed. Errors are *artifact.Error: NotFound after a definitive absence, otherwise Unavailable.
func (c *Client) do(ctx context.Context, to target) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	began := time.Now()
	tooLong := time.AfterFunc(c.opts.Patience, func() { cancel(errSlow) })
	defer tooLong.Stop()
	for attempt, renewals := 1, 0; ; attempt++ {
		resp, b, what, err := c.follow(ctx, to)
		if err == nil {
			resp.Body = c.pace(resp.Body, to, b, began, cancel)
			return resp, nil
		}
		if what.renewed && renewals < maxRenewals { // nothing is wrong with the host: it costs no retry, and waits for nothing
			renewals++
			attempt--
			continue
		}
		if !what.again || attempt > c.opts.Retries || !b.retry() || !c.backOff(ctx, attempt, err) {
			cancel(nil)
			return nil, err
		}
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

func (c *Client) roundTrip(ctx context.Context, to target, b *breaker) (*http.Response, outcome, error) {
	permit, ok, wait := b.allow()
	if !ok {
		c.metrics.request(to.connection, breakerIsOpen)
		err := to.origin.unavailable("failed repeatedly and is left alone for a while")
		err.RetryAfter = wait
		return nil, outcome{label: breakerIsOpen}, err
	}
	r, err := c.request(ctx, to)
	if err != nil {
		permit.report(undecided, 0)
		return nil, oddStatus, err
	}
	resp, err := c.transports.to(&c.opts, to.origin, to.guarded).RoundTrip(r)
	if err != nil {
		what, err := c.transportError(ctx, to, err)
		permit.report(what.verdict, 0)
		c.metrics.request(to.connection, what.label)
		return nil, what, err
	}
	what, known := statuses[resp.StatusCode]
	if !known || what == unmodified && !conditional(to.header) {
		what = oddStatus
	}
	hold := retryAfter(resp.Header.Get("Retry-After"), c.opts.Now())
	permit.report(what.verdict, hold)
	c.metrics.request(to.connection, what.label)
	if what == answered || what == unmodified || what == redirected {
		return resp, what, nil
	}
	drain(resp.Body)
	err = statusError(to.origin, resp.StatusCode, what, hold)
	if what == circular && to.hops.askedBack(resp.Header.Get(LoopHeader)) {
		err = to.origin.unavailable("is who asks").Causing(ErrAskedBack)
	}
	if a := to.origin.Authorizer; what == refused && a != nil && to.origin.Owns(to.url) {
		what.renewed = a.Refused(r, resp.StatusCode)
	}
	return nil, what, err
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
		if err := to.origin.authorize(ctx, r); err != nil {
			return nil, err
		}
		hops := to.hops
		if to.origin.Opaque {
			hops = hops.opaque()
		}
		if len(hops) > 0 {
			r.Header.Set(HopsHeader, hops.String())
		}
	}
	if to.guarded && c.opts.Proxy != nil {
		if proxy, err := c.opts.Proxy(r); err != nil || proxy != nil {
			return nil, to.origin.unavailable("points to a host that only a proxy reaches; " +
				"list it among its download hosts").Causing(err)
		}
	}
	return r, nil
}

// breaker returns the breaker of the host the request goes to.
func (c *Client) breaker(to target) *breaker {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := to.origin.Name
	if to.origin.Remote { // remotes of several domains may have one name
		key, _, _ = strings.Cut(to.connection, "/")
	}
	key += " " + to.url.Scheme + "://" + hostPort(to.url)
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
