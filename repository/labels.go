package repository

import (
	"context"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/events"
)

// Labels returns the merged labels, as View does.
func (s *Shelf) Labels(ctx context.Context, p artifact.PackageKey) (map[string]string, error) {
	view, err := s.View(ctx, p)
	return view.Labels, err
}

// SetLabel points the repository's own label at a version that can be read through it. NotFound if there is no such
// version; Quota above the number of labels that a package may have. A package that is only upstream so far comes into
// being, as if retained.
func (s *Shelf) SetLabel(ctx context.Context, p artifact.PackageKey, label, version string) error {
	wanted := s.service.Canonical(p.At(version))
	at, err := s.allowed(ctx, putPackageMetadata, OnPackage(s.key, wanted.PackageKey))
	if err != nil {
		return err
	}
	_, found, err := s.service.locate(ctx, at, wanted, s.service.byQuestion(wanted, ""))
	if err != nil {
		return err
	}
	if !found.version.Status.Downloadable() {
		return noVersion(s.key, wanted)
	}
	id, p := at.repository.ID, wanted.PackageKey
	return s.service.Catalog.Write(ctx, func(w catalog.Writer) error {
		in, err := s.service.admissionIn(w, *at.repository, p)
		if err == nil && among(in.packages, id) == nil {
			controls := startingControls(arrivedFromUpstream, artifact.OriginExternal, in.of)
			err = w.PutPackage(id, artifact.Package{PackageKey: p, Controls: controls, Folded: s.service.foldedFrom(p)})
		}
		if err != nil {
			return err
		}
		before, err := w.Label(id, p, label)
		if err != nil && !artifact.Is(err, artifact.NotFound) {
			return err
		}
		if err := w.SetLabels(id, wanted, label); err != nil {
			return err
		}
		if before != wanted.Version {
			if err := s.announceLabel(w, at, wanted); err != nil {
				return err
			}
		}
		return s.service.audit(w, s.caller, putPackageMetadata, OnPackage(s.key, p),
			map[string]any{"label": label, "packageVersion": wanted.Version})
	})
}

// DeleteLabel removes the repository's own label; NotFound if it has none of this name.
func (s *Shelf) DeleteLabel(ctx context.Context, p artifact.PackageKey, label string) error {
	p = s.service.CanonicalPackage(p)
	at, err := s.allowed(ctx, putPackageMetadata, OnPackage(s.key, p))
	if err != nil {
		return err
	}
	id := at.repository.ID
	return s.service.Catalog.Write(ctx, func(w catalog.Writer) error {
		if _, err := heldPackage(w, id, s.key, p); err != nil {
			return err
		}
		pointed, err := w.Label(id, p, label)
		if err == nil {
			err = w.DeleteLabel(id, p, label)
		}
		if artifact.Is(err, artifact.NotFound) {
			return artifact.Errorf(artifact.NotFound,
				"Package '%s' has no tag '%s' in repository '%s'.", p.Qualified(), label, s.key.Name).
				About(artifact.PackageResource, p.String())
		}
		if err != nil {
			return err
		}
		if err := s.announceLabel(w, at, p.At(pointed)); err != nil {
			return err
		}
		return s.service.audit(w, s.caller, putPackageMetadata, OnPackage(s.key, p), map[string]any{"label": label})
	})
}

// announceLabel tells of a version that a label came to or left. One that the repository only sees upstream has no state
// here to tell of.
func (s *Shelf) announceLabel(w catalog.Writer, at *configuration, v artifact.VersionKey) error {
	held, err := recordOf(w, at.repository.ID, v)
	if err != nil || held == nil {
		return err
	}
	return s.service.announce(w, s.caller, *at.repository, *held, events.Updated, events.Changes{MetadataUpdated: true})
}
