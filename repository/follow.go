package repository

import (
	"bytes"
	"context"
	"slices"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/events"
	"entrepot/iam"
)

// follow has retained versions follow their registry, where their format wants that: the whole set of assets with their
// facts, and what was yanked or relisted since. It reports whether anything was changed (user guide, "Python packages
// from external connections").
//
// A version does not follow if it was published inside, if it is withdrawn, if its registry can no longer be reached for
// the package, and if a repository between holds it withdrawn or from elsewhere.
func (s *Service) follow(ctx context.Context, c iam.Caller, p artifact.PackageKey, made *plan,
	from listings) (bool, error) {
	behind, err := s.behind(ctx, p, made, from)
	if err != nil || len(behind) == 0 {
		return false, err
	}
	// A registry can change every version of a package at once.
	changed := false
	err = inTurns(ctx, s.Catalog, behind, func(w catalog.Writer, b laggard) (int, error) {
		did, err := s.catchUp(w, c, b)
		changed = changed || did
		return weight(b.listed), err
	}, func(catalog.Writer, []laggard) error { return nil })
	return changed, err
}

// laggard is a record that differs from what its registry lists.
type laggard struct {
	repository catalog.Repository
	origin     artifact.Origin
	source     planSource // which lists it
	listed     artifact.Version
}

// behind finds the records of a plan that have to follow.
func (s *Service) behind(ctx context.Context, p artifact.PackageKey, made *plan, from listings) ([]laggard, error) {
	ranks := map[catalog.RepositoryID]int{}
	for rank, source := range made.sources {
		if source.connection == "" {
			ranks[source.repository.ID] = rank
		}
	}
	groups, err := s.retainedVersions(ctx, p, made)
	if err != nil {
		return nil, err
	}
	var found []laggard
	for _, group := range groups {
		for i, v := range group {
			listed, source, err := made.followed(ctx, ranks, group[i:], from)
			if err != nil {
				return nil, err
			}
			if listed == nil {
				continue
			}
			holder := made.sources[ranks[v.Repository]].repository
			if _, differs := s.following(holder.RepositoryKey, v.Version, *listed); differs {
				found = append(found, laggard{holder, v.Origin, source, *listed})
			}
		}
	}
	return found, nil
}

// retainedVersions are the versions that came from outside, each with all its records of the plan in search order.
func (s *Service) retainedVersions(ctx context.Context, p artifact.PackageKey,
	made *plan) (groups [][]catalog.HeldVersion, err error) {
	err = s.Catalog.Read(ctx, func(r catalog.Reader) error {
		groups = nil
		for v, err := range r.EachVersion(made.repositories(), p) {
			if err != nil {
				return err
			}
			last := len(groups) - 1
			switch {
			case last >= 0 && groups[last][0].VersionKey == v.VersionKey:
				groups[last] = append(groups[last], v)
			case v.Origin.Fetched():
				groups = append(groups, []catalog.HeldVersion{v})
			}
		}
		return nil
	})
	return groups, err
}

// followed returns what the registry of the first of the records lists, and the source that this is, or nil if the record
// has nothing to follow. The others are records of the same version behind it.
func (p *plan) followed(ctx context.Context, ranks map[catalog.RepositoryID]int, records []catalog.HeldVersion,
	from listings) (*artifact.Version, planSource, error) {
	v, none := records[0], planSource{}
	if !v.Origin.Fetched() || !v.Status.Downloadable() {
		return nil, none, nil
	}
	own := ranks[v.Repository]
	for _, rank := range from.ranks {
		if rank < own || rank >= p.ends[own] || p.sources[rank].connection != v.Origin.Connection {
			continue
		}
		for _, between := range records[1:] {
			if ranks[between.Repository] < rank && (!between.Status.Downloadable() || between.Origin != v.Origin) {
				return nil, none, nil
			}
		}
		listed, err := from.at[rank].Version(ctx, v.VersionKey.Version)
		if artifact.Is(err, artifact.NotFound) {
			return nil, none, nil // withdrawn there: what was retained stays
		}
		if err != nil || !listed.Status.Downloadable() {
			return nil, none, err // withheld there: the same
		}
		return &listed, p.sources[rank], nil
	}
	return nil, none, nil
}

