package repository

import (
	"fmt"

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

// startingControls is the table of the guide. Where a package's group restricts anything the package leaves all to the
// group. A package copied in allows both when its origin is internal; else it has the controls of one that was fetched.
func startingControls(a arrival, o artifact.OriginType, of membership) artifact.Controls {
	switch {
	case a == arrivedByCopy && o == artifact.OriginInternal || a != arrivedByCopy && !of.unrestricted():
		return artifact.Controls{Publish: artifact.Allow, Upstream: artifact.Allow}
	case a == arrivedByPublish:
		return artifact.Controls{Publish: artifact.Allow, Upstream: artifact.Block}
	}
	return artifact.Controls{Publish: artifact.Block, Upstream: artifact.Allow}
}

// ensurePackage makes the package of a version if the repository does not have it yet, and keeps the text by which
// search finds it up to date.
func (s *Service) ensurePackage(w catalog.Writer, repo catalog.Repository, v artifact.Version, a arrival) error {
	in, err := s.admissionIn(w, repo, v.PackageKey)
	if err != nil {
		return err
	}
	return s.putPackage(w, repo.ID, in, v, a)
}

// putPackage is ensurePackage for a package that was looked up in the same transaction. Conflict if another package has a
// name that means the same.
func (s *Service) putPackage(w catalog.Writer, id catalog.RepositoryID, in admission, v artifact.Version, a arrival) error {
	if among(in.packages, id) == nil {
		made := artifact.Package{PackageKey: v.PackageKey, Controls: startingControls(a, v.Origin.Type, in.of),
			Folded: s.folded(v.PackageKey)}
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
// rests on are the package's own origin controls in each repository and the package group that it belongs to. A way is
// open if both let it be (user guide, "Package origin controls").
type admission struct {
	packages map[catalog.RepositoryID]catalog.HeldPackage
	// namesakes are packages whose names mean the same where the package itself is not held: what they close stays closed
	// under every spelling.
	namesakes map[catalog.RepositoryID]artifact.Package
	of        membership
}

// controls are those that decide in a repository; zero, which is open, if nothing is there that could.
func (a admission) controls(in catalog.RepositoryID) artifact.Controls {
	if own, ok := a.packages[in]; ok {
		return own.Controls
	}
	return a.namesakes[in].Controls
}

// reachesBeyond reports whether anything upstream of a repository is searched for the package. A package that is not there
// yet may come. Groups have no say: they are asked where versions are kept, and of what is searched between nothing is.
func (a admission) reachesBeyond(repo catalog.RepositoryID) bool {
	return a.controls(repo).Upstream != artifact.Block
}

// mayPull reports whether versions and assets of the package may come into the repository from upstream by one way: from
// its external connection or from a repository behind it.
func (a admission) mayPull(way artifact.RestrictionType, into catalog.RepositoryID) bool {
	return a.reachesBeyond(into) && a.of.allows(way, into)
}

// mayPublish reports whether clients may publish versions of the package into the repository.
func (a admission) mayPublish(into catalog.RepositoryID) bool {
	return a.controls(into).Publish != artifact.Block && a.of.allows(artifact.Publishing, into)
}

// whyNotPublish says why not, in a sentence.
func (a admission) whyNotPublish(into catalog.Repository, p artifact.PackageKey) string {
	if a.controls(into.ID).Publish == artifact.Block {
		return fmt.Sprintf("The origin controls of package '%s' in repository '%s' do not allow publishing (publish=BLOCK).",
			p.Qualified(), into.Name)
	}
	return a.of.refusal(artifact.Publishing, fmt.Sprintf("publishing package '%s' into repository '%s'", p.Qualified(), into.Name))
}

// barrier is what closes the way of a package into a repository.
type barrier uint8

const (
	noBarrier  barrier = iota
	byFormat           // nothing of the format is searched upstream
	byControls         // the package's origin controls
	byGroup            // the package's group
)

// barrierToUpstreams is what keeps a package from being looked for in the repositories upstream of one. Of repositories
// between, which keep nothing, no group is asked.
func (s *Service) barrierToUpstreams(a admission, at catalog.RepositoryID, asked bool, f artifact.Format) barrier {
	switch {
	case s.traits(f).InternalOnly:
		return byFormat
	case !a.reachesBeyond(at):
		return byControls
	case asked && !a.of.allows(artifact.InternalUpstream, at):
		return byGroup
	}
	return noBarrier
}

// barrierTo is what keeps it from being looked for in a registry that a repository is connected to. A remote is there for
// packages of every format.
func (s *Service) barrierTo(a admission, source planSource, f artifact.Format) barrier {
	at := source.repository
	switch {
	case s.traits(f).InternalOnly && !source.registry.remote:
		return byFormat
	case !a.reachesBeyond(at.ID):
		return byControls
	case !a.of.allows(source.wayInto(at), at.ID):
		return byGroup
	}
	return noBarrier
}

// whyBarred words a barrier before one way into a repository, which is called by its name or by what the caller may know of
// it; empty if there is none.
func (a admission) whyBarred(b barrier, way artifact.RestrictionType, repo string, f artifact.Format) string {
	switch b {
	case byFormat:
		return fmt.Sprintf("Packages of the format %s stay in the repositories they were published to.", f)
	case byControls:
		return fmt.Sprintf("The origin controls of this package in %s block upstream versions (upstream=BLOCK).", repo)
	case byGroup:
		what := "versions from external connections"
		if way == artifact.InternalUpstream {
			what = "versions from upstream in " + repo
		}
		return a.of.refusal(way, what)
	}
	return ""
}

// whyNotPulled says what keeps the package from coming into the repository of a graph from upstream, in a sentence that
// follows another one; empty if nothing does. No other repository is named: the caller may not know of it.
func (s *Service) whyNotPulled(a admission, g graph, f artifact.Format) string {
	for i, n := range g.nodes {
		upstreams := s.barrierToUpstreams(a, n.repository.ID, i == 0, f)
		name := "an upstream repository"
		if i == 0 {
			name = fmt.Sprintf("repository '%s'", n.repository.Name)
		}
		if upstreams != noBarrier && len(n.children) > 0 {
			return " " + a.whyBarred(upstreams, artifact.InternalUpstream, name, f)
		}
		for _, source := range s.feeding(g, n.repository, f) {
			if b := s.barrierTo(a, source, f); b != noBarrier {
				return " " + a.whyBarred(b, source.wayInto(n.repository), name, f)
			}
		}
	}
	return ""
}

// admission reads what decides about a package in some repositories of a domain with these groups.
func (s *Service) admission(r catalog.Reader, all *groups, ids []catalog.RepositoryID,
	p artifact.PackageKey) (a admission, err error) {
	if a.packages, err = r.PackageIn(ids, p); err != nil {
		return a, err
	}
	return s.admissionOf(r, all, ids, p, a.packages)
}

// admissionOf is admission for a package that was looked up already.
func (s *Service) admissionOf(r catalog.Reader, all *groups, ids []catalog.RepositoryID, p artifact.PackageKey,
	packages map[catalog.RepositoryID]catalog.HeldPackage) (a admission, err error) {
	a.packages, a.of = packages, all.membership(p)
	if folded := s.folded(p); folded != "" {
		a.namesakes, err = r.FoldedIn(ids, p.Format, folded)
	}
	return a, err
}

// admissionIn is admission in one repository, inside the transaction that acts on it.
func (s *Service) admissionIn(r catalog.Reader, repo catalog.Repository, p artifact.PackageKey) (admission, error) {
	all, err := s.groupsIn(r, repo.Domain)
	if err != nil {
		return admission{}, err
	}
	return s.admission(r, all, []catalog.RepositoryID{repo.ID}, p)
}
