package repository

import (
	"context"
	"errors"
	"fmt"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// Question is what an explanation is asked for: what becomes of an action, of a package or one version or one asset of it.
type Question struct {
	Repository artifact.RepositoryKey
	Action     string              // by its name in the table of actions; empty is ReadFromRepository
	Package    artifact.PackageKey // without a name only permission is explained
	Version    string              // empty for the package as a whole
	Asset      string              // empty for the version as a whole
}

// Explanation is why a principal is answered as it is, in the order in which it is decided. What whoever asks could not find
// out otherwise is left out.
type Explanation struct {
	Permission Permission
	Group      *GroupExplained // nil if there is none that may be told
	Controls   []ControlsHere  // of the package, in the repositories that have some
	Places     []Place         // nil if nothing was searched
	Verdict    Verdict
}

// Permission is how a policy decided.
type Permission struct {
	Principal, Action, Resource string
	Allowed                     bool
	Reason                      string // which kind of policy decided, and how
	Message                     string // what the principal is told; empty if it is allowed
	Statement                   *Statement
}

// Statement is the statement of a policy that decided.
type Statement struct {
	Policy   string // its name, or whose it is
	Sid      string // may be empty
	Position int    // in the policy, counted from 1
}

// GroupExplained is the package group that a package belongs to.
type GroupExplained struct {
	Pattern      string
	Variant      bool // the package's name is a variant of one that the group is about: nothing of it is let in
	Restrictions []RestrictionExplained
}

// RestrictionExplained is what a group says of one way into repositories.
type RestrictionExplained struct {
	Type   artifact.RestrictionType
	Mode   artifact.RestrictionMode // in effect
	From   string                   // the pattern of the group that it is inherited from; empty if it is its own
	Closed bool                     // for the repository that was asked
}

// ControlsHere are the origin controls of a package in one repository.
type ControlsHere struct {
	Repository string
	artifact.Controls
}

// Ending is how a request ends.
type Ending string

// The endings.
const (
	Served      Ending = "served"
	Permitted   Ending = "permitted" // and nothing more is known, or told
	Refused     Ending = "denied"
	Absent      Ending = "not-found"
	Withheld    Ending = "withheld" // it is there, or could be, and something keeps it away
	Unreachable Ending = "unavailable"
	Conflicting Ending = "conflict" // it cannot be published
)

// Verdict is how the request ends, why, and what can be done.
type Verdict struct {
	Ending Ending
	Why    string // a sentence
	Next   string // a sentence; empty if there is nothing to do
}

// Explain explains to asker what becomes of a request of as, which is the asker itself, or a principal that it may have
// simulated: that is for whoever brings it to ask. Nothing is changed, recorded, retained or fetched; registries are asked what they list of a
// package whose name may be sent to them. Invalid: there is no such action, or it is done to something else.
func (s *Service) Explain(ctx context.Context, asker, as iam.Caller, q Question) (Explanation, error) {
	if q.Action == "" {
		q.Action = readFromRepository
	}
	v := s.Canonical(q.Package.At(q.Version))
	q.Package, q.Version = v.PackageKey, v.Version
	on, err := q.subject()
	if err != nil {
		return Explanation{}, err
	}
	at, err := s.configuration(ctx, q.Repository.DomainKey(), q.Repository.Name)
	if err != nil {
		return Explanation{}, err
	}
	x := explaining{Service: s, asker: asker, as: as, at: at, q: q, on: on}
	return x.explain(ctx)
}

// subject is what the action is done to: the package, else the repository, else the domain.
func (q Question) subject() (Subject, error) {
	a, known := ActionNamed(q.Action)
	if !known {
		return Subject{}, artifact.Errorf(artifact.Invalid, "There is no action codeartifact:%.100s.", q.Action)
	}
	subjects := []Subject{OnPackage(q.Repository, q.Package), OnRepository(q.Repository), OnDomain(q.Repository.DomainKey())}
	if q.Package.Name == "" {
		subjects = subjects[1:]
	}
	for _, on := range subjects {
		if a.Fits(on) {
			return on, nil
		}
	}
	return Subject{}, artifact.Errorf(artifact.Invalid, "%s is judged on a %s. Name one.", a.Permission(), a.JudgedOn())
}

// explaining is one explanation on its way.
type explaining struct {
	*Service
	asker, as iam.Caller
	at        *configuration
	q         Question
	on        Subject
	out       Explanation
}

func (x *explaining) explain(ctx context.Context) (Explanation, error) {
	if err := x.permission(ctx); err != nil {
		return Explanation{}, err
	}
	mayRead := func(c iam.Caller) bool { return x.mayDo(x.at, c, readFromRepository, OnRepository(x.q.Repository)) }
	switch {
	case !x.out.Permission.Allowed:
		x.out.Verdict = Verdict{Refused, x.out.Permission.Message, nextAfter(x.out.Permission.Reason)}
	case x.at.ownerClosed != nil:
		x.out.Verdict = Verdict{Refused, reasonOf(x.at.ownerClosed), ""}
	case !mayRead(x.as) || !mayRead(x.asker):
		x.out.Verdict = Verdict{Permitted, "The action is allowed.",
			"What the repository has is told to those who may read it (codeartifact:ReadFromRepository)."}
	case x.at.exists(x.q.Repository) != nil:
		x.end(x.at.exists(x.q.Repository))
	case x.at.keyUnusable != nil:
		x.out.Verdict = Verdict{Refused, reasonOf(x.at.keyUnusable), ""}
	case x.q.Package.Name == "":
		x.out.Verdict = Verdict{Permitted, "The action is allowed.", ""}
	case x.at.graph.dangling:
		x.end(x.at.errDangling())
	default:
		err := x.content(ctx)
		return x.out, err
	}
	return x.out, nil
}

// permission fills in how the policies decide.
func (x *explaining) permission(ctx context.Context) error {
	asked, judged, err := judgedAt(x.q.Action, x.on)
	if err != nil {
		return err
	}
	request, decision := x.decide(x.at, x.as, asked, judged, x.on, nil)
	x.out.Permission = Permission{Principal: x.as.Principal.String(), Action: request.Action, Resource: decision.Resource,
		Allowed: decision.Allowed(), Reason: decision.Reason.String(), Message: decision.Message(request)}
	if decision.Statement > 0 && x.mayReadPolicy(ctx, x.asker, x.as.Principal, decision, x.on) {
		x.out.Permission.Statement = &Statement{Policy: decision.Policy, Sid: decision.Sid, Position: decision.Statement}
	}
	return nil
}

// nextAfter is what can be done about a denial.
func nextAfter(reason string) string {
	next, known := map[string]string{
		iam.NoIdentityAllow.String(): "Allow the action in a policy of the principal or of one of its groups, or name the principal in " +
			"the policy of the repository or of the domain.",
		iam.NoResourceAllow.String(): "The principal is of another account: the policy of the repository or of the domain has to allow " +
			"it as well.",
		iam.DeniedByBoundary.String(): "The permissions boundary of the principal has to allow the action as well.",
		iam.DeniedBySession.String():  "The policies that the session was begun with have to allow the action as well.",
	}[reason]
	if !known {
		return "A Deny wins over every Allow: change the statement, or its conditions."
	}
	return next
}

// content fills in what decides about the package and where it is.
func (x *explaining) content(ctx context.Context) error {
	made, err := x.plan(ctx, x.at, x.q.Package)
	if err != nil {
		return err
	}
	if err := x.origin(ctx, made); err != nil {
		return err
	}
	if x.q.Version == "" {
		return x.wholePackage(ctx, made)
	}
	return x.oneVersion(ctx)
}

// origin fills in the package's group and its origin controls, as far as the asker could have them told.
func (x *explaining) origin(ctx context.Context, made *plan) error {
	domain := x.q.Repository.DomainKey()
	if g := made.of.group; g != nil {
		around, err := x.surroundings(ctx, configurationKey{domain: domain, group: g.Pattern})
		if err != nil {
			return err
		}
		if x.mayDo(around, x.asker, "GetAssociatedPackageGroup", Subject{Domain: domain, Group: g.Pattern}) {
			x.out.Group = made.of.explained(x.at.repository.ID)
		}
	}
	for _, n := range x.at.graph.nodes {
		key := n.repository.RepositoryKey
		around, err := x.configuration(ctx, domain, key.Name)
		if err != nil {
			return err
		}
		held := among(made.packages, n.repository.ID)
		if held != nil && x.mayDo(around, x.asker, "DescribePackage", OnPackage(key, x.q.Package)) {
			x.out.Controls = append(x.out.Controls, ControlsHere{key.Name, held.Controls})
		}
	}
	return nil
}

// explained tells what a package's group says of each way into a repository.
func (m membership) explained(into catalog.RepositoryID) *GroupExplained {
	told := &GroupExplained{Pattern: m.group.Pattern, Variant: m.variant()}
	for _, t := range artifact.RestrictionTypes() {
		r := RestrictionExplained{Type: t, Mode: m.group.decides(t).mode(t), Closed: !m.allows(t, into)}
		if decider := m.group.decides(t); decider != nil && decider != m.group {
			r.From = decider.Pattern
		}
		told.Restrictions = append(told.Restrictions, r)
	}
	return told
}

// oneVersion looks for a version as a request for it would, without bringing it in.
func (x *explaining) oneVersion(ctx context.Context) error {
	v := x.q.Package.At(x.q.Version)
	made, found, err := x.locate(ctx, x.at, v, x.byQuestion(v, x.q.Asset))
	if err != nil {
		return x.ended(ctx, err)
	}
	if err := x.walked(ctx, found.trace); err != nil {
		return err
	}
	if found.own() {
		if err := mayBeServed(*x.at.repository, found.version); err != nil {
			x.end(err)
			x.out.Verdict.Next = nextAfterStatus(found.version.Status)
			return nil
		}
	}
	_, has := found.version.Asset(x.q.Asset)
	if !has && x.q.Asset != "" && x.traits(v.Format).Late != 0 {
		if _, has, err = x.statLate(ctx, made, found, x.q.Asset); err != nil {
			return x.ended(ctx, err)
		}
	}
	if !has && x.q.Asset != "" {
		x.end(noAsset(x.q.Repository, v, x.q.Asset))
		return nil
	}
	x.found(made, found)
	return nil
}

// found is the verdict on a version that is there.
func (x *explaining) found(made *plan, found located) {
	if x.q.Action == publishPackageVersion {
		x.published(made, &found)
		return
	}
	place := x.nameIn(found.rank)
	switch {
	case found.own():
		x.out.Verdict = Verdict{Served, fmt.Sprintf("Repository '%s' has the version itself; its status is %s.",
			x.at.repository.Name, found.version.Status), ""}
	case found.listed():
		x.out.Verdict = Verdict{Served, fmt.Sprintf("The version is fetched from %s when a package manager asks for it, and kept.",
			found.source.connection), ""}
	default:
		x.out.Verdict = Verdict{Served, fmt.Sprintf("The version is taken from %s when a package manager asks for it, and kept in "+
			"repository '%s' as well.", place, x.at.repository.Name), ""}
	}
}

// nameIn is what the asker may know a source of the plan by, given by its rank among those that were asked.
func (x *explaining) nameIn(rank int) string {
	for _, p := range x.out.Places {
		if p.Says == NotAsked && p.Why != searchEnded {
			continue
		}
		if rank == 0 {
			return p.inFull()
		}
		rank--
	}
	return "upstream"
}

// published is the verdict on publishing a version, which is found where it is there already.
func (x *explaining) published(made *plan, found *located) {
	switch {
	case !made.mayPublish(x.at.repository.ID):
		x.out.Verdict = Verdict{Conflicting, made.whyNotPublish(*x.at.repository, x.q.Package), nextAfterControls}
	case found != nil && found.own():
		x.out.Verdict = Verdict{Conflicting, fmt.Sprintf("Repository '%s' has the version already, with the status %s. Only the same bytes "+
			"can be published again.", x.at.repository.Name, found.version.Status), "Publish another version."}
	case found != nil:
		x.out.Verdict = Verdict{Conflicting, fmt.Sprintf("The version can be had from %s, so it is not published here.", x.nameIn(found.rank)),
			"Publish another version, or close the package to upstreams (upstream=BLOCK)."}
	default:
		x.out.Verdict = Verdict{Permitted, "The version can be published.", ""}
	}
}

// wholePackage looks for everything there is of a package.
func (x *explaining) wholePackage(ctx context.Context, made *plan) error {
	from, err := x.listings(ctx, made, x.q.Package)
	if err != nil {
		return x.ended(ctx, err)
	}
	m := merger{catalog: x.Catalog, key: x.q.Package, plan: made, listings: from, held: map[string]heldStatus{},
		traits: x.traits(x.q.Package.Format)}
	if err := m.collect(ctx); err != nil {
		return err
	}
	t := m.trace(x.at)
	if err := x.walked(ctx, t); err != nil {
		return err
	}
	switch {
	case x.q.Action == publishPackageVersion:
		x.published(made, nil)
	case m.something():
		x.out.Verdict = Verdict{Served, "The package has versions to serve.", ""}
	case from.unavailable != nil:
		x.end(from.unavailable)
	default:
		x.end(x.barred(t, noPackage(x.q.Repository, x.q.Package)))
	}
	return nil
}

// ended is the verdict on a search that ended with an error; one that is no verdict is returned.
func (x *explaining) ended(ctx context.Context, err error) error {
	e, ok := errors.AsType[*artifact.Error](err)
	if !ok || e.Kind != artifact.NotFound && e.Kind != artifact.Unavailable && e.Kind != artifact.Throttled {
		return err
	}
	if t, ok := errors.AsType[*trace](err); ok {
		if err := x.walked(ctx, t); err != nil {
			return err
		}
		if x.q.Action == publishPackageVersion && e.Kind == artifact.NotFound && !errors.Is(err, ErrWithheld) {
			x.published(t.plan, nil)
			return nil
		}
	}
	x.end(err)
	return nil
}

// walked fills in the places of a search.
func (x *explaining) walked(ctx context.Context, t *trace) (err error) {
	x.out.Places, err = x.places(ctx, x.asker, x.at, t)
	return err
}

// What can be done about an ending.
const (
	nextAfterControls = "Change the package's origin controls (put-package-origin-configuration), or those of its group " +
		"(update-package-group-origin-configuration)."
	nextAfterAbsence = "Look at the spelling and at the search above; that a registry lacks something is believed for a minute."
	nextAfterSilence = "Ask again later. The server's log has why the registry could not be asked."
	nextUpstream     = "The status is changed where the search has ended: update-package-versions-status in that repository."
	nextAtRemote     = "The status is changed at the other side of the remote, in its repository there: update-package-versions-status."
)

// nextAfterStatus is what can be done about a status that withholds a version.
func nextAfterStatus(status artifact.Status) string {
	if status.MayBecome(artifact.Published) {
		return "update-package-versions-status with the target status Published has it served again."
	}
	return "Nothing brings it back: delete it, and publish or fetch it again."
}

// end makes a verdict of an error.
func (x *explaining) end(err error) {
	x.out.Verdict = Verdict{Why: reasonOf(err)}
	afterWithheld := nextAfterControls
	for _, p := range x.out.Places {
		switch {
		case p.Says != Withholds:
		case p.Connection != "":
			afterWithheld = nextAtRemote
		case p.Depth > 0:
			afterWithheld = nextUpstream
		}
	}
	switch kind := artifact.KindOf(err); {
	case kind == artifact.Unavailable || kind == artifact.Throttled:
		x.out.Verdict.Ending, x.out.Verdict.Next = Unreachable, nextAfterSilence
	case errors.Is(err, ErrWithheld):
		x.out.Verdict.Ending, x.out.Verdict.Next = Withheld, afterWithheld
	default:
		x.out.Verdict.Ending, x.out.Verdict.Next = Absent, nextAfterAbsence
	}
}

// reasonOf is the sentence of an error for callers.
func reasonOf(err error) string {
	if e, ok := errors.AsType[*artifact.Error](err); ok {
		return e.Reason
	}
	return ""
}
