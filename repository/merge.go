package repository

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

// listings are what the external registries of a plan have of a package, by rank.
type listings struct {
	at map[int]Listing
	// ranks are those of the registries that answered, in search order.
	ranks []int
	// id changes with the content of any of them.
	id string
	// unavailable keeps why a registry did not answer, or may withhold more than it says; what the others have is listed all the
	// same, but for those behind one that may withhold it.
	unavailable error
	silent      map[string]error // the same by connection
}

func (s *Service) listings(ctx context.Context, made *plan, p artifact.PackageKey) (listings, error) {
	found := listings{at: map[int]Listing{}, silent: map[string]error{}}
	var ids []string
	var untold error // why no registry is asked that lies further behind
	for rank, source := range made.sources {
		if source.connection == "" {
			continue
		}
		if first := made.firstWith(source.connection); first < rank {
			if listing := found.at[first]; listing != nil {
				found.add(rank, listing)
			}
			continue // it is asked once
		}
		if untold != nil {
			ids = append(ids, fmt.Sprintf("%d:-", rank))
			continue
		}
		answer, err := s.askRegistry(ctx, source.registry, p, false)
		why := answer.unavailable
		switch {
		case err != nil:
			return found, err
		case why != nil:
			ids = append(ids, fmt.Sprintf("%d:?", rank))
		case answer.listing != nil:
			found.add(rank, answer.listing)
			ids = append(ids, fmt.Sprintf("%d:%s", rank, answer.listing.ID()))
			why = untoldBy(answer.listing)
		}
		if why != nil {
			found.unavailable, found.silent[source.connection] = why, why
		}
		if errors.Is(why, ErrUntold) {
			untold = why
		}
	}
	found.id = strings.Join(ids, " ")
	return found, nil
}

// add notes what the registry of a rank has; ranks come in their order.
func (l *listings) add(rank int, has Listing) { l.at[rank], l.ranks = has, append(l.ranks, rank) }

// manifests are what the registries that answered say of the package as a whole, in search order.
func (l listings) manifests() [][]byte {
	var all [][]byte
	for _, rank := range l.ranks {
		if manifest := l.at[rank].Manifest(); manifest != nil {
			all = append(all, manifest)
		}
	}
	return all
}

// merge puts a package together as package managers see it through a repository. A version belongs to the first source
// in search order that has it in any spelling, with that source's status.
func (s *Service) merge(ctx context.Context, at *configuration, p artifact.PackageKey, made *plan, from listings) (View, error) {
	m := merger{catalog: s.Catalog, key: p, plan: made, listings: from, held: map[string]heldStatus{},
		traits: s.traits(p.Format)}
	if err := m.collect(ctx); err != nil {
		return View{}, err
	}
	switch something := m.something(); {
	case !something && from.unavailable != nil:
		return View{}, m.trace(at).endedBy(from.unavailable)
	case !something:
		return View{}, s.barred(m.trace(at), noPackage(at.repository.RepositoryKey, p))
	}
	view := View{PackageKey: p, Versions: m.versions(ctx)}
	view.Numbers = m.numbers
	view.Manifests = from.manifests()
	view.Labels = m.labels(0)
	m.pointDefault(view.Labels)
	view.Version = func(version string) (artifact.Version, error) {
		v, err := m.version(ctx, version)
		if artifact.Is(err, artifact.NotFound) && !errors.Is(err, ErrWithheld) {
			err = noVersion(at.repository.RepositoryKey, p.At(version))
		}
		return v, err
	}
	return view, nil
}

// trace is what the places of the plan say of the package: that they have versions of it to serve, have it without any, or
// lack it.
func (m *merger) trace(at *configuration) *trace {
	t := newTrace(at, m.plan, m.key)
	for rank, source := range m.plan.sources {
		_, holds := m.plan.packages[source.repository.ID]
		why := m.listings.silent[source.connection]
		switch {
		case why != nil:
			t.said[rank] = said{finding: CannotSay, why: why}
		case source.connection == "" && holds, m.listings.at[rank] != nil:
			t.said[rank] = said{finding: Withholds}
		default:
			t.said[rank] = said{finding: Lacks}
		}
	}
	for _, held := range m.held {
		if held.status.Downloadable() {
			t.said[held.rank].finding = Has
		}
	}
	for rank := range m.listings.at {
		if m.serves(rank) {
			t.said[rank].finding = Has
		}
	}
	return t
}

