package repository

import (
	"context"
	"fmt"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// publish checks in the order of the guide: origin controls, reachable duplicates, what is there already; then bytes
// become durable before the names that refer to them (invariant 1). Everything that a transaction can see is checked
// again in it.
func (s *Service) publish(ctx context.Context, c iam.Caller, at *site, p Publication) (artifact.Version, error) {
	if len(p.Assets) > s.Quotas.Assets {
		return artifact.Version{}, artifact.Errorf(artifact.Quota,
			"A package version can have at most %d assets.", s.Quotas.Assets).
			About(artifact.VersionResource, p.VersionKey.String())
	}
	v := artifact.Version{
		VersionKey:  p.VersionKey,
		Status:      artifact.Published,
		Origin:      artifact.Origin{Type: artifact.OriginInternal, Repository: at.repository.Name},
		Manifest:    p.Manifest,
		Details:     p.Details,
		PublishedAt: s.Now(),
	}
	for _, staged := range p.Assets {
		sums, size := staged.Upload.Sum()
		v.Assets = append(v.Assets, artifact.Asset{Name: staged.Name, Size: size, Digests: sums})
	}
	var err error
	if v.Revision, err = versionRevision(v); err != nil {
		return v, err
	}
	known, err := s.publishable(ctx, at, v)
	if err != nil {
		return v, err
	}
	if known != nil {
		return s.Version(ctx, at.repository.RepositoryKey, v.VersionKey)
	}
	for _, staged := range p.Assets {
		sums, _ := staged.Upload.Sum()
		if _, err := staged.Upload.draft.Commit(ctx, sums.SHA256); err != nil {
			return v, fmt.Errorf("keep %s of %s: %w", staged.Name, v.VersionKey, err)
		}
	}
	var published artifact.Version
	err = s.Catalog.Write(ctx, func(w catalog.Writer) error {
		published = v
		own := []catalog.RepositoryID{at.repository.ID}
		packages, err := w.PackageIn(own, v.PackageKey)
		if err != nil {
			return err
		}
		versions, err := w.VersionIn(own, v.VersionKey)
		if err != nil {
			return err
		}
		pkg, known := among(packages, own[0]), among(versions, own[0])
		if err := s.mayBePublished(at, pkg, known, v); err != nil {
			return err
		}
		if known != nil {
			published, err = w.Version(own[0], v.VersionKey)
			return err
		}
		if err := s.present(ctx, at, v.Assets...); err != nil {
			return err
		}
		return s.enter(w, c, at, pkg, v, p.Labels)
	})
	return published, err
}

// publishable looks, before any bytes are committed, for what forbids the version: what its own transaction will look
// for again, and what is upstream. The version that is there with the very same assets is returned.
func (s *Service) publishable(ctx context.Context, at *site, v artifact.Version) (*artifact.Version, error) {
	made, err := s.plan(ctx, at, v.PackageKey)
	if err != nil {
		return nil, err
	}
	var held map[catalog.RepositoryID]artifact.Version
	err = s.Catalog.Read(ctx, func(r catalog.Reader) (err error) {
		held, err = r.VersionIn(made.repositories(), v.VersionKey)
		return err
	})
	if err != nil {
		return nil, err
	}
	id := at.repository.ID
	known := among(held, id)
	if err := s.mayBePublished(at, among(made.packages, id), known, v); err != nil || known != nil {
		return known, err
	}
	return nil, s.notReachable(ctx, at, made, len(held) > 0, v.VersionKey)
}

// present checks inside a transaction that bytes committed before it are still there. Orphans are deleted inside
// transactions too, so what is there now stays for as long as the record written next refers to it (invariant 1).
func (s *Service) present(ctx context.Context, at *site, assets ...artifact.Asset) error {
	store, err := s.store(*at.domain)
	if err != nil {
		return err
	}
	for _, a := range assets {
		if _, err := store.Stat(ctx, a.SHA256); err != nil {
			return &artifact.Error{Kind: artifact.Unavailable, Err: err, RetryAfter: time.Second,
				Reason: "The bytes were collected as orphans before they could be recorded. Try again."}
		}
	}
	return nil
}

// mayBePublished refuses what origin controls forbid and what is there with other contents; pkg and known are nil if
// the repository does not have them. A version that is there with the very same assets is let through: publishing it
// again changes nothing.
func (s *Service) mayBePublished(at *site, pkg *artifact.Package, known *artifact.Version, v artifact.Version) error {
	if !mayPublish(pkg) {
		return s.conflict(at, v,
			"The origin controls of package '%s' in repository '%s' do not allow publishing (publish=BLOCK).",
			v.Qualified(), at.repository.Name)
	}
	if known == nil {
		return nil
	}
	if !known.Status.Downloadable() && known.Status != artifact.Unfinished {
		return s.conflict(at, v,
			"Version '%s' of package '%s' cannot be published again: it is there with status %s. Delete it first.",
			v.Version, v.Qualified(), known.Status)
	}
	for _, a := range v.Assets {
		if there, ok := known.Asset(a.Name); !ok || there.SHA256 != a.SHA256 {
			return s.conflict(at, v, "Version '%s' of package '%s' already exists in repository '%s' with other "+
				"contents. Published versions never change.", v.Version, v.Qualified(), at.repository.Name)
		}
	}
	return nil
}

func (s *Service) conflict(at *site, v artifact.Version, format string, args ...any) error {
	return artifact.Errorf(artifact.Conflict, format, args...).
		About(artifact.VersionResource,
			at.repository.RepositoryKey.Domain+"/"+at.repository.Name+"/"+v.VersionKey.String())
}

// notReachable refuses a version that a repository or a registry upstream has and that may come from there (user guide,
// "Package origin controls"); reachable says that a repository has it. What a registry that does not answer might have
// is let through, as on the service.
func (s *Service) notReachable(ctx context.Context, at *site, made *plan, reachable bool, v artifact.VersionKey) error {
	for _, source := range made.sources {
		if source.connection == "" || reachable {
			continue
		}
		listing, err := s.Sources[source.connection].Listing(ctx, v.PackageKey)
		if err == nil {
			_, err = listing.Version(ctx, v.Version)
		}
		switch {
		case err == nil:
			reachable = true
		case !artifact.Is(err, artifact.NotFound) && !artifact.Is(err, artifact.Unavailable) &&
			!artifact.Is(err, artifact.Throttled):
			return err
		}
	}
	if reachable {
		return artifact.Errorf(artifact.Conflict,
			"Version '%s' of package '%s' can be read through repository '%s' from upstream already. "+
				"Publish another version, or block upstream versions of this package first.",
			v.Version, v.Qualified(), at.repository.Name).
			About(artifact.VersionResource, v.String())
	}
	return nil
}

// enter writes the version with its package, labels, event and audit row; pkg is nil if the package is new here.
func (s *Service) enter(w catalog.Writer, c iam.Caller, at *site, pkg *artifact.Package, v artifact.Version,
	labels map[string]string) error {
	id := at.repository.ID
	if err := settlePackage(w, id, pkg, v, arrivedByPublish, labels); err != nil {
		return err
	}
	if err := w.CreateVersion(id, v); err != nil {
		return err
	}
	made := changes{AssetsAdded: len(v.Assets), MetadataUpdated: true, StatusChanged: true}
	if err := s.announce(w, c, *at.repository, v, created, made); err != nil {
		return err
	}
	return s.audit(w, c, publishPackageVersion, OnPackage(at.repository.RepositoryKey, v.PackageKey),
		map[string]any{"packageVersion": v.Version})
}
