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

// publish checks in the order of the guide: origin controls, reachable duplicates, what is there already; then bytes
// become durable before the names that refer to them (invariant 1). Everything that a transaction can see is checked
// again in it.
func (s *Service) publish(ctx context.Context, c iam.Caller, at *configuration, p Publication) (artifact.Version, error) {
	if len(p.Labels) > maxPublishedLabels {
		return artifact.Version{}, artifact.Errorf(artifact.Quota, "A version can be published with at most %d tags.",
			maxPublishedLabels).About(artifact.VersionResource, idIn(at.repository.RepositoryKey, p.VersionKey.String()))
	}
	var err error
	if p.Version, err = s.spelledHere(ctx, at.repository.ID, p.VersionKey); err != nil {
		return artifact.Version{}, err
	}
	// All of them: what the version has now it may lack in the transaction.
	var contents []content
	for _, staged := range p.Assets {
		if staged.Upload != nil {
			sums, size := staged.Upload.Sum()
			contents = append(contents, content{staged.Upload.draft, sums.SHA256, size})
		}
	}
	look, err := s.publishable(ctx, at, p, nil, contents)
	if err != nil {
		return artifact.Version{}, err
	}
	if err := s.ensureReadable(ctx, c, at, p, look, contents); err != nil {
		return artifact.Version{}, fmt.Errorf("publish %s: %w", p.VersionKey, err)
	}
	if !look.changes() && len(look.came) == 0 {
		return s.Version(ctx, at.repository.RepositoryKey, p.VersionKey)
	}
	since, err := s.keep(ctx, *at.domain, look.fence, contents)
	if err != nil {
		return artifact.Version{}, fmt.Errorf("publish %s: %w", p.VersionKey, err)
	}
	shown, err := s.displayedBefore(ctx, at.repository.ID, p)
	if err != nil {
		return artifact.Version{}, err
	}
	var published artifact.Version
	err = s.record(ctx, *at.domain, since, contents, func(w catalog.Writer) error {
		in, err := s.admissionIn(w, *at.repository, p.PackageKey)
		if err != nil {
			return err
		}
		if err := s.stillSpelled(w, at.repository.ID, p.VersionKey); err != nil {
			return err
		}
		known, err := recordOf(w, at.repository.ID, p.VersionKey)
		if err != nil {
			return err
		}
		assets, err := s.staged(w, at, p)
		if err != nil {
			return err
		}
		step, err := s.step(at, in, known, p, assets)
		if err != nil {
			return err
		}
		published = step.version
		if !step.changes() {
			return s.writeArrivals(w, c, at, step)
		}
		step.shown = shown
		published, err = s.writePublication(w, c, at, in, step, p)
		return err
	})
	return published, err
}

// ensureReadable sees to it that what a publication finds here already can be read when it is acknowledged. Of a version
// that is there with the same contents the bytes have come once more: they are stored over what is kept, which costs syncs
// and no reading, whatever the state of the latter. What the publication only refers to is looked for.
func (s *Service) ensureReadable(ctx context.Context, c iam.Caller, at *configuration, p Publication, look publishing,
	contents []content) error {
	var referred []artifact.Asset
	for _, staged := range p.Assets {
		a, _ := look.version.Asset(staged.Name)
		if staged.Of != nil && !a.Promised {
			referred = append(referred, a)
		}
	}
	if err := s.ensureKept(ctx, c, at, at.repository.ID, look.version, referred); err != nil {
		return err
	}
	if look.changes() || len(look.came) > 0 || len(contents) == 0 {
		return nil // contents will be stored
	}
	for _, a := range look.version.Assets { // so that a loss that ends here is on record
		if slices.Contains(digestsOf(contents), a.SHA256) && !a.Promised {
			if err := s.examine(ctx, at, p.VersionKey, a); err != nil && !lost(err) {
				return err
			}
		}
	}
	_, err := s.keep(ctx, *at.domain, look.fence, contents)
	return err
}

