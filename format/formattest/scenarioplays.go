package formattest

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"entrepot/artifact"
)

func (p *play) publishing() {
	name := p.Name(0)
	first, second := p.release(name, 0), p.release(name, 1)
	p.lists(team, name)
	p.publish(team, first)
	p.lists(team, name, first.Version)
	p.installs(team, first)
	p.misses(team, second)
	p.publish(team, second)
	p.lists(team, name, first.Version, second.Version)
	p.installs(team, first)
	p.installs(team, second)
}

func (p *play) conflicting() {
	name := p.Name(0)
	r := p.release(name, 0)
	p.publish(team, r)
	changes := p.Changes()
	got := p.tryPublish(team, p.Make(p.t, name, r.Version, []byte("another payload")))
	if got.status != http.StatusConflict {
		p.t.Errorf("other bytes: got %d %.500s, %v, want 409", got.status, got.body, got.err)
	}
	p.installs(team, r)
	p.publish(team, r)
	if n := p.Changes() - changes; n != 0 {
		p.t.Errorf("versions were changed %d times", n)
	}
}

func (p *play) withdrawing() {
	name := p.Name(0)
	r, stays := p.release(name, 0), p.release(name, 1)
	p.publish(team, r)
	p.publish(team, stays)
	for _, row := range []struct {
		status            artifact.Status
		listed, installed bool
	}{
		{artifact.Unlisted, false, true},
		{artifact.Archived, false, false},
		{artifact.Published, true, true},
		{artifact.Disposed, false, false},
	} {
		p.SetStatus(team, p.Key(name, r.Version), row.status)
		want := []string{stays.Version}
		if row.listed {
			want = append(want, r.Version)
		}
		p.lists(team, name, want...)
		if row.installed {
			p.installs(team, r)
		} else {
			p.misses(team, r)
		}
	}
	p.SetStatus(team, p.Key(name, stays.Version), artifact.Unlisted)
	p.lists(team, name)
	p.installs(team, stays)
}

func (p *play) deprecating() {
	if p.Deprecate == nil {
		return
	}
	name := p.Name(0)
	r, stays := p.release(name, 0), p.release(name, 1)
	p.publish(team, r)
	p.publish(team, stays)
	if got := p.ask(team, p.Deprecate(name, r.Version)); got.status/100 != 2 {
		p.t.Fatalf("got %d %.500s, %v", got.status, got.body, got.err)
	}
	index := p.index(team, name)
	if !p.Deprecated(p.t, index, r.Version) || p.Deprecated(p.t, index, stays.Version) {
		p.t.Errorf("the index advises against %v and %v, want it to against the first of %s and %s alone",
			p.Deprecated(p.t, index, r.Version), p.Deprecated(p.t, index, stays.Version), r.Version, stays.Version)
	}
	p.installs(team, r)
}

func (p *play) strangers() {
	r := p.release(p.Name(0), 0)
	const reason = "The token has expired."
	h := Handler(p.Format, Refusing{p.Shelf(team, p.Format.Name), artifact.Errorf(artifact.Unauthenticated, reason)})
	requests := append(p.Publish(p.t, r), p.Index(r.Name),
		Request{Method: http.MethodGet, Path: p.Path(r.Name, r.Version, r.Files[0].Asset)})
	for _, q := range requests {
		w := q.Do(h)
		if body := w.Body.String(); w.Code != http.StatusUnauthorized || !strings.Contains(body, reason) ||
			!strings.Contains(body, p.SignIn) {
			p.t.Errorf("%s %s: got %d %.500s, want 401, the reason and %q", q.Method, q.Path, w.Code, body, p.SignIn)
		}
	}
}