// serves reports whether a registry lists a version that belongs to it and can be downloaded. What repositories hold may hide all that it
// lists.
func (m *merger) serves(rank int) bool {
	listing := m.listings.at[rank]
	for version := range listing.Numbers() {
		if listing.Status(version).Downloadable() && m.owner(version) == rank {
			return true
		}
	}
	return false
}

// heldStatus is the record that decides about a version among those of the plan's repositories.
type heldStatus struct {
	rank        int
	status      artifact.Status
	publishedAt time.Time
}

type merger struct {
	catalog  catalog.Store
	key      artifact.PackageKey
	plan     *plan
	listings listings
	held     map[string]heldStatus                      // by version, from the repository that decides about it
	own      map[catalog.RepositoryID]map[string]string // labels, of the repositories themselves
	traits   Traits
	// spelled is the rank of the first source that has a version in any spelling, by what all spellings have in common; nil
	// for a format in which a version is its text.
	spelled map[string]int
}

// collect reads which versions and labels the repositories themselves have, and settles which spelling of a version
// counts. The records are read when they are needed: they can be many and large.
func (m *merger) collect(ctx context.Context) error {
	if err := m.readHeld(ctx); err != nil || m.traits.FoldVersion == nil {
		return err
	}
	m.spelled = map[string]int{}
	for version, held := range m.held {
		m.spell(version, held.rank)
	}
	for rank, listing := range m.listings.at {
		for version := range listing.Numbers() {
			m.spell(version, rank)
		}
	}
	maps.DeleteFunc(m.held, func(version string, held heldStatus) bool { return m.elsewhere(version, held.rank) })
	return nil
}

func (m *merger) spell(version string, rank int) {
	folded := m.traits.FoldVersion(version)
	if first, ok := m.spelled[folded]; !ok || rank < first {
		m.spelled[folded] = rank
	}
}

// elsewhere reports whether a version that the source of a rank has belongs to one before it, which writes it in another
// way.
func (m *merger) elsewhere(version string, rank int) bool {
	return m.spelled != nil && m.spelled[m.traits.FoldVersion(version)] < rank
}

func (m *merger) readHeld(ctx context.Context) error {
	return m.catalog.Read(ctx, func(r catalog.Reader) error {
		clear(m.held)
		var err error
		if m.own, err = r.LabelsIn(m.plan.repositories(), m.key); err != nil {
			return err
		}
		for rank, source := range m.plan.sources {
			if _, holds := m.plan.packages[source.repository.ID]; source.connection != "" || !holds {
				continue
			}
			page := func(page catalog.Page) (catalog.Listing[catalog.VersionSummary], error) {
				return r.Versions(source.repository.ID, m.key, catalog.VersionFilter{}, page)
			}
			for v, err := range catalog.Each(page) {
				if artifact.Is(err, artifact.NotFound) {
					break // the package went a moment ago
				}
				if err != nil {
					return err
				}
				if m.decides(v, rank) {
					m.held[v.Version] = heldStatus{rank, v.Status, v.PublishedAt}
				}
			}
		}
		return nil
	})
}

// decides reports whether the record of a version in the repository of a rank counts, after those of the ranks before. Of
// a version that can be replaced, an upstream's is shown in place of one's own (user guide, "Use Maven snapshots").
func (m *merger) decides(v catalog.VersionSummary, rank int) bool {
	before, decided := m.held[v.Version]
	return !decided ||
		m.traits.replaceable(v.Version) && rank < m.plan.ends[before.rank] && v.Status.Downloadable()
}

func (m *merger) anyDownloadable() bool {
	for _, v := range m.held {
		if v.status.Downloadable() {
			return true
		}
	}
	return false
}

// something reports whether there is a version to yield. No document is read for it: that of one version may not be to be had, and
// the others are there.
func (m *merger) something() bool {
	if m.anyDownloadable() {
		return true
	}
	for rank := range m.listings.at {
		if m.serves(rank) {
			return true
		}
	}
	return false
}

