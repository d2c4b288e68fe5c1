package repository

import (
	"fmt"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/packagegroup"

	lru "github.com/hashicorp/golang-lru/v2"
)

// groups are the package groups of a domain and what follows from them: which one a package belongs to, and what a
// restriction comes to where it is inherited (user guide, "Package group origin controls"). They never change.
type groups struct {
	revision int64
	ordered  []*group // by pattern
	of       map[packagegroup.Pattern]*group
	index    *packagegroup.Index
	closed   bool // there is a package that some way is not open for everywhere, or may be
}

// group is a package group among the others of its domain.
type group struct {
	catalog.PackageGroup
	pattern packagegroup.Pattern
	parent  *group // the most specific group that contains it; nil for the one of all packages
}

// groupingsOf remembers the groups of so many domains.
func groupingsOf(domains int) *lru.Cache[catalog.DomainID, *groups] {
	remembered, err := lru.New[catalog.DomainID, *groups](domains)
	if err != nil {
		panic(err) // only for a number below one
	}
	return remembered
}

// loadGroups reads the groups of a domain, which are at a revision.
func loadGroups(r catalog.Reader, id catalog.DomainID, revision int64) (*groups, error) {
	held, err := r.PackageGroups(id)
	if err != nil {
		return nil, err
	}
	all := &groups{revision: revision, of: make(map[packagegroup.Pattern]*group, len(held)), closed: len(held) > 1}
	patterns := make([]packagegroup.Pattern, len(held))
	for i, record := range held {
		if patterns[i], err = packagegroup.Parse(record.Pattern); err != nil {
			return nil, fmt.Errorf("stored package group: %w", err)
		}
		g := &group{PackageGroup: record, pattern: patterns[i]}
		all.ordered = append(all.ordered, g)
		all.of[g.pattern] = g
	}
	all.index = packagegroup.NewIndex(patterns)
	for _, g := range all.ordered {
		if parent, ok := all.index.Parent(g.pattern); ok {
			g.parent = all.of[parent]
		}
	}
	for _, g := range all.ordered {
		for _, t := range artifact.RestrictionTypes() {
			all.closed = all.closed || g.decides(t).mode(t) != artifact.ForAll
		}
	}
	return all, nil
}

// groupsIn returns the groups of a domain as a transaction sees them. What was made of them before is used as long as they
// have not changed, which costs one row to know.
func (s *Service) groupsIn(r catalog.Reader, id catalog.DomainID) (*groups, error) {
	revision, err := r.PackageGroupsRevision(id)
	if err != nil {
		return nil, err
	}
	if known, ok := s.groupings.Get(id); ok && known.revision == revision {
		return known, nil
	}
	return loadGroups(r, id, revision)
}

// groupsAt is groupsIn for a reading of what is committed. Only that is remembered: the revision of a write that is given
// up will be another one's.
func (s *Service) groupsAt(r catalog.Reader, id catalog.DomainID) (*groups, error) {
	all, err := s.groupsIn(r, id)
	if err == nil {
		s.groupings.Add(id, all)
	}
	return all, err
}

// named returns the group of a pattern, or nil.
func (all *groups) named(pattern string) *group {
	p, err := packagegroup.Parse(pattern)
	if err != nil {
		return nil
	}
	return all.of[p]
}

// membership is the group that a package belongs to, and how. Where there is none nothing is restricted.
type membership struct {
	group       *group
	association packagegroup.Association
}

// membership finds the group of a package, given by the name under which it is kept.
func (all *groups) membership(p artifact.PackageKey) membership {
	pattern, association := all.index.Of(p)
	return membership{all.of[pattern], association}
}

// mode is what the group itself says; that a domain has no group of all packages is as if it allowed everything.
func (g *group) mode(t artifact.RestrictionType) artifact.RestrictionMode {
	if g == nil {
		return artifact.ForAll
	}
	return g.Restrictions[t].Mode
}

// decides returns the group whose word on a restriction counts for this one: itself, or the nearest of its ancestors that
// does not inherit it.
func (g *group) decides(t artifact.RestrictionType) *group {
	for g != nil && g.mode(t) == artifact.Inherited {
		g = g.parent
	}
	return g
}

// allows reports whether a way into a repository is open for the packages of the group.
func (g *group) allows(t artifact.RestrictionType, into catalog.RepositoryID) bool {
	decider := g.decides(t)
	switch decider.mode(t) {
	case artifact.ForAll:
		return true
	case artifact.ForSpecific:
		for _, r := range decider.Restrictions[t].Repositories {
			if r.ID == into {
				return true
			}
		}
	}
	return false
}

// variant reports whether the package's name is to be mistaken for one that the group is about.
func (m membership) variant() bool { return m.association == packagegroup.Weak }

// allows reports whether a way into a repository is open for the package, as far as groups are asked. For a variant of a
// name none is, whatever the group allows.
func (m membership) allows(t artifact.RestrictionType, into catalog.RepositoryID) bool {
	return !m.variant() && m.group.allows(t, into)
}

// unrestricted reports whether all ways are open everywhere.
func (m membership) unrestricted() bool {
	for _, t := range artifact.RestrictionTypes() {
		if m.group.decides(t).mode(t) != artifact.ForAll {
			return false
		}
	}
	return !m.variant()
}

// refusal says in sentences why a way is not open for the package; what is what therefore does not happen.
func (m membership) refusal(t artifact.RestrictionType, what string) string {
	if m.variant() {
		return fmt.Sprintf("Package group '%s' blocks %s: the package is a variant of a name that the group is about. "+
			"Create a package group for exactly this name if it is to be let in.", m.group.Pattern, what)
	}
	decider, from := m.group.decides(t), ""
	if decider != m.group {
		from = ", inherited from '" + decider.Pattern + "'"
	}
	return fmt.Sprintf("Package group '%s' does not allow %s (%s is %s%s).", m.group.Pattern, what, t, decider.mode(t), from)
}
