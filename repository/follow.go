package repository

import (
	"bytes"
	"context"
	"slices"

	"entrepot/artifact"
	"entrepot/catalog"
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
	changed := false
	err = s.Catalog.Write(ctx, func(w catalog.Writer) error {
		changed = false
		for _, b := range behind {
			did, err := s.catchUp(w, c, b)
			if err != nil {
				return err
			}
			changed = changed || did
		}
		return nil
	})
	return changed, err
}

// laggard is a record that differs from what its registry lists.
type laggard struct {
	repository catalog.Repository
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
			listed, err := made.followed(ctx, ranks, group[i:], from)
			if err != nil {
				return nil, err
			}
			if listed != nil && s.differs(v.Version, *listed) {
				found = append(found, laggard{made.sources[ranks[v.Repository]].repository, *listed})
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
			case v.Origin.Type == artifact.OriginExternal:
				groups = append(groups, []catalog.HeldVersion{v})
			}
		}
		return nil
	})
	return groups, err
}

// followed returns what the registry of the first of the records lists, or nil if the record has nothing to follow. The
// others are records of the same version behind it.
func (p *plan) followed(ctx context.Context, ranks map[catalog.RepositoryID]int, records []catalog.HeldVersion,
	from listings) (*artifact.Version, error) {
	v := records[0]
	if v.Origin.Type != artifact.OriginExternal || !v.Status.Downloadable() {
		return nil, nil
	}
	own := ranks[v.Repository]
	for _, rank := range from.ranks() {
		if rank < own || rank >= p.ends[own] || p.sources[rank].connection != v.Origin.Connection {
			continue
		}
		for _, between := range records[1:] {
			if ranks[between.Repository] < rank && (!between.Status.Downloadable() || between.Origin != v.Origin) {
				return nil, nil
			}
		}
		listed, err := from.at[rank].Version(ctx, v.VersionKey.Version)
		if artifact.Is(err, artifact.NotFound) {
			return nil, nil // withdrawn there: what was retained stays
		}
		return &listed, err
	}
	return nil, nil
}

// differs reports whether a record would change if it followed.
func (s *Service) differs(v, listed artifact.Version) bool {
	t := s.traits(v.Format)
	if t.FollowStatus && v.UpstreamStatus != listed.Status {
		return true
	}
	if t.Late&LateWhole == 0 {
		return false
	}
	return !bytes.Equal(v.Manifest, listed.Manifest) ||
		!slices.EqualFunc(v.Assets, s.assetsFollowing(v.Assets, listed.Assets), sameAsset)
}

func sameAsset(a, b artifact.Asset) bool {
	return a.Name == b.Name && a.Size == b.Size && a.Digests == b.Digests && a.Promised == b.Promised &&
		bytes.Equal(a.Facts, b.Facts)
}

// assetsFollowing are the assets a version has when it follows: what was fetched stays, whatever the registry has done
// since; what was only promised is as the registry promises it now; facts are the registry's.
func (s *Service) assetsFollowing(held, listed []artifact.Asset) []artifact.Asset {
	now := s.Now()
	var next []artifact.Asset
	for _, a := range held {
		at := slices.IndexFunc(listed, func(b artifact.Asset) bool { return a.Name == b.Name })
		switch {
		case at >= 0 && a.Promised:
			promise := listed[at]
			promise.Promised, promise.AddedAt = true, a.AddedAt
			next = append(next, promise)
		case at >= 0:
			a.Facts = listed[at].Facts
			next = append(next, a)
		case !a.Promised:
			next = append(next, a)
		}
	}
	return union(next, asPromises(listed, now))
}

// catchUp changes one record to what its registry lists, unless it may not follow any more.
func (s *Service) catchUp(w catalog.Writer, c iam.Caller, b laggard) (bool, error) {
	v, err := optional(w.Version(b.repository.ID, b.listed.VersionKey))
	if err != nil || v == nil {
		return false, err
	}
	in, err := s.admissionIn(w, b.repository.ID, v.PackageKey)
	if err != nil {
		return false, err
	}
	if !v.Status.Downloadable() || v.Origin.Type != artifact.OriginExternal || !in.mayPull(b.repository.ID) ||
		!s.differs(*v, b.listed) {
		return false, nil
	}
	before := *v
	t := s.traits(v.Format)
	if t.Late&LateWhole != 0 {
		v.Assets = s.assetsFollowing(v.Assets, b.listed.Assets)
		v.Manifest, v.Details = b.listed.Manifest, b.listed.Details
	}
	if t.FollowStatus && v.UpstreamStatus != b.listed.Status && b.listed.Status.Downloadable() {
		// What an administrator set meanwhile holds until the registry changes its mind again.
		v.UpstreamStatus, v.Status = b.listed.Status, b.listed.Status
	}
	if v.Revision, err = versionRevision(*v); err != nil {
		return false, err
	}
	if err := w.UpdateVersion(b.repository.ID, *v); err != nil {
		return false, err
	}
	added := len(union(before.Assets, v.Assets)) - len(before.Assets)
	return true, s.announce(w, c, b.repository, *v, updated, changes{
		AssetsAdded:     added,
		AssetsRemoved:   len(before.Assets) + added - len(v.Assets),
		MetadataUpdated: before.Revision != v.Revision,
		StatusChanged:   before.Status != v.Status,
	})
}
