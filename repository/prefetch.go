package repository

import (
	"context"
	"errors"
	"time"

	"entrepot/artifact"
	"entrepot/usage"
)

// Prefetched is what there is of a version for whoever wants it kept before somebody asks for it.
type Prefetched struct {
	Ending Ending // Served, Absent or Withheld
	Why    string // a sentence, unless it is Served
	// Assets are those of the version, or the one that was asked for. What is Promised the repository itself does not have yet: its
	// registry has it, or a repository upstream.
	Assets []artifact.Asset
	// Needs are versions of the same format that clients read along, as what is kept of this one says.
	Needs []artifact.VersionKey
}

// maxNeeds bounds what one version may need.
const maxNeeds = 200

// Prospect tells which assets a version has and which of them this repository keeps, without bringing anything in. What is said to be
// kept is there: an asset whose bytes are lost counts as promised, for it can only come again. Unavailable: a registry that may have
// the version does not answer.
func (s *Shelf) Prospect(ctx context.Context, v artifact.VersionKey) (Prefetched, error) {
	usage.About(ctx, v.PackageKey)
	at, err := s.reader(ctx)
	if err != nil {
		return Prefetched{}, err
	}
	v = s.service.Canonical(v)
	all, err := s.service.prospect(ctx, at, v)
	return s.prefetched(ctx, at, v, all, err)
}

// Prefetch brings an asset of a version in as a package manager's request would, and lets nobody have its bytes. It waits no longer
// than patience: an asset that has not come then is still promised, comes on meanwhile, and is to be asked for again at once: it is
// recorded for who asks.
func (s *Shelf) Prefetch(ctx context.Context, v artifact.VersionKey, asset string, patience time.Duration) (Prefetched, error) {
	usage.About(ctx, v.PackageKey)
	at, err := s.reader(ctx)
	if err != nil {
		return Prefetched{}, err
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	v = s.service.Canonical(v)
	a, err := s.service.bringAsset(waiting, s, at, v, asset)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil {
		return Prefetched{Ending: Served, Assets: []artifact.Asset{{Name: asset, Size: -1, Promised: true}}}, nil
	}
	return s.prefetched(ctx, at, v, []artifact.Asset{a}, err)
}

// prefetched is the answer to whoever asked. That a version is not there, or is kept away, is one.
func (s *Shelf) prefetched(ctx context.Context, at *configuration, v artifact.VersionKey, assets []artifact.Asset, err error) (Prefetched, error) {
	switch err = s.explained(ctx, err); {
	case err == nil:
		return Prefetched{Ending: Served, Assets: assets, Needs: s.service.needs(ctx, at, v, assets)}, nil
	case !artifact.Is(err, artifact.NotFound):
		return Prefetched{}, err
	case errors.Is(err, ErrWithheld):
		return Prefetched{Ending: Withheld, Why: reasonOf(err)}, nil
	}
	return Prefetched{Ending: Absent, Why: reasonOf(err)}, nil
}

// needs is what the kept ones of the assets say that clients read along. What cannot be read says nothing: it is served all the same.
func (s *Service) needs(ctx context.Context, at *configuration, v artifact.VersionKey, assets []artifact.Asset) []artifact.VersionKey {
	t := s.traits(v.Format)
	if t.Needs == nil || t.Describes == nil {
		return nil
	}
	for _, a := range assets {
		if a.Promised || !t.Describes(artifact.Version{VersionKey: v, Assets: assets}, a.Name) {
			continue
		}
		content, err := s.openKept(ctx, at, v, a)
		if err != nil {
			return nil
		}
		all := t.Needs(v, content, a.Size)
		_ = content.Close() // only read
		return all[:min(len(all), maxNeeds)]
	}
	return nil
}

// prospect lists what there is of a version, as promises where the asked repository has it not.
func (s *Service) prospect(ctx context.Context, at *configuration, v artifact.VersionKey) ([]artifact.Asset, error) {
	made, found, err := s.locate(ctx, at, v, s.byQuestion(v, ""))
	if err != nil {
		return nil, err
	}
	all := found.version.Assets
	if !found.own() {
		return asPromises(all, s.Now()), nil
	}
	if err := mayBeServed(*at.repository, found.version); err != nil {
		return nil, err
	}
	if all, err = s.withLate(ctx, made, found); err != nil {
		return nil, err
	}
	for i, a := range all {
		if a.Promised {
			continue
		}
		err := s.examine(ctx, at, v, a)
		if err != nil && !lost(err) {
			return nil, err
		}
		all[i].Promised = err != nil
	}
	return all, nil
}

// withLate is the assets of a record with those that may still come to it, where its format lets any come. That the registry cannot be
// asked is no reason to say less than what is here.
func (s *Service) withLate(ctx context.Context, made *plan, found located) ([]artifact.Asset, error) {
	all := union(nil, found.version.Assets)
	if s.traits(found.version.Format).Late == 0 {
		return all, nil
	}
	for source, held := range made.behind(found) {
		if held == nil {
			listed, _, err := s.askForVersion(ctx, source.registry, found.version.VersionKey, "", false)
			if err != nil || listed == nil {
				return all, err
			}
			held = listed
		}
		all = union(all, asPromises(held.Assets, s.Now()))
	}
	return all, nil
}

// bringAsset brings one asset in and tells what is known of it then.
func (s *Service) bringAsset(ctx context.Context, shelf *Shelf, at *configuration, v artifact.VersionKey, name string) (artifact.Asset, error) {
	f, err := s.open(ctx, shelf.caller, at, v, name)
	if err != nil {
		return artifact.Asset{}, err
	}
	if f.Transfer == nil {
		return f.Asset, f.Content.Close()
	}
	if err := awaited(f); err != nil {
		return artifact.Asset{}, err
	}
	return s.stat(ctx, at, v, name)
}