// following returns a record of a repository as it is once it follows what its registry lists, and whether that is anything else than it
// was. Assets and facts that no record can take are not taken over; the status is all the same.
func (s *Service) following(in artifact.RepositoryKey, v, listed artifact.Version) (next artifact.Version, differs bool) {
	next = v
	t := s.traits(v.Format)
	if t.Late&LateWhole != 0 {
		next.Assets = s.assetsFollowing(v.Assets, listed.Assets)
		next.Manifest = listed.Manifest
		if t.Describes == nil { // else they are those of what has been fetched
			next.Details = listed.Details
		}
		differs = !bytes.Equal(v.Manifest, next.Manifest) || !slices.EqualFunc(v.Assets, next.Assets, sameAsset)
		if differs && s.recordable(in, next) != nil {
			next, differs = v, false
		}
	}
	if t.FollowStatus && v.UpstreamStatus != listed.Status {
		// What an administrator set meanwhile holds until the registry changes its mind again.
		next.UpstreamStatus, next.Status = listed.Status, listed.Status
		differs = true
	}
	return next, differs
}

func sameAsset(a, b artifact.Asset) bool {
	return a.Name == b.Name && a.Size == b.Size && a.Digests == b.Digests && a.Promised == b.Promised &&
		bytes.Equal(a.Facts, b.Facts)
}

// assetsFollowing are the assets a version has when it follows: what was fetched stays, whatever the registry has done
// since; what was only promised is as the registry promises it now; facts are the registry's.
func (s *Service) assetsFollowing(held, listed []artifact.Asset) []artifact.Asset {
	promises := asPromises(listed, s.Now())
	byName := make(map[string]artifact.Asset, len(promises))
	for _, promise := range promises {
		byName[promise.Name] = promise
	}
	var next []artifact.Asset
	for _, a := range held {
		promise, promised := byName[a.Name]
		switch {
		case promised && a.Promised:
			promise.AddedAt = a.AddedAt
			next = append(next, promise)
		case promised:
			a.Facts = promise.Facts
			next = append(next, a)
		case !a.Promised:
			next = append(next, a)
		}
	}
	return union(next, promises)
}

// catchUp changes one record to what its registry lists, unless it may not follow any more.
func (s *Service) catchUp(w catalog.Writer, c iam.Caller, b laggard) (bool, error) {
	v, err := optional(w.Version(b.repository.ID, b.listed.VersionKey))
	if err != nil || v == nil {
		return false, err
	}
	in, err := s.admissionIn(w, b.repository, v.PackageKey)
	if err != nil {
		return false, err
	}
	next, differs := s.following(b.repository.RepositoryKey, *v, b.listed)
	if !v.Status.Downloadable() || v.Origin != b.origin || !in.mayPull(b.source.wayInto(b.repository), b.repository.ID) || !differs {
		return false, nil
	}
	if next.Revision, err = versionRevision(next); err != nil {
		return false, err
	}
	err = w.UpdateVersion(b.repository.ID, next)
	if artifact.Is(err, artifact.Quota) {
		// The package has no room for what the registry says. A yank needs none.
		status, of := next.Status, next.UpstreamStatus
		if next = *v; next.UpstreamStatus == of {
			return false, nil
		}
		next.Status, next.UpstreamStatus = status, of
		err = w.UpdateVersion(b.repository.ID, next)
	}
	if err != nil {
		return false, err
	}
	added := len(union(v.Assets, next.Assets)) - len(v.Assets)
	return true, s.announce(w, c, b.repository, next, events.Updated, events.Changes{
		AssetsAdded:     added,
		AssetsRemoved:   len(v.Assets) + added - len(next.Assets),
		MetadataUpdated: v.Revision != next.Revision,
		StatusChanged:   v.Status != next.Status,
	})
}
