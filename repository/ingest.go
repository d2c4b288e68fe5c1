package repository

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/catalog"
	"entrepot/events"
	"entrepot/iam"
	"entrepot/upstream"
)

// importing is a version that assets of an external registry are brought into.
type importing struct {
	version artifact.Version // whole: as the registry lists it, or as a repository holds it
	source  planSource       // the connection, and the repository that has it
	// into are the repositories that record what is fetched, all or none: the one with the connection and, for a package
	// manager, the one that was asked, never those between (user guide, "Package retention from an external connection").
	into  []catalog.Repository
	fence fenceReading // of the contents, if it was read already
	// details are what the fetched asset tells of the version, nil if it tells nothing.
	details *artifact.Details
	// publishedThere is when a version that was made inside was published at the other side of a remote; zero if that does not
	// tell, or it was not.
	publishedThere time.Time
	again          int64 // the number of the damage that is healed; nothing is recorded then, so into is empty
}

// newImport begins an import from a connection, for the repository that has it and for another one, if it is another.
func newImport(v artifact.Version, source planSource, also catalog.Repository) importing {
	from := importing{version: v, source: source, into: []catalog.Repository{source.repository}}
	if also.ID != source.repository.ID {
		from.into = append(from.into, also)
	}
	return from
}

// firstImport begins the import of a version that only an external registry has.
func (s *Service) firstImport(found located, also catalog.Repository) importing {
	from := newImport(s.asListed(found), found.source, also)
	from.fence = found.fence
	return from
}

// roomFor refuses an import of a version that no repository holds yet, before any byte of it comes, where one of the
// repositories has no room for it: what cannot be recorded would be fetched in vain, by everybody who asks.
func (s *Service) roomFor(made *plan, from importing) error {
	more := catalog.PackageUsage{Versions: 1, IndexBytes: from.version.IndexBytes()}
	for _, repo := range from.into {
		held := made.packages[repo.ID].Usage
		held.Versions += more.Versions
		held.IndexBytes += more.IndexBytes
		if err := s.Quotas.allow(from.version.PackageKey, held, more); err != nil {
			return err
		}
	}
	return nil
}

// asListed returns a version that only an external registry has, as a repository will hold it.
func (s *Service) asListed(found located) artifact.Version {
	v := found.version
	v.Origin = artifact.Origin{Type: artifact.OriginExternal, Connection: found.source.connection}
	if found.source.registry.internal {
		v.Origin.Type = artifact.OriginInternal
	}
	if s.traits(v.Format).FollowStatus {
		v.UpstreamStatus = v.Status
	}
	return v
}

