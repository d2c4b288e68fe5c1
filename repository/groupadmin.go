package repository

import (
	"context"
	"slices"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/packagegroup"
)

// GroupKey identifies a package group: by its pattern in a domain.
type GroupKey struct {
	artifact.DomainKey
	Pattern string
}

// GroupSpec asks for a package group.
type GroupSpec struct {
	GroupKey
	ContactInfo, Description string
	Tags                     map[string]string
}

// GroupChange changes what is written about a package group; a nil member stays as it is.
type GroupChange struct{ ContactInfo, Description *string }

// GroupInfo is a package group and what it comes to among the others.
type GroupInfo struct {
	GroupKey
	ContactInfo, Description string
	CreatedAt                time.Time
	Parent                   string // pattern; empty for the group of all packages
	Restrictions             map[artifact.RestrictionType]RestrictionInfo
}

// RestrictionInfo is one restriction of a package group.
type RestrictionInfo struct {
	Mode, Effective artifact.RestrictionMode
	From            string // pattern of the group that Effective is inherited from; empty if it is its own
	Repositories    int    // in its own list
}

func (g *group) info(in artifact.DomainKey) GroupInfo {
	told := GroupInfo{GroupKey: GroupKey{in, g.Pattern}, ContactInfo: g.ContactInfo, Description: g.Description,
		CreatedAt: g.CreatedAt, Restrictions: map[artifact.RestrictionType]RestrictionInfo{}}
	if g.parent != nil {
		told.Parent = g.parent.Pattern
	}
	for _, t := range artifact.RestrictionTypes() {
		decider := g.decides(t)
		restriction := RestrictionInfo{Mode: g.mode(t), Effective: decider.mode(t), Repositories: len(g.Restrictions[t].Repositories)}
		if decider != nil && decider != g {
			restriction.From = decider.Pattern
		}
		told.Restrictions[t] = restriction
	}
	return told
}

func noGroup(key GroupKey) error {
	return artifact.Errorf(artifact.NotFound,
		"Package group not found. Package group '%s' in domain '%s' owned by account '%s' does not exist",
		key.Pattern, key.Name, key.Owner).About(key.resource())
}

// resource is what an error about the group says that it is about. The service model has no type for it.
func (k GroupKey) resource() (artifact.ResourceType, string) { return "", k.Name + k.Pattern }

// groupPattern reads the pattern of a group that is to be made, or might be. Invalid if it is none, or if packages of its
// format are kept under names in another spelling: it would match none of them, and block those that it is meant for.
func (s *Service) groupPattern(text string) (packagegroup.Pattern, error) {
	p, err := packagegroup.Parse(text)
	if err != nil {
		return p, err
	}
	if kept := s.CanonicalPackage(p.Names()); kept != p.Names() {
		return p, artifact.Errorf(artifact.Invalid, "The packages of format %s are kept under names in another spelling than "+
			"that of '%s'. Write '%s'.", kept.Format, text, p.Respelled(kept))
	}
	return p, nil
}

// rootGroup is the group of all packages that every domain has from its beginning.
func rootGroup(d catalog.Domain) catalog.PackageGroup {
	return catalog.PackageGroup{Domain: d.ID, Pattern: packagegroup.Root, Restrictions: everywhere(artifact.ForAll),
		CreatedAt: d.CreatedAt}
}

// everywhere are restrictions that all have one mode.
func everywhere(m artifact.RestrictionMode) map[artifact.RestrictionType]catalog.Restriction {
	all := map[artifact.RestrictionType]catalog.Restriction{}
	for _, t := range artifact.RestrictionTypes() {
		all[t] = catalog.Restriction{Mode: m}
	}
	return all
}

