package formattest

import (
	"bytes"
	"net/http"
	"sync"

	"entrepot/artifact"
)

// ownName: who publishes a name of his own upstream has no part in the package of that name here.
func (p *play) ownName() {
	name := p.Name(0)
	r, upstream := p.release(name, 0), p.release(name, 1)
	p.publish(team, r)
	p.publish(gateway, upstream)
	p.lists(team, name, r.Version)
	p.installs(team, r)
	p.misses(team, upstream)
	p.lists(shared, name, upstream.Version)
}

func (p *play) upstreamRepositories() {
	name := p.Name(0)
	r, later := p.release(name, 0), p.release(name, 1)
	p.publish(gateway, r)
	p.publish(gateway, later)
	changes := p.Changes()
	p.lists(team, name, r.Version, later.Version)
	if n := p.Changes() - changes; n != 0 {
		p.t.Errorf("reading an index changed versions %d times", n)
	}
	p.conflicts(team, p.Make(p.t, name, r.Version, []byte("another payload")))
	p.installs(team, r)
	for repo, want := range map[string]bool{team: true, shared: false, gateway: true, other: false} {
		p.holds(repo, r, want)
		p.holds(repo, later, repo == gateway)
	}
	held, err := p.Shelf(team, p.Format.Name).Held(p.t.Context(), p.Key(name, r.Version))
	if want := (artifact.Origin{Type: artifact.OriginInternal, Repository: gateway}); err != nil || held.Origin != want {
		p.t.Errorf("got the origin %v, %v, want %v", held.Origin, err, want)
	}
	p.Upstreams(shared)
	for _, version := range []Release{r, later} {
		p.Delete(gateway, p.Key(name, version.Version))
	}
	p.lists(team, name, r.Version)
	p.installs(team, r)
	p.misses(team, later)
	p.misses(other, r)
}

func (p *play) upstreamCrowd() {
	const clients = 10
	r := p.release(p.Name(0), 0)
	f := r.Files[0]
	p.publish(gateway, r)
	answers := make([]answer, clients)
	var wait sync.WaitGroup
	for n := range answers {
		wait.Go(func() { answers[n] = p.file(team, r, f) })
	}
	wait.Wait()
	for _, got := range answers {
		if got.err != nil || got.status != http.StatusOK || !bytes.Equal(got.body, f.Content) {
			p.t.Errorf("got %d and %d bytes, %v, want 200 and %d", got.status, len(got.body), got.err, len(f.Content))
		}
	}
	p.holds(team, r, true)
	if n := p.Published(); n != 2 {
		p.t.Errorf("%d versions came into being, want one at either end", n)
	}
}
