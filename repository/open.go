package repository

import (
	"context"
	"fmt"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/events"
	"entrepot/iam"
)

type heldKey struct {
	repository catalog.RepositoryID
	version    artifact.VersionKey
	asset      string
}

// heldAsset is an asset that the repository holds and may serve.
type heldAsset struct {
	version artifact.Version // bare: each of its assets may be remembered
	asset   artifact.Asset
}

// bare leaves out of a version what grows with it.
func bare(v artifact.Version) artifact.Version {
	v.Manifest, v.Details, v.Assets = nil, artifact.Details{}, nil
	return v
}

// open finds an asset for a package manager and retains what it finds upstream. Where an asset is, is decided for each
// asset: a version may have some of its files here and others still in its registry.
func (s *Service) open(ctx context.Context, c iam.Caller, at *configuration, v artifact.VersionKey, asset string) (File, error) {
	key := heldKey{at.repository.ID, v, asset}
	if known, ok := s.held.Recall(key); ok {
		return s.file(ctx, c, at, known.version, known.asset)
	}
	if why := s.absent(key); why != nil {
		return File{}, why
	}
	on := s.held.Basis()
	on.Topics(catalog.PackageTopic(at.domain.ID, v.PackageKey))
	search := s.lookup(at, key)
	made, found, err := s.locate(ctx, at, v, s.byFetching(c, at, v, asset))
	if err != nil {
		return File{}, search.failed(ctx, err, made.registries()...)
	}
	if found.coming != nil {
		return *found.coming, nil
	}
	if found.own() {
		if err := mayBeServed(*at.repository, found.version); err != nil {
			return File{}, err
		}
	}
	a, has := found.version.Asset(asset)
	switch {
	case found.listed():
		from := s.firstImport(found, made.asked())
		if err := s.roomFor(made, from); err != nil {
			return File{}, err
		}
		return s.fetch(ctx, c, at, from, asset)
	case !has || a.Promised:
		f, err := s.openLate(ctx, c, at, made, found, asset)
		return f, search.failed(ctx, err, made.registriesBehind(found)...)
	case found.own():
		s.held.Keep(key, heldAsset{bare(found.version), a}, on)
		return s.file(ctx, c, at, found.version, a)
	}
	retained, err := s.retain(ctx, c, at, found)
	if err != nil {
		return File{}, err
	}
	if err := mayBeServed(*at.repository, retained); err != nil {
		return File{}, err
	}
	if a, has = retained.Asset(asset); !has || a.Promised {
		return File{}, noAsset(at.repository.RepositoryKey, v, asset)
	}
	return s.file(ctx, c, at, retained, a)
}

// openLate brings in an asset that the record at hand lacks or only promises: from the repositories behind it that have
// it, else from the registry that the version came from (user guide, "Requesting Maven packages from external
// connections", "Python packages from external connections").
func (s *Service) openLate(ctx context.Context, c iam.Caller, at *configuration, made *plan, found located,
	asset string) (File, error) {
	key := found.version.VersionKey
	_, promised := found.version.Asset(asset)
	if promised || s.traits(key.Format).Late != 0 {
		for source, held := range made.behind(found) {
			if held == nil {
				return s.fetchLate(ctx, c, at, made, found, source, asset)
			}
			if a, ok := held.Asset(asset); ok && !a.Promised {
				return s.openAcross(ctx, c, at, found, *held, a)
			}
		}
	}
	if promised {
		return File{}, artifact.Errorf(artifact.NotFound, "Asset '%s' of version '%s' of %s has not been fetched, and %s, "+
			"which has it, cannot be asked for this package through repository '%s' any more.",
			asset, key.Version, key.Qualified(), found.version.Origin.Connection, at.repository.Name).
			About(artifact.AssetResource, key.String()+"/"+asset)
	}
	return File{}, noAsset(at.repository.RepositoryKey, key, asset)
}

