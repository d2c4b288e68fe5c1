package repository

import (
	"context"
	"maps"

	"entrepot/artifact"
	"entrepot/catalog"
)

// Labels returns the merged labels, as View does.
func (s *Shelf) Labels(ctx context.Context, p artifact.PackageKey) (map[string]string, error) {
	view, err := s.View(ctx, p)
	return view.Labels, err
}

// maxLabels is how many labels one package may have in one repository: each is in every index document.
const maxLabels = 2000

// SetLabel points the repository's own label at a version that can be read through it. NotFound if there is no such
// version; Quota above the number of labels that a package may have.
func (s *Shelf) SetLabel(ctx context.Context, p artifact.PackageKey, label, version string) error {
	wanted := s.service.Canonical(p.At(version))
	p, version = wanted.PackageKey, wanted.Version
	at, err := s.allowed(ctx, putPackageMetadata, OnPackage(s.key, p))
	if err != nil {
		return err
	}
	_, found, err := s.service.locate(ctx, at, wanted)
	if err != nil {
		return err
	}
	if !found.version.Status.Downloadable() {
		return noVersion(s.key, wanted)
	}
	return s.relabel(ctx, at, p, func(pkg *artifact.Package) error {
		pkg.Labels[label] = version
		if len(pkg.Labels) > maxLabels {
			return artifact.Errorf(artifact.Quota, "A package can have at most %d tags.", maxLabels).
				About(artifact.PackageResource, p.String())
		}
		return nil
	})
}

// DeleteLabel removes the repository's own label; NotFound if it has none of this name.
func (s *Shelf) DeleteLabel(ctx context.Context, p artifact.PackageKey, label string) error {
	p = s.service.CanonicalPackage(p)
	at, err := s.allowed(ctx, putPackageMetadata, OnPackage(s.key, p))
	if err != nil {
		return err
	}
	pkg, err := s.service.Package(ctx, s.key, p)
	if err != nil {
		return err
	}
	if _, ok := pkg.Labels[label]; !ok {
		return artifact.Errorf(artifact.NotFound,
			"Package '%s' has no tag '%s' in repository '%s'.", p.Qualified(), label, s.key.Name).
			About(artifact.PackageResource, p.String())
	}
	return s.relabel(ctx, at, p, func(pkg *artifact.Package) error {
		delete(pkg.Labels, label)
		return nil
	})
}

// relabel changes the labels of the package. A package that is only upstream so far comes into being, as if retained.
func (s *Shelf) relabel(ctx context.Context, at *configuration, p artifact.PackageKey,
	change func(*artifact.Package) error) error {
	return s.service.Catalog.Write(ctx, func(w catalog.Writer) error {
		pkg, err := w.Package(at.repository.ID, p)
		if artifact.Is(err, artifact.NotFound) {
			controls := startingControls(arrivedFromUpstream, artifact.OriginExternal)
			pkg, err = artifact.Package{PackageKey: p, Controls: controls, Folded: s.service.folded(p)}, nil
		}
		if err != nil {
			return err
		}
		if pkg.Labels = maps.Clone(pkg.Labels); pkg.Labels == nil {
			pkg.Labels = map[string]string{}
		}
		if err := change(&pkg); err != nil {
			return err
		}
		if err := w.PutPackage(at.repository.ID, pkg); err != nil {
			return err
		}
		return s.service.audit(w, s.caller, putPackageMetadata, OnPackage(s.key, p),
			map[string]any{"labels": pkg.Labels})
	})
}
