package repository

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"

	"entrepot/artifact"
	"entrepot/catalog"
)

// index returns an index document above the package: names, all versions, groups, whatever the format makes of the
// inventory. It is rendered anew only when a package of the format has changed in one of the repositories.
func (s *Service) index(ctx context.Context, at *configuration, f artifact.Format, variant string,
	render func(io.Writer, Inventory) error) (Document, error) {
	topics := []catalog.Topic{catalog.DomainTopic(at.domain.ID)}
	for _, n := range at.graph.nodes {
		topics = append(topics, catalog.RepositoryTopic(n.repository.ID, f))
	}
	stamp, vouched := s.Catalog.Stamp(topics...)
	// Stamps of other topics say nothing about each other, and a graph that has changed has others.
	searched := fmt.Sprint(at.graph.ids())
	// The graph is looked up again after the stamp: the one at hand may be older than the stamp says.
	at, err := s.existing(ctx, at.repository.RepositoryKey)
	if err != nil {
		return Document{}, err
	}
	if at.graph.dangling {
		return Document{}, at.errDangling()
	}
	key, on := documentKey{at.repository.ID, artifact.PackageKey{Format: f}, variant}, basis{stamp, vouched, searched}
	known, current := s.documents.get(key, on)
	if current {
		return known, nil
	}
	return s.rendered(ctx, at, key, on, known, func(ctx context.Context, w io.Writer) error {
		all := catalog.PackageFilter{Format: f}
		return render(w, Inventory{Packages: s.inventory(ctx, at, all), In: func(namespace string) iter.Seq2[InventoryItem, error] {
			return within(namespace, s.inventory(ctx, at, catalog.PackageFilter{Format: f, NamespacePrefix: namespace}))
		}, External: s.searchesOutside(at.graph, f)})
	})
}

// search is a page of the packages that the repositories of a graph hold and that match, without those that may not be
// seen through the asked one. Where groups keep some away a page may be short while others follow.
func (s *Service) search(r catalog.Reader, at *configuration, f artifact.Format, terms []string,
	page catalog.Page) (found catalog.Listing[artifact.PackageKey], err error) {
	all, err := s.groupsAt(r, at.domain.ID)
	if err != nil {
		return found, err
	}
	if found, err = r.SearchPackages(at.graph.ids(), f, terms, page); err != nil || !all.closed {
		return found, err
	}
	var visible []artifact.PackageKey
	for _, key := range found.Items {
		in, err := s.admission(r, all, at.graph.ids(), key)
		if err != nil {
			return found, err
		}
		if s.planFor(at.graph, f, in).shows(in.packages) {
			visible = append(visible, key)
		}
	}
	found.Items = visible
	return found, nil
}

// searchesOutside reports whether a repository of the graph takes packages of the format from an external registry.
func (s *Service) searchesOutside(g graph, f artifact.Format) bool {
	return !s.traits(f).InternalOnly && slices.ContainsFunc(g.nodes, func(n node) bool { return len(s.feeding(g, n.repository, f)) > 0 })
}

// within yields the packages of a namespace out of those whose namespaces begin with it, in their order.
func within(namespace string, packages iter.Seq2[InventoryItem, error]) iter.Seq2[InventoryItem, error] {
	return func(yield func(InventoryItem, error) bool) {
		for item, err := range packages {
			if err == nil && item.Namespace != namespace || !yield(item, err) {
				return // the namespace itself comes first
			}
		}
	}
}

// inventory yields the packages that the repositories of a graph hold, each seen through its own origin controls.
func (s *Service) inventory(ctx context.Context, at *configuration,
	filter catalog.PackageFilter) iter.Seq2[InventoryItem, error] {
	return func(yield func(InventoryItem, error) bool) {
		ended := false
		err := s.Catalog.Read(ctx, func(r catalog.Reader) error {
			all, err := s.groupsAt(r, at.domain.ID)
			if err != nil {
				return err
			}
			var key artifact.PackageKey
			var held map[catalog.RepositoryID]catalog.HeldPackage
			// next yields the package that was read, and reports whether to go on.
			next := func() (bool, error) {
				if len(held) == 0 {
					return true, nil
				}
				in, err := s.admissionOf(r, all, at.graph.ids(), key, held)
				if err != nil {
					return false, err
				}
				made := s.planFor(at.graph, filter.Format, in)
				ended = made.shows(held) && !yield(InventoryItem{key, heldVersions(r, made.repositories(), key)}, nil)
				return !ended, nil
			}
			for p, err := range r.EachPackage(at.graph.ids(), filter) {
				if err != nil {
					return err
				}
				if p.PackageKey != key {
					if more, err := next(); err != nil || !more {
						return err
					}
					key, held = p.PackageKey, map[catalog.RepositoryID]catalog.HeldPackage{}
				}
				held[p.Repository] = p
			}
			_, err = next()
			return err
		})
		if err != nil && !ended {
			yield(InventoryItem{}, err)
		}
	}
}

// heldVersions yields the versions of a package that can be downloaded, each from the first of the repositories.
func heldVersions(r catalog.Reader, ids []catalog.RepositoryID,
	p artifact.PackageKey) iter.Seq2[artifact.Version, error] {
	return func(yield func(artifact.Version, error) bool) {
		last, begun := "", false
		for v, err := range r.EachVersion(ids, p) {
			if err != nil {
				yield(artifact.Version{}, err)
				return
			}
			if begun && v.VersionKey.Version == last {
				continue
			}
			last, begun = v.VersionKey.Version, true
			if v.Status.Downloadable() && !yield(v.Version, nil) {
				return
			}
		}
	}
}