// fetchLate fetches an asset for a version that is held already. source is the version's own connection.
func (s *Service) fetchLate(ctx context.Context, c iam.Caller, at *configuration, made *plan, found located, source planSource,
	asset string) (File, error) {
	// What locate finds has no manifest, and a format may need it to say where the asset is.
	v, err := s.wholeVersion(ctx, found.source.repository.ID, found.version.VersionKey)
	if err != nil {
		return File{}, err
	}
	a, promised := v.Asset(asset)
	if promised && !a.Promised {
		// Somebody else has brought it since we looked. It has digests now, under which its fetch would not be joined.
		return s.open(ctx, c, at, v.VersionKey, asset)
	}
	// Of a registry that lists no files nothing is to be learned about this one but by fetching it.
	if _, finds := source.registry.Source.(Finder); !promised && !finds {
		listed, silent, err := s.askForVersion(ctx, source.registry, found.version.VersionKey, asset, false)
		switch {
		case err != nil:
			return File{}, err
		case listed != nil:
			v.Assets = union(v.Assets, asPromises(listed.Assets, s.Now()))
		case s.traits(found.version.Format).Late&LateOnRequest == 0 && silent != nil:
			return File{}, silent
		}
	}
	return s.fetch(ctx, c, at, newImport(v, source, made.asked()), asset)
}

// wholeVersion reads a record with manifest and details.
func (s *Service) wholeVersion(ctx context.Context, id catalog.RepositoryID,
	key artifact.VersionKey) (v artifact.Version, err error) {
	err = s.Catalog.Read(ctx, func(r catalog.Reader) error {
		v, err = r.Version(id, key)
		return err
	})
	return v, err
}

// openAcross serves an asset that a repository behind has, and adds it to the asked repository by reference.
func (s *Service) openAcross(ctx context.Context, c iam.Caller, at *configuration, found located, holder artifact.Version,
	a artifact.Asset) (File, error) {
	whole, err := s.wholeVersion(ctx, found.source.repository.ID, found.version.VersionKey)
	if err != nil {
		return File{}, err
	}
	from := importing{version: whole, source: planSource{connection: whole.Origin.Connection},
		into: []catalog.Repository{*at.repository}}
	if err := s.ingest(ctx, c, at, from, a, 0); err != nil {
		return File{}, err
	}
	return s.file(ctx, c, at, holder, a)
}

// mayBeServed refuses a version that is withdrawn in the repository that holds it.
func mayBeServed(in catalog.Repository, v artifact.Version) error {
	if v.Status.Downloadable() {
		return nil
	}
	return artifact.Errorf(artifact.NotFound, "Version %s of %s is withdrawn in repository %s: its status is %s.",
		v.Version, v.Qualified(), in.Name, v.Status).About(artifact.VersionResource, v.VersionKey.String()).Causing(ErrWithheld)
}

// stat tells what is known of an asset without opening it: kept, or promised by its registry.
func (s *Service) stat(ctx context.Context, at *configuration, v artifact.VersionKey, asset string) (artifact.Asset, error) {
	key := heldKey{at.repository.ID, v, asset}
	if known, ok := s.held.Recall(key); ok {
		return s.statKept(ctx, at, known.version, known.asset)
	}
	if why := s.absent(key); why != nil {
		return artifact.Asset{}, why
	}
	search := s.lookup(at, key)
	made, found, err := s.locate(ctx, at, v, s.byQuestion(v, asset))
	if err != nil {
		return artifact.Asset{}, search.failed(ctx, err, made.registries()...)
	}
	if found.own() {
		if err := mayBeServed(*at.repository, found.version); err != nil {
			return artifact.Asset{}, err
		}
	}
	a, ok := found.version.Asset(asset)
	if !ok && s.traits(v.Format).Late != 0 {
		if a, ok, err = s.statLate(ctx, made, found, asset); err != nil {
			return artifact.Asset{}, err
		}
	}
	if !ok {
		return artifact.Asset{}, search.failed(ctx, noAsset(at.repository.RepositoryKey, v, asset),
			made.registriesBehind(found)...)
	}
	if a.Promised = a.Promised || found.listed(); a.Promised {
		return a, nil
	}
	return s.statKept(ctx, at, found.version, a)
}

