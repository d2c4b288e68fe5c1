package repository

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/events"
	"entrepot/iam"
)

// Calls about several versions are all or nothing: one that fails makes every other one Skipped, and nothing is changed
// (user guide, "Update package version status"). What failed is told in the Outcome, not as an error.
// NotFound if the repository or the package is not there; Invalid for revisions that are not exactly those of the
// versions selected.

// SetStatus moves versions to Published, Unlisted or Archived; the revision stays. Invalid for another target.
func (s *Service) SetStatus(ctx context.Context, c iam.Caller, key artifact.RepositoryKey, p artifact.PackageKey,
	sel Selection, target artifact.Status) (Outcome, error) {
	if !target.Target() {
		return Outcome{}, artifact.Errorf(artifact.Invalid,
			"targetStatus must be Published, Unlisted or Archived, not '%s'.", target)
	}
	return s.each(ctx, key, p, sel, batch{
		allowed: func(v artifact.Version) error {
			if !v.Status.MayBecome(target) {
				return fmt.Errorf("a version with status %s cannot become %s", v.Status, target)
			}
			return nil
		},
		change: func(w catalog.Writer, repo catalog.Repository, v artifact.Version) (VersionResult, error) {
			if v.Status != target {
				if err := w.SetStatus(repo.ID, v.VersionKey, target); err != nil {
					return VersionResult{}, err
				}
				v.Status = target
				if err := s.announce(w, c, repo, v, events.Updated, events.Changes{StatusChanged: true}); err != nil {
					return VersionResult{}, err
				}
			}
			return VersionResult{v.Revision, target}, nil
		},
		done: func(w catalog.Writer) error {
			return s.audit(w, c, "UpdatePackageVersionsStatus", OnPackage(key, p),
				map[string]any{"versions": sel.Versions, "targetStatus": target})
		},
	})
}

// Dispose gives up the assets of versions for good and keeps their records.
func (s *Service) Dispose(ctx context.Context, c iam.Caller, key artifact.RepositoryKey, p artifact.PackageKey,
	sel Selection) (Outcome, error) {
	return s.each(ctx, key, p, sel, batch{
		allowed: func(v artifact.Version) error {
			if v.Status == artifact.Disposed {
				return fmt.Errorf("the version is disposed already")
			}
			return nil
		},
		change: func(w catalog.Writer, repo catalog.Repository, v artifact.Version) (VersionResult, error) {
			removed := len(v.Assets)
			v.Assets, v.Status = nil, artifact.Disposed
			if err := w.UpdateVersion(repo.ID, v); err != nil {
				return VersionResult{}, err
			}
			err := s.announce(w, c, repo, v, events.Updated, events.Changes{AssetsRemoved: removed, StatusChanged: true})
			return VersionResult{v.Revision, artifact.Disposed}, err
		},
		done: func(w catalog.Writer) error {
			return s.audit(w, c, "DisposePackageVersions", OnPackage(key, p), map[string]any{"versions": sel.Versions})
		},
	})
}

// DeleteVersions removes versions, whatever their status. The package stays, with its controls.
func (s *Service) DeleteVersions(ctx context.Context, c iam.Caller, key artifact.RepositoryKey, p artifact.PackageKey,
	sel Selection) (Outcome, error) {
	return s.each(ctx, key, p, sel, batch{
		allowed: func(artifact.Version) error { return nil },
		change: func(w catalog.Writer, repo catalog.Repository, v artifact.Version) (VersionResult, error) {
			if err := w.DeleteVersion(repo.ID, v.VersionKey); err != nil {
				return VersionResult{}, err
			}
			return VersionResult{v.Revision, artifact.Deleted}, s.announceDeleted(w, c, repo, v)
		},
		done: func(w catalog.Writer) error {
			return s.audit(w, c, "DeletePackageVersions", OnPackage(key, p), map[string]any{"versions": sel.Versions})
		},
	})
}

