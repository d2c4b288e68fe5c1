package repository

import (
	"maps"

	"entrepot/artifact"
	"entrepot/catalog"
)

// arrival is how the first version of a package came into a repository. It decides the origin controls that the package
// starts with (user guide, "Editing package origin controls").
type arrival uint8

const (
	arrivedByPublish arrival = iota
	arrivedFromUpstream
	arrivedFromExternal
	arrivedByCopy
)

// startingControls is the table of the guide for a domain whose package groups allow everything. A package copied in is
// open to both sides when it is our own, and as closed as an ingested one when it came from outside.
func startingControls(a arrival, o artifact.OriginType) artifact.Controls {
	switch {
	case a == arrivedByPublish:
		return artifact.Controls{Publish: artifact.Allow, Upstream: artifact.Block}
	case a == arrivedByCopy && o == artifact.OriginInternal:
		return artifact.Controls{Publish: artifact.Allow, Upstream: artifact.Allow}
	}
	return artifact.Controls{Publish: artifact.Block, Upstream: artifact.Allow}
}

// ensurePackage makes the package of a version if the repository does not have it yet, and keeps the text by which
// search finds it up to date.
func ensurePackage(w catalog.Writer, id catalog.RepositoryID, v artifact.Version, a arrival) error {
	held, err := w.PackageIn([]catalog.RepositoryID{id}, v.PackageKey)
	if err != nil {
		return err
	}
	return settlePackage(w, id, among(held, id), v, a, nil)
}

// settlePackage is ensurePackage for a package that was looked up in the same transaction, nil if it is not there. The
// labels are pointed at the version, whatever they pointed at.
func settlePackage(w catalog.Writer, id catalog.RepositoryID, known *artifact.Package, v artifact.Version, a arrival,
	labels map[string]string) error {
	pkg := artifact.Package{PackageKey: v.PackageKey, Controls: startingControls(a, v.Origin.Type)}
	if known != nil {
		pkg = *known
	}
	if len(labels) > 0 {
		if pkg.Labels = maps.Clone(pkg.Labels); pkg.Labels == nil {
			pkg.Labels = make(map[string]string, len(labels))
		}
		for label := range labels {
			pkg.Labels[label] = v.Version
		}
	}
	if known == nil || len(labels) > 0 {
		if err := w.PutPackage(id, pkg); err != nil {
			return err
		}
	}
	return w.DescribePackage(id, v.PackageKey, v.Details.DisplayName+"\n"+v.Details.Summary)
}

// among returns what a look-up over several repositories found in one of them, or nil.
func among[T any](held map[catalog.RepositoryID]T, id catalog.RepositoryID) *T {
	if found, ok := held[id]; ok {
		return &found
	}
	return nil
}

// mayPull reports whether versions of the package may come into the repository from anywhere upstream. A package that
// is not there yet may.
func mayPull(held map[catalog.RepositoryID]artifact.Package, id catalog.RepositoryID) bool {
	return held[id].Controls.Upstream != artifact.Block
}

// mayPublish reports whether clients may publish versions of the package into the repository.
func mayPublish(pkg *artifact.Package) bool {
	return pkg == nil || pkg.Controls.Publish != artifact.Block
}
