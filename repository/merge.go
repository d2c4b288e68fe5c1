package repository

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/catalog"
)

// listings are what the external registries of a plan have of a package, by rank.
type listings struct {
	at map[int]Listing
	// id changes with the content of any of them.
	id string
	// unavailable keeps why a registry did not answer; what the others have is listed all the same.
	unavailable error
}

func (s *Service) listings(ctx context.Context, made *plan, p artifact.PackageKey) (listings, error) {
	found := listings{at: map[int]Listing{}}
	var ids []string
	for rank, source := range made.sources {
		if source.connection == "" {
			continue
		}
		listing, err := s.Sources[source.connection].Listing(ctx, p)
		switch artifact.KindOf(err) {
		case artifact.NotFound:
			continue
		case artifact.Unavailable, artifact.Throttled:
			found.unavailable = err
			ids = append(ids, fmt.Sprintf("%d:?", rank))
			continue
		}
		if err != nil {
			return found, err
		}
		found.at[rank] = listing
		ids = append(ids, fmt.Sprintf("%d:%s", rank, listing.ID()))
	}
	found.id = strings.Join(ids, " ")
	return found, nil
}

// merge puts a package together as package managers see it through a repository. A version belongs to the first source
// in search order that has it, with that source's status.
func (s *Service) merge(ctx context.Context, at *site, p artifact.PackageKey, made *plan, from listings) (View, error) {
	m := merger{plan: made, listings: from, held: map[string]rankedVersion{}}
	if err := m.collect(ctx, s.Catalog, p); err != nil {
		return View{}, err
	}
	if len(from.at) == 0 && !m.anyListed() {
		if from.unavailable != nil {
			return View{}, from.unavailable
		}
		return View{}, noPackage(at.repository.RepositoryKey, p)
	}
	view := View{PackageKey: p, Versions: m.versions(ctx)}
	for _, rank := range slices.Sorted(maps.Keys(from.at)) {
		view.Manifests = append(view.Manifests, from.at[rank].Manifest())
	}
	view.Labels = m.visible(m.labels(0))
	view.Version = func(version string) (artifact.Version, error) {
		v, err := m.version(ctx, version)
		if artifact.Is(err, artifact.NotFound) {
			err = noVersion(at.repository.RepositoryKey, p.At(version))
		}
		return v, err
	}
	return view, nil
}

type rankedVersion struct {
	rank int
	artifact.Version
}

type merger struct {
	plan     *plan
	listings listings
	held     map[string]rankedVersion // by version, from the first repository that has it
}

// collect reads the repositories' own records.
func (m *merger) collect(ctx context.Context, c catalog.Store, p artifact.PackageKey) error {
	ranks := map[catalog.RepositoryID]int{}
	for rank, source := range m.plan.sources {
		if source.connection == "" {
			ranks[source.repository] = rank
		}
	}
	return c.Read(ctx, func(r catalog.Reader) error {
		for v, err := range r.EachVersion(m.plan.repositories(), p) {
			if err != nil {
				return err
			}
			rank := ranks[v.Repository]
			if first, ok := m.held[v.VersionKey.Version]; !ok || rank < first.rank {
				m.held[v.VersionKey.Version] = rankedVersion{rank, v.Version}
			}
		}
		return nil
	})
}

func (m *merger) anyListed() bool {
	for _, v := range m.held {
		if v.Status.Listed() {
			return true
		}
	}
	return false
}

// versions yields each version once: those that belong to external registries, then those that repositories hold.
func (m *merger) versions(ctx context.Context) iter.Seq2[artifact.Version, error] {
	return func(yield func(artifact.Version, error) bool) {
		taken := map[string]bool{}
		for _, rank := range slices.Sorted(maps.Keys(m.listings.at)) {
			for v, err := range m.listings.at[rank].Each(ctx) {
				if err != nil {
					yield(artifact.Version{}, err)
					return
				}
				if held, ok := m.held[v.Version]; taken[v.Version] || ok && held.rank < rank {
					continue
				}
				taken[v.Version] = true
				if !yield(v, nil) {
					return
				}
			}
		}
		for _, version := range slices.Sorted(maps.Keys(m.held)) {
			v := m.held[version]
			if taken[version] || !v.Status.Listed() {
				continue
			}
			if !yield(v.Version, nil) {
				return
			}
		}
	}
}

// labels merges the labels of a source with those below it: what is below wins, the first of several wins over the
// others (user guide, "npm tags").
func (m *merger) labels(rank int) map[string]string {
	source := m.plan.sources[rank]
	if source.connection != "" {
		if listing := m.listings.at[rank]; listing != nil {
			return listing.Labels()
		}
		return nil
	}
	merged := map[string]string{}
	add := func(labels map[string]string) {
		for label, version := range labels {
			if _, decided := merged[label]; !decided {
				merged[label] = version
			}
		}
	}
	for _, child := range m.plan.children[rank] {
		add(m.labels(child))
	}
	add(m.plan.packages[source.repository].Labels)
	return merged
}

// visible leaves out the labels whose version is not listed.
func (m *merger) visible(labels map[string]string) map[string]string {
	shown := map[string]string{}
	for label, version := range labels {
		if _, listed := m.owner(version); listed {
			shown[label] = version
		}
	}
	return shown
}

// noRegistry stands in for a registry's rank where a version is shown as a repository holds it.
const noRegistry = -1

// owner says whose a version is that versions yields: the rank of the external registry that lists it, or noRegistry if
// it is shown as a repository holds it. listed is false if versions does not yield it.
func (m *merger) owner(version string) (rank int, listed bool) {
	held, isHeld := m.held[version]
	for _, rank := range slices.Sorted(maps.Keys(m.listings.at)) {
		if isHeld && held.rank < rank {
			break
		}
		if m.listings.at[rank].Has(version) {
			return rank, true
		}
	}
	return noRegistry, isHeld && held.Status.Listed()
}

// version returns one of the versions that versions yields, or NotFound.
func (m *merger) version(ctx context.Context, version string) (artifact.Version, error) {
	rank, listed := m.owner(version)
	switch {
	case !listed:
		return artifact.Version{}, artifact.Errorf(artifact.NotFound, "Version %s is not listed.", version)
	case rank == noRegistry:
		return m.held[version].Version, nil
	}
	return m.listings.at[rank].Version(ctx, version)
}
