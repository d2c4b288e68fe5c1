package upstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Run runs a program and returns what it printed on standard output.
type Run func(ctx context.Context, name string, args ...string) ([]byte, error)

// Found is what the machine's clients say about one connection.
type Found struct {
	Connection string // public:npmjs
	URL        string // empty when nothing was found
	How        string // the client's own words for where it stands: npm config get registry
	Reason     string // when nothing was found: why
}

// A detector asks one client. It returns an address and how it was found, or why none was.
type detector func(ctx context.Context, run Run) (address, how string, err error)

// detectWithin bounds one client's answer. Java takes its time.
const detectWithin = 15 * time.Second

// maxOutput bounds what a client may print, in bytes.
const maxOutput = mib

// Detect asks the package managers installed on this machine which registries they are configured to use, one Found for
// every connection, in the order of Connections. Nothing it meets is an error: a connection without an address has a
// Reason. An address with a user or password, or one of own (this server's public addresses), is not taken: a client
// that has logged in here must not make the server its own upstream.
func Detect(ctx context.Context, run Run, own ...string) []Found {
	found := make([]Found, len(connections))
	var wg sync.WaitGroup
	for i, c := range connections {
		wg.Go(func() { found[i] = detect(ctx, c, run, own) })
	}
	wg.Wait()
	return found
}

func detect(ctx context.Context, c Connection, run Run, own []string) Found {
	f := Found{Connection: c.Name}
	if c.detect == nil {
		f.Reason = "no client says where it is"
		return f
	}
	ctx, cancel := context.WithTimeout(ctx, detectWithin)
	defer cancel()
	address, how, err := c.detect(ctx, run)
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
func acceptable(c Connection, address string, own []string) (string, error) {
	address = strings.TrimSpace(address)
	o, err := ParseOrigin(c.Setting(), address)
	switch {
	case err != nil:
		return "", errors.New("the client's answer is no address of a registry")
	case !o.Credential.IsZero():
		return "", errors.New("the client's address carries a credential; configure it here outright")
	}
	for _, text := range own {
		if u, err := url.Parse(text); err == nil && o.owns(u) {
			return "", errors.New("the client is configured to use this server")
		}
	}
	return o.Base.String(), nil
}

// Exec is a Run that starts real programs, bounded in output.
func Exec(ctx context.Context, name string, args ...string) ([]byte, error) {
	var printed limited
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout = &printed
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("run %s: %w", name, err)
	}
	return printed.out.Bytes(), nil
}

// limited has no ReadFrom, which would go around its limit.
type limited struct{ out bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if l.out.Len()+len(p) > maxOutput {
		return 0, errors.New("it prints too much")
	}
	return l.out.Write(p)
}
