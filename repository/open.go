package repository

import (
	"context"
	"fmt"
	"io"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/upstream"
)

type heldKey struct {
	repository catalog.RepositoryID
	version    artifact.VersionKey
	asset      string
}

// heldAsset is an asset that the repository holds and may serve.
type heldAsset struct {
	version artifact.Version
	asset   artifact.Asset
}

// open finds an asset for a package manager and retains what it finds upstream.
func (s *Service) open(ctx context.Context, c iam.Caller, at *site, v artifact.VersionKey, asset string) (File, error) {
	key := heldKey{at.repository.ID, v, asset}
	if known, ok := s.held.Recall(key); ok {
		return s.file(ctx, at, known.version, known.asset)
	}
	on := s.held.Basis()
	on.Topics(catalog.PackageTopic(at.domain.ID, v.PackageKey))
	found, err := s.locate(ctx, at, v)
	if err != nil {
		return File{}, err
	}
	switch {
	case found.listed != nil:
		return s.fetch(ctx, c, at, found.listed, asset, []catalog.Repository{found.listed.repository, *at.repository})
	case found.kept != nil:
		if _, ok := found.kept.version.Asset(asset); !ok {
			return File{}, noAsset(at.repository.RepositoryKey, v, asset)
		}
		retained, err := s.retain(ctx, c, at, found.kept)
		if err != nil {
			return File{}, err
		}
		a, err := servable(at, retained, asset)
		if err != nil {
			return File{}, err
		}
		return s.file(ctx, at, retained, a)
	}
	a, err := servable(at, *found.own, asset)
	if err != nil {
		return File{}, err
	}
	s.held.Keep(key, heldAsset{*found.own, a}, on)
	return s.file(ctx, at, *found.own, a)
}

// mayBeServed refuses a version that is withdrawn.
func mayBeServed(at *site, v artifact.Version) error {
	if v.Status.Downloadable() {
		return nil
	}
	return artifact.Errorf(artifact.NotFound, "Version %s of %s is withdrawn in repository %s: its status is %s.",
		v.Version, v.Qualified(), at.repository.Name, v.Status).About(artifact.VersionResource, v.VersionKey.String())
}

// servable returns the asset of a version that the asked repository holds, if its status lets it be served.
func servable(at *site, v artifact.Version, asset string) (artifact.Asset, error) {
	if err := mayBeServed(at, v); err != nil {
		return artifact.Asset{}, err
	}
	a, ok := v.Asset(asset)
	if !ok {
		return artifact.Asset{}, noAsset(at.repository.RepositoryKey, v.VersionKey, asset)
	}
	return a, nil
}

// retain keeps a version of an upstream repository in the asked one, by reference: no bytes move.
func (s *Service) retain(ctx context.Context, c iam.Caller, at *site, kept *keptVersion) (artifact.Version, error) {
	// However many clients ask, it is written once.
	flight := fmt.Sprintf("retain/%d/%s", at.repository.ID, kept.version.VersionKey)
	result, err, _ := s.retaining.Do(flight, func() (any, error) {
		var retained artifact.Version
		err := s.Catalog.Write(context.WithoutCancel(ctx), func(w catalog.Writer) error {
			known, err := optional(w.Version(at.repository.ID, kept.version.VersionKey))
			if err != nil {
				return err
			}
			if known != nil {
				retained = *known
				return nil
			}
			if retained, err = w.Version(kept.repository.ID, kept.version.VersionKey); err != nil {
				return err
			}
			return s.admit(w, c, *at.repository, retained, arrivedFromUpstream)
		})
		return retained, err
	})
	if err != nil {
		return artifact.Version{}, fmt.Errorf("retain %s in %s: %w", kept.version.VersionKey, at.repository.Name, err)
	}
	return result.(artifact.Version), nil
}

// admit adds a version that came from upstream to a repository. Controls that were set meanwhile are obeyed.
func (s *Service) admit(w catalog.Writer, c iam.Caller, repo catalog.Repository, v artifact.Version, a arrival) error {
	held, err := w.PackageIn([]catalog.RepositoryID{repo.ID}, v.PackageKey)
	if err != nil {
		return err
	}
	if !v.Status.Downloadable() || !mayPull(held, repo.ID) {
		return artifact.Errorf(artifact.NotFound,
			"Version %s of %s may not come into repository %s any more.", v.Version, v.Qualified(), repo.Name)
	}
	if err := settlePackage(w, repo.ID, among(held, repo.ID), v, a, nil); err != nil {
		return err
	}
	if err := w.CreateVersion(repo.ID, v); err != nil {
		return err
	}
	return s.announce(w, c, repo, v, created,
		changes{AssetsAdded: len(v.Assets), MetadataUpdated: true, StatusChanged: true})
}

