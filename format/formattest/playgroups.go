package formattest

import (
	"net/http"
	"strings"

	"entrepot/artifact"
)

// exactly is the pattern of the group of one package.
func (p *play) exactly(name string) string {
	return "/" + p.Key(name, versionOf(0)).PackageKey.String() + "$"
}

// variants are other ways to write a name, those that its format takes for others among them.
func (p *play) variants(name string) []string {
	names := []string{strings.ToUpper(name)}
	if p.Spellings != nil {
		names = append(names, p.Spellings(name)...)
	}
	return names
}

// keptInside: the group of a package lets nothing of it come from outside. Nobody out there hears its name.
func (p *play) keptInside() {
	name := p.Name(0)
	r, outside := p.release(name, 0), p.release(name, 1)
	p.Group(p.exactly(name))
	p.Restrict(p.exactly(name), artifact.ExternalUpstream, artifact.ForNone)
	p.offer(outside)
	before := p.registry.Asked("")
	for range 2 { // before there is anything of it here, and afterwards
		for _, repo := range []string{team, gateway} {
			p.misses(repo, outside)
			for _, variant := range p.variants(name) {
				p.misses(repo, Release{Name: variant, Version: outside.Version, Files: outside.Files})
				p.index(repo, variant)
			}
		}
		p.publish(team, r)
		p.lists(team, name, r.Version)
		p.installs(team, r)
	}
	if n := p.registry.Asked("") - before; n != 0 {
		p.t.Errorf("the registry was asked %d times", n)
	}
	p.Restrict(p.exactly(name), artifact.ExternalUpstream, artifact.ForAll)
	p.lists(team, name, r.Version, outside.Version)
	p.installs(team, outside)
}

// specificRepositories: what comes from outside is let in by the repository with the connection and by the one that keeps it.
func (p *play) specificRepositories() {
	name := p.Name(0)
	r, later := p.release(name, 0), p.release(name, 1)
	p.offer(r, later)
	everything := "/" + string(p.Format.Name) + "/*"
	p.Group(everything)
	p.Restrict(everything, artifact.ExternalUpstream, artifact.ForSpecific)
	p.Restrict(everything, artifact.InternalUpstream, artifact.ForSpecific, team)
	p.misses(team, r)
	p.Restrict(everything, artifact.ExternalUpstream, artifact.ForSpecific, gateway)
	p.lists(team, name, r.Version, later.Version)
	p.installs(team, r)
	p.lists(other, name)
	p.misses(other, r)
	p.misses(shared, r) // it lies between, and keeps nothing of what team asks for
	p.Restrict(everything, artifact.InternalUpstream, artifact.ForSpecific, other)
	p.installs(other, r)
	p.Restrict(everything, artifact.InternalUpstream, artifact.ForNone)
	p.lists(team, name, r.Version)
	p.installs(team, r) // it is stored
	p.misses(team, later)
}

// nobodyPublishes: a group blocks publishing, and the publisher is told which.
func (p *play) nobodyPublishes() {
	name := p.Name(0)
	r := p.release(name, 0)
	p.Group(p.exactly(name))
	p.Restrict(p.exactly(name), artifact.Publishing, artifact.ForNone)
	got := p.tryPublish(team, r)
	if got.status != http.StatusConflict || !strings.Contains(string(got.body), "PUBLISH is BLOCK") {
		p.t.Errorf("got %d %.500s, %v, want 409 and the reason", got.status, got.body, got.err)
	}
	p.misses(team, r)
	p.publish(team, p.release(p.Name(1), 0))
	p.Restrict(p.exactly(name), artifact.Publishing, artifact.ForSpecific, team)
	p.publish(team, r)
	p.installs(team, r)
}

// notTakenOver: of a package that came from outside nobody publishes a version beside it by mistake.
func (p *play) notTakenOver() {
	name := p.Name(0)
	r := p.release(name, 0)
	p.offer(r)
	p.installs(team, r)
	p.conflicts(team, p.release(name, 1))
	p.conflicts(gateway, p.release(name, 1))
}
