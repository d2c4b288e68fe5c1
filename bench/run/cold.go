package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"entrepot/bench/load"
)

// What the cold cases ask for.
const (
	coldClients  = 16
	crowdClients = 200
	crowdSize    = 5_000_000 // bytes
	coldSize     = 10 << 10  // bytes; what the registry makes where no size is asked for
)

// wantDocument takes any document: what a proxy makes of it is its own. The file that follows is checked to the bit.
var wantDocument = load.Want{Status: http.StatusOK, Length: -1}

// coldRelease is a package that nobody has asked for in this run. The registry's own row has its own packages, so that its
// requests are not counted as the proxy's.
func coldRelease(c *contender, kind string, round, i int) release {
	return release{fmt.Sprintf("%s-%s-%d-%d", c.name, kind, round, i), "1.0.0", coldSize}
}

// coldDocuments asks once for each of many documents about packages.
func (s *section) coldDocuments(ctx context.Context, c *contender, round int) (sample, error) {
	documents := make([]load.Call, s.cold)
	for i := range documents {
		documents[i], _ = s.absent(s, c, coldRelease(c, "document", round, i))
	}
	return s.chill(ctx, c, round, "document", s.cold, plan(coldClients, documents))
}

// coldFiles asks once for each of many files. documentsFirst says that the documents about their packages were asked for
// before, as clients do that know their addresses from there.
func (s *section) coldFiles(documentsFirst bool) measurement {
	return func(ctx context.Context, c *contender, round int) (sample, error) {
		documents := make([]load.Call, s.cold)
		files := make([]load.Call, s.cold)
		for i := range files {
			documents[i], files[i] = s.absent(s, c, coldRelease(c, "file", round, i))
		}
		if documentsFirst {
			if err := s.fetchAll(ctx, c, documents); err != nil {
				return sample{}, err
			}
		}
		return s.chill(ctx, c, round, "file", s.cold, plan(coldClients, files))
	}
}

// crowdOnDocument and crowdOnFile have many clients ask for one thing at the same moment.
func (s *section) crowdOnDocument(ctx context.Context, c *contender, round int) (sample, error) {
	document, _ := s.absent(s, c, coldRelease(c, "crowd", round, 0))
	return s.chill(ctx, c, round, "crowd", 1, crowd(document))
}

func (s *section) crowdOnFile(ctx context.Context, c *contender, round int) (sample, error) {
	big := release{fmt.Sprintf("%s-big-%d-bytes-%d", c.name, round, crowdSize), "1.0.0", crowdSize}
	document, file := s.absent(s, c, big)
	if err := s.fetchAll(ctx, c, []load.Call{document}); err != nil {
		return sample{}, err
	}
	return s.chill(ctx, c, round, "big", 1, crowd(file))
}

// plan makes each call once.
func plan(clients int, calls []load.Call) load.Plan {
	return load.Plan{Connections: clients, Requests: len(calls), Next: func(i int) []load.Call { return calls[i : i+1] }}
}

// crowd has everybody make the same call once.
func crowd(call load.Call) load.Plan {
	calls := []load.Call{call}
	return load.Plan{Connections: crowdClients, Requests: crowdClients, Next: func(int) []load.Call { return calls }}
}

func (s *section) fetchAll(ctx context.Context, c *contender, calls []load.Call) error {
	p := plan(min(coldClients, len(calls)), calls)
	p.Address = c.address
	if _, err := load.Run(ctx, p); err != nil {
		return fmt.Errorf("fetch the documents first: %w", err)
	}
	return nil
}

// chill measures a cold case of some things: the times are those of the first byte, and the registry tells how often it was
// asked. A proxy that asks it more than once for one file or document has failed.
func (s *section) chill(ctx context.Context, c *contender, round int, kind string, things int,
	plan load.Plan) (sample, error) {
	prefix := fmt.Sprintf("%s-%s-%d-", c.name, kind, round)
	before, err := s.asked(ctx, prefix)
	if err != nil {
		return sample{}, err
	}
	got, result, err := measure(ctx, c, plan)
	if err != nil {
		return got, err
	}
	after, err := s.asked(ctx, prefix)
	if err != nil {
		return got, err
	}
	got.p50, got.p99 = millis(load.Percentile(result.FirstBytes, 50)), millis(load.Percentile(result.FirstBytes, 99))
	if after.Requests == before.Requests {
		return got, fmt.Errorf("the registry was not asked for anything of %s", prefix)
	}
	got.upstream = float64(after.Requests-before.Requests) / float64(things)
	if c.name == ours && after.Most > 1 {
		return got, fmt.Errorf("the registry was asked %d times for one thing of %s", after.Most, prefix)
	}
	return got, nil
}

// asked is how often the registry was asked about packages whose names begin with a prefix.
type asked struct {
	Requests, Most int
}

func (s *section) asked(ctx context.Context, prefix string) (asked, error) {
	query := url.Values{"protocol": {s.name}, "prefix": {prefix}}
	target := "http://" + s.contenders[direct].address + "/-/count?" + query.Encode()
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