func (p *play) spellings() {
	if p.Spellings == nil {
		return
	}
	name := p.Name(0)
	r := p.release(name, 0)
	p.publish(team, r)
	for _, spelling := range p.Spellings(name) {
		p.lists(team, spelling, r.Version)
		p.installs(team, Release{spelling, r.Version, r.Files})
		got := p.tryPublish(team, p.Make(p.t, spelling, r.Version, []byte("another payload")))
		if got.status != http.StatusConflict {
			p.t.Errorf("other bytes as %s: got %d %.500s, %v, want 409", spelling, got.status, got.body, got.err)
		}
	}
	if n := p.Published(); n != 1 {
		p.t.Errorf("%d versions came into being, want one", n)
	}
}

func (p *play) internal() {
	name := p.Name(0)
	r, outside := p.release(name, 0), p.release(name, 1)
	p.publish(team, r)
	p.offer(outside) // somebody takes the name there
	before := p.registry.Asked("")
	p.lists(team, name, r.Version)
	p.installs(team, r)
	p.misses(team, outside)
	p.publish(team, p.release(name, 2))
	if n := p.registry.Asked("") - before; n != 0 {
		p.t.Errorf("the registry was asked %d times", n)
	}
}

func (p *play) cold() {
	name := p.Name(0)
	r, later := p.release(name, 0), p.release(name, 1)
	p.offer(r, later)
	p.lists(team, name, r.Version, later.Version)
	p.installs(team, r)
	for repo, want := range map[string]bool{team: true, shared: false, gateway: true, other: false} {
		p.holds(repo, r, want)
		p.holds(repo, later, false)
	}
	held, err := p.Shelf(team, p.Format.Name).Held(p.t.Context(), p.Key(name, r.Version))
	if want := (artifact.Origin{Type: artifact.OriginExternal, Connection: p.Connection}); err != nil || held.Origin != want {
		p.t.Errorf("got the origin %v, %v, want %v", held.Origin, err, want)
	}
}

func (p *play) looking() {
	name := p.Name(0)
	r := p.release(name, 0)
	p.offer(r)
	p.lists(team, name, r.Version)
	p.holds(team, r, false)
	p.holds(gateway, r, false)
	if n := p.Changes(); n != 0 {
		p.t.Errorf("versions were changed %d times", n)
	}
}

// crowd: the registry waits with the content until all others have joined the fetch of the first.
func (p *play) crowd() {
	const clients = 10
	r := p.release(p.Name(0), 0)
	f := r.Files[0]
	path := p.offer(r)[f.Asset]
	release := p.registry.Hold(path)
	p.t.Cleanup(release)
	answers := make([]answer, clients)
	var wait sync.WaitGroup
	for n := range answers {
		wait.Go(func() { answers[n] = p.file(team, r, f) })
	}
	for deadline := time.Now().Add(time.Minute); p.Joined() < clients-1; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("%d of %d clients have joined the fetch of the first", p.Joined(), clients-1)
		}
	}
	release()
	wait.Wait()
	for _, got := range answers {
		if got.err != nil || got.status != http.StatusOK || !bytes.Equal(got.body, f.Content) {
			p.t.Errorf("got %d and %d bytes, %v, want 200 and %d", got.status, len(got.body), got.err, len(f.Content))
		}
	}
	if n := p.registry.Asked(path); n != 1 {
		p.t.Errorf("the registry was asked %d times for the file, want once", n)
	}
}

func (p *play) outage() {
	name := p.Name(0)
	r := p.release(name, 0)
	p.offer(r)
	p.installs(team, r)
	p.registry.Fail()
	p.lists(team, name, r.Version)
	p.installs(team, r)
	p.installs(other, r)
	p.registry.Recover()
	p.installs(other, r)
}

