package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"entrepot/bench/fixture"
	"entrepot/bench/load"
)

// What the cold cases ask for.
const (
	coldClients  = 16
	crowdClients = 200
	crowdSize    = 5_000_000 // bytes
	coldSize     = 10 << 10  // bytes; what the registry makes where no size is asked for
)

// get is a request of a client that sees what it asks for for the first time.
func (l *lab) get(c *contender, target string, want load.Want) load.Call {
	header := l.header(load.Header{Name: "Accept", Value: full}, load.Header{Name: "Accept-Encoding", Value: "identity"})
	return load.Call{Wire: load.Request("GET", c.address, target, header, nil), Want: want}
}

func wantOf(r fixture.Release) load.Want {
	sum := sha256.Sum256(r.Tarball)
	return load.Want{Status: http.StatusOK, Length: int64(len(r.Tarball)), SHA256: &sum}
}

// wantDocument takes any document: what a proxy makes of it is its own. The tarball that follows is checked to the bit.
var wantDocument = load.Want{Status: http.StatusOK, Length: -1}

// base is where a contender of the cold cases has its packages.
func (l *lab) base(c *contender) string {
	if c.name == direct {
		return "/"
	}
	return l.mirror
}

// coldName names a package that nobody has asked for in this run. The registry's own row has its own packages, so that its
// requests are not counted as the proxy's.
func coldName(c *contender, kind string, round, i int) string {
	return fmt.Sprintf("%s-%s-%d-%d", c.name, kind, round, i)
}

// coldDocuments asks once for each of many packuments.
func (l *lab) coldDocuments(ctx context.Context, c *contender, round int) (sample, error) {
	next := func(i int) load.Call { return l.get(c, l.base(c)+coldName(c, "document", round, i), wantDocument) }
	return l.chill(ctx, c, round, "document", load.Plan{Connections: coldClients, Requests: l.cold, Next: next})
}

// coldTarballs asks once for each of many tarballs, whose packuments were asked for before, as clients do.
func (l *lab) coldTarballs(ctx context.Context, c *contender, round int) (sample, error) {
	documents := make([]load.Call, l.cold)
	tarballs := make([]load.Call, l.cold)
	for i := range tarballs {
		name := coldName(c, "tarball", round, i)
		r := fixture.Release{Name: name, Version: "1.0.0", Tarball: fixture.Tarball(name, "1.0.0", coldSize)}
		documents[i] = l.get(c, l.base(c)+name, wantDocument)
		tarballs[i] = l.get(c, l.base(c)+r.Path(), wantOf(r))
	}
	_, err := load.Run(ctx, load.Plan{Address: c.address, Connections: coldClients, Requests: len(documents),
		Next: func(i int) load.Call { return documents[i] }})
	if err != nil {
		return sample{}, fmt.Errorf("fetch the packuments: %w", err)
	}
	return l.chill(ctx, c, round, "tarball", load.Plan{Connections: coldClients, Requests: len(tarballs),
		Next: func(i int) load.Call { return tarballs[i] }})
}

// crowd has many clients ask for one thing at the same moment.
func (l *lab) crowd(forTarball bool) func(context.Context, *contender, int) (sample, error) {
	return func(ctx context.Context, c *contender, round int) (sample, error) {
		if !forTarball {
			call := l.get(c, l.base(c)+coldName(c, "crowd", round, 0), wantDocument)
			return l.chill(ctx, c, round, "crowd", load.Plan{Connections: crowdClients, Requests: crowdClients,
				Next: func(int) load.Call { return call }})
		}
		name := fmt.Sprintf("%s-big-%d-bytes-%d", c.name, round, crowdSize)
		r := fixture.Release{Name: name, Version: "1.0.0", Tarball: fixture.Tarball(name, "1.0.0", crowdSize)}
		_, err := load.Run(ctx, load.Plan{Address: c.address, Connections: 1, Requests: 1,
			Next: func(int) load.Call { return l.get(c, l.base(c)+name, wantDocument) }})
		if err != nil {
			return sample{}, fmt.Errorf("fetch the packument: %w", err)
		}
		call := l.get(c, l.base(c)+r.Path(), wantOf(r))
		return l.chill(ctx, c, round, "big", load.Plan{Connections: crowdClients, Requests: crowdClients,
			Next: func(int) load.Call { return call }})
	}
}

// chill measures a cold case: the times are those of the first byte, and the registry tells how often it was asked. A proxy
// that asks it more than once for one thing has failed.
func (l *lab) chill(ctx context.Context, c *contender, round int, kind string, plan load.Plan) (sample, error) {
	prefix := fmt.Sprintf("%s-%s-%d-", c.name, kind, round)
	before, err := l.asked(ctx, prefix)
	if err != nil {
		return sample{}, err
	}
	s, result, err := measure(ctx, c, plan)
	if err != nil {
		return s, err
	}
	after, err := l.asked(ctx, prefix)
	if err != nil {
		return s, err
	}
	s.p50, s.p99 = millis(load.Percentile(result.FirstBytes, 50)), millis(load.Percentile(result.FirstBytes, 99))
	items := after.Paths - before.Paths
	if items < 1 {
		return s, fmt.Errorf("the registry was not asked for anything below %s", prefix)
	}
	s.upstream = float64(after.Requests-before.Requests) / float64(items)
	if c.name == ours && after.Most > 1 {
		return s, fmt.Errorf("the registry was asked %d times for one item of %s", after.Most, prefix)
	}
	return s, nil
}

// asked is how often the registry was asked for paths with a prefix.
type asked struct {
	Requests, Paths, Most int
}

func (l *lab) asked(ctx context.Context, prefix string) (asked, error) {
	target := "http://" + l.contenders[direct].address + "/-/count?prefix=" + url.QueryEscape(prefix)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return asked{}, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return asked{}, fmt.Errorf("ask the registry for its counts: %w", err)
	}
	defer answer.Body.Close()
	var a asked
	if err := json.NewDecoder(io.LimitReader(answer.Body, 1<<10)).Decode(&a); err != nil {
		return asked{}, fmt.Errorf("read the registry's counts: %w", err)
	}
	return a, nil
}
