package repository

import (
	"context"

	"entrepot/artifact"
	"entrepot/catalog"
)

// bounded is a catalog that refuses what would make a package hold more than its quotas, whoever writes: publications,
// copies, labels, what is retained and what follows a registry. The usage that it looks at is counted in the package's
// row, so it costs the same however much there is.
type bounded struct {
	catalog.Store
	quotas Quotas
}

// Write implements catalog.Store. Its Writer answers Quota where a package has no more room.
func (b bounded) Write(ctx context.Context, fn func(catalog.Writer) error) error {
	return b.Store.Write(ctx, func(w catalog.Writer) error { return fn(boundedWriter{w, b.quotas}) })
}

type boundedWriter struct {
	catalog.Writer
	quotas Quotas
}

// CreateVersion implements catalog.VersionWriter. That the version is there already is told before that there is no room
// for it.
func (w boundedWriter) CreateVersion(id catalog.RepositoryID, v artifact.Version) error {
	if err := w.Writer.CreateVersion(id, v); err != nil {
		return err
	}
	held, err := w.PackageUsage(id, v.PackageKey)
	if err != nil {
		return err
	}
	return w.quotas.allow(v.PackageKey, held, catalog.PackageUsage{Versions: 1, IndexBytes: v.IndexBytes()})
}

// UpdateVersion implements catalog.VersionWriter. After Quota nothing has been written.
func (w boundedWriter) UpdateVersion(id catalog.RepositoryID, v artifact.Version) error {
	held, err := w.PackageUsage(id, v.PackageKey)
	if err != nil {
		return err
	}
	// What the version has now is among what is held; only a package that is nearly full is worth a look at it.
	if held.IndexBytes+v.IndexBytes() > w.quotas.PackageIndex {
		known, err := w.Version(id, v.VersionKey)
		if err != nil {
			return err
		}
		more := catalog.PackageUsage{IndexBytes: v.IndexBytes() - known.IndexBytes()}
		held.IndexBytes += more.IndexBytes
		if err := w.quotas.allow(v.PackageKey, held, more); err != nil {
			return err
		}
	}
	return w.Writer.UpdateVersion(id, v)
}

// SetLabels implements catalog.LabelWriter.
func (w boundedWriter) SetLabels(id catalog.RepositoryID, v artifact.VersionKey, names ...string) error {
	before, err := w.PackageUsage(id, v.PackageKey)
	if err != nil {
		return err
	}
	if err := w.Writer.SetLabels(id, v, names...); err != nil {
		return err
	}
	held, err := w.PackageUsage(id, v.PackageKey)
	if err != nil {
		return err
	}
	return w.quotas.allow(v.PackageKey, held, catalog.PackageUsage{Labels: held.Labels - before.Labels})
}

// allow refuses a package that holds too much of something of which there is more than before. What was too much before
// may become less, and be changed.
func (q Quotas) allow(p artifact.PackageKey, held, more catalog.PackageUsage) error {
	for _, limit := range []struct {
		more, held, most int64
		sentence         string
	}{
		{int64(more.Versions), int64(held.Versions), int64(q.PackageVersions),
			"A repository can hold at most %d versions of a package. Delete some that are not needed any more."},
		{int64(more.Labels), int64(held.Labels), int64(q.PackageLabels),
			"A package can have at most %d tags. Remove some that are not needed any more."},
		{more.IndexBytes, held.IndexBytes, q.PackageIndex, "The versions of a package can have at most %d bytes of " +
			"metadata together. Delete some that are not needed any more, or publish with less metadata."},
	} {
		if limit.more > 0 && limit.held > limit.most {
			return artifact.Errorf(artifact.Quota, limit.sentence, limit.most).About(artifact.PackageResource, p.String())
		}
	}
	return nil
}

// turnWeight is about how much one transaction does where many versions change: others have to write as well, and wait
// for it. It is a hundred versions of the usual kind, a few milliseconds.
const turnWeight = 256

// weightShift makes a weight of bytes: 16 KiB of an index cost about as much as an asset.
const weightShift = 14

// weight is about what it costs to write a version, next to one that has no assets and a short manifest.
func weight(v artifact.Version) int { return 1 + len(v.Assets) + int(v.IndexBytes()>>weightShift) }

// inTurns does something to each of the items and then to those that were done, in as many transactions as it takes for
// none of them to be long. do returns the weight of what it wrote. If a later transaction fails, what was done in
// earlier ones stays.
func inTurns[T any](ctx context.Context, store catalog.Store, items []T, do func(catalog.Writer, T) (int, error),
	finish func(catalog.Writer, []T) error) error {
	for len(items) > 0 {
		done := 0
		err := store.Write(ctx, func(w catalog.Writer) error {
			done = 0
			for spent := 0; done < len(items) && spent < turnWeight; done++ {
				weight, err := do(w, items[done])
				if err != nil {
					return err
				}
				spent += max(weight, 1)
			}
			return finish(w, items[:done])
		})
		if err != nil {
			return err
		}
		items = items[done:]
	}
	return nil
}
