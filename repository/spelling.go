package repository

import (
	"context"
	"slices"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

// folded is what all spellings of the version have in common; see artifact.Version.
func (t Traits) folded(version string) string {
	if t.FoldVersion == nil {
		return ""
	}
	return t.FoldVersion(version)
}

// create stores a new version.
func (s *Service) create(w catalog.Writer, id catalog.RepositoryID, v artifact.Version) error {
	v.Folded = s.traits(v.Format).folded(v.VersionKey.Version)
	return w.CreateVersion(id, v)
}

// spelled is the version as one of the repositories writes it, the first in the order of their list; as it is where one of
// them has it so or none holds it in any spelling, and where a version is its text.
func (s *Service) spelled(r catalog.Reader, ids []catalog.RepositoryID, v artifact.VersionKey) (as string, held bool, err error) {
	t := s.traits(v.Format)
	folded := t.folded(v.Version)
	if folded == "" {
		return v.Version, false, nil
	}
	found, err := r.SpelledIn(ids, v.PackageKey, folded)
	if err != nil {
		return "", false, err
	}
	for _, id := range ids {
		for _, text := range found[id] {
			switch {
			case text == v.Version:
				return text, true, nil
			case !held && t.folded(text) == folded:
				as, held = text, true
			}
		}
	}
	if !held {
		as = v.Version
	}
	return as, held, nil
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
func (s *Service) lists(ctx context.Context, of registry, v artifact.VersionKey) (bool, error) {
	if s.traits(v.Format).FoldVersion == nil {
		listed, _, err := s.askForVersion(ctx, of, v, "", false)
		return listed != nil, err
	}
	answer, err := s.askRegistry(ctx, of, v.PackageKey, false)
	if err != nil || answer.listing == nil {
		return false, err
	}
	fold := s.traits(v.Format).FoldVersion
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