// publishable looks, before any bytes are committed, for what forbids the publication: what its own transaction will
// look for again, and what is upstream. claimed stands in for assets whose bytes have not come yet. The fence of the
// contents comes with it, out of the same reading.
func (s *Service) publishable(ctx context.Context, at *configuration, p Publication, claimed []artifact.Asset,
	contents []content) (publishing, error) {
	var look publishing
	var held map[catalog.RepositoryID]artifact.Version
	elsewhere := false
	made, err := s.planAnd(ctx, at, p.PackageKey, func(r catalog.Reader, made *plan) (err error) {
		if held, err = r.VersionIn(made.repositories(), p.VersionKey); err != nil {
			return err
		}
		if _, elsewhere, err = s.spelled(r, without(made.repositories(), at.repository.ID), p.VersionKey); err != nil {
			return err
		}
		assets, err := claimed, error(nil)
		if claimed == nil {
			if assets, err = s.staged(r, at, p); err != nil {
				return err
			}
		}
		known := among(held, at.repository.ID)
		if known != nil && p.Redo != nil && differ(*known, assets) {
			if known, err = recordOf(r, at.repository.ID, p.VersionKey); err != nil { // with its manifest
				return err
			}
		}
		if look, err = s.step(at, made.admission, known, p, assets); err != nil {
			return err
		}
		look.fence, err = readFence(r, *at.domain, contents)
		return err
	})
	// What can be replaced may be here and upstream at once: which of them is shown is the view's affair.
	if err != nil || len(look.fresh) == 0 && look.known != nil || s.traits(p.Format).replaceable(p.Version) {
		return look, err
	}
	delete(held, at.repository.ID)
	return look, s.notReachable(ctx, at, made, len(held) > 0 || elsewhere, p.VersionKey)
}

// differ reports whether the version has one of the assets with other bytes.
func differ(v artifact.Version, assets []artifact.Asset) bool {
	return slices.ContainsFunc(assets, func(a artifact.Asset) bool {
		there, ok := v.Asset(a.Name)
		return ok && there.SHA256 != a.SHA256
	})
}

// publishing is what a publication makes of a version.
type publishing struct {
	known   *artifact.Version // nil if it is new
	version artifact.Version
	fresh   []artifact.Asset // those the version does not have yet, or has with other bytes
	fence   fenceReading     // of the contents, where the reading was for that
	came    []artifact.Asset // those that were promised and whose bytes have come
	removed int              // how many of its assets go
	shown   string           // what the package displays without it, if that matters
}

// changes reports whether there is anything to write.
func (p publishing) changes() bool {
	return p.known == nil || len(p.fresh) > 0 || p.removed > 0 || p.known.Status != p.version.Status
}

// step works out what a publication makes of the version that is there. Conflict: origin controls forbid it, the version
// is withdrawn, it is there with other contents, or it takes no more assets. Publishing what is there already changes
// nothing (user guide, "Package version immutability").
func (s *Service) step(at *configuration, in admission, known *artifact.Version, p Publication,
	assets []artifact.Asset) (next publishing, err error) {
	next = publishing{known: known, version: artifact.Version{VersionKey: p.VersionKey}}
	if !in.mayPublish(at.repository.ID) {
		return next, conflict(at, p, "%s", in.whyNotPublish(*at.repository, p.PackageKey))
	}
	t := s.traits(p.Format)
	if known == nil {
		next.version.Status = artifact.Published
		if p.Unfinished && t.Growth != GrowNever {
			next.version.Status = artifact.Unfinished
		}
		next.version.Origin = artifact.Origin{Type: artifact.OriginInternal, Repository: at.repository.Name}
		next.version.Manifest, next.version.Details, next.version.PublishedAt = p.Manifest, p.Details, s.Now()
		next.fresh, next.version.Assets = assets, assets
	} else if next, err = s.grow(at, t, *known, p, assets); err != nil {
		return next, err
	}
	return next, s.recordable(at.repository.RepositoryKey, next.version)
}

