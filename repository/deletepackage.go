package repository

import (
	"context"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/events"
	"entrepot/iam"
)

// DeletePackage removes a package with its versions and controls, and returns what it was; NotFound if the repository
// does not hold it. A package of many versions is emptied before it is removed; if that ends in an error, some of them
// are gone, and to ask again removes the rest.
func (s *Service) DeletePackage(ctx context.Context, c iam.Caller, key artifact.RepositoryKey,
	p artifact.PackageKey) (pkg artifact.Package, err error) {
	if err := s.empty(ctx, c, key, p); err != nil {
		return artifact.Package{}, err
	}
	err = s.Catalog.Write(ctx, func(w catalog.Writer) error {
		repo, err := heldRepository(w, key)
		if err != nil {
			return err
		}
		if pkg, err = heldPackage(w, repo.ID, key, p); err != nil {
			return err
		}
		for v, err := range w.EachVersion([]catalog.RepositoryID{repo.ID}, p) {
			if err != nil {
				return err
			}
			if err := s.announceDeleted(w, c, repo, v.Version); err != nil {
				return err
			}
		}
		if err := w.DeletePackage(repo.ID, p); err != nil {
			return err
		}
		return s.audit(w, c, "DeletePackage", OnPackage(key, p), nil)
	})
	return pkg, err
}

// empty removes the versions of a package in turns, if they are too many or too large to go with it in one.
func (s *Service) empty(ctx context.Context, c iam.Caller, key artifact.RepositoryKey, p artifact.PackageKey) error {
	var repo catalog.Repository
	var versions []string
	err := s.Catalog.Read(ctx, func(r catalog.Reader) (err error) {
		if repo, err = heldRepository(r, key); err != nil {
			return err
		}
		held, err := r.PackageUsage(repo.ID, p)
		if err != nil || held.Versions+int(held.IndexBytes>>weightShift) <= turnWeight {
			return err
		}
		for v, err := range catalog.Each(func(page catalog.Page) (catalog.Listing[catalog.VersionSummary], error) {
			return r.Versions(repo.ID, p, catalog.VersionFilter{}, page)
		}) {
			if err != nil {
				return err
			}
			versions = append(versions, v.Version)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return inTurns(ctx, s.Catalog, versions, func(w catalog.Writer, version string) (int, error) {
		held, err := w.VersionIn([]catalog.RepositoryID{repo.ID}, p.At(version))
		v, ok := held[repo.ID]
		if err != nil || !ok { // it went meanwhile
			return 1, err
		}
		if err := w.DeleteVersion(repo.ID, v.VersionKey); err != nil {
			return 0, err
		}
		return weight(v), s.announceDeleted(w, c, repo, v)
	}, func(w catalog.Writer, done []string) error {
		return s.audit(w, c, "DeletePackage", OnPackage(key, p), map[string]any{"versions": done})
	})
}

func (s *Service) announceDeleted(w catalog.Writer, c iam.Caller, repo catalog.Repository, v artifact.Version) error {
	removed := len(v.Assets)
	v.Status = artifact.Deleted
	return s.announce(w, c, repo, v, events.Deleted, events.Changes{AssetsRemoved: removed, StatusChanged: true})
}
