package upstream

import (
	"context"
	"net/http"
	"net/url"
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
	hops       Hops // that a remote is told
}

// target finds where a request goes: to an absolute URL out of metadata, or to a path below the origin.
func (c *Client) target(connection, absolute, path string) (target, error) {
	origin, err := c.origin(connection)
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

// onBehalf is target for a caller's request, with what a remote is told of how it came.
func (c *Client) onBehalf(ctx context.Context, connection, absolute, path string) (target, error) {
	to, err := c.target(connection, absolute, path)
	if to.origin.Remote {
		to.hops = hopsIn(ctx)
	}
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
