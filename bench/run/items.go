package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"entrepot/bench/fixture"
	"entrepot/bench/load"
)

// item is one thing that is served warm.
type item struct {
	file   string // its name on the bare servers
	path   string // below the endpoint of a repository
	accept string
	gzip   bool
	pkg    string // package that it is of
	isDoc  bool

	length int64
	sum    [sha256.Size]byte
}

// tarball and document are the packages behind the items.
type (
	tarball struct {
		pkg  string
		size int // bytes
	}
	document struct {
		pkg      string
		versions int
	}
)

var tarballs = []tarball{{"asset-10k", 10 << 10}, {"asset-100k", 100 << 10}, {"asset-1m", 1 << 20}}

func (s settings) documents() []document {
	return []document{{"small", 4}, {"medium", 180}, {"huge", s.versions}}
}

// Accept values of clients that want the one form or the other (npm 6 to 9, pnpm and bun; npm 10 and later).
const (
	abbreviated = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*"
	full        = "application/json"
)

// releases are all versions of a document's package, oldest first; their tarballs are as small as they can be.
func (d document) releases() []fixture.Release {
	all := make([]fixture.Release, d.versions)
	for i := range all {
		v := fixture.Version(i)
		all[i] = fixture.Release{Name: d.pkg, Version: v, Tarball: fixture.Tarball(d.pkg, v, 0)}
	}
	return all
}

func (t tarball) release() fixture.Release {
	return fixture.Release{Name: t.pkg, Version: "1.0.0", Tarball: fixture.Tarball(t.pkg, "1.0.0", t.size)}
}

// header is what a client sends with every request.
func (l *lab) header(more ...load.Header) []load.Header {
	return append([]load.Header{{Name: "Authorization", Value: "Bearer " + l.token}, {Name: "User-Agent", Value: "bench/1"}}, more...)
}

func (i *item) header() []load.Header {
	encoding := "identity"
	if i.gzip {
		encoding = "gzip"
	}
	accept := i.accept
	if accept == "" {
		accept = "*/*"
	}
	return []load.Header{{Name: "Accept", Value: accept}, {Name: "Accept-Encoding", Value: encoding}}
}

// publishFixtures publishes, one after another as most publishers do, all packages that are served warm.
func (l *lab) publishFixtures(ctx context.Context) error {
	var all []fixture.Release
	for _, t := range tarballs {
		all = append(all, t.release())
	}
	for _, d := range l.documents() {
		all = append(all, d.releases()...)
	}
	start := time.Now()
	calls := make([]load.Call, len(all))
	for i, r := range all {
		calls[i] = l.publication(l.contenders[ours], l.team+r.Name, r)
	}
	prepared := time.Since(start)
	_, err := load.Run(ctx, load.Plan{Address: l.contenders[ours].address, Connections: 1, Requests: len(calls),
		Next: func(i int) load.Call { return calls[i] }, Patience: l.limit})
	fmt.Fprintf(os.Stderr, "made %d versions in %.1f s and published them in %.1f s\n", len(all), prepared.Seconds(),
		(time.Since(start) - prepared).Seconds())
	return err
}

// publication is the publish request of a release.
func (l *lab) publication(c *contender, target string, r fixture.Release) load.Call {
	header := l.header(load.Header{Name: "Content-Type", Value: "application/json"},
		load.Header{Name: "Accept", Value: "*/*"})
	return load.Call{
		Wire: load.Request("PUT", c.address, target, header, fixture.Publication(r)),
		Want: load.Want{Status: http.StatusCreated, Length: -1},
	}
}

// collect fetches every item from Entrepot, checks that it is right, and leaves it as a file for the other servers.
func (l *lab) collect(ctx context.Context) error {
	if err := os.Mkdir(l.files(), 0o755); err != nil {
		return err
	}
	for _, t := range tarballs {
		r := t.release()
		i := &item{file: t.pkg + ".tgz", path: r.Path(), pkg: t.pkg}
		body, err := l.take(ctx, i)
		if err != nil {
			return err
		}
		if !bytes.Equal(body, r.Tarball) {
			return fmt.Errorf("%s: other bytes came back than were published", t.pkg)
		}
	}
	for _, d := range l.documents() {
		releases := d.releases()
		for _, i := range []*item{
			{file: d.pkg + ".json", path: d.pkg, accept: full, pkg: d.pkg, isDoc: true},
			{file: d.pkg + ".abbreviated.json.gz", path: d.pkg, accept: abbreviated, gzip: true, pkg: d.pkg, isDoc: true},
		} {
			body, err := l.take(ctx, i)
			if err != nil {
				return err
			}
			if err := checkPackument(body, i.gzip, releases); err != nil {
				return fmt.Errorf("%s: %w", i.file, err)
			}
		}
	}
	return nil
}

// take fetches an item and keeps it.
func (l *lab) take(ctx context.Context, i *item) ([]byte, error) {
	body, _, err := l.fetch(ctx, l.contenders[ours], i)
	if err != nil {
		return nil, err
	}
	i.length, i.sum = int64(len(body)), sha256.Sum256(body)
	l.items[i.file] = i
	return body, os.WriteFile(filepath.Join(l.files(), i.file), body, 0o644)
}

// maxItem bounds what is fetched, in bytes.
const maxItem = 64 << 20

// fetch gets an item from a server, as it is on the wire, and its entity tag.
func (l *lab) fetch(ctx context.Context, c *contender, i *item) (body []byte, tag string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.address+c.target(i), nil)
	if err != nil {
		return nil, "", err
	}
	for _, h := range append(l.header(), i.header()...) {
		r.Header.Set(h.Name, h.Value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(io.LimitReader(answer.Body, maxItem+1))
	switch {
	case err != nil:
		return nil, "", err
	case len(body) > maxItem:
		return nil, "", fmt.Errorf("%s from %s has more than %d bytes", i.file, c.name, maxItem)
	case answer.StatusCode != http.StatusOK:
		return nil, "", fmt.Errorf("%s from %s: status %d: %.300q", i.file, c.name, answer.StatusCode, body)
	case (answer.Header.Get("Content-Encoding") == "gzip") != i.gzip:
		return nil, "", fmt.Errorf("%s from %s has Content-Encoding %q", i.file, c.name, answer.Header.Get("Content-Encoding"))
	}
	return body, answer.Header.Get("Etag"), nil
}

// checkPackument requires a document to list exactly the releases, each with its own integrity.
func checkPackument(body []byte, zipped bool, releases []fixture.Release) error {
	if zipped {
		plain, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return err
		}
		if body, err = io.ReadAll(io.LimitReader(plain, maxItem)); err != nil {
			return err
		}
	}
	var doc struct {
		Versions map[string]struct{ Dist fixture.Dist }
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return err
	}
	if len(doc.Versions) != len(releases) {
		return fmt.Errorf("it lists %d versions, %d were published", len(doc.Versions), len(releases))
	}
	for _, r := range releases {
		if got, want := doc.Versions[r.Version].Dist.Integrity, r.Dist("").Integrity; got != want {
			return fmt.Errorf("version %s has integrity %q instead of %q", r.Version, got, want)
		}
	}
	return nil
}