// CreateGroup makes a package group that inherits all restrictions. Invalid for a pattern that is none; Conflict if the
// domain has a group of it; NotFound for the domain; Quota above the number of groups.
func (s *Service) CreateGroup(ctx context.Context, c iam.Caller, spec GroupSpec) (info GroupInfo, err error) {
	if _, err := s.groupPattern(spec.Pattern); err != nil {
		return info, err
	}
	if err := s.mayTag(ctx, c, OnGroup(spec.GroupKey), spec.Tags); err != nil {
		return info, err
	}
	err = s.Catalog.Write(ctx, func(w catalog.Writer) error {
		d, err := heldDomain(w, spec.DomainKey)
		if err != nil {
			return err
		}
		all, err := s.groupsIn(w, d.ID)
		if err != nil {
			return err
		}
		if all.named(spec.Pattern) != nil {
			return artifact.Errorf(artifact.Conflict, "Package group '%s' already exists in domain '%s'.", spec.Pattern, d.Name).
				About(spec.resource())
		}
		if len(all.ordered) >= s.Quotas.PackageGroups {
			return artifact.Errorf(artifact.Quota, "Domain '%s' has reached its limit of %d package groups.", d.Name,
				s.Quotas.PackageGroups).About(artifact.DomainResource, d.Name)
		}
		id, err := w.CreatePackageGroup(catalog.PackageGroup{Domain: d.ID, Pattern: spec.Pattern, ContactInfo: spec.ContactInfo,
			Description: spec.Description, Restrictions: everywhere(artifact.Inherited), CreatedAt: s.Now()})
		if err != nil {
			return err
		}
		if err := w.PutTags(catalog.Holder{Domain: d.ID, Group: id}, spec.Tags); err != nil {
			return err
		}
		if info, err = s.infoIn(w, d, spec.Pattern); err != nil {
			return err
		}
		return s.audit(w, c, "CreatePackageGroup", OnGroup(spec.GroupKey), withTags(map[string]any{}, spec.Tags))
	})
	return info, err
}

// infoIn tells of a group of a domain as a transaction sees it.
func (s *Service) infoIn(r catalog.Reader, d catalog.Domain, pattern string) (GroupInfo, error) {
	all, err := s.groupsIn(r, d.ID)
	if err != nil {
		return GroupInfo{}, err
	}
	g := all.named(pattern)
	if g == nil {
		return GroupInfo{}, noGroup(GroupKey{d.DomainKey, pattern})
	}
	return g.info(d.DomainKey), nil
}

func heldDomain(r catalog.Reader, key artifact.DomainKey) (catalog.Domain, error) {
	d, err := r.Domain(key)
	if artifact.Is(err, artifact.NotFound) {
		err = noDomain(key)
	}
	return d, err
}

// readGroups runs fn with a domain, which must exist, and its groups.
func (s *Service) readGroups(ctx context.Context, key artifact.DomainKey,
	fn func(r catalog.Reader, d catalog.Domain, all *groups) error) error {
	return s.Catalog.Read(ctx, func(r catalog.Reader) error {
		d, err := heldDomain(r, key)
		if err != nil {
			return err
		}
		all, err := s.groupsAt(r, d.ID)
		if err != nil {
			return err
		}
		return fn(r, d, all)
	})
}

// withGroup is readGroups for one group, which must exist.
func (s *Service) withGroup(ctx context.Context, key GroupKey, fn func(all *groups, g *group) error) error {
	return s.readGroups(ctx, key.DomainKey, func(_ catalog.Reader, _ catalog.Domain, all *groups) error {
		g := all.named(key.Pattern)
		if g == nil {
			return noGroup(key)
		}
		return fn(all, g)
	})
}

// Group describes a package group, or is NotFound.
func (s *Service) Group(ctx context.Context, key GroupKey) (info GroupInfo, err error) {
	err = s.withGroup(ctx, key, func(_ *groups, g *group) error {
		info = g.info(key.DomainKey)
		return nil
	})
	return info, err
}

// changeGroup changes a group in one transaction, with its record.
func (s *Service) changeGroup(ctx context.Context, c iam.Caller, action string, key GroupKey,
	change func(catalog.Writer, *catalog.PackageGroup) (detail map[string]any, err error)) (info GroupInfo, err error) {
	err = s.Catalog.Write(ctx, func(w catalog.Writer) error {
		d, err := heldDomain(w, key.DomainKey)
		if err != nil {
			return err
		}
		g, err := w.PackageGroup(d.ID, key.Pattern)
		if artifact.Is(err, artifact.NotFound) {
			return noGroup(key)
		}
		if err != nil {
			return err
		}
		detail, err := change(w, &g)
		if err != nil {
			return err
		}
		if err := w.UpdatePackageGroup(g); err != nil {
			return err
		}
		if info, err = s.infoIn(w, d, key.Pattern); err != nil {
			return err
		}
		return s.audit(w, c, action, OnGroup(key), detail)
	})
	return info, err
}

