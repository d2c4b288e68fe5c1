// Package detect asks the package managers installed on this machine which registries they are configured to use. What
// to ask and how to read the answer belongs to the formats: each brings its Detectors.
package detect

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"

	"entrepot/upstream"
)

// A Detector asks one package manager for the address of one external connection. It returns the address and how it was
// found, in the client's own words for where it stands (npm config get registry), or why there is none; how may be told
// in both cases.
type Detector func(ctx context.Context, run Run) (address, how string, err error)

// Found is what the machine's clients say about one connection.
type Found struct {
	Connection string // public:npmjs
	URL        string // empty when nothing was found
	How        string // as the Detector says
	Reason     string // when nothing was found: why
}

// within bounds one client's answer. Java takes its time.
const within = 15 * time.Second

// All runs the detectors, by the names of their connections, and returns one Found for every external connection there
// is, in the order of upstream.Connections. Nothing it meets is an error: a connection without an address has a Reason.
// An address with a user or password, or one of own (this server's public addresses), is not taken: a client that has
// logged in here must not make the server its own upstream.
func All(ctx context.Context, detectors map[string]Detector, run Run, own ...string) []Found {
	connections := upstream.Connections()
	found := make([]Found, len(connections))
	var wg sync.WaitGroup
	for i, c := range connections {
		wg.Go(func() { found[i] = one(ctx, c, detectors[c.Name], run, own) })
	}
	wg.Wait()
	return found
}

func one(ctx context.Context, c upstream.Connection, ask Detector, run Run, own []string) Found {
	f := Found{Connection: c.Name}
	if ask == nil {
		f.Reason = "no client says where it is"
		return f
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	address, how, err := ask(ctx, run)
	f.How = how
	if err == nil {
		f.URL, err = acceptable(c, address, own)
	}
	if err != nil {
		f.Reason = err.Error()
	}
	return f
}

// acceptable checks a detected address as a configured one would be.
func acceptable(c upstream.Connection, address string, own []string) (string, error) {
	address = strings.TrimSpace(address)
	o, err := upstream.ParseOrigin(c.Setting(), address)
	switch {
	case err != nil:
		return "", errors.New("the client's answer is no address of a registry")
	case !o.Credential.IsZero():
		return "", errors.New("the client's address carries a credential; configure it here outright")
	}
	for _, text := range own {
		if u, err := url.Parse(text); err == nil && o.Owns(u) {
			return "", errors.New("the client is configured to use this server")
		}
	}
	return o.Base.String(), nil
}