// staged are the assets of a publication as they will be recorded.
func (s *Service) staged(r catalog.Reader, at *configuration, p Publication) ([]artifact.Asset, error) {
	now := s.Now()
	var assets []artifact.Asset
	for _, staged := range p.Assets {
		if staged.Of == nil {
			sums, size := staged.Upload.Sum()
			assets = append(assets,
				artifact.Asset{Name: staged.Name, Size: size, Digests: sums, Facts: staged.Facts, AddedAt: now})
			continue
		}
		key := s.Canonical(p.At(staged.Of.Version))
		other, err := heldVersion(r, at.repository.ID, at.repository.RepositoryKey, key)
		if err != nil {
			return nil, err
		}
		a, ok := other.Asset(staged.Of.Name)
		if !ok || a.Promised || withdrawn(other) {
			return nil, noAsset(at.repository.RepositoryKey, key, staged.Of.Name)
		}
		a.Name, a.Facts, a.AddedAt = staged.Name, staged.Facts, now
		assets = append(assets, a)
	}
	return assets, nil
}

// grow works out what a publication makes of a version that is there.
func (s *Service) grow(at *configuration, t Traits, known artifact.Version, p Publication,
	assets []artifact.Asset) (publishing, error) {
	next := publishing{known: &known, version: known}
	if withdrawn(known) {
		return next, conflict(at, p, "Version '%s' of package '%s' cannot be published again: it is there with status %s. "+
			"Delete it first.", p.Version, p.Qualified(), known.Status)
	}
	replace := t.replaceable(p.Version) && known.Origin.Published()
	for _, a := range assets {
		there, ok := known.Asset(a.Name)
		switch {
		case ok && there.SHA256 == a.SHA256:
			if there.Promised {
				a.AddedAt, a.Facts = there.AddedAt, there.Facts
				next.came = append(next.came, a)
			}
		case ok && p.Redo != nil && known.Status == artifact.Unfinished && p.Redo(known, a.Name):
			next.fresh = append(next.fresh, a)
			next.removed++
		case ok && !replace:
			return next, conflict(at, p, "Version '%s' of package '%s' already exists in repository '%s' with other "+
				"contents. Published versions never change.", p.Version, p.Qualified(), at.repository.Name)
		case replace || t.takesMore(known):
			next.fresh = append(next.fresh, a)
		case t.Growth == GrowNever:
			return next, conflict(at, p, "Version '%s' of package '%s' already exists in repository '%s' with other "+
				"contents. Published versions never change.", p.Version, p.Qualified(), at.repository.Name)
		default:
			return next, conflict(at, p, "Version '%s' of package '%s' in repository '%s' takes no more assets: its status "+
				"is %s and its origin %s.", p.Version, p.Qualified(), at.repository.Name, known.Status, known.Origin.Type)
		}
	}
	next.version.Assets = slices.Clone(known.Assets)
	for _, a := range slices.Concat(next.fresh, next.came) {
		next.version.Assets = withAsset(next.version.Assets, a)
	}
	if replace {
		next.version.Assets = assets
		next.removed = len(known.Assets) - (len(assets) - len(next.fresh))
	}
	if known.Status == artifact.Unfinished && !p.Unfinished {
		next.version.Status = artifact.Published
	}
	return next, nil
}

// takesMore reports whether publishers may add assets to a version that is there. One that came from outside takes
// nothing of ours: no version mixes origins.
func (t Traits) takesMore(v artifact.Version) bool {
	if !v.Origin.Published() {
		return false
	}
	return t.Growth == GrowAlways || t.Growth == GrowUnfinished && v.Status == artifact.Unfinished
}

func conflict(at *configuration, p Publication, format string, args ...any) error {
	return artifact.Errorf(artifact.Conflict, format, args...).About(artifact.VersionResource,
		idIn(at.repository.RepositoryKey, p.VersionKey.String()))
}

// notReachable refuses a version that a repository or a registry upstream has and that may come from there (user guide,
// "Package origin controls"); reachable says that a repository has it. What a registry that does not answer might have
// is let through, as on the service.
func (s *Service) notReachable(ctx context.Context, at *configuration, made *plan, reachable bool, v artifact.VersionKey) error {
	for _, source := range made.sources {
		if source.connection == "" || reachable {
			continue
		}
		listed, err := s.lists(ctx, source.registry, v)
		if err != nil {
			return err
		}
		reachable = listed
	}
	if reachable {
		return artifact.Errorf(artifact.Conflict,
			"Version '%s' of package '%s' can be read through repository '%s' from upstream already. "+
				"Publish another version, or block upstream versions of this package first.",
			v.Version, v.Qualified(), at.repository.Name).
			About(artifact.VersionResource, idIn(at.repository.RepositoryKey, v.String()))
	}
	return nil
}

