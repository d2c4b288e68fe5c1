package repository

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/events"
	"entrepot/iam"

	"golang.org/x/sync/errgroup"
)

// Copy copies versions of one package between two repositories of a domain. The caller must be able to read From; To is
// authorised by the door. Only records are written, the bytes are shared. Copying is how blocked content is let in on
// purpose, so origin controls do not apply to it. A version that is identical in To already is in neither map of the
// outcome, unless another one fails.
//
// Invalid unless exactly one of versions and revisions is given and From is not To; Denied without ReadFromRepository
// on From; NotFound if one of the repositories is not there; Unavailable if a registry does not deliver what it promised,
// or promises more meanwhile.
func (s *Service) Copy(ctx context.Context, c iam.Caller, spec CopySpec) (Outcome, error) {
	if (len(spec.Versions) > 0) == (len(spec.Revisions) > 0) {
		return Outcome{}, artifact.Errorf(artifact.Invalid,
			"Exactly one of versions and versionRevisions must be given.")
	}
	if spec.From == spec.To {
		return Outcome{}, artifact.Errorf(artifact.Invalid,
			"Source and destination are the same repository, '%s'.", spec.To.Name)
	}
	if err := s.Authorize(ctx, c, "ReadFromRepository", OnRepository(spec.From), nil); err != nil {
		return Outcome{}, err
	}
	from, err := s.existing(ctx, spec.From)
	if err != nil {
		return Outcome{}, err
	}
	to, err := s.existing(ctx, spec.To)
	if err != nil {
		return Outcome{}, err
	}
	wanted := distinct(spec.Versions)
	if len(wanted) == 0 {
		wanted = slices.Sorted(maps.Keys(spec.Revisions))
	}
	if spec.IncludeUpstream && from.graph.dangling {
		return Outcome{}, from.errDangling()
	}
	made, err := s.plan(ctx, from, spec.PackageKey)
	if err != nil {
		return Outcome{}, err
	}
	sources := made.repositories()
	if !spec.IncludeUpstream {
		sources = sources[:1]
	}
	if err := s.bringIn(ctx, c, from, made, spec, wanted); err != nil {
		return Outcome{}, err
	}
	before, err := s.displayedBefore(ctx, to.repository.ID, Publication{VersionKey: spec.At("")})
	if err != nil {
		return Outcome{}, err
	}
	var out Outcome
	err = s.Catalog.Write(ctx, func(w catalog.Writer) error {
		out, err = s.copyVersions(w, c, spec, sources, wanted, before)
		return err
	})
	return out, err
}

// bringIn has external registries deliver what the copy needs and no repository of the graph holds: the destination may
// have no way to those registries. Versions are looked for upstream only if the copy is to, and under the key only under
// which they would be kept: what came in under another would obey no origin controls.
func (s *Service) bringIn(ctx context.Context, c iam.Caller, from *configuration, made *plan, spec CopySpec,
	wanted []string) error {
	for _, version := range wanted {
		key, search := spec.At(version), made
		if !spec.IncludeUpstream || s.Canonical(key) != key {
			search = made.alone()
		}
		found, err := s.locateBy(ctx, from, search, key)
		if artifact.Is(err, artifact.NotFound) || err == nil && !found.version.Status.Downloadable() {
			continue // the outcome will say so
		}
		if err != nil {
			return err
		}
		if err := s.bringWhole(ctx, c, from, made, found); err != nil {
			return err
		}
	}
	return nil
}

// importsAtOnce is how many assets of one version are fetched at a time.
const importsAtOnce = 4

