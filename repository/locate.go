package repository

import (
	"context"
	"errors"
	"iter"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// located is a version and the source of the plan that it belongs to.
type located struct {
	rank   int
	source planSource
	// version is the repository's record, whatever its status and without manifest and details, or the version as the
	// registry lists it.
	version artifact.Version
	// held are all records of the version in the plan's repositories, the decisive one among them.
	held map[catalog.RepositoryID]artifact.Version
	// fence is the domain's, out of the same reading as held, if that is empty: for what will be fetched.
	fence fenceReading
	// coming is the asset that the version was looked for by, where it was found by fetching it.
	coming *File
	trace  *trace
}

// own reports whether the asked repository itself has a record: it alone decides, whatever its status.
func (l located) own() bool { return l.rank == 0 }

// listed reports whether only an external registry has the version.
func (l located) listed() bool { return l.source.connection != "" }

// locate finds a version: in the asked repository, else in the first source of the plan that has it (user guide,
// "Upstream repository behavior"). ask is how an external registry is asked. NotFound says why where the caller may know;
// Unavailable if the version may be there but a registry does not answer.
func (s *Service) locate(ctx context.Context, at *configuration, v artifact.VersionKey,
	ask asking) (*plan, located, error) {
	var held located
	made, err := s.planAnd(ctx, at, v.PackageKey, func(r catalog.Reader, made *plan) (err error) {
		held, err = s.holders(r, at, made, v)
		return err
	})
	if err != nil {
		return nil, located{}, err
	}
	found, err := s.choose(ctx, at, made, held, v, ask)
	return made, found, err
}

// locateBy is locate by a plan at hand.
func (s *Service) locateBy(ctx context.Context, at *configuration, made *plan, v artifact.VersionKey) (located, error) {
	var held located
	err := s.Catalog.Read(ctx, func(r catalog.Reader) (err error) {
		held, err = s.holders(r, at, made, v)
		return err
	})
	if err != nil {
		return located{}, err
	}
	return s.choose(ctx, at, made, held, v, s.byQuestion(v, ""))
}

// asking has the external registry of found.source asked for the version, and fills in what it has.
type asking func(ctx context.Context, made *plan, found *located) (has bool, unavailable, err error)

// byQuestion asks for a version, and for an asset of it if one is named.
func (s *Service) byQuestion(v artifact.VersionKey, asset string) asking {
	return func(ctx context.Context, _ *plan, found *located) (has bool, unavailable, err error) {
		listed, unavailable, err := s.askForVersion(ctx, found.source.registry, v, asset, true)
		if listed != nil {
			found.version = *listed
		}
		return listed != nil, unavailable, err
	}
}

// byFetching asks a registry that lists no files for the asset itself: that tells as much as a question first, and takes
// one trip less. What no repository could record is asked for all the same, for it is refused only if it is there.
func (s *Service) byFetching(c iam.Caller, at *configuration, v artifact.VersionKey, asset string) asking {
	question := s.byQuestion(v, asset)
	return func(ctx context.Context, made *plan, found *located) (has bool, unavailable, err error) {
		finder, ok := found.source.registry.Source.(Finder)
		if !ok || found.source.registry.remote { // which may withhold a version, and that is not learned by fetching
			return question(ctx, made, found)
		}
		found.version, err = finder.Presume(v, asset)
		if err == nil {
			from := s.firstImport(*found, made.asked())
			if s.roomFor(made, from) != nil || s.recordable(at.repository.RepositoryKey, withPromise(from.version, asset)) != nil {
				return question(ctx, made, found)
			}
			var coming File
			if coming, err = s.fetch(ctx, c, at, from, asset); err == nil {
				found.coming = &coming
				return true, nil, nil
			}
		}
		answer, err := sortedOut(err)
		return false, answer.unavailable, err
	}
}

// holders reads what the repositories of the plan have of the version.
func (s *Service) holders(r catalog.Reader, at *configuration, made *plan, v artifact.VersionKey) (found located, err error) {
	if found.held, err = r.VersionIn(made.repositories(), v); err != nil || len(found.held) > 0 {
		return found, err
	}
	found.fence, err = fenceAhead(r, *at.domain)
	return found, err
}

// choose goes through the plan in search order, with what its repositories hold at hand.
func (s *Service) choose(ctx context.Context, at *configuration, made *plan, found located, v artifact.VersionKey,
	ask asking) (located, error) {
	found.trace = newTrace(at, made, v.PackageKey)
	// What one registry cannot say another may know; but behind one that may withhold the version none is asked. What repositories
	// there hold is kept, and goes on.
	var unavailable, untold error
	silent := map[string]error{} // connections, of which several repositories may have one: what hangs is not waited for twice
	for rank, source := range made.sources {
		if rank == 1 && at.graph.dangling {
			return located{}, at.errDangling()
		}
		found.rank, found.source = rank, source
		says := &found.trace.said[rank]
		*says = said{finding: Lacks}
		if source.connection == "" {
			if held, ok := found.held[source.repository.ID]; ok {
				found.version = held
				*says = saidOf(held.Status)
				if rank > 0 && says.finding == Withholds {
					return located{}, found.trace.endedBy(withdrawnUpstream(v))
				}
				return found, nil
			}
			continue
		}
		if why := silent[source.connection]; why != nil {
			*says = said{finding: CannotSay, why: why}
			continue
		}
		if untold != nil {
			*says = said{}
			continue
		}
		has, why, err := ask(ctx, made, &found)
		switch {
		case err != nil:
			return located{}, err
		case why != nil:
			silent[source.connection], unavailable = why, why
			*says = said{finding: CannotSay, why: why}
			switch {
			case errors.Is(why, errOwned):
				if errors.Is(why, ErrWithheld) {
					says.finding = Withholds
				}
				return located{}, found.trace.endedBy(why)
			case errors.Is(why, ErrUntold):
				untold = why
			}
		case has:
			if *says = saidOf(found.version.Status); says.finding == Withholds {
				return located{}, found.trace.endedBy(withdrawnUpstream(v))
			}
			return found, nil
		}
	}
	switch {
	case at.graph.dangling:
		return located{}, at.errDangling()
	case unavailable != nil:
		return located{}, found.trace.endedBy(unavailable)
	}
	return located{}, s.notThrough(found.trace, v)
}

// behind yields where an asset may come from that the record found lacks: the repositories behind it, each with its
// record of the version, and last, without one, the connection that the version came through. A record that is withdrawn
// or of another origin hides what lies behind it: nothing that is published inside ever gets an asset from outside, and
// no version mixes origins.
func (p *plan) behind(found located) iter.Seq2[planSource, *artifact.Version] {
	return func(yield func(planSource, *artifact.Version) bool) {
		if found.listed() || !found.version.Origin.Fetched() {
			return
		}
		for _, source := range p.sources[found.rank+1:] {
			held := among(found.held, source.repository.ID)
			switch {
			case source.connection == found.version.Origin.Connection:
				yield(source, nil)
				return
			case source.connection != "" || held == nil:
				continue
			case !held.Status.Downloadable() || held.Origin != found.version.Origin || !yield(source, held):
				return
			}
		}
	}
}

// connectionBehind returns the connection that the record found came through, and whether it may still be asked.
func (p *plan) connectionBehind(found located) (planSource, bool) {
	for source, held := range p.behind(found) {
		if held == nil {
			return source, true
		}
	}
	return planSource{}, false
}

// registriesBehind are the registries that behind yields: one, if any.
func (p *plan) registriesBehind(found located) []registry {
	if source, ok := p.connectionBehind(found); ok {
		return []registry{source.registry}
	}
	return nil
}

// withdrawnUpstream ends a search at a version whose status withholds it. It hides what lies behind: that is how an
// administrator blocks a version for every repository below (user guide, "Package version status").
func withdrawnUpstream(v artifact.VersionKey) error {
	return artifact.Errorf(artifact.NotFound,
		"Version %s of %s is withdrawn: an upstream repository holds it with a status that does not serve it.",
		v.Version, v.Qualified()).About(artifact.VersionResource, v.String()).Causing(ErrWithheld)
}

// notThrough says that a version is nowhere, without naming repositories that the caller may not know of.
func (s *Service) notThrough(t *trace, v artifact.VersionKey) error {
	return s.barred(t, artifact.Errorf(artifact.NotFound,
		"Version %s of %s is neither in repository %s nor in the %d repositories upstream of it.",
		v.Version, v.Qualified(), t.plan.asked().Name, len(t.graph.nodes)-1).About(artifact.VersionResource, v.String()))
}

// barred ends a search that has found nothing, and says what keeps it from coming if something does.
func (s *Service) barred(t *trace, none *artifact.Error) error {
	if why := s.whyNotPulled(t.plan.admission, t.graph, t.pkg.Format); why != "" {
		t.why = why
		none.Reason += why
		none.Err = ErrWithheld
	}
	return t.endedBy(none)
}