// UpdateGroup changes what is written about a package group; NotFound if there is none of the pattern.
func (s *Service) UpdateGroup(ctx context.Context, c iam.Caller, key GroupKey, change GroupChange) (GroupInfo, error) {
	return s.changeGroup(ctx, c, "UpdatePackageGroup", key, func(_ catalog.Writer, g *catalog.PackageGroup) (map[string]any, error) {
		if change.ContactInfo != nil {
			g.ContactInfo = *change.ContactInfo
		}
		if change.Description != nil {
			g.Description = *change.Description
		}
		return nil, nil
	})
}

// DeleteGroup removes a package group and returns what it was. Its packages and the groups below it go over to its parent.
// NotFound if there is none of the pattern; Invalid for the group of all packages.
func (s *Service) DeleteGroup(ctx context.Context, c iam.Caller, key GroupKey) (info GroupInfo, err error) {
	if key.Pattern == packagegroup.Root {
		return info, artifact.Errorf(artifact.Invalid, "The package group '%s' cannot be deleted: every package of the domain "+
			"that belongs to no other group belongs to it.", key.Pattern)
	}
	err = s.Catalog.Write(ctx, func(w catalog.Writer) error {
		d, err := heldDomain(w, key.DomainKey)
		if err != nil {
			return err
		}
		all, err := s.groupsIn(w, d.ID)
		if err != nil {
			return err
		}
		g := all.named(key.Pattern)
		if g == nil {
			return noGroup(key)
		}
		info = g.info(d.DomainKey)
		if err := w.DeletePackageGroup(g.ID); err != nil {
			return err
		}
		return s.audit(w, c, "DeletePackageGroup", OnGroup(key), nil)
	})
	return info, err
}

// Groups lists the package groups of a domain whose patterns begin with prefix; NotFound for the domain.
func (s *Service) Groups(ctx context.Context, key artifact.DomainKey, prefix string,
	page catalog.Page) (l catalog.Listing[GroupInfo], err error) {
	err = s.readGroups(ctx, key, func(_ catalog.Reader, _ catalog.Domain, all *groups) error {
		l = all.list(key, page, func(g *group) bool { return strings.HasPrefix(g.Pattern, prefix) })
		return nil
	})
	return l, err
}

// SubGroups lists the package groups whose parent is this one; NotFound if there is none of the pattern.
func (s *Service) SubGroups(ctx context.Context, key GroupKey, page catalog.Page) (l catalog.Listing[GroupInfo], err error) {
	err = s.withGroup(ctx, key, func(all *groups, parent *group) error {
		l = all.list(key.DomainKey, page, func(g *group) bool { return g.parent == parent })
		return nil
	})
	return l, err
}

// list is a page of the groups that which lets through.
func (all *groups) list(in artifact.DomainKey, page catalog.Page, which func(*group) bool) catalog.Listing[GroupInfo] {
	chosen := pageOf(slices.DeleteFunc(slices.Clone(all.ordered), func(g *group) bool { return !which(g) }),
		func(g *group) string { return g.Pattern }, page)
	told := catalog.Listing[GroupInfo]{Next: chosen.Next}
	for _, g := range chosen.Items {
		told.Items = append(told.Items, g.info(in))
	}
	return told
}

// pageOf cuts a page out of items that are ordered by their names.
func pageOf[T any](items []T, name func(T) string, page catalog.Page) catalog.Listing[T] {
	begin, _ := slices.BinarySearchFunc(items, page.After, func(item T, after string) int {
		if page.After != "" && name(item) == after {
			return -1
		}
		return strings.Compare(name(item), after)
	})
	items = items[begin:]
	limit := min(max(page.Limit, 1), catalog.MaxPage)
	if len(items) <= limit {
		return catalog.Listing[T]{Items: items}
	}
	return catalog.Listing[T]{Items: items[:limit], Next: name(items[limit-1])}
}
