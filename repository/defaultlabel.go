package repository

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"entrepot/artifact"
	"entrepot/catalog"
)

// The default label of a package (npm: latest) points somewhere as soon as a version is there, and moves for nobody who
// does not name it. The first publication sets it. Where it was never set, as of versions that were only fetched, or
// points at a version that is not listed, the version that the format prefers stands in: in what package managers see
// and in what the API displays alike.

// preferred is the version that stands in for the default label; empty if there is none.
func (t Traits) preferred(versions iter.Seq[string]) string {
	best := ""
	for v := range versions {
		if best == "" || t.Prefer(v, best) > 0 {
			best = v
		}
	}
	return best
}

// displayed is the published version of a package that a repository itself shows when none is named; empty if it has none.
// A format without a default label shows the one that was published last.
func (s *Service) displayed(r catalog.Reader, id catalog.RepositoryID, p artifact.PackageKey) (string, error) {
	t := s.traits(p.Format)
	if t.DefaultLabel == "" {
		last, err := optional(r.LatestPublished(id, p))
		if err != nil || last == nil {
			return "", err
		}
		return last.Version, nil
	}
	target, status, err := s.pointed(r, id, p)
	if err != nil || status == artifact.Published {
		return target, err
	}
	var failed error
	best := t.preferred(func(yield func(string) bool) {
		page := func(page catalog.Page) (catalog.Listing[catalog.VersionSummary], error) {
			return r.Versions(id, p, catalog.VersionFilter{Status: artifact.Published}, page)
		}
		for v, err := range catalog.Each(page) {
			if failed = err; err != nil || !yield(v.Version) {
				return
			}
		}
	})
	if artifact.Is(failed, artifact.NotFound) {
		return "", nil // nor does it hold the package
	}
	return best, failed
}

// pointed is the version that the default label of a repository's package points at, empty if it is not set, and its
// status, empty if the repository does not hold it.
func (s *Service) pointed(r catalog.Reader, id catalog.RepositoryID, p artifact.PackageKey) (string, artifact.Status, error) {
	target, err := optional(r.Label(id, p, s.traits(p.Format).DefaultLabel))
	if err != nil || target == nil {
		return "", "", err
	}
	held, err := r.VersionIn([]catalog.RepositoryID{id}, p.At(*target))
	return *target, held[id].Status, err
}

// displayedBefore is what a package displays before a publication that does not name the default label, or a copy; empty
// where nobody needs to know. It is asked outside of the transaction: it may look at all versions of the package.
func (s *Service) displayedBefore(ctx context.Context, id catalog.RepositoryID, p Publication) (shown string, err error) {
	if label := s.traits(p.Format).DefaultLabel; label == "" || slices.Contains(p.Labels, label) {
		return "", nil
	}
	err = s.Catalog.Read(ctx, func(r catalog.Reader) error {
		shown, err = s.displayed(r, id, p.PackageKey)
		return err
	})
	return shown, err
}

// pinDefault points the default label of a package at a version, if it is not set or the repository has withdrawn or
// unlisted the one that it points at.
func (s *Service) pinDefault(w catalog.Writer, id catalog.RepositoryID, v artifact.VersionKey) error {
	label := s.traits(v.Format).DefaultLabel
	if label == "" || v.Version == "" {
		return nil
	}
	target, status, err := s.pointed(w, id, v.PackageKey)
	if err != nil || status == artifact.Published || target != "" && status == "" {
		return err
	}
	return w.SetLabels(id, v, label)
}

// labels points the labels that a publication names at its version. The default one, if it does not name it, it points
// there if it is the first, and else at what is shown, which the package displayed before.
func (s *Service) labels(w catalog.Writer, id catalog.RepositoryID, p Publication, first bool, shown string) error {
	names := p.Labels
	label := s.traits(p.Format).DefaultLabel
	named := label == "" || slices.Contains(names, label)
	if first && !named {
		names = append(slices.Clone(names), label)
	}
	if len(names) > 0 {
		if err := w.SetLabels(id, p.VersionKey, names...); err != nil {
			return err
		}
	}
	if first || named {
		return nil
	}
	return s.pinDefault(w, id, p.At(cmp.Or(shown, p.Version)))
}

// standIn is where the default label of a copy's destination points unless it comes along with the versions: at what was
// displayed before, or else at the preferred one of those that came.
func (t Traits) standIn(before string, copied []artifact.Version) string {
	if before != "" || t.DefaultLabel == "" {
		return before
	}
	return t.preferred(func(yield func(string) bool) {
		for _, v := range copied {
			if v.Status.Listed() && !yield(v.VersionKey.Version) {
				return
			}
		}
	})
}
