package repository

import (
	"context"
	"fmt"
	"io"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/events"
	"entrepot/iam"
)

// Registries that list no files still have those that versions of their format usually have. When the first asset of a
// version has come, the rules look for the others, and record those that are there as promises (user guide, "Requesting
// Maven packages from external connections"). Nobody waits for it, and nobody needs it: what was not looked for comes
// when it is asked for.

// completeLater has the rest of a version that was just brought in looked for, if its registry can only be asked.
func (s *Service) completeLater(c iam.Caller, at *configuration, from importing) {
	finder, ok := from.source.registry.Source.(Finder)
	if !ok || !from.version.PublishedAt.IsZero() {
		return
	}
	once := flight("complete", at.domain.ID, from.version.VersionKey, from.source.connection, fmt.Sprint(idsOf(from.into)))
	s.background.run(once, func(ctx context.Context) {
		if err := s.complete(ctx, c, at, from, finder); err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "could not look for the other assets of a version", "package", from.version.Qualified(),
				"version", from.version.VersionKey.Version, "error", err.Error())
		}
	})
}

// complete adds to a version what its registry has beside the asset that was asked for, and fetches what describes it.
func (s *Service) complete(ctx context.Context, c iam.Caller, at *configuration, from importing, finder Finder) error {
	listed, err := finder.Find(ctx, from.version.VersionKey, "")
	if artifact.Is(err, artifact.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, repo := range from.into {
		err := s.Catalog.Write(ctx, func(w catalog.Writer) error { return s.addPromises(w, c, repo, from, listed) })
		if err != nil {
			return err
		}
	}
	for _, a := range listed.Assets {
		if err := s.bringDescription(ctx, c, at, from, a.Name); err != nil {
			return err
		}
	}
	return nil
}

// addPromises adds those of the assets to a record that it lacks, unless the record may take nothing from there any more.
func (s *Service) addPromises(w catalog.Writer, c iam.Caller, repo catalog.Repository, from importing,
	listed artifact.Version) error {
	known, err := recordOf(w, repo.ID, from.version.VersionKey)
	if err != nil || known == nil || known.Origin.Connection != from.source.connection || !known.Status.Downloadable() {
		return err
	}
	in, err := s.admissionIn(w, repo, known.PackageKey)
	if err != nil || !in.mayPull(from.source.wayInto(repo), repo.ID) {
		return err
	}
	before := len(known.Assets)
	known.Assets = union(known.Assets, asPromises(listed.Assets, s.Now()))
	if len(known.Assets) == before {
		return nil
	}
	if err := s.recordable(repo.RepositoryKey, *known); err != nil {
		return err
	}
	if known.Revision, err = versionRevision(*known); err != nil {
		return err
	}
	if err := w.UpdateVersion(repo.ID, *known); err != nil {
		return err
	}
	return s.announce(w, c, repo, *known, events.Updated, events.Changes{AssetsAdded: len(known.Assets) - before})
}

// bringDescription fetches an asset that describes its version, unless it was fetched already.
func (s *Service) bringDescription(ctx context.Context, c iam.Caller, at *configuration, from importing, asset string) error {
	t := s.traits(from.version.Format)
	if t.Describes == nil || !t.Describes(from.version, asset) {
		return nil
	}
	v, err := s.wholeVersion(ctx, from.source.repository.ID, from.version.VersionKey)
	if err != nil {
		return err
	}
	if a, ok := v.Asset(asset); !ok || !a.Promised {
		return nil
	}
	from.version = v
	return s.importNow(ctx, c, at, from, asset)
}

// described is what an asset that was fetched tells of its version, or nil if it tells nothing.
func (s *Service) described(v artifact.Version, asset string, content io.ReaderAt, size int64) *artifact.Details {
	t := s.traits(v.Format)
	if v.PublishedAt.IsZero() { // no repository holds any of it yet
		v.Assets = asPromises(v.Assets, v.PublishedAt)
	}
	if t.Describes == nil || !t.Describes(v, asset) {
		return nil
	}
	details, ok := t.Describe(v.VersionKey, asset, content, size)
	if !ok {
		return nil
	}
	return &details
}
