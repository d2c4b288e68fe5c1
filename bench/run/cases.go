package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"

	"entrepot/bench/load"
)

// testCase is one row group of the table.
type testCase struct {
	name    string
	on      []string // contenders, in order
	measure measurement
}

// measurement is one run of a case on one server.
type measurement func(ctx context.Context, c *contender, round int) (sample, error)

// connections is how many clients keep the warm cases busy.
const connections = 64

// openRate is the number of requests per second of the case with a given rate: what a busy office makes.
const openRate = 400

// What is served warm is measured on all that serve the same bytes; what needs a repository only where there is one. A peer
// is added to the cases of its format.
var (
	everybody  = []string{ours, bare, nginx}
	publishers = []string{ours, bare}
	proxies    = []string{ours, direct}
)

// wantOf is the answer with exactly this content.
func wantOf(content []byte) load.Want {
	sum := sha256.Sum256(content)
	return load.Want{Status: http.StatusOK, Length: int64(len(content)), SHA256: &sum}
}

// warm asks for one item again and again.
func (s *section) warm(file string) measurement { return s.asking(file, false, 0) }

// revalidating asks for an item that the client has already.
func (s *section) revalidating(file string) measurement { return s.asking(file, true, 0) }

// asking asks for one item, as often as the server answers, or at a rate where one is given.
func (s *section) asking(file string, known bool, rate float64) measurement {
	return func(ctx context.Context, c *contender, _ int) (sample, error) {
		i, has := s.items[file], c.served[file]
		header := append(s.header(), i.header()...)
		want := load.Want{Status: http.StatusOK, Length: has.length, SHA256: &has.sum}
		switch {
		case i.missing:
			want = load.Want{Status: http.StatusNotFound, Length: -1}
		case known && has.tag == "":
			return sample{}, errors.New("there is no entity tag to revalidate with")
		case known:
			header = append(header, load.Header{Name: "If-None-Match", Value: has.tag})
			want = load.Want{Status: http.StatusNotModified}
		}
		calls := []load.Call{{Wire: load.Request("GET", c.address, s.target(c, i), header, nil), Want: want}}
		got, _, err := measure(ctx, c, load.Plan{Connections: connections, Duration: s.duration, Rate: rate, Warm: true,
			Next: func(int) []load.Call { return calls }})
		return got, err
	}
}

// What every package has that is published while the clock runs.
const (
	published     = "new"    // before its name
	publishedSize = 10 << 10 // of its file, in bytes
)

// publishing publishes new packages, made before the clock starts; afterwards some of them are fetched and compared.
func (s *section) publishing(writers int) measurement {
	return func(ctx context.Context, c *contender, round int) (sample, error) {
		all := make([]publication, s.publish*min(writers, 4))
		for i := range all {
			r := release{fmt.Sprintf("%s-%d-%d-%d", published, writers, round, i), "1.0.0", publishedSize}
			all[i] = s.publication(s, c, s.base(c), r)
		}
		got, _, err := measure(ctx, c, load.Plan{Connections: writers, Requests: len(all), Patience: s.limit,
			Next: func(i int) []load.Call { return all[i].calls }})
		switch {
		case err != nil:
			return got, err
		case c.name == ours:
			return got, s.checkPublished(ctx, c, all)
		case c.forget != nil:
			return got, c.forget()
		}
		return got, nil
	}
}

// checkEvery is how many published packages there are to one that is fetched again.
const checkEvery = 16

func (s *section) checkPublished(ctx context.Context, c *contender, all []publication) error {
	next := func(i int) []load.Call {
		p := all[i*checkEvery]
		return []load.Call{s.get(c, s.inbox+p.path, p.want)}
	}
	checked := (len(all) + checkEvery - 1) / checkEvery
	_, err := load.Run(ctx, load.Plan{Address: c.address, Connections: 1, Requests: checked, Next: next})
	if err != nil {
		return fmt.Errorf("fetch what was published: %w", err)
	}
	return nil
}

// get is a request of a client that sees what it asks for for the first time.
func (s *section) get(c *contender, target string, want load.Want, accept ...load.Header) load.Call {
	header := s.header(append(accept, load.Header{Name: "Accept-Encoding", Value: "identity"})...)
	return load.Call{Wire: load.Request("GET", c.address, target, header, nil), Want: want}
}
