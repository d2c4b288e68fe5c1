package repository

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// Finding is what one place said when something was looked for there.
type Finding string

// The findings.
const (
	NotAsked  Finding = "not-asked"  // the way there is closed, or the search had ended
	Lacks     Finding = "has-not"    // it does not have it, for sure
	Has       Finding = "has"        //
	Withholds Finding = "withholds"  // it has it with a status that does not serve it
	CannotSay Finding = "cannot-say" // a registry that may have it or not
)

// said is what a source of a plan said; the zero value is of one that was not asked.
type said struct {
	finding Finding
	status  artifact.Status // of the version, where there is one
	why     error           // why it cannot say
}

// trace is what became of a search, source by source. The error that ends a search carries it as a cause; whoever knows to
// whom the error goes words it (see Shelf.explained). So it costs a search no more than one slice.
type trace struct {
	graph graph
	plan  *plan
	pkg   artifact.PackageKey
	said  []said // by rank
	why   string // the sentence that keeps the reason general where nobody knows who reads it; empty if there is none
	cause error  // of the error that carries it; may be nil
}

// saidOf is what a source said that has the version with a status.
func saidOf(status artifact.Status) said {
	if status.Downloadable() {
		return said{finding: Has, status: status}
	}
	return said{finding: Withholds, status: status}
}

func newTrace(at *configuration, made *plan, p artifact.PackageKey) *trace {
	return &trace{graph: at.graph, plan: made, pkg: p, said: make([]said, len(made.sources))}
}