// fetch gets an asset from an external registry. It is streamed to the caller while it is stored; before its last bytes
// are let go it is verified, durable, and recorded in the repositories of into.
func (s *Service) fetch(ctx context.Context, c iam.Caller, at *site, listed *listedVersion, asset string,
	into []catalog.Repository) (File, error) {
	v := listed.version
	promised, ok := v.Asset(asset)
	if !ok {
		return File{}, noAsset(at.repository.RepositoryKey, v.VersionKey, asset)
	}
	store, err := s.store(*at.domain)
	if err != nil {
		return File{}, err
	}
	request, err := listed.source.Asset(v, asset)
	if err != nil {
		return File{}, err
	}
	request.Connection = listed.connection
	request.Flight = fmt.Sprintf("%d/%s/%s/%s", at.domain.ID, listed.connection, v.VersionKey, asset)
	request.Open = func(ctx context.Context) (upstream.Spool, error) { return store.Create(ctx) }
	request.Keep = func(ctx context.Context, spool upstream.Spool, sums artifact.Digests, size int64) error {
		_, err := spool.(blob.Draft).Commit(ctx, sums.SHA256)
		return err
	}
	request.Each = func(ctx context.Context, sums artifact.Digests, size int64) error {
		return s.ingest(ctx, c, at, listed, artifact.Asset{Name: asset, Size: size, Digests: sums}, into)
	}
	transfer, err := s.Fetcher.Asset(ctx, request)
	if err != nil {
		return File{}, err
	}
	promised.Size = transfer.Size()
	return File{Asset: promised, Modified: v.UpstreamTime, Version: v, Transfer: transfer}, nil
}

// ingest records a fetched asset in the repositories of into, all or none: the one with the connection and, for a
// package manager, the one that was asked, never those between (user guide, "Package retention from an external
// connection").
func (s *Service) ingest(ctx context.Context, c iam.Caller, at *site, listed *listedVersion, a artifact.Asset,
	into []catalog.Repository) error {
	flight := fmt.Sprintf("ingest/%s/%s/%v", listed.version.VersionKey, a.Name, idsOf(into))
	_, err, _ := s.retaining.Do(flight, func() (any, error) {
		return nil, s.Catalog.Write(context.WithoutCancel(ctx), func(w catalog.Writer) error {
			if err := s.present(ctx, at, a); err != nil {
				return err
			}
			seen := map[catalog.RepositoryID]bool{}
			for _, repo := range into {
				if seen[repo.ID] {
					continue
				}
				seen[repo.ID] = true
				if err := s.ingestInto(w, c, repo, listed, a); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("ingest %s: %w", listed.version.VersionKey, err)
	}
	return nil
}

func (s *Service) ingestInto(w catalog.Writer, c iam.Caller, repo catalog.Repository, listed *listedVersion,
	a artifact.Asset) error {
	known, err := optional(w.Version(repo.ID, listed.version.VersionKey))
	if err != nil {
		return err
	}
	if known == nil {
		v := listed.version
		v.Assets = []artifact.Asset{a}
		v.Status = artifact.Published
		v.Origin = artifact.Origin{Type: artifact.OriginExternal, Connection: listed.connection}
		v.PublishedAt = s.Now()
		if v.Revision, err = versionRevision(v); err != nil {
			return err
		}
		return s.admit(w, c, repo, v, arrivedFromExternal)
	}
	there, ok := known.Asset(a.Name)
	switch {
	case !known.Status.Downloadable():
		return artifact.Errorf(artifact.NotFound, "Version %s of %s is withdrawn in repository %s: its status is %s.",
			known.Version, known.Qualified(), repo.Name, known.Status)
	case ok && there.SHA256 == a.SHA256:
		return nil
	case ok || known.Origin.Connection != listed.connection:
		return artifact.Errorf(artifact.Conflict,
			"Repository %s holds version %s of %s with other contents.", repo.Name, known.Version, known.Qualified())
	}
	known.Assets = append(known.Assets, a)
	if known.Revision, err = versionRevision(*known); err != nil {
		return err
	}
	if err := w.UpdateVersion(repo.ID, *known); err != nil {
		return err
	}
	return s.announce(w, c, repo, *known, updated, changes{AssetsAdded: 1})
}

// importNow fetches an asset into the repository with the connection and waits for it.
func (s *Service) importNow(ctx context.Context, c iam.Caller, at *site, listed *listedVersion, asset string) error {
	f, err := s.fetch(ctx, c, at, listed, asset, []catalog.Repository{listed.repository})
	if err != nil {
		return err
	}
	defer f.Transfer.Close()
	_, err = io.Copy(io.Discard, f.Transfer)
	return err
}

func idsOf(repositories []catalog.Repository) []catalog.RepositoryID {
	ids := make([]catalog.RepositoryID, len(repositories))
	for i, r := range repositories {
		ids[i] = r.ID
	}
	return ids
}
