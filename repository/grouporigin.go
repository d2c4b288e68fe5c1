package repository

import (
	"context"
	"slices"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/packagegroup"
)

// OriginChange changes the restrictions of a package group. Types that are not named stay as they are.
type OriginChange struct {
	Modes           map[artifact.RestrictionType]artifact.RestrictionMode
	Allow, Disallow []GroupRepository // entries of lists that are added and removed
}

// GroupRepository is a repository in the list of a restriction.
type GroupRepository struct {
	Type artifact.RestrictionType
	Name string
}

// OriginOutcome is a package group after a change, and the names that came into its lists and left them.
type OriginOutcome struct {
	Group          GroupInfo
	Added, Removed map[artifact.RestrictionType][]string
}

// maxListChanges is how many entries one call may add and remove. AWS's own handlers send no more at once.
const maxListChanges = 100

// UpdateGroupOrigin changes the restrictions of a package group. A list is there while its restriction has the mode for it;
// it goes with the mode. To add what is there, or remove what is not, is no error, and is not told.
//
// NotFound if there is no such group, or no such repository; Invalid for more than 100 entries, for one that is added and
// removed, for an addition to a restriction of another mode, and for the group of all packages if it should inherit.
func (s *Service) UpdateGroupOrigin(ctx context.Context, c iam.Caller, key GroupKey,
	change OriginChange) (out OriginOutcome, err error) {
	if n := len(change.Allow) + len(change.Disallow); n > maxListChanges {
		return out, artifact.Errorf(artifact.Invalid, "One call can add and remove at most %d allowed repositories; this one "+
			"names %d.", maxListChanges, n)
	}
	for _, entry := range change.Allow {
		if slices.Contains(change.Disallow, entry) {
			return out, artifact.Errorf(artifact.Invalid, "Repository '%s' is to be added to the list of %s and removed from it.",
				entry.Name, entry.Type)
		}
	}
	out.Group, err = s.changeGroup(ctx, c, "UpdatePackageGroupOriginConfiguration", key,
		func(w catalog.Writer, g *catalog.PackageGroup) (map[string]any, error) {
			out.Added, out.Removed = map[artifact.RestrictionType][]string{}, map[artifact.RestrictionType][]string{}
			before := g.Restrictions
			g.Restrictions = map[artifact.RestrictionType]catalog.Restriction{}
			for _, t := range artifact.RestrictionTypes() {
				next, err := s.restriction(w, key, t, before[t], change)
				if err != nil {
					return nil, err
				}
				g.Restrictions[t] = next
				if added := namesBeyond(next, before[t]); len(added) > 0 {
					out.Added[t] = added
				}
				if removed := namesBeyond(before[t], next); len(removed) > 0 {
					out.Removed[t] = removed
				}
			}
			return map[string]any{"restrictions": change.Modes, "added": out.Added, "removed": out.Removed}, nil
		})
	return out, err
}

// restriction is one restriction of a group after a change.
func (s *Service) restriction(r catalog.Reader, key GroupKey, t artifact.RestrictionType, before catalog.Restriction,
	change OriginChange) (catalog.Restriction, error) {
	next := catalog.Restriction{Mode: before.Mode}
	if mode, named := change.Modes[t]; named {
		next.Mode = mode
	}
	if next.Mode == artifact.Inherited && key.Pattern == packagegroup.Root {
		return next, artifact.Errorf(artifact.Invalid, "The package group '%s' has no parent that it could inherit %s from.",
			key.Pattern, t)
	}
	next.Repositories = slices.Clone(before.Repositories)
	for _, entry := range slices.Concat(change.Allow, change.Disallow) {
		if entry.Type != t {
			continue
		}
		repo, err := heldRepository(r, key.Repository(entry.Name))
		if err != nil {
			return next, err
		}
		next.Repositories = slices.DeleteFunc(next.Repositories, func(a catalog.AllowedRepository) bool { return a.ID == repo.ID })
		if !slices.Contains(change.Allow, entry) {
			continue
		}
		if next.Mode != artifact.ForSpecific {
			return next, artifact.Errorf(artifact.Invalid, "Repository '%s' cannot be added to the list of %s of package group "+
				"'%s', whose mode is %s. Set it to %s first.", entry.Name, t, key.Pattern, next.Mode, artifact.ForSpecific)
		}
		next.Repositories = append(next.Repositories, catalog.AllowedRepository{ID: repo.ID, Name: repo.Name})
	}
	if next.Mode != artifact.ForSpecific {
		next.Repositories = nil
	}
	return next, nil
}

// namesBeyond are the names in the list of one restriction that are not in the other's, sorted.
func namesBeyond(of, other catalog.Restriction) []string {
	var names []string
	for _, r := range of.Repositories {
		if !slices.Contains(other.Repositories, r) {
			names = append(names, r.Name)
		}
	}
	slices.Sort(names)
	return names
}

// AllowedRepositories lists the names in the list of a restriction: none, unless its mode is the one for that. NotFound if
// there is no group of the pattern.
func (s *Service) AllowedRepositories(ctx context.Context, key GroupKey, t artifact.RestrictionType,
	page catalog.Page) (l catalog.Listing[string], err error) {
	err = s.withGroup(ctx, key, func(_ *groups, g *group) error {
		var names []string
		for _, r := range g.Restrictions[t].Repositories {
			names = append(names, r.Name)
		}
		l = pageOf(names, func(name string) string { return name }, page)
		return nil
	})
	return l, err
}