// fetch gets an asset from an external registry. It is streamed to the caller while it is stored; before its last bytes
// are let go it is verified, durable, and recorded.
func (s *Service) fetch(ctx context.Context, c iam.Caller, at *configuration, from importing, asset string) (File, error) {
	v := from.version
	none := noAsset(at.repository.RepositoryKey, v.VersionKey, asset)
	promised, ok := v.Asset(asset)
	if !ok && s.traits(v.Format).Late&LateOnRequest == 0 {
		return File{}, none
	}
	// Before any byte comes: what cannot be recorded would be fetched in vain, by everybody who asks. What a repository
	// holds already it may complete.
	if !ok || v.PublishedAt.IsZero() {
		if err := s.recordable(at.repository.RepositoryKey, withPromise(v, asset)); err != nil {
			return File{}, err
		}
	}
	store, err := s.store(*at.domain)
	if err != nil {
		return File{}, err
	}
	request, err := from.source.registry.Asset(ctx, v, asset)
	if artifact.Is(err, artifact.NotFound) {
		return File{}, none
	}
	if err != nil {
		return File{}, err
	}
	request.Connection = from.source.registry.fetched
	request.Flight = flight("fetch", at.domain.ID, v.VersionKey, from.source.connection, asset,
		fmt.Sprintf("%x", promised.Digests), fmt.Sprint(from.again))
	if promised.SHA256 != (artifact.Digest{}) {
		request.Want.SHA256 = promised.SHA256[:]
	}
	request.Open = func(ctx context.Context) (upstream.Spool, error) {
		draft, err := store.Create(ctx)
		if err != nil {
			return nil, err
		}
		return &fetched{Draft: draft}, nil
	}
	request.Keep = func(ctx context.Context, spool upstream.Spool, sums artifact.Digests, size int64) (err error) {
		f := spool.(*fetched)
		if f.origin, err = s.originThere(ctx, from); err != nil {
			return err
		}
		f.since, err = s.keep(ctx, *at.domain, from.fence, []content{{f.Draft, sums.SHA256, size}})
		if err == nil && len(from.into) > 0 {
			f.details = s.described(v, asset, f.Draft, size)
		}
		return err
	}
	request.Each = func(ctx context.Context, spool upstream.Spool, sums artifact.Digests, size int64) error {
		if len(from.into) == 0 {
			return nil
		}
		a := artifact.Asset{Name: asset, Size: size, Digests: sums, Facts: promised.Facts}
		f, from := spool.(*fetched), from
		from.details = f.details
		if from.version.PublishedAt.IsZero() && f.origin.Type != "" {
			from.version.Origin.Type, from.publishedThere = f.origin.Type, f.origin.Published
		}
		if err := s.ingest(ctx, c, at, from, a, f.since, content{f.Draft, a.SHA256, a.Size}); err != nil {
			return err
		}
		s.completeLater(c, at, from)
		return nil
	}
	transfer, err := s.Fetcher.Asset(ctx, request)
	if artifact.Is(err, artifact.NotFound) && !ok {
		return File{}, none // nobody promised it
	}
	if artifact.Is(err, artifact.NotFound) {
		return File{}, artifact.Errorf(artifact.NotFound, "Asset '%s' of version '%s' of %s is listed by %s, which does not "+
			"have it.", asset, v.VersionKey.Version, v.Qualified(), from.source.connection).Causing(err).
			About(artifact.AssetResource, idIn(at.repository.RepositoryKey, v.VersionKey.String()+"/"+asset))
	}
	if err != nil {
		return File{}, err
	}
	if _, finds := from.source.registry.Source.(Finder); finds && v.PublishedAt.IsZero() && v.UpstreamTime.IsZero() {
		// Of a version that nothing lists its first file tells the time. Each reads it, when the transfer is read.
		from.version.UpstreamTime = transfer.Modified()
	}
	promised.Name, promised.Size = asset, transfer.Size()
	return File{Asset: promised, Modified: from.version.UpstreamTime, Version: bare(from.version), Transfer: transfer}, nil
}

// originThere is how a version that was made inside came into the repository at the other side of a remote, as far as that
// tells. What is in a repository already keeps its origin.
func (s *Service) originThere(ctx context.Context, from importing) (OriginThere, error) {
	tells, ok := from.source.registry.Source.(Originator)
	if !ok || !from.source.registry.internal || !from.version.PublishedAt.IsZero() || len(from.into) == 0 {
		return OriginThere{}, nil
	}
	there, err := tells.Origin(ctx, from.version.VersionKey)
	if there.Type == artifact.OriginUnknown {
		there.Type = ""
	}
	return there, err
}

// fetched is a draft that a fetch fills, the fence under which it was kept, and what it tells of its version. Callers who
// come to the fetch late record under that one.
type fetched struct {
	blob.Draft
	since   catalog.Fence
	details *artifact.Details // nil if it tells nothing
	origin  OriginThere       // of the version, at the other side of a remote
}

