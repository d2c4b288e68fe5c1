package repository

import (
	"context"
	"slices"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

// foldVersion returns what all spellings of a version have in common.
func (t Traits) foldVersion(version string) string {
	if t.FoldVersion == nil {
		return version
	}
	return t.FoldVersion(version)
}

// spelled is the version as one of the repositories writes it, the first in the order of their list; as it is where none
// holds it in any spelling, and where a version is its text.
func (s *Service) spelled(r catalog.Reader, ids []catalog.RepositoryID, v artifact.VersionKey) (as string, held bool, err error) {
	t := s.traits(v.Format)
	if t.FoldVersion == nil || len(ids) == 0 {
		return v.Version, false, nil
	}
	if found, err := r.VersionIn(ids, v); err != nil || len(found) > 0 {
		return v.Version, true, err
	}
	for _, id := range ids {
		for known, err := range catalog.Each(func(page catalog.Page) (catalog.Listing[catalog.VersionSummary], error) {
			return r.Versions(id, v.PackageKey, catalog.VersionFilter{}, page)
		}) {
			if artifact.Is(err, artifact.NotFound) {
				break // nor does it hold the package
			}
			if err != nil {
				return "", false, err
			}
			if t.foldVersion(known.Version) == t.foldVersion(v.Version) {
				return known.Version, true, nil
			}
		}
	}
	return v.Version, false, nil
}

// spelledHere is the version as the repository writes it, if it holds it in any spelling.
func (s *Service) spelledHere(ctx context.Context, id catalog.RepositoryID, v artifact.VersionKey) (as string, err error) {
	if s.traits(v.Format).FoldVersion == nil {
		return v.Version, nil
	}
	err = s.Catalog.Read(ctx, func(r catalog.Reader) error {
		as, _, err = s.spelled(r, []catalog.RepositoryID{id}, v)
		return err
	})
	return as, err
}

// stillSpelled is an error if the version has come into the repository in another spelling since it was looked for.
func (s *Service) stillSpelled(r catalog.Reader, id catalog.RepositoryID, v artifact.VersionKey) error {
	as, _, err := s.spelled(r, []catalog.RepositoryID{id}, v)
	if err == nil && as != v.Version {
		err = &artifact.Error{Kind: artifact.Unavailable, RetryAfter: time.Second,
			Reason: "Version " + v.Version + " of " + v.Qualified() + " is being published as " + as + ". Try again."}
	}
	return err
}

// lists reports whether a registry lists the version in any spelling. What it cannot say counts as no.
func (s *Service) lists(ctx context.Context, connection string, v artifact.VersionKey) (bool, error) {
	if s.traits(v.Format).FoldVersion == nil {
		listed, _, err := s.askForVersion(ctx, connection, v, "", false)
		return listed != nil, err
	}
	answer, err := s.askRegistry(ctx, connection, v.PackageKey, false)
	if err != nil || answer.listing == nil {
		return false, err
	}
	fold := s.traits(v.Format).foldVersion
	for number := range answer.listing.Numbers() {
		if fold(number) == fold(v.Version) {
			return true, nil
		}
	}
	return false, nil
}

// without leaves a repository out of a list.
func without(ids []catalog.RepositoryID, id catalog.RepositoryID) []catalog.RepositoryID {
	return slices.DeleteFunc(slices.Clone(ids), func(other catalog.RepositoryID) bool { return other == id })
}
