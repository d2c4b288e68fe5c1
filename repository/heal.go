package repository

import (
	"context"
	"errors"
	"fmt"
	"io"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/catalog"
	"entrepot/iam"
)

// lost reports whether an error of a byte store says that content on record is damaged or missing.
func lost(err error) bool { return errors.Is(err, blob.ErrCorrupt) || errors.Is(err, blob.ErrNotFound) }

// keptIn says where an asset is kept.
func keptIn(at *configuration, v artifact.VersionKey, a artifact.Asset) place {
	return place{contentKey{at.domain.ID, a.SHA256}, at.repository.RepositoryKey, v, a.Name}
}

// openKept opens the bytes of a kept asset, or returns an error that is lost. Damage that a reader met further in shows
// here from then on, until the bytes are right again.
func (s *Service) openKept(ctx context.Context, at *configuration, v artifact.VersionKey,
	a artifact.Asset) (blob.Content, error) {
	store, err := s.store(*at.domain)
	if err != nil {
		return nil, err
	}
	where := keptIn(at, v, a)
	c, err := store.Open(ctx, a.SHA256)
	if err == nil {
		if err = s.damages.stillIn(where.contentKey, c); err != nil {
			err = errors.Join(err, c.Close())
		}
	}
	if err != nil {
		if lost(err) {
			s.damages.note(ctx, where, 0, err)
		}
		return nil, err
	}
	return &watched{c, s.damages, where}, nil
}

// examine looks whether the bytes of a kept asset are there, in their length and as far as readers have found out,
// without reading them; if not, the error is lost.
func (s *Service) examine(ctx context.Context, at *configuration, v artifact.VersionKey, a artifact.Asset) error {
	where := keptIn(at, v, a)
	if s.damages.knows(where.contentKey) {
		c, err := s.openKept(ctx, at, v, a)
		if err != nil {
			return err
		}
		return c.Close()
	}
	store, err := s.store(*at.domain)
	if err != nil {
		return err
	}
	info, err := store.Stat(ctx, a.SHA256)
	if err == nil && info.Size != a.Size {
		err = fmt.Errorf("%d bytes are kept of %d: %w", info.Size, a.Size, blob.ErrCorrupt)
	}
	if lost(err) {
		s.damages.note(ctx, where, 0, err)
	}
	return err
}

// healer returns the registry that the bytes of a kept asset can be fetched from once more: the one that its version came
// from, where the plan still has it. Otherwise the error says what is left to do about the loss that caused the question.
// The bytes are nowhere else: equal content is kept once in a domain, and what another domain has is not this one's to
// take.
func (s *Service) healer(ctx context.Context, at *configuration, v artifact.Version, a artifact.Asset,
	cause error) (planSource, error) {
	made, err := s.plan(ctx, at, v.PackageKey)
	if err != nil {
		return planSource{}, err
	}
	source, ok := made.from(v.Origin.Connection)
	if !v.Origin.Fetched() || !ok {
		return planSource{}, artifact.Errorf(artifact.Internal, "The bytes of asset '%s' of version '%s' of %s are damaged "+
			"or missing, and there is no registry to fetch them from. Publish the same bytes again, or restore the file from a "+
			"backup.", a.Name, v.VersionKey.Version, v.Qualified()).
			About(artifact.AssetResource, v.String()+"/"+a.Name).Causing(cause)
	}
	return source, nil
}

// heal fetches the bytes of a kept asset once more from the registry that they came from, and proves them against the
// digest on record. They are streamed to the caller while they are stored in the place of what is damaged; no record
// changes. holder is a repository that holds the version.
func (s *Service) heal(ctx context.Context, c iam.Caller, at *configuration, holder catalog.RepositoryID, v artifact.Version,
	a artifact.Asset, cause error) (File, error) {
	source, err := s.healer(ctx, at, v, a, cause)
	if err != nil {
		return File{}, err
	}
	// A format may need the manifest to say where the asset is.
	whole, err := s.wholeVersion(ctx, holder, v.VersionKey)
	if err != nil {
		return File{}, err
	}
	again := s.damages.number(contentKey{at.domain.ID, a.SHA256})
	return s.fetch(ctx, c, at, importing{version: whole, source: source, again: again}, a.Name)
}

// file opens a kept asset; it is the only way to kept bytes. Where they are damaged or missing, and the registry that
// they came from may still be asked, they are on their way from there.
func (s *Service) file(ctx context.Context, c iam.Caller, at *configuration, v artifact.Version,
	a artifact.Asset) (File, error) {
	content, err := s.openKept(ctx, at, v.VersionKey, a)
	switch {
	case lost(err):
		return s.heal(ctx, c, at, at.repository.ID, v, a, err)
	case err != nil:
		return File{}, &artifact.Error{Kind: artifact.Internal, Err: err,
			Reason: "The asset is recorded but its bytes cannot be read."}
	}
	return File{Asset: a, Modified: v.PublishedAt, Version: bare(v), Content: content}, nil
}

// wholeFile is file for a caller who wants kept bytes, not those on their way: it waits for them.
func (s *Service) wholeFile(ctx context.Context, c iam.Caller, at *configuration, v artifact.Version,
	a artifact.Asset) (File, error) {
	f, err := s.file(ctx, c, at, v, a)
	if err != nil || f.Transfer == nil {
		return f, err
	}
	if err := awaited(f); err != nil {
		return File{}, err
	}
	content, err := s.openKept(ctx, at, v.VersionKey, a)
	if err != nil {
		return File{}, fmt.Errorf("open what was stored a moment ago: %w", err)
	}
	return File{Asset: a, Modified: v.PublishedAt, Version: bare(v), Content: content}, nil
}

// awaited reads an asset on its way to its end, when it is kept.
func awaited(f File) error {
	_, err := io.Copy(io.Discard, f.Transfer)
	return errors.Join(err, f.Transfer.Close())
}

// ensureKept heals those of the version's kept assets whose bytes are damaged or missing, before something new is made to
// refer to them.
func (s *Service) ensureKept(ctx context.Context, c iam.Caller, at *configuration, holder catalog.RepositoryID,
	v artifact.Version, assets []artifact.Asset) error {
	for _, a := range assets {
		if a.Promised {
			continue
		}
		err := s.examine(ctx, at, v.VersionKey, a)
		if !lost(err) {
			if err != nil {
				return err
			}
			continue
		}
		f, err := s.heal(ctx, c, at, holder, v, a, err)
		if err != nil {
			return err
		}
		if err := awaited(f); err != nil {
			return err
		}
	}
	return nil
}
