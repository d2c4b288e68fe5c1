package repository

import (
	"context"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/packagegroup"
)

// AssociatedPackage is a package that belongs to a group, and how.
type AssociatedPackage struct {
	artifact.PackageKey
	Association packagegroup.Association
}

// AssociatedGroup describes the group that a package belongs to, and says how. The package need not be anywhere, and its
// name may be spelled in every way that its format takes. NotFound for the domain.
func (s *Service) AssociatedGroup(ctx context.Context, key artifact.DomainKey,
	p artifact.PackageKey) (info GroupInfo, how packagegroup.Association, err error) {
	err = s.readGroups(ctx, key, func(_ catalog.Reader, _ catalog.Domain, all *groups) error {
		m := all.membership(s.CanonicalPackage(p))
		if m.group == nil {
			return noGroup(GroupKey{key, packagegroup.Root})
		}
		info, how = m.group.info(key), m.association
		return nil
	})
	return info, how, err
}

// maxLookedAt is how many packages of a domain one page of a group's packages looks at. A page that ends there may be
// short, or empty, and others follow.
const maxLookedAt = 20_000

// AssociatedPackages lists the packages that any repository of the domain holds and that belong to a group. With preview
// the group need not be there: then they are those that would belong to it. NotFound if there is no group of the pattern,
// Invalid if there never can be, or for a page that this list did not give out.
func (s *Service) AssociatedPackages(ctx context.Context, key GroupKey, preview bool,
	page catalog.Page) (l catalog.Listing[AssociatedPackage], err error) {
	after, err := parseMarker(page.After)
	if err != nil {
		return l, err
	}
	err = s.readGroups(ctx, key.DomainKey, func(r catalog.Reader, d catalog.Domain, all *groups) (err error) {
		pattern, index := packagegroup.Pattern{}, all.index
		if g := all.named(key.Pattern); g != nil {
			pattern = g.pattern
		} else if !preview {
			return noGroup(key)
		} else if pattern, err = s.groupPattern(key.Pattern); err != nil {
			return err
		} else {
			index = all.with(pattern)
		}
		l, err = associated(r, d.ID, index, pattern, after, min(max(page.Limit, 1), catalog.MaxPage))
		return err
	})
	return l, err
}

// with is the index as if there were a group of the pattern as well.
func (all *groups) with(pattern packagegroup.Pattern) *packagegroup.Index {
	patterns := []packagegroup.Pattern{pattern}
	for _, g := range all.ordered {
		patterns = append(patterns, g.pattern)
	}
	return packagegroup.NewIndex(patterns)
}

// associated looks for the packages of a group, in the order of formats, names and namespaces, behind one of them.
func associated(r catalog.Reader, id catalog.DomainID, index *packagegroup.Index, pattern packagegroup.Pattern,
	after artifact.PackageKey, limit int) (l catalog.Listing[AssociatedPackage], err error) {
	looked := 0
	formats := artifact.Formats()
	if only := pattern.Names().Format; only != "" {
		formats = []artifact.Format{only}
	}
	for _, f := range formats[max(slices.Index(formats, after.Format), 0):] {
		if f != after.Format {
			after = artifact.PackageKey{}
		}
		for key, err := range r.DomainPackages(id, f, after) {
			if err != nil {
				return l, err
			}
			if of, how := index.Of(key); how != packagegroup.None && of == pattern {
				l.Items = append(l.Items, AssociatedPackage{key, how})
			}
			if looked++; len(l.Items) == limit || looked == maxLookedAt {
				l.Next = key.String()
				return l, nil
			}
		}
	}
	return l, nil
}

// parseMarker reads the package behind which a page begins; the zero key for the first page.
func parseMarker(text string) (artifact.PackageKey, error) {
	if text == "" {
		return artifact.PackageKey{}, nil
	}
	parts := strings.Split(text, "/")
	if len(parts) != 3 || !artifact.Format(parts[0]).Valid() {
		return artifact.PackageKey{}, artifact.Errorf(artifact.Invalid, "The page marker was not given out by this list.")
	}
	return artifact.PackageKey{Format: artifact.Format(parts[0]), Namespace: parts[1], Name: parts[2]}, nil
}