// bringWhole fetches all assets of a version that its registry only promises so far, into the repository with the
// connection and, if that is another, into the one that holds the version. Bytes on record that are lost come again.
func (s *Service) bringWhole(ctx context.Context, c iam.Caller, at *configuration, made *plan, found located) error {
	if !found.listed() {
		holder := found.source.repository.ID
		if err := s.ensureKept(ctx, c, at, holder, found.version, found.version.Assets); err != nil {
			return err
		}
	}
	var missing []string
	for _, a := range found.version.Assets {
		if a.Promised || found.listed() {
			missing = append(missing, a.Name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	var from importing
	if found.listed() {
		from = s.firstImport(found, found.source.repository)
		if err := s.roomFor(made, from); err != nil {
			return err
		}
	} else {
		source, ok := made.connectionBehind(found)
		if !ok {
			return artifact.Errorf(artifact.Conflict, "Version %s of %s cannot be copied: %d of its assets have not been "+
				"fetched from %s, which cannot be asked for this package any more.", found.version.VersionKey.Version,
				found.version.Qualified(), len(missing), found.version.Origin.Connection).
				About(artifact.VersionResource, idIn(found.source.repository.RepositoryKey, found.version.String()))
		}
		whole, err := s.wholeVersion(ctx, found.source.repository.ID, found.version.VersionKey)
		if err != nil {
			return err
		}
		from = newImport(whole, source, found.source.repository)
	}
	fetching, ctx := errgroup.WithContext(ctx)
	fetching.SetLimit(importsAtOnce)
	for _, name := range missing {
		fetching.Go(func() error { return s.importNow(ctx, c, at, from, name) })
	}
	return fetching.Wait()
}

func (s *Service) copyVersions(w catalog.Writer, c iam.Caller, spec CopySpec, sources []catalog.RepositoryID,
	wanted []string, before string) (Outcome, error) {
	out := Outcome{Successful: map[string]VersionResult{}, Failed: map[string]VersionFailure{}}
	to, err := heldRepository(w, spec.To)
	if err != nil {
		return out, err
	}
	var good, identical []artifact.Version
	for _, version := range wanted {
		v, err := firstHolding(w, sources, spec.At(version))
		if err != nil {
			return out, err
		}
		verdict, same, err := s.judgeCopy(w, to, v, version, spec)
		switch {
		case err != nil:
			return out, err
		case verdict != nil:
			out.Failed[version] = *verdict
		case same:
			identical = append(identical, *v)
		case slices.ContainsFunc(v.Assets, func(a artifact.Asset) bool { return a.Promised }):
			return out, promisedMeanwhile(v.VersionKey)
		default:
			good = append(good, *v)
		}
	}
	if len(out.Failed) > 0 {
		for _, v := range append(good, identical...) {
			out.Failed[v.Version] = VersionFailure{Skipped, fmt.Sprintf("Version %s was skipped", v.Version)}
		}
		return out, nil
	}
	for _, v := range good {
		if out.Successful[v.Version], err = s.copyVersion(w, c, to, v); err != nil {
			return out, err
		}
	}
	if err := s.copyLabels(w, sources, to, spec.PackageKey, good, before); err != nil {
		return out, err
	}
	detail := map[string]any{
		"sourceRepository": spec.From.Name, "versions": wanted, "allowOverwrite": spec.AllowOverwrite,
	}
	return out, s.audit(w, c, "CopyPackageVersions", OnPackage(spec.To, spec.PackageKey), detail)
}

// promisedMeanwhile is for a version that its registry has added an asset to after what was promised had been brought in.
func promisedMeanwhile(v artifact.VersionKey) error {
	return &artifact.Error{Kind: artifact.Unavailable, RetryAfter: time.Second, Reason: fmt.Sprintf("Version %s of %s has "+
		"been given another asset while it was copied. Try again.", v.Version, v.Qualified())}
}

// firstHolding returns the version, whole, from the first of the repositories that has it, or nil.
func firstHolding(r catalog.Reader, in []catalog.RepositoryID, key artifact.VersionKey) (*artifact.Version, error) {
	held, err := r.VersionIn(in, key)
	if err != nil {
		return nil, err
	}
	for _, id := range in {
		if _, ok := held[id]; ok {
			return optional(r.Version(id, key))
		}
	}
	return nil, nil
}

// judgeCopy says why a version cannot be copied, or whether the destination has the very same.
func (s *Service) judgeCopy(w catalog.Writer, to catalog.Repository, v *artifact.Version, version string,
	spec CopySpec) (*VersionFailure, bool, error) {
	failure, failed := judge(v, version, spec.Selection, func(v artifact.Version) error {
		if !v.Status.Downloadable() {
			return fmt.Errorf("a version with status %s cannot be copied", v.Status)
		}
		return nil
	})
	if failed {
		return &failure, false, nil
	}
	there, err := recordOf(w, to.ID, v.VersionKey)
	if err != nil || there == nil {
		return nil, false, err
	}
	same, err := sameContent(*v, *there)
	if err != nil || same {
		return nil, same, err
	}
	if !spec.AllowOverwrite {
		return &VersionFailure{AlreadyExists, fmt.Sprintf("Version %s already exists", version)}, false, nil
	}
	return nil, false, nil
}

func (s *Service) copyVersion(w catalog.Writer, c iam.Caller, to catalog.Repository,
	v artifact.Version) (VersionResult, error) {
	v.PublishedAt = s.Now()
	if err := s.ensurePackage(w, to, v, arrivedByCopy); err != nil {
		return VersionResult{}, err
	}
	there, err := recordOf(w, to.ID, v.VersionKey)
	if err != nil {
		return VersionResult{}, err
	}
	write, operation := s.create, events.Created
	changed := events.Changes{AssetsAdded: len(v.Assets), MetadataUpdated: true, StatusChanged: true}
	if there != nil {
		write, operation = catalog.Writer.UpdateVersion, events.Updated
		changed.AssetsRemoved, changed.StatusChanged = len(there.Assets), there.Status != v.Status
	}
	if err := write(w, to.ID, v); err != nil {
		return VersionResult{}, err
	}
	err = s.announce(w, c, to, v, operation, changed)
	return VersionResult{v.Revision, v.Status}, err
}

// copyLabels takes along every label of the source that points at a copied version; it overwrites the destination's
// (user guide, "npm tags"). The first source that has a label decides where it points. What the destination displayed
// before stays displayed unless the default label is among them.
func (s *Service) copyLabels(w catalog.Writer, sources []catalog.RepositoryID, to catalog.Repository,
	p artifact.PackageKey, copied []artifact.Version, before string) error {
	if len(copied) == 0 {
		return nil
	}
	held, err := w.LabelsIn(sources, p)
	if err != nil {
		return err
	}
	decided := map[string]bool{}
	at := map[string][]string{} // labels by the version they point at
	for _, id := range sources {
		for _, label := range slices.Sorted(maps.Keys(held[id])) {
			if !decided[label] {
				at[held[id][label]] = append(at[held[id][label]], label)
			}
			decided[label] = true
		}
	}
	for _, v := range copied {
		if labels := at[v.Version]; len(labels) > 0 {
			if err := w.SetLabels(to.ID, v.VersionKey, labels...); err != nil {
				return err
			}
		}
	}
	return s.pinDefault(w, to.ID, p.At(s.traits(p.Format).standIn(before, copied)))
}
