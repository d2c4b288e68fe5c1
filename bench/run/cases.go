package main

import (
	"context"
	"fmt"
	"net/http"

	"entrepot/bench/fixture"
	"entrepot/bench/load"
)

// testCase is one row group of the table.
type testCase struct {
	name    string
	on      []string // contenders, in order
	measure func(ctx context.Context, c *contender, round int) (sample, error)
}

// connections is how many clients keep the warm cases busy.
const connections = 64

// openRate is the number of requests per second of the case with a given rate: what a busy office makes.
const openRate = 400

// Everything that is served warm is measured on everybody; what needs a repository only where there is one.
var (
	everybody  = []string{ours, bare, nginx}
	publishers = []string{ours, bare}
	proxies    = []string{ours, direct}
)

func (l *lab) cases() []testCase {
	all := []testCase{}
	for _, row := range []struct{ name, item string }{
		{"tarball 10 KB", "asset-10k.tgz"},
		{"tarball 100 KB", "asset-100k.tgz"},
		{"tarball 1 MB", "asset-1m.tgz"},
	} {
		all = append(all, testCase{row.name, everybody, l.warm(row.item, false, 0)})
	}
	all = append(all, testCase{fmt.Sprintf("tarball 10 KB, %d/s", openRate), everybody, l.warm("asset-10k.tgz", false, openRate)})
	for _, d := range l.documents() {
		name := fmt.Sprintf("packument of %d versions, ", d.versions)
		all = append(all,
			testCase{name + "full", everybody, l.warm(d.pkg+".json", false, 0)},
			testCase{name + "abbreviated gzip", everybody, l.warm(d.pkg+".abbreviated.json.gz", false, 0)},
			testCase{name + "304", everybody, l.warm(d.pkg+".json", true, 0)},
		)
	}
	return append(all,
		testCase{"publish 10 KB, 1 writer", publishers, l.publishing(1)},
		testCase{"publish 10 KB, 8 writers", publishers, l.publishing(8)},
		testCase{"cold packument, 16 clients", proxies, l.coldDocuments},
		testCase{"cold tarball 10 KB, 16 clients", proxies, l.coldTarballs},
		testCase{"cold, 200 clients on one packument", proxies, l.crowd(false)},
		testCase{"cold, 200 clients on one 5 MB tarball", proxies, l.crowd(true)},
	)
}

// warm asks for one item again and again; known says that the client has it already.
func (l *lab) warm(file string, known bool, rate float64) func(context.Context, *contender, int) (sample, error) {
	return func(ctx context.Context, c *contender, _ int) (sample, error) {
		i := l.items[file]
		header := append(l.header(), i.header()...)
		want := load.Want{Status: http.StatusOK, Length: i.length, SHA256: &i.sum}
		if known {
			tag, err := l.tagOf(ctx, c, i)
			if err != nil {
				return sample{}, err
			}
			header = append(header, load.Header{Name: "If-None-Match", Value: tag})
			want = load.Want{Status: http.StatusNotModified}
		}
		call := load.Call{Wire: load.Request("GET", c.address, c.target(i), header, nil), Want: want}
		s, _, err := measure(ctx, c, load.Plan{Connections: connections, Duration: l.duration, Rate: rate, Warm: true,
			Next: func(int) load.Call { return call }})
		return s, err
	}
}

// tagOf asks the server once for the entity tag of an item.
func (l *lab) tagOf(ctx context.Context, c *contender, i *item) (string, error) {
	if tag, ok := c.tags[i.file]; ok {
		return tag, nil
	}
	_, tag, err := l.fetch(ctx, c, i)
	if err != nil {
		return "", err
	}
	if tag == "" {
		return "", fmt.Errorf("%s gives no entity tag for %s", c.name, i.file)
	}
	c.tags[i.file] = tag
	return tag, nil
}

// publishing publishes new packages, made before the clock starts; afterwards some of them are fetched and compared.
func (l *lab) publishing(writers int) func(context.Context, *contender, int) (sample, error) {
	return func(ctx context.Context, c *contender, round int) (sample, error) {
		releases := make([]fixture.Release, l.publish*min(writers, 4))
		calls := make([]load.Call, len(releases))
		base := "/"
		if c.name == ours {
			base = l.team
		}
		for i := range releases {
			name := fmt.Sprintf("new-%d-%d-%d", writers, round, i)
			releases[i] = fixture.Release{Name: name, Version: "1.0.0", Tarball: fixture.Tarball(name, "1.0.0", 10<<10)}
			calls[i] = l.publication(c, base+name, releases[i])
		}
		s, _, err := measure(ctx, c, load.Plan{Connections: writers, Requests: len(calls),
			Next: func(i int) load.Call { return calls[i] }})
		if err != nil || c.name != ours {
			return s, err
		}
		return s, l.checkPublished(ctx, c, releases)
	}
}

// checkEvery is how many published packages there are to one that is fetched again.
const checkEvery = 16

func (l *lab) checkPublished(ctx context.Context, c *contender, releases []fixture.Release) error {
	next := func(i int) load.Call {
		r := releases[i*checkEvery]
		return l.get(c, l.team+r.Path(), wantOf(r))
	}
	checked := (len(releases) + checkEvery - 1) / checkEvery
	_, err := load.Run(ctx, load.Plan{Address: c.address, Connections: 1, Requests: checked, Next: next})
	if err != nil {
		return fmt.Errorf("fetch what was published: %w", err)
	}
	return nil
}