// versions yields each version that can be downloaded once: those that belong to external registries, then those that
// repositories hold.
func (m *merger) versions(ctx context.Context) iter.Seq2[artifact.Version, error] {
	return func(yield func(artifact.Version, error) bool) {
		taken := map[string]bool{}
		for _, rank := range m.listings.ranks {
			for v, err := range m.listings.at[rank].Each(ctx) {
				if err != nil {
					yield(artifact.Version{}, err)
					return
				}
				if taken[v.Version] || m.owner(v.Version) != rank {
					continue
				}
				taken[v.Version] = true
				if v.Status.Downloadable() && !yield(v, nil) {
					return
				}
			}
		}
		ended := false
		err := m.catalog.Read(ctx, func(r catalog.Reader) error {
			for v, err := range r.EachVersion(m.plan.repositories(), m.key) {
				if err != nil {
					return err
				}
				held, ok := m.held[v.VersionKey.Version]
				if !ok || m.plan.sources[held.rank].repository.ID != v.Repository || m.owner(v.VersionKey.Version) != noRegistry ||
					!v.Status.Downloadable() {
					continue
				}
				if ended = !yield(v.Version, nil); ended {
					return nil
				}
			}
			return nil
		})
		if err != nil && !ended {
			yield(artifact.Version{}, err)
		}
	}
}

// labels merges the labels of a source with those below it: what is below wins, the first of several wins over the
// others (user guide, "npm tags").
func (m *merger) labels(rank int) map[string]string {
	source := m.plan.sources[rank]
	if source.connection != "" {
		if listing := m.listings.at[rank]; listing != nil {
			return m.visible(listing.Labels())
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
	add(m.visible(m.own[source.repository.ID]))
	return merged
}

// pointDefault points the default label of a format at the version that stands in for it, unless it is among the labels.
func (m *merger) pointDefault(labels map[string]string) {
	t := m.traits
	if _, set := labels[t.DefaultLabel]; set || t.DefaultLabel == "" {
		return
	}
	if version := t.preferred(m.listed); version != "" {
		labels[t.DefaultLabel] = version
	}
}

// listed yields the versions of the view that package managers see in lists, some of them more than once.
func (m *merger) listed(yield func(string) bool) {
	for version := range m.held {
		if m.status(version).Listed() && !yield(version) {
			return
		}
	}
	for _, rank := range m.listings.ranks {
		for version := range m.listings.at[rank].Numbers() {
			if m.status(version).Listed() && !yield(version) {
				return
			}
		}
	}
}

// numbers yields each version of listed once, and when the repository that it belongs to took it in.
func (m *merger) numbers(yield func(string, time.Time) bool) {
	seen := map[string]bool{}
	for version := range m.listed {
		if seen[version] {
			continue
		}
		seen[version] = true
		var at time.Time
		if m.owner(version) == noRegistry {
			at = m.held[version].publishedAt
		}
		if !yield(version, at) {
			return
		}
	}
}

// visible leaves out the labels whose version is not listed: they decide nothing, above them either.
func (m *merger) visible(labels map[string]string) map[string]string {
	shown := map[string]string{}
	for label, version := range labels {
		if m.status(version).Listed() {
			shown[label] = version
		}
	}
	return shown
}

// status is that of a version in the view; empty if no source has it.
func (m *merger) status(version string) artifact.Status {
	if rank := m.owner(version); rank != noRegistry {
		return m.listings.at[rank].Status(version)
	}
	return m.held[version].status
}

// noRegistry stands in for a registry's rank where a version is shown as a repository holds it, or not at all.
const noRegistry = -1

// owner is the rank of the external registry that a version belongs to, or noRegistry.
func (m *merger) owner(version string) int {
	held, isHeld := m.held[version]
	for _, rank := range m.listings.ranks {
		if isHeld && held.rank < rank {
			break
		}
		if m.listings.at[rank].Status(version) != "" && !m.elsewhere(version, rank) {
			return rank
		}
	}
	return noRegistry
}

// version returns one of the versions that versions yields, or NotFound.
func (m *merger) version(ctx context.Context, version string) (v artifact.Version, err error) {
	rank := m.owner(version)
	held, isHeld := m.held[version]
	switch {
	case rank != noRegistry:
		v, err = m.listings.at[rank].Version(ctx, version)
	case isHeld:
		err = m.catalog.Read(ctx, func(r catalog.Reader) error {
			v, err = r.Version(m.plan.sources[held.rank].repository.ID, m.key.At(version))
			return err
		})
	}
	switch {
	case err != nil:
	case rank == noRegistry && !isHeld:
		err = artifact.Errorf(artifact.NotFound, "Version %s is not there to be downloaded.", version).
			About(artifact.VersionResource, m.key.At(version).String())
	case rank == noRegistry && held.rank == 0:
		err = mayBeServed(m.plan.asked(), v)
	case !v.Status.Downloadable():
		err = withdrawnUpstream(m.key.At(version))
	}
	return v, err
}
