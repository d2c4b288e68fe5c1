package repository

import (
	"context"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// reading runs fn with the ID of a repository that must exist; the API sees only what the repository itself holds.
func (s *Service) reading(ctx context.Context, key artifact.RepositoryKey,
	fn func(r catalog.Reader, id catalog.RepositoryID) error) error {
	at, err := s.existing(ctx, key)
	if err != nil {
		return err
	}
	return s.Catalog.Read(ctx, func(r catalog.Reader) error { return fn(r, at.repository.ID) })
}

// Packages lists the packages a repository holds, those without versions too; NotFound if there is no such repository.
func (s *Service) Packages(ctx context.Context, key artifact.RepositoryKey, filter catalog.PackageFilter,
	page catalog.Page) (l catalog.Listing[artifact.Package], err error) {
	err = s.reading(ctx, key, func(r catalog.Reader, id catalog.RepositoryID) (err error) {
		l, err = r.Packages(id, filter, page)
		return err
	})
	return l, err
}

// Package describes a package with its own origin controls; NotFound if the repository does not hold it.
func (s *Service) Package(ctx context.Context, key artifact.RepositoryKey,
	p artifact.PackageKey) (found artifact.Package, err error) {
	err = s.reading(ctx, key, func(r catalog.Reader, id catalog.RepositoryID) (err error) {
		found, err = heldPackage(r, id, key, p)
		return err
	})
	return found, err
}

func heldPackage(r catalog.Reader, id catalog.RepositoryID, key artifact.RepositoryKey,
	p artifact.PackageKey) (artifact.Package, error) {
	found, err := r.Package(id, p)
	if artifact.Is(err, artifact.NotFound) {
		err = noPackage(key, p)
	}
	return found, err
}

// PutControls sets both origin controls; a package that is not there yet comes into being without versions.
func (s *Service) PutControls(ctx context.Context, c iam.Caller, key artifact.RepositoryKey, p artifact.PackageKey,
	controls artifact.Controls) (pkg artifact.Package, err error) {
	// A name that is not the kept one would make controls that never match.
	p = s.CanonicalPackage(p)
	err = s.Catalog.Write(ctx, func(w catalog.Writer) error {
		repo, err := heldRepository(w, key)
		if err != nil {
			return err
		}
		pkg = artifact.Package{PackageKey: p, Controls: controls, Folded: s.folded(p)}
		if err := w.PutPackage(repo.ID, pkg); err != nil {
			return err
		}
		return s.audit(w, c, "PutPackageOriginConfiguration", OnPackage(key, p),
			map[string]any{"publish": controls.Publish, "upstream": controls.Upstream})
	})
	return pkg, err
}

// Versions lists the versions of a package that the repository itself holds, of every status unless the filter says
// otherwise, and says which of them is the one to show. NotFound if the repository does not hold the package.
func (s *Service) Versions(ctx context.Context, key artifact.RepositoryKey, p artifact.PackageKey,
	filter catalog.VersionFilter, page catalog.Page) (l VersionList, err error) {
	err = s.reading(ctx, key, func(r catalog.Reader, id catalog.RepositoryID) error {
		if _, err := heldPackage(r, id, key, p); err != nil {
			return err
		}
		if l.Listing, err = r.Versions(id, p, filter, page); err != nil {
			return err
		}
		l.DefaultDisplay, err = s.displayed(r, id, p)
		return err
	})
	return l, err
}

// Version describes a version that the repository itself holds, or is NotFound.
func (s *Service) Version(ctx context.Context, key artifact.RepositoryKey,
	v artifact.VersionKey) (found artifact.Version, err error) {
	err = s.reading(ctx, key, func(r catalog.Reader, id catalog.RepositoryID) (err error) {
		found, err = heldVersion(r, id, key, v)
		return err
	})
	return found, err
}

// recordOf returns the version as a repository holds it, whole, or nil. To look one up that is not there, as most new ones
// are not, costs one statement.
func recordOf(r catalog.Reader, id catalog.RepositoryID, v artifact.VersionKey) (*artifact.Version, error) {
	held, err := r.VersionIn([]catalog.RepositoryID{id}, v)
	if err != nil || len(held) == 0 {
		return nil, err
	}
	return optional(r.Version(id, v))
}

func heldVersion(r catalog.Reader, id catalog.RepositoryID, key artifact.RepositoryKey,
	v artifact.VersionKey) (artifact.Version, error) {
	found, err := r.Version(id, v)
	if artifact.Is(err, artifact.NotFound) {
		err = noVersion(key, v)
	}
	return found, err
}

// Asset opens an asset of a version that the repository itself holds; one that its registry only promises so far is
// fetched first. NotFound if version, asset or the given revision is not there; Conflict if the version's status
// withholds its assets.
func (s *Service) Asset(ctx context.Context, c iam.Caller, key artifact.RepositoryKey, v artifact.VersionKey,
	asset, revision string) (File, error) {
	at, err := s.existing(ctx, key)
	if err != nil {
		return File{}, err
	}
	found, err := s.Version(ctx, key, v)
	if artifact.Is(err, artifact.NotFound) && revision == "" && s.traits(v.Format).ByAPI {
		return s.assetFromRemote(ctx, c, at, v, asset, err)
	}
	if err != nil {
		return File{}, err
	}
	if revision != "" && revision != found.Revision {
		return File{}, artifact.Errorf(artifact.NotFound, "Version '%s' of the %s package '%s' has no revision '%s'.",
			v.Version, v.Format, v.Qualified(), revision).
			About(artifact.VersionResource, key.Domain+"/"+key.Name+"/"+v.String())
	}
	if !found.Status.Downloadable() {
		return File{}, artifact.Errorf(artifact.Conflict,
			"The assets of version '%s' of the %s package '%s' are not available: its status is %s.",
			v.Version, v.Format, v.Qualified(), found.Status).
			About(artifact.VersionResource, key.Domain+"/"+key.Name+"/"+v.String())
	}
	a, ok := found.Asset(asset)
	if !ok {
		return File{}, noAsset(key, v, asset)
	}
	if a.Promised {
		return s.bringOne(ctx, c, at, found, asset)
	}
	return s.wholeFile(ctx, c, at, found, a)
}

// assetFromRemote fetches an asset of a version that the repository does not hold, where no package manager could: from a remote of
// its own. none is the answer where there is no such remote, or where it has no such version.
func (s *Service) assetFromRemote(ctx context.Context, c iam.Caller, at *configuration, v artifact.VersionKey, asset string,
	none error) (File, error) {
	f, err := s.open(ctx, c, at, s.Canonical(v), asset)
	if artifact.Is(err, artifact.NotFound) {
		return File{}, none
	}
	if err != nil || f.Transfer == nil {
		return f, err
	}
	if err := awaited(f); err != nil {
		return File{}, err
	}
	key := at.repository.RepositoryKey
	kept, err := s.Version(ctx, key, v)
	if err != nil {
		return File{}, err
	}
	a, ok := kept.Asset(asset)
	if !ok {
		return File{}, noAsset(key, v, asset)
	}
	return s.wholeFile(ctx, c, at, kept, a)
}

// bringOne fetches an asset that the version's registry promises, and opens it once it is kept.
func (s *Service) bringOne(ctx context.Context, c iam.Caller, at *configuration, v artifact.Version,
	asset string) (File, error) {
	made, own, err := s.locate(ctx, at, v.VersionKey, s.byQuestion(v.VersionKey, asset))
	if err != nil {
		return File{}, err
	}
	f, err := s.openLate(ctx, c, at, made, own, asset)
	if err != nil || f.Transfer == nil {
		return f, err
	}
	if err := awaited(f); err != nil {
		return File{}, err
	}
	if v, err = s.wholeVersion(ctx, at.repository.ID, v.VersionKey); err != nil {
		return File{}, err
	}
	a, ok := v.Asset(asset)
	if !ok || a.Promised {
		return File{}, noAsset(at.repository.RepositoryKey, v.VersionKey, asset)
	}
	return s.wholeFile(ctx, c, at, v, a)
}