// lies: what is short is told in an answer, and of what is long the end is missing.
func (p *play) lies() {
	for n, size := range []int{100, 1 << 20} {
		name := p.Name(n)
		r := p.Make(p.t, name, versionOf(0), noise(size))
		path := p.offer(r)[r.Files[0].Asset]
		wrong := bytes.Clone(r.Files[0].Content)
		wrong[len(wrong)/2] ^= 1
		p.registry.Put(path, "application/octet-stream", wrong)
		got := p.file(team, r, r.Files[0])
		told := got.err == nil && got.status/100 == 5 && len(bytes.TrimSpace(got.body)) > 0
		if cut := got.err != nil; !told && !cut {
			p.t.Errorf("%d bytes: got %d with %d bytes, want an error or an answer that breaks off", size, got.status, len(got.body))
		}
		p.holds(team, r, false)
		p.holds(gateway, r, false)
		p.offer(r)
		p.installs(team, r)
	}
}

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
	file := Request{Method: http.MethodGet, Path: p.Path(name, r.Version, f.Asset)}
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

// sized is a number that a test with -short makes smaller.
func sized(full, short int) int {
	if testing.Short() {
		return short
	}
	return full
}

// large: who allocates less than an asset's size in all has never had the whole of it in memory.
func (p *play) large() {
	size := sized(16, 8) << 20
	payload := noise(size)
	ours := p.Make(p.t, p.Name(0), versionOf(0), payload)
	theirs := p.Make(p.t, p.Name(1), versionOf(0), payload)
	requests := p.Publish(p.t, ours)
	p.offer(theirs)
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"publishing", func() {
			for _, q := range requests {
				if got := p.ask(team, q); got.status/100 != 2 {
					p.t.Errorf("%s %s: got %d %.500s, %v", q.Method, q.Path, got.status, got.body, got.err)
				}
			}
		}},
		{"reading what was published", func() { p.streams(ours) }},
		{"fetching", func() { p.streams(theirs) }},
		{"reading what was fetched", func() { p.streams(theirs) }},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		step.do()
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took >= uint64(size) {
			p.t.Errorf("%s a file of %d bytes allocates %d", step.name, size, took)
		}
	}
}

// streams reads the first file of a release without keeping it.
func (p *play) streams(r Release) {
	response, err := p.send(team, Request{Method: http.MethodGet, Path: p.Path(r.Name, r.Version, r.Files[0].Asset)})
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

// crowded is how many publish at once where there is much to publish: writes that come together share a commit.
const crowded = 128

// together does something n times, many at once.
func together(n int, do func(int)) {
	next := make(chan int)
	var wait sync.WaitGroup
	for range crowded {
		wait.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wait.Wait()
}

// manyVersions: a registry has them in one document; here they are published one by one.
func (p *play) manyVersions() {
	p.offered(p.Name(0), sized(5000, 50))
	p.published(p.Name(1), sized(500, 20))
}

func (p *play) offered(name string, count int) {
	releases, want := make([]Release, count), make([]string, count)
	for n := range count {
		releases[n], want[n] = p.release(name, n), versionOf(n)
	}
	p.offer(releases...)
	p.lists(team, name, want...)
	p.installs(team, releases[count/2])
}

func (p *play) published(name string, count int) {
	want := make([]string, count)
	for n := range count {
		want[n] = versionOf(n)
	}
	together(count, func(n int) { p.tryPublished(p.release(name, n)) })
	p.lists(team, name, want...)
	p.installs(team, p.release(name, count/2))
}

// tryPublished publishes from a goroutine of a test.
func (p *play) tryPublished(r Release) {
	if got := p.tryPublish(team, r); got.err != nil || got.status/100 != 2 {
		p.t.Errorf("publishing %s %s: got %d %.500s, %v", r.Name, r.Version, got.status, got.body, got.err)
	}
}

func (p *play) manyPackages() {
	count := sized(10000, 100)
	together(count, func(n int) { p.tryPublished(p.release(p.Name(n), 0)) })
	if n := p.Published(); n != count {
		p.t.Errorf("%d versions came into being, want %d", n, count)
	}
	for _, n := range []int{0, count / 2, count - 1} {
		p.lists(team, p.Name(n), versionOf(0))
		p.installs(team, p.release(p.Name(n), 0))
	}
}
