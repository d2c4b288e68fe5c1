package formattest

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"runtime"
)

func (p *play) conditions() {
	name := p.Name(0)
	r := p.release(name, 0)
	p.publish(team, r)
	f := r.Files[0]
	with := func(q Request, key, value string) answer {
		q.Header = maps.Clone(q.Header)
		if q.Header == nil {
			q.Header = map[string]string{}
		}
		q.Header[key] = value
		return p.ask(team, q)
	}
	file := p.request(r, f)
	part := with(file, "Range", "bytes=2-5")
	wantRange := fmt.Sprintf("bytes 2-5/%d", len(f.Content))
	if part.status != http.StatusPartialContent || !bytes.Equal(part.body, f.Content[2:6]) ||
		part.header.Get("Content-Range") != wantRange {
		p.t.Errorf("a range: got %d, %q of %s, want 206 and %q of %s", part.status, part.body,
			part.header.Get("Content-Range"), f.Content[2:6], wantRange)
	}
	behind := with(file, "Range", fmt.Sprintf("bytes=%d-", len(f.Content)))
	if behind.status != http.StatusRequestedRangeNotSatisfiable {
		p.t.Errorf("a range behind the end: got %d, want 416", behind.status)
	}
	for _, q := range []Request{file, p.Index(name)} {
		tag := p.ask(team, q).header.Get("Etag")
		got := with(q, "If-None-Match", tag)
		if tag == "" || got.status != http.StatusNotModified || len(got.body) != 0 {
			p.t.Errorf("%s with its tag %q: got %d and %d bytes, want 304 and none", q.Path, tag, got.status, len(got.body))
		}
	}
	before := p.ask(team, p.Index(name)).header.Get("Etag")
	p.publish(team, p.release(name, 1))
	if got := with(p.Index(name), "If-None-Match", before); got.status != http.StatusOK {
		p.t.Errorf("an index that has changed: got %d, want 200", got.status)
	}
}

// inPassing is how much memory may be allocated in all while a file of any size goes through, in bytes.
const inPassing = 8 << 20

func (p *play) large() {
	size := sized(100, 16) << 20
	payload := noise(size)
	published := p.Make(p.t, p.Name(0), versionOf(0), payload)
	offered := p.Make(p.t, p.Name(1), versionOf(0), payload)
	requests := p.Publish(p.t, published)
	type step struct {
		name string
		do   func()
	}
	steps := []step{
		{"publishing", func() { p.succeed(requests) }},
		{"reading what was published", func() { p.streams(published) }},
	}
	if p.Connection != "" {
		p.offer(offered)
		steps = append(steps, step{"fetching", func() { p.streams(offered) }},
			step{"reading what was fetched", func() { p.streams(offered) }})
	}
	for _, step := range steps {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		step.do()
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > inPassing {
			p.t.Errorf("%s a file of %d bytes allocates %d, want %d at most", step.name, size, took, inPassing)
		}
	}
}

// succeed sends requests that are all to be accepted.
func (p *play) succeed(requests []Request) {
	for _, q := range requests {
		if got := p.ask(team, q); got.err != nil || got.status/100 != 2 {
			p.t.Errorf("%s %s: got %d %.500s, %v", q.Method, q.Path, got.status, got.body, got.err)
		}
	}
}

// streams reads the first file of a release without keeping it.
func (p *play) streams(r Release) {
	response, err := p.send(team, p.request(r, r.Files[0]))
	if err != nil {
		p.t.Error(err)
		return
	}
	defer response.Body.Close()
	n, err := io.Copy(io.Discard, response.Body)
	if err != nil || response.StatusCode != http.StatusOK || n != int64(len(r.Files[0].Content)) {
		p.t.Errorf("%s: got %d and %d bytes, %v, want 200 and %d", r.Name, response.StatusCode, n, err, len(r.Files[0].Content))
	}
}
