package repository

import (
	"context"
	"slices"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/upstream"
)

// plan says from where a repository's packages and versions of one name may come, in search order: depth first, each
// repository before its upstreams, its upstreams in the configured order, its external connection last (user guide,
// "Upstream repository priority order"). It follows from configuration and origin controls alone and is kept until they
// change. Single versions, views and publish checks all follow it.
type plan struct {
	// sources in search order: the asked repository first. A rank is an index into it.
	sources []planSource
	// children are the ranks searched below each repository of the plan, in order.
	children [][]int
	ends     []int // for each rank, the first one that is not searched below it
	admission
}

// planSource is one place versions come from: a repository's own records, or an external registry it is connected to.
type planSource struct {
	repository catalog.Repository
	connection string // empty for the repository's own records
	registry   registry
}

// registry is what lies behind a connection.
type registry struct {
	Source
	fetched  string // the connection by which the Fetcher knows it
	remote   bool   // it is one of the domain's own
	internal bool   // what comes from there counts as made inside
}

// wayInto is how versions of the source come into a repository.
func (s planSource) wayInto(repo catalog.Repository) artifact.RestrictionType {
	if s.connection != "" && s.repository.ID == repo.ID && !s.registry.internal {
		return artifact.ExternalUpstream
	}
	return artifact.InternalUpstream
}

type planKey struct {
	repository catalog.RepositoryID
	pkg        artifact.PackageKey
}

func (s *Service) plan(ctx context.Context, at *configuration, p artifact.PackageKey) (*plan, error) {
	return s.planAnd(ctx, at, p, nil)
}

// planAnd is plan for a caller who has to read by it: a plan that is not remembered is made in the reading that also
// runs, a remembered one costs no reading of its own. A nil also reads nothing.
func (s *Service) planAnd(ctx context.Context, at *configuration, p artifact.PackageKey,
	also func(catalog.Reader, *plan) error) (*plan, error) {
	key := planKey{at.repository.ID, p}
	if made, ok := s.plans.Recall(key); ok {
		if also == nil {
			return made, nil
		}
		return made, s.Catalog.Read(ctx, func(r catalog.Reader) error { return also(r, made) })
	}
	on := s.plans.Basis()
	on.Topics(catalog.DomainsTopic())
	on.Topics(s.planTopics(at.domain.ID, p)...)
	made, err := s.makePlan(ctx, at, p, also)
	if err != nil {
		return nil, err
	}
	s.plans.Keep(key, made, on)
	return made, nil
}

// planTopics are what a plan rests on in a domain that is there.
func (s *Service) planTopics(d catalog.DomainID, p artifact.PackageKey) []catalog.Topic {
	topics := []catalog.Topic{catalog.DomainTopic(d), catalog.PackageTopic(d, p)}
	if folded := s.folded(p); folded != "" {
		topics = append(topics, catalog.FoldedTopic(d, p.Format, folded))
	}
	return topics
}

// makePlan makes what planAnd remembers.
func (s *Service) makePlan(ctx context.Context, at *configuration, p artifact.PackageKey,
	also func(catalog.Reader, *plan) error) (made *plan, err error) {
	// The graph is looked up again after the stamp: the one at hand may be older than the stamp says.
	if at, err = s.existing(ctx, at.repository.RepositoryKey); err != nil {
		return nil, err
	}
	err = s.Catalog.Read(ctx, func(r catalog.Reader) error {
		all, err := s.groupsAt(r, at.domain.ID)
		if err != nil {
			return err
		}
		in, err := s.admission(r, all, at.graph.ids(), p)
		if err != nil {
			return err
		}
		made = s.planFor(at.graph, p.Format, in)
		if also == nil {
			return nil
		}
		return also(r, made)
	})
	return made, err
}

// planFor lays the search order of a graph as far as the package's admission lets through.
func (s *Service) planFor(g graph, f artifact.Format, a admission) *plan {
	made := &plan{admission: a}
	var lay func(n int) int
	lay = func(n int) int {
		repo := g.nodes[n].repository
		rank := made.add(planSource{repository: repo})
		defer func() { made.ends[rank] = len(made.sources) }()
		if s.barrierToUpstreams(a, repo.ID, n == 0, f) == noBarrier {
			for _, child := range g.nodes[n].children {
				below := lay(child)
				made.children[rank] = append(made.children[rank], below)
			}
		}
		for _, source := range s.feeding(g, repo, f) {
			if s.barrierTo(a, source, f) == noBarrier {
				below := made.add(source)
				made.children[rank] = append(made.children[rank], below)
			}
		}
		return rank
	}
	lay(0)
	return made
}

// feeding are the external connections through which the repository takes packages of the format.
func (s *Service) feeding(g graph, repo catalog.Repository, f artifact.Format) []planSource {
	var sources []planSource
	for _, name := range repo.Connections {
		if behind := s.registryBehind(g.remotes, name, f); behind.Source != nil {
			sources = append(sources, planSource{repo, name, behind})
		}
	}
	return sources
}

// registryBehind is what a connection leads to, as a format sees it; without a Source if it has nothing of the format.
func (s *Service) registryBehind(remotes map[string]Remote, connection string, f artifact.Format) registry {
	if r, ok := remotes[connection]; ok && s.Remotes != nil {
		source, fetched := s.Remotes.Source(r, f)
		return registry{source, fetched, true, r.Internal}
	}
	if _, remote := upstream.RemoteName(connection); remote && s.Remotes != nil {
		return registry{Source: gone{connection}, fetched: connection, remote: true}
	}
	if c, known := upstream.ConnectionNamed(connection); known && c.Format == f {
		return registry{Source: s.Sources[connection], fetched: connection}
	}
	return registry{}
}

func (p *plan) add(source planSource) int {
	p.sources = append(p.sources, source)
	p.children = append(p.children, nil)
	p.ends = append(p.ends, len(p.sources))
	return len(p.sources) - 1
}

// asked is the repository that the plan was made for.
func (p *plan) asked() catalog.Repository { return p.sources[0].repository }

// alone is the plan as if nothing were upstream.
func (p *plan) alone() *plan {
	return &plan{sources: p.sources[:1], children: [][]int{nil}, ends: []int{1}, admission: p.admission}
}

// repositories are those whose own records count, in search order.
func (p *plan) repositories() []catalog.RepositoryID {
	var ids []catalog.RepositoryID
	for _, source := range p.sources {
		if source.connection == "" {
			ids = append(ids, source.repository.ID)
		}
	}
	return ids
}

// shows reports whether one of the plan's repositories is among those that hold the package.
func (p *plan) shows(held map[catalog.RepositoryID]catalog.HeldPackage) bool {
	return slices.ContainsFunc(p.repositories(), func(id catalog.RepositoryID) bool {
		_, here := held[id]
		return here
	})
}

// registries are the external ones that may be asked, each once; of a plan that could not be made there are none.
func (p *plan) registries() []registry {
	if p == nil {
		return nil
	}
	var all []registry
	for rank, source := range p.sources {
		if source.connection != "" && p.firstWith(source.connection) == rank {
			all = append(all, source.registry)
		}
	}
	return all
}

// firstWith is the rank of the first source with an external connection; several repositories of a graph may have it.
func (p *plan) firstWith(connection string) int {
	return slices.IndexFunc(p.sources, func(s planSource) bool { return s.connection == connection })
}

// from returns the source of an external connection, and whether the package may come from there.
func (p *plan) from(connection string) (planSource, bool) {
	for _, source := range p.sources {
		if connection != "" && source.connection == connection {
			return source, true
		}
	}
	return planSource{}, false
}
