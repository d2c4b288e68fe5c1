package formattest

import (
	"bytes"
	"net/http"
	"sync"
	"time"

	"entrepot/artifact"
)

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

func (p *play) discouraged() {
	name := p.Name(0)
	r, stays := p.release(name, 0), p.release(name, 1)
	r.Discouraged = true
	p.offer(r, stays)
	for range 2 { // listed, then kept
		p.advisesAgainst(team, name, r.Version)
		p.installs(team, r)
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
	if n := p.registry.Fetched(path); n != 1 {
		p.t.Errorf("the file was fetched %d times, want once", n)
	}
}

// outage: of what was never installed nobody is told that it is not there, for clients would believe that.
func (p *play) outage() {
	name := p.Name(0)
	r, later := p.release(name, 0), p.release(name, 1)
	p.offer(r, later)
	p.lists(team, name, r.Version, later.Version)
	p.installs(team, r)
	p.registry.Fail()
	p.lists(team, name, r.Version, later.Version)
	p.installs(team, r)
	p.installs(other, r)
	if got := p.file(team, later, later.Files[0]); got.status/100 != 5 {
		p.t.Errorf("what was not kept: got %d %.500s, %v, want an error of the server", got.status, got.body, got.err)
	}
	p.registry.Recover()
	p.installs(other, later)
	p.Upstreams(team)
	p.lists(team, name, r.Version)
	p.installs(team, r)
	p.misses(team, later)
}

// lies: of a file that is small the lie is told in an answer, of a large one the end is missing.
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