// writePublication writes what a publication makes of a version, with its package, labels, event and audit row, and returns it.
func (s *Service) writePublication(w catalog.Writer, c iam.Caller, at *configuration, in admission, step publishing,
	p Publication) (v artifact.Version, err error) {
	if step.known != nil && p.Merge != nil {
		if step.version.Manifest, step.version.Details, err = p.Merge(*step.known); err != nil {
			return v, err
		}
		if err := s.recordable(at.repository.RepositoryKey, step.version); err != nil {
			return v, err
		}
	}
	if step.version.Revision, err = s.revisionAfter(step); err != nil {
		return v, err
	}
	id, write, operation := at.repository.ID, s.create, events.Created
	if step.known != nil {
		write, operation = catalog.Writer.UpdateVersion, events.Updated
	} else if err := p.mayStand(w, id); err != nil {
		return v, err
	}
	v = step.version
	if err := s.putPackage(w, id, in, v, arrivedByPublish); err != nil {
		return v, err
	}
	if err := s.labels(w, id, p, among(in.packages, id) == nil, step.shown); err != nil {
		return v, err
	}
	if err := write(w, id, v); err != nil {
		return v, err
	}
	changed := events.Changes{AssetsAdded: len(step.fresh), AssetsRemoved: step.removed,
		MetadataUpdated: step.known == nil || string(step.known.Manifest) != string(v.Manifest),
		StatusChanged:   step.known == nil || step.known.Status != v.Status}
	if err := s.announce(w, c, *at.repository, v, operation, changed); err != nil {
		return v, err
	}
	for _, version := range slices.Sorted(maps.Keys(p.Statuses)) {
		if err := s.moveOther(w, c, at, p.At(version), p.Statuses[version]); err != nil {
			return v, err
		}
	}
	return v, s.auditOf(w, c, publishPackageVersion, at.repository.Administrator, OnPackage(at.repository.RepositoryKey, v.PackageKey),
		map[string]any{"packageVersion": v.Version})
}

// mayStand asks Beside about one version that the repository holds of the package, if there is any.
func (p Publication) mayStand(r catalog.Reader, id catalog.RepositoryID) error {
	if p.Beside == nil {
		return nil
	}
	held, err := r.Versions(id, p.PackageKey, catalog.VersionFilter{}, catalog.Page{Limit: 1})
	if artifact.Is(err, artifact.NotFound) || err == nil && len(held.Items) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	other, err := r.Version(id, p.At(held.Items[0].Version))
	if err != nil {
		return err
	}
	return p.Beside(other)
}

// writeArrivals records that promised assets are kept now, if any are. All else about the version stays as it is.
func (s *Service) writeArrivals(w catalog.Writer, c iam.Caller, at *configuration, step publishing) error {
	if len(step.came) == 0 {
		return nil
	}
	if err := w.UpdateVersion(at.repository.ID, step.version); err != nil {
		return err
	}
	return s.announce(w, c, *at.repository, step.version, events.Updated, events.Changes{AssetsAdded: len(step.came)})
}

// revisionAfter is the revision of a version after a publication. One that is only finished keeps its own: the revision
// names assets and metadata.
func (s *Service) revisionAfter(step publishing) (string, error) {
	if step.known != nil && len(step.fresh) == 0 && step.removed == 0 &&
		string(step.known.Manifest) == string(step.version.Manifest) {
		return step.known.Revision, nil
	}
	return versionRevision(step.version)
}

// moveOther moves a version to a status as part of the publication of another. One that is withdrawn stays so: who may
// publish may not undo that.
func (s *Service) moveOther(w catalog.Writer, c iam.Caller, at *configuration, key artifact.VersionKey,
	target artifact.Status) error {
	v, err := heldVersion(w, at.repository.ID, at.repository.RepositoryKey, s.Canonical(key))
	if err != nil || withdrawn(v) {
		return err
	}
	return s.moveTo(w, c, at, v, target)
}

// withdrawn reports whether a version is archived or disposed: it is there, and nobody gets it.
func withdrawn(v artifact.Version) bool {
	return !v.Status.Downloadable() && v.Status != artifact.Unfinished
}