// Error tells the operator that there was a search, beside what caused its end.
func (t *trace) Error() string {
	text := fmt.Sprintf("after a search in %d places", len(t.said))
	if t.cause != nil {
		text += ": " + t.cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (t *trace) Unwrap() error { return t.cause }

// endedBy returns the error that ends the search, carrying the trace.
func (t *trace) endedBy(err error) error {
	e, ok := errors.AsType[*artifact.Error](err)
	if !ok {
		return err
	}
	ended, carrying := *e, *t
	carrying.cause = e.Err
	ended.Err = &carrying
	return &ended
}

// ErrWithheld is beneath the errors of what is not merely absent: there is such a version and its status keeps it from being
// served, or the package may not come from where it was looked for.
var ErrWithheld = errors.New("withheld")

// Place is one place of a search, in search order: a repository, or a registry that one is connected to.
type Place struct {
	Repository string          // empty where whoever asks may not know it
	Connection string          // of an external registry; empty for the repository's own records
	Depth      int             // 0 for the repository that was asked
	Says       Finding         //
	Status     artifact.Status // of the version there; empty if there is none
	Why        string          // why it was not asked, or cannot say; else empty
}

// name is what a place is called in a sentence.
func (p Place) name() string {
	switch {
	case p.Connection != "":
		return p.Connection
	case p.Repository == "":
		return "an upstream repository that you may not see"
	}
	return p.Repository
}

// inFull is the name of a place, of a repository with what it is.
func (p Place) inFull() string {
	if p.Repository == "" || p.Connection != "" {
		return p.name()
	}
	return "repository '" + p.Repository + "'"
}

// places are what a trace tells a caller. Repositories between are named only to who may read or describe them, and those
// directly upstream also to who may describe the one that was asked: the API would name them to him as well.
func (s *Service) places(ctx context.Context, c iam.Caller, at *configuration, t *trace) ([]Place, error) {
	w := placing{service: s, trace: t, known: func(repo catalog.Repository, depth int) (bool, error) {
		return s.mayKnow(ctx, c, at, repo, depth)
	}}
	err := w.visit(0, 0, "")
	return w.places, err
}

// placing walks a graph as its plan was laid.
type placing struct {
	service *Service
	trace   *trace
	known   func(repo catalog.Repository, depth int) (bool, error)
	rank    int // of the next source of the plan
	places  []Place
}

// visit adds a repository of the graph and all that lies behind it. closed says why the way there is closed; empty if it
// is open.
func (w *placing) visit(n, depth int, closed string) error {
	at := w.trace.graph.nodes[n]
	place := Place{Depth: depth, Says: NotAsked, Why: closed}
	known, err := w.known(at.repository, depth)
	if err != nil {
		return err
	}
	if known {
		place.Repository = at.repository.Name
	}
	a, f := w.trace.plan.admission, w.trace.pkg.Format
	upstreams := closed
	if closed == "" {
		if w.ask(&place); !known {
			place.Status = "" // that is told by its repository
		}
		toUpstreams := w.service.barrierToUpstreams(a, at.repository.ID, n == 0, f)
		upstreams = a.whyBarred(toUpstreams, artifact.InternalUpstream, place.inFull(), f)
	}
	w.places = append(w.places, place)
	for _, child := range at.children {
		if err := w.visit(child, depth+1, upstreams); err != nil {
			return err
		}
	}
	for _, source := range w.service.feeding(w.trace.graph, at.repository, f) {
		registry := Place{Repository: place.Repository, Connection: source.connection, Depth: depth, Says: NotAsked, Why: closed}
		if closed == "" {
			registry.Why = a.whyBarred(w.service.barrierTo(a, source, f), source.wayInto(at.repository), place.inFull(), f)
		}
		if registry.Why == "" {
			w.ask(&registry)
		}
		w.places = append(w.places, registry)
	}
	return nil
}

// searchEnded is why a place was not asked to which the way is open.
const searchEnded = "The search had ended before."

// ask fills in what the next source of the plan has said.
func (w *placing) ask(p *Place) {
	if w.rank >= len(w.trace.said) {
		return // the graph has changed since the plan was made
	}
	s := w.trace.said[w.rank]
	w.rank++
	p.Status = s.status
	switch {
	case s.finding != "":
		p.Says = s.finding
	default:
		p.Why = searchEnded
	}
	if e, ok := errors.AsType[*artifact.Error](s.why); ok {
		p.Why = e.Reason
	}
}

// mayKnow reports whether a caller who may read a repository may know the name of one behind it.
func (s *Service) mayKnow(ctx context.Context, c iam.Caller, at *configuration, repo catalog.Repository, depth int) (bool, error) {
	if depth == 0 {
		return true, nil
	}
	if depth == 1 && s.mayDo(at, c, "DescribeRepository", OnRepository(at.repository.RepositoryKey)) {
		return true, nil
	}
	behind, err := s.configuration(ctx, repo.DomainKey(), repo.Name)
	if err != nil {
		return false, err
	}
	on := OnRepository(repo.RepositoryKey)
	return s.mayDo(behind, c, readFromRepository, on) || s.mayDo(behind, c, "DescribeRepository", on), nil
}

// maxNamedPlaces is how many places of a search an error names.
const maxNamedPlaces = 12

// searched says in sentences that follow another one what was searched; empty if there is nothing to say that the first
// sentence has not said.
func searched(first string, places []Place) string {
	if len(places) < 2 {
		return ""
	}
	more := len(places) - maxNamedPlaces
	var asked, closed []string
	closings, last := "", ""
	end := func() {
		if len(closed) > 0 {
			closings += " Not asked: " + strings.Join(closed, ", ") + ". " + last
		}
		closed = nil
	}
	for _, p := range places[:min(len(places), maxNamedPlaces)] {
		if p.Says != NotAsked {
			if strings.HasPrefix(first, p.Why) {
				p.Why = ""
			}
			asked = append(asked, p.name()+p.saying())
			continue
		}
		if p.Why != last {
			end()
		}
		closed, last = append(closed, p.name()), p.Why
	}
	end()
	text := " Searched: " + strings.Join(asked, ", ") + "." + closings
	if more > 0 {
		text += fmt.Sprintf(" There are %d places more.", more)
	}
	return text
}

// saying is what a place said, in brackets.
func (p Place) saying() string {
	switch {
	case p.Says == Has:
		return " (there)"
	case p.Says == Withholds && p.Status != "":
		return fmt.Sprintf(" (there with the status %s)", p.Status)
	case p.Says == Withholds:
		return " (there with nothing to serve)"
	case p.Says == CannotSay && p.Why == "":
		return " (cannot say)"
	case p.Says == CannotSay:
		return fmt.Sprintf(" (cannot say: %s)", strings.TrimSuffix(p.Why, "."))
	}
	return " (not there)"
}

// explained adds to an error what the caller may know of how it came about: what was searched, or which statement has decided.
func (s *Shelf) explained(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*artifact.Error](err)
	if !ok {
		return err
	}
	told := *e
	if r, ok := errors.AsType[*refusal](err); ok {
		told.Reason += s.service.statement(ctx, s.caller, r)
		return &told
	}
	t, ok := errors.AsType[*trace](err)
	if !ok {
		return err
	}
	at, failed := s.service.existing(ctx, s.key)
	if failed != nil {
		return err
	}
	places, failed := s.service.places(ctx, s.caller, at, t)
	if failed != nil {
		return err
	}
	if more := searched(told.Reason, places); more != "" {
		told.Reason = strings.TrimSuffix(told.Reason, t.why) + more
	}
	return &told
}