// ingest records a fetched asset in the repositories of the import, with the content that was kept since the fence; or
// one that a repository behind has, without.
func (s *Service) ingest(ctx context.Context, c iam.Caller, at *configuration, from importing, a artifact.Asset,
	since catalog.Fence, contents ...content) error {
	once := flight("ingest", at.domain.ID, from.version.VersionKey, from.source.connection, a.Name, a.SHA256.String(),
		fmt.Sprint(idsOf(from.into)))
	_, err, _ := s.retaining.Do(once, func() (any, error) {
		return nil, s.record(context.WithoutCancel(ctx), *at.domain, since, contents, func(w catalog.Writer) error {
			for _, repo := range from.into {
				if err := s.ingestInto(w, c, repo, from, a); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("ingest %s of %s: %w", a.Name, from.version.VersionKey, err)
	}
	return nil
}

func (s *Service) ingestInto(w catalog.Writer, c iam.Caller, repo catalog.Repository, from importing,
	a artifact.Asset) error {
	known, err := recordOf(w, repo.ID, from.version.VersionKey)
	if err != nil {
		return err
	}
	a.AddedAt = s.Now()
	if known == nil {
		v := from.version
		if v.PublishedAt.IsZero() { // no repository holds it yet
			v.PublishedAt, v.Assets = a.AddedAt, asPromises(v.Assets, a.AddedAt)
			if v.Origin.Type == artifact.OriginInternal && !from.publishedThere.IsZero() {
				v.PublishedAt = from.publishedThere
			}
		}
		v.Assets = withAsset(v.Assets, a)
		if from.details != nil {
			v.Details = *from.details
		}
		if err := s.recordable(repo.RepositoryKey, v); err != nil {
			return err
		}
		if v.Revision, err = versionRevision(v); err != nil {
			return err
		}
		return s.addFromUpstream(w, c, repo, v, arrivedFromExternal, from.source.wayInto(repo))
	}
	in, err := s.admissionIn(w, repo, known.PackageKey)
	if err != nil {
		return err
	}
	there, ok := known.Asset(a.Name)
	switch {
	case !known.Status.Downloadable():
		return mayBeServed(repo, *known)
	case ok && !there.Promised && there.SHA256 == a.SHA256:
		return nil
	case ok && !there.Promised || known.Origin.Connection != from.source.connection:
		return artifact.Errorf(artifact.Conflict,
			"Repository %s holds version %s of %s with other contents.", repo.Name, known.Version, known.Qualified()).
			About(artifact.VersionResource, idIn(repo.RepositoryKey, known.VersionKey.String()))
	case !in.mayPull(from.source.wayInto(repo), repo.ID):
		return noLongerAdmitted(repo, known.VersionKey)
	}
	if ok {
		a.AddedAt, a.Facts = there.AddedAt, there.Facts
	}
	// Since the fetch began another asset may have come that describes the version better.
	if from.details != nil && s.traits(known.Format).Describes(*known, a.Name) {
		known.Details = *from.details
	}
	known.Assets = withAsset(known.Assets, a)
	if err := s.recordable(repo.RepositoryKey, *known); err != nil && !ok {
		return err
	}
	if known.Revision, err = versionRevision(*known); err != nil {
		return err
	}
	if err := w.UpdateVersion(repo.ID, *known); err != nil {
		return err
	}
	return s.announce(w, c, repo, *known, events.Updated, events.Changes{AssetsAdded: 1})
}

// importNow fetches an asset and waits until it is recorded.
func (s *Service) importNow(ctx context.Context, c iam.Caller, at *configuration, from importing, asset string) error {
	f, err := s.fetch(ctx, c, at, from, asset)
	if err != nil {
		return err
	}
	defer f.Transfer.Close()
	_, err = io.Copy(io.Discard, f.Transfer)
	return err
}

// asPromises returns assets as a registry lists them: known now, and their bytes elsewhere. Of two with one name the first
// counts, and a size that no file of a registry has is none.
func asPromises(assets []artifact.Asset, now time.Time) []artifact.Asset {
	promises := union(nil, assets)
	for i := range promises {
		promises[i].Promised, promises[i].AddedAt = true, now
		if size := promises[i].Size; size <= 0 || size > largestPromise {
			promises[i].Size = -1
		}
	}
	return promises
}

// largestPromise is more than any byte store takes, in bytes.
const largestPromise = 1 << 50

// withPromise returns a version with an asset of the name among its others.
func withPromise(v artifact.Version, asset string) artifact.Version {
	v.Assets = union(v.Assets, []artifact.Asset{{Name: asset, Promised: true}})
	return v
}

// withAsset returns the assets with one replaced or added.
func withAsset(assets []artifact.Asset, a artifact.Asset) []artifact.Asset {
	assets = slices.Clone(assets)
	for i := range assets {
		if assets[i].Name == a.Name {
			assets[i] = a
			return assets
		}
	}
	return append(assets, a)
}

// union returns the assets followed by those of more, each name once.
func union(assets, more []artifact.Asset) []artifact.Asset {
	all := make([]artifact.Asset, 0, len(assets)+len(more))
	seen := make(map[string]bool, len(assets)+len(more))
	for _, a := range slices.Concat(assets, more) {
		if !seen[a.Name] {
			all = append(all, a)
		}
		seen[a.Name] = true
	}
	return all
}

func idsOf(repositories []catalog.Repository) []catalog.RepositoryID {
	ids := make([]catalog.RepositoryID, len(repositories))
	for i, r := range repositories {
		ids[i] = r.ID
	}
	return ids
}
