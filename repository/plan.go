package repository

import (
	"context"

	"entrepot/artifact"
	"entrepot/catalog"
)

// plan says from where a repository's view of one package is put together. It follows from configuration and origin
// controls alone and is kept until they change.
type plan struct {
	// sources in search order: the asked repository first. A rank is an index into it.
	sources []planSource
	// children are the ranks searched below each repository of the plan, in order: upstreams first, then connections.
	children [][]int
	packages map[catalog.RepositoryID]artifact.Package
}

// planSource is one place versions come from: a repository's own records, or an external registry it is connected to.
type planSource struct {
	repository catalog.RepositoryID
	connection string // empty for the repository's own records
}

type planKey struct {
	repository catalog.RepositoryID
	pkg        artifact.PackageKey
}

func (s *Service) plan(ctx context.Context, at *site, p artifact.PackageKey) (*plan, error) {
	key := planKey{at.repository.ID, p}
	return s.plans.Get(ctx, key, func(ctx context.Context, on *catalog.Basis) (*plan, error) {
		on.Topics(catalog.DomainsTopic(), catalog.DomainTopic(at.domain.ID), catalog.PackageTopic(at.domain.ID, p))
		return s.makePlan(ctx, at, p)
	})
}

// makePlan makes what plan remembers.
func (s *Service) makePlan(ctx context.Context, at *site, p artifact.PackageKey) (*plan, error) {
	// The graph is looked up again after the stamp: the one at hand may be older than the stamp says.
	at, err := s.existing(ctx, at.repository.RepositoryKey)
	if err != nil {
		return nil, err
	}
	made := &plan{}
	err = s.Catalog.Read(ctx, func(r catalog.Reader) (err error) {
		made.packages, err = r.PackageIn(at.graph.ids(), p)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.lay(made, at.graph, 0, p.Format)
	return made, nil
}

// lay adds a repository with everything below it that its controls let through, and returns its rank.
func (s *Service) lay(made *plan, g graph, n int, f artifact.Format) int {
	repo := g.nodes[n].repository
	rank := made.add(planSource{repository: repo.ID})
	if !mayPull(made.packages, repo.ID) {
		return rank
	}
	for _, child := range g.nodes[n].children {
		below := s.lay(made, g, child, f)
		made.children[rank] = append(made.children[rank], below)
	}
	for _, connection := range s.feeding(repo, f) {
		below := made.add(planSource{repo.ID, connection})
		made.children[rank] = append(made.children[rank], below)
	}
	return rank
}

func (p *plan) add(source planSource) int {
	p.sources = append(p.sources, source)
	p.children = append(p.children, nil)
	return len(p.sources) - 1
}

// repositories are those whose own records count, in search order.
func (p *plan) repositories() []catalog.RepositoryID {
	var ids []catalog.RepositoryID
	for _, source := range p.sources {
		if source.connection == "" {
			ids = append(ids, source.repository)
		}
	}
	return ids
}