// statKept tells what is known of a kept asset. One whose bytes are lost is promised again, if there is a registry to
// fetch them from: what is told of an asset is what it would take to open it.
func (s *Service) statKept(ctx context.Context, at *configuration, v artifact.Version, a artifact.Asset) (artifact.Asset, error) {
	err := s.examine(ctx, at, v.VersionKey, a)
	if lost(err) {
		a.Promised = true
		_, err = s.healer(ctx, at, v, a, err)
	}
	return a, err
}

// statLate looks for an asset that the record at hand lacks where openLate would find it.
func (s *Service) statLate(ctx context.Context, made *plan, found located,
	asset string) (a artifact.Asset, ok bool, err error) {
	for source, held := range made.behind(found) {
		if held != nil {
			a, ok = held.Asset(asset)
		} else if listed, _, err := s.askForVersion(ctx, source.registry, found.version.VersionKey, asset, false); err != nil {
			return a, false, err
		} else if listed != nil {
			a, ok = listed.Asset(asset)
			a.Promised = true
		}
		if ok {
			return a, true, nil
		}
	}
	return a, false, nil
}

// retain keeps a version of an upstream repository in the asked one, by reference: no bytes move.
func (s *Service) retain(ctx context.Context, c iam.Caller, at *configuration, found located) (artifact.Version, error) {
	key, holder := found.version.VersionKey, found.source.repository.ID
	// However many clients ask, it is written once.
	result, err, _ := s.retaining.Do(flight("retain", at.repository.ID, key), func() (any, error) {
		var retained artifact.Version
		err := s.Catalog.Write(context.WithoutCancel(ctx), func(w catalog.Writer) error {
			known, err := recordOf(w, at.repository.ID, key)
			if err != nil {
				return err
			}
			if known != nil {
				retained = *known
				return nil
			}
			if retained, err = w.Version(holder, key); err != nil {
				return err
			}
			return s.addFromUpstream(w, c, *at.repository, retained, arrivedFromUpstream, artifact.InternalUpstream)
		})
		return retained, err
	})
	if err != nil {
		return artifact.Version{}, fmt.Errorf("retain %s in %s: %w", key, at.repository.Name, err)
	}
	return result.(artifact.Version), nil
}

// addFromUpstream adds a version that came from upstream to a repository, by one way. Controls and groups that were changed
// meanwhile are obeyed.
func (s *Service) addFromUpstream(w catalog.Writer, c iam.Caller, repo catalog.Repository, v artifact.Version, a arrival,
	way artifact.RestrictionType) error {
	in, err := s.admissionIn(w, repo, v.PackageKey)
	if err != nil {
		return err
	}
	if !v.Status.Downloadable() || !in.mayPull(way, repo.ID) {
		return noLongerAdmitted(repo, v.VersionKey)
	}
	err = s.putPackage(w, repo.ID, in, v, a)
	if artifact.Is(err, artifact.Conflict) {
		return artifact.Errorf(artifact.NotFound, "Repository %s holds another package whose name means the same as %s.",
			repo.Name, v.Qualified()).Causing(err).
			About(artifact.PackageResource, idIn(repo.RepositoryKey, v.PackageKey.String()))
	}
	if err != nil {
		return err
	}
	if err := s.create(w, repo.ID, v); err != nil {
		return err
	}
	if err := s.auditKept(w, c, repo, v.VersionKey); err != nil {
		return err
	}
	return s.announce(w, c, repo, v, events.Created,
		events.Changes{AssetsAdded: len(v.Assets), MetadataUpdated: true, StatusChanged: true})
}

func noLongerAdmitted(repo catalog.Repository, v artifact.VersionKey) error {
	return artifact.Errorf(artifact.NotFound, "Version %s of %s may not come into repository %s any more.",
		v.Version, v.Qualified(), repo.Name).About(artifact.VersionResource, idIn(repo.RepositoryKey, v.String()))
}
