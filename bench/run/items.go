package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"entrepot/bench/load"
)

// item is one thing that is served warm.
type item struct {
	file   string // its name on the bare servers
	path   string // below the endpoint of a repository
	accept string
	gzip   bool // clients take it compressed
	// mirrored says that the repository with the external connection is asked.
	mirrored bool
	// missing says that there is no such thing, and 404 the right answer.
	missing bool
	// at is where servers that are no copies have it.
	at map[string]string
	// check tells whether content, not compressed, is right.
	check func(content []byte) error
}

// served is an item as a server has it.
type served struct {
	length int64
	sum    [sha256.Size]byte
	tag    string // entity tag
}

// target is where a server has an item.
func (s *section) target(c *contender, i *item) string {
	switch {
	case c.name == ours && i.mirrored:
		return s.mirror + i.path
	case c.name == ours:
		return s.team + i.path
	case c.copies:
		return "/" + i.file
	}
	return i.at[c.name]
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

// same makes the check of an item whose content is known to the bit.
func same(want []byte) func([]byte) error {
	return func(got []byte) error {
		if !bytes.Equal(got, want) {
			return fmt.Errorf("%d other bytes came than the %d that were published", len(got), len(want))
		}
		return nil
	}
}

// publishFixtures publishes, one after another as most publishers do, all packages that are served warm.
func (l *lab) publishFixtures(ctx context.Context) error {
	for _, s := range l.sections {
		start := time.Now()
		calls := s.fixtures(s)
		prepared := time.Since(start)
		_, err := load.Run(ctx, load.Plan{Address: l.contenders[ours].address, Connections: 1, Requests: len(calls),
			Next: func(i int) []load.Call { return calls[i : i+1] }, Patience: l.limit})
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Fprintf(os.Stderr, "%s: made %d requests in %.1f s and published with them in %.1f s\n", s.name, len(calls),
			prepared.Seconds(), (time.Since(start) - prepared).Seconds())
	}
	return nil
}

// collect fetches every item from Entrepot, checks that it is right, and leaves it as a file for the other servers.
func (l *lab) collect(ctx context.Context) error {
	if err := os.Mkdir(l.files(), 0o755); err != nil {
		return err
	}
	return l.learn(ctx, l.contenders[ours], func(i *item, body []byte) error {
		return os.WriteFile(filepath.Join(l.files(), i.file), body, 0o644)
	})
}

// learn fetches every item that a server has, and notes how it is served there, once it has been found right. keep is given
// the bodies as they came.
func (l *lab) learn(ctx context.Context, c *contender, keep func(*item, []byte) error) error {
	for _, s := range l.sections {
		for _, i := range s.items {
			if s.target(c, i) == "" {
				continue
			}
			body, err := s.learnOne(ctx, c, i)
			if err != nil {
				return fmt.Errorf("%s from %s: %w", i.file, c.name, err)
			}
			if i.missing || keep == nil {
				continue
			}
			if err := keep(i, body); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *section) learnOne(ctx context.Context, c *contender, i *item) ([]byte, error) {
	body, header, err := s.fetch(ctx, c, i)
	if err != nil || i.missing {
		return nil, err
	}
	zipped := header.Get("Content-Encoding") == "gzip"
	if zipped != i.gzip && (c.copies || c.name == ours) {
		return nil, fmt.Errorf("it has Content-Encoding %q", header.Get("Content-Encoding"))
	}
	content := body
	if zipped {
		if content, err = unzip(body); err != nil {
			return nil, err
		}
	}
	if err := i.check(content); err != nil {
		return nil, err
	}
	got := served{int64(len(body)), sha256.Sum256(body), header.Get("Etag")}
	if c.copies && got.sum != s.contenders[ours].served[i.file].sum {
		return nil, fmt.Errorf("it is not the same as that of %s", ours)
	}
	c.served[i.file] = got
	return body, nil
}

// maxItem bounds what is fetched, in bytes.
const maxItem = 64 << 20

// fetch gets an item from a server, as it is on the wire.
func (s *section) fetch(ctx context.Context, c *contender, i *item) (body []byte, header http.Header, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.address+s.target(c, i), nil)
	if err != nil {
		return nil, nil, err
	}
	for _, h := range append(s.header(), i.header()...) {
		r.Header.Set(h.Name, h.Value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(io.LimitReader(answer.Body, maxItem+1))
	switch {
	case err != nil:
		return nil, nil, err
	case len(body) > maxItem:
		return nil, nil, fmt.Errorf("it has more than %d bytes", maxItem)
	case answer.StatusCode != i.status():
		return nil, nil, fmt.Errorf("status %d: %.300q", answer.StatusCode, body)
	}
	return body, answer.Header, nil
}

func (i *item) status() int {
	if i.missing {
		return http.StatusNotFound
	}
	return http.StatusOK
}

func unzip(body []byte) ([]byte, error) {
	plain, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(plain, maxItem))
}
