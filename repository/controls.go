package repository

import (
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

// startingControls is the table of the guide for a domain whose package groups allow everything. A package copied
// in allows both when its origin is internal; else it has the controls of one that was fetched.
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
func (s *Service) ensurePackage(w catalog.Writer, id catalog.RepositoryID, v artifact.Version, a arrival) error {
	in, err := s.admissionIn(w, id, v.PackageKey)
	if err != nil {
		return err
	}
	return s.putPackage(w, id, among(in.packages, id), v, a)
}

// putPackage is ensurePackage for a package that was looked up in the same transaction, nil if it is not there. Conflict if
// another package has a name that means the same.
func (s *Service) putPackage(w catalog.Writer, id catalog.RepositoryID, known *catalog.HeldPackage, v artifact.Version,
	a arrival) error {
	if known == nil {
		made := artifact.Package{PackageKey: v.PackageKey, Controls: startingControls(a, v.Origin.Type), Folded: s.folded(v.PackageKey)}
		if a != arrivedByPublish {
			made.Folded = s.foldedFrom(v.PackageKey)
		}
		if err := w.PutPackage(id, made); err != nil {
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

// admission answers which ways into repositories are open to one package. It is the one place that says so; what it
// rests on are the package's own origin controls in each repository.
type admission struct {
	packages map[catalog.RepositoryID]catalog.HeldPackage
	// namesakes are packages whose names mean the same where the package itself is not held: what they close stays closed
	// under every spelling.
	namesakes map[catalog.RepositoryID]artifact.Package
}

// controls are those that decide in a repository; zero, which is open, if nothing is there that could.
func (a admission) controls(in catalog.RepositoryID) artifact.Controls {
	if own, ok := a.packages[in]; ok {
		return own.Controls
	}
	return a.namesakes[in].Controls
}

// mayPull reports whether versions and assets of the package may come into the repository from anywhere upstream. A
// package that is not there yet may.
func (a admission) mayPull(into catalog.RepositoryID) bool {
	return a.controls(into).Upstream != artifact.Block
}

// mayPublish reports whether clients may publish versions of the package into the repository.
func (a admission) mayPublish(into catalog.RepositoryID) bool {
	return a.controls(into).Publish != artifact.Block
}

// admission reads what decides about a package in some repositories.
func (s *Service) admission(r catalog.Reader, ids []catalog.RepositoryID, p artifact.PackageKey) (a admission, err error) {
	if a.packages, err = r.PackageIn(ids, p); err != nil {
		return a, err
	}
	return s.admissionOf(r, ids, p, a.packages)
}

// admissionOf is admission for a package that was looked up already.
func (s *Service) admissionOf(r catalog.Reader, ids []catalog.RepositoryID, p artifact.PackageKey,
	packages map[catalog.RepositoryID]catalog.HeldPackage) (a admission, err error) {
	a.packages = packages
	if folded := s.folded(p); folded != "" {
		a.namesakes, err = r.FoldedIn(ids, p.Format, folded)
	}
	return a, err
}

// admissionIn is admission in one repository, inside the transaction that acts on it.
func (s *Service) admissionIn(r catalog.Reader, id catalog.RepositoryID, p artifact.PackageKey) (admission, error) {
	return s.admission(r, []catalog.RepositoryID{id}, p)
}
