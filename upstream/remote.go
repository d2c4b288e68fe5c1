package upstream

import (
	"context"
	"net/http"
	"strings"
	"time"

	"entrepot/artifact"
)

// remotePrefix begins the names of connections beside those of the vocabulary: a domain's own, which come and go.
const remotePrefix = "remote:"

// RemoteConnection is what repositories call the connection to a remote.
func RemoteConnection(name string) string { return remotePrefix + name }

// RemoteName is the inverse of RemoteConnection; ok is false for a connection of the vocabulary.
func RemoteName(connection string) (name string, ok bool) {
	return strings.CutPrefix(connection, remotePrefix)
}

// Remotes knows where the connections lead that Connections does not have, at this moment: ok is false for one that it
// does not know. The names that it knows them by begin as RemoteConnection does; what follows an @ tells those of one name
// apart, and is in no metric.
type Remotes func(connection string) (o Origin, ok bool)

// Authorizer gives the requests to an origin what it wants to see, where that has to be renewed.
type Authorizer interface {
	// Authorize adds it to a request that goes to exactly the origin's scheme, host and port. The error is Unavailable.
	Authorize(ctx context.Context, r *http.Request) error
	// Refused is told of a request that was answered with status 401 or 403, and reports whether the next one may be answered better.
	Refused(r *http.Request, status int) (again bool)
}

// origin finds where a connection leads.
func (c *Client) origin(connection string) (Origin, error) {
	if _, remote := RemoteName(connection); !remote {
		return c.opts.Origins.Lookup(connection)
	}
	if c.opts.Remotes != nil {
		if o, ok := c.opts.Remotes(connection); ok && o.Base != nil {
			return o, nil
		}
	}
	return Origin{}, artifact.Errorf(artifact.Unavailable, "The remote %.100s is not there any more.", label(connection))
}

// label is what a connection is called in metrics and sentences.
func label(connection string) string {
	name, _, _ := strings.Cut(connection, "@")
	return name
}

// freshFor is how old what was said at a connection may be without being asked for anew, and for how long after that it is
// answered while it is. What a remote says is at most as old as was asked for.
func (c *Client) freshFor(connection string) (fresh, revalidating time.Duration) {
	fresh, revalidating = c.opts.Freshness, c.opts.StaleWhileRevalidate
	if _, remote := RemoteName(connection); !remote || c.opts.Remotes == nil {
		return fresh, revalidating
	}
	if o, ok := c.opts.Remotes(connection); ok && o.Freshness > 0 {
		return o.Freshness, 0
	}
	return fresh, revalidating
}

// absentFor is how long it is believed that something is not there: of a remote no longer than what is there is fresh.
func (c *Client) absentFor(connection string) time.Duration {
	if _, remote := RemoteName(connection); !remote {
		return c.opts.NegativeTTL
	}
	fresh, _ := c.freshFor(connection)
	return min(c.opts.NegativeTTL, fresh)
}