// batch is what a call asks of each version, does to each once all may be changed, and does in the end.
type batch struct {
	allowed func(artifact.Version) error // its text becomes the NOT_ALLOWED message
	change  func(catalog.Writer, catalog.Repository, artifact.Version) (VersionResult, error)
	done    func(catalog.Writer) error
}

func (s *Service) each(ctx context.Context, key artifact.RepositoryKey, p artifact.PackageKey, sel Selection,
	b batch) (out Outcome, err error) {
	if err := checkSelection(sel); err != nil {
		return Outcome{}, err
	}
	err = s.Catalog.Write(ctx, func(w catalog.Writer) error {
		out = Outcome{Successful: map[string]VersionResult{}, Failed: map[string]VersionFailure{}}
		repo, err := heldRepository(w, key)
		if err != nil {
			return err
		}
		if _, err := heldPackage(w, repo.ID, key, p); err != nil {
			return err
		}
		var good []artifact.Version
		for _, version := range distinct(sel.Versions) {
			v, err := recordOf(w, repo.ID, p.At(version))
			if err != nil {
				return err
			}
			if failure, failed := judge(v, version, sel, b.allowed); failed {
				out.Failed[version] = failure
				continue
			}
			good = append(good, *v)
		}
		if len(out.Failed) > 0 {
			for _, v := range good {
				out.Failed[v.Version] = VersionFailure{Skipped, fmt.Sprintf("version %s is skipped", v.Version)}
			}
			return nil
		}
		for _, v := range good {
			if out.Successful[v.Version], err = b.change(w, repo, v); err != nil {
				return err
			}
		}
		return b.done(w)
	})
	return out, err
}

// judge says whether a version may be changed, with the service's own messages.
func judge(v *artifact.Version, version string, sel Selection,
	allowed func(artifact.Version) error) (VersionFailure, bool) {
	if v == nil {
		return VersionFailure{VersionNotFound, fmt.Sprintf("Could not find version %s", version)}, true
	}
	if want, ok := sel.Revisions[version]; ok && want != v.Revision {
		return VersionFailure{MismatchedRevision,
			fmt.Sprintf("current revision: %s, expected revision: %s", v.Revision, want)}, true
	}
	if sel.Expected != "" && sel.Expected != v.Status {
		return VersionFailure{MismatchedStatus,
			fmt.Sprintf("current status: %s, expected status: %s", v.Status, sel.Expected)}, true
	}
	if err := allowed(*v); err != nil {
		return VersionFailure{NotAllowed, err.Error()}, true
	}
	return VersionFailure{}, false
}

// checkSelection refuses revisions unless they are given for exactly the versions selected.
func checkSelection(sel Selection) error {
	if len(sel.Revisions) == 0 {
		return nil
	}
	named := slices.Sorted(maps.Keys(sel.Revisions))
	if !slices.Equal(named, slices.Sorted(slices.Values(distinct(sel.Versions)))) {
		return artifact.Errorf(artifact.Invalid, "versionRevisions must name exactly the versions in versions.")
	}
	return nil
}

func distinct(versions []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(versions), func(v string) bool {
		again := seen[v]
		seen[v] = true
		return again
	})
}

// moveTo moves a version that the repository holds to a status, if it is not there already.
func (s *Service) moveTo(w catalog.Writer, c iam.Caller, at *configuration, v artifact.Version,
	target artifact.Status) error {
	if v.Status == target {
		return nil
	}
	key := v.VersionKey
	if !v.Status.MayBecome(target) {
		return cannotBecome(v, target)
	}
	if err := w.SetStatus(at.repository.ID, key, target); err != nil {
		return err
	}
	v.Status = target
	return s.announce(w, c, *at.repository, v, events.Updated, events.Changes{StatusChanged: true})
}

func cannotBecome(v artifact.Version, target artifact.Status) error {
	return artifact.Errorf(artifact.Conflict, "Version '%s' of package '%s' with status %s cannot become %s.",
		v.VersionKey.Version, v.VersionKey.Qualified(), v.Status, target).About(artifact.VersionResource, v.VersionKey.String())
}
