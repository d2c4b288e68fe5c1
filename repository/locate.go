package repository

import (
	"context"
	"slices"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/upstream"
)

// located says where a version is. Exactly one member is set.
type located struct {
	own    *artifact.Version // the asked repository has a record: it alone decides, whatever its status
	kept   *keptVersion      // a repository upstream has it and may serve it
	listed *listedVersion    // an external registry has it and no repository does
}

type keptVersion struct {
	repository catalog.Repository
	version    artifact.Version // without manifest and details
}

type listedVersion struct {
	repository catalog.Repository // the one with the external connection
	connection string
	source     Source
	version    artifact.Version // as the registry lists it
}

// locate finds a version: in the asked repository, else depth first through its upstreams and their external
// connections under the packages' origin controls (user guide, "Upstream repository behavior"). NotFound says why where
// the caller may know; Unavailable if the version may be there but a registry does not answer.
func (s *Service) locate(ctx context.Context, at *site, v artifact.VersionKey) (located, error) {
	q := search{service: s, graph: at.graph, wanted: v}
	ids := at.graph.ids()
	err := s.Catalog.Read(ctx, func(r catalog.Reader) (err error) {
		if q.held, err = r.VersionIn(ids, v); err != nil {
			return err
		}
		q.packages, err = r.PackageIn(ids, v.PackageKey)
		return err
	})
	if err != nil {
		return located{}, err
	}
	if own, ok := q.held[at.repository.ID]; ok {
		return located{own: &own}, nil
	}
	if at.graph.dangling {
		return located{}, errDangling()
	}
	found, err := q.below(ctx, 0)
	switch {
	case err != nil:
		return located{}, err
	case found != nil:
		return *found, nil
	case q.unavailable != nil:
		return located{}, q.unavailable
	}
	return located{}, q.notFound(at)
}

// search is one walk through the graph.
type search struct {
	service  *Service
	graph    graph
	wanted   artifact.VersionKey
	held     map[catalog.RepositoryID]artifact.Version
	packages map[catalog.RepositoryID]artifact.Package
	// unavailable keeps why a registry could not be asked; the walk goes on, another may have the version.
	unavailable error
}

// below searches everything under a node: its upstreams with all that is under them, in order, then its own external
// connections. It returns nil if the version is nowhere, and an error if it is withdrawn.
func (q *search) below(ctx context.Context, n int) (*located, error) {
	here := q.graph.nodes[n]
	if !mayPull(q.packages, here.repository.ID) {
		return nil, nil
	}
	for _, child := range here.children {
		repo := q.graph.nodes[child].repository
		if v, ok := q.held[repo.ID]; ok {
			if !v.Status.Downloadable() {
				return nil, q.withdrawn()
			}
			return &located{kept: &keptVersion{repo, v}}, nil
		}
		if found, err := q.below(ctx, child); found != nil || err != nil {
			return found, err
		}
	}
	for _, connection := range q.service.feeding(here.repository, q.wanted.Format) {
		found, err := q.ask(ctx, here.repository, connection)
		if found != nil || err != nil {
			return found, err
		}
	}
	return nil, nil
}

// ask looks for the version in an external registry. What the remembered listing lacks is asked for anew.
func (q *search) ask(ctx context.Context, repo catalog.Repository, connection string) (*located, error) {
	source := q.service.Sources[connection]
	for _, list := range []func(context.Context, artifact.PackageKey) (Listing, error){source.Listing, source.Refresh} {
		listing, err := list(ctx, q.wanted.PackageKey)
		if err == nil {
			var v artifact.Version
			if v, err = listing.Version(ctx, q.wanted.Version); err == nil {
				return &located{listed: &listedVersion{repo, connection, source, v}}, nil
			}
		}
		switch artifact.KindOf(err) {
		case artifact.NotFound:
		case artifact.Unavailable, artifact.Throttled:
			q.unavailable = err
			return nil, nil
		default:
			return nil, err
		}
	}
	return nil, nil
}

// feeding are the external connections through which the repository takes packages of the format.
func (s *Service) feeding(repo catalog.Repository, f artifact.Format) []string {
	return slices.DeleteFunc(slices.Clone(repo.Connections), func(name string) bool {
		c, known := upstream.ConnectionNamed(name)
		return !known || c.Format != f || s.Sources[name] == nil
	})
}

// withdrawn ends a search at a record whose status withholds it: a wall, not a hole to search past.
func (q *search) withdrawn() error {
	return artifact.Errorf(artifact.NotFound,
		"Version %s of %s is withdrawn: an upstream repository holds it with a status that does not serve it.",
		q.wanted.Version, q.wanted.Qualified()).About(artifact.VersionResource, q.wanted.String())
}

// notFound says what was searched, without naming repositories that the caller may not know of.
func (q *search) notFound(at *site) error {
	reason := ""
	if !mayPull(q.packages, at.repository.ID) {
		reason = " Its origin controls block upstream versions of this package (upstream=BLOCK)."
	}
	return artifact.Errorf(artifact.NotFound,
		"Version %s of %s is neither in repository %s nor in the %d repositories upstream of it.%s",
		q.wanted.Version, q.wanted.Qualified(), at.repository.Name, len(q.graph.nodes)-1, reason).
		About(artifact.VersionResource, q.wanted.String())
}
