package iam

// Evaluate answers the request from the policies, as IAM does (IAM guide, "Policy evaluation logic"; CodeArtifact guide,
// "Repository policies" and "Domain policies"):
//
//   - An explicit deny in any policy wins.
//   - sameAccount: an allow of the identity's policies suffices, and so does one of a resource policy that names the
//     caller by ARN, by the role's ARN or as "*". A resource policy that names the caller's account allows nothing by
//     itself; it leaves the decision to the account, whose identity policies are asked anyway.
//   - Otherwise both an identity policy and a resource policy must allow; there, naming the account suffices.
//   - An anonymous caller has no account to allow anything. A resource policy that names "*" suffices: whether anybody may
//     call without credentials at all is for whoever takes the call to say. CodeArtifact takes none.
//   - A boundary and session policies grant nothing: what the boundary does not allow is denied, and what none of the session
//     policies allows. A resource policy of the same account that names a user is not held back by the user's boundary, and
//     one that names a session or "*" by neither.
//   - NotPrincipal spares whom it names in full, the account and the role included, and nobody who has a boundary.
//
// sameAccount is the caller's to know: it holds for principals of the account that owns the domain, and for those of the
// account that administers the repository in question. Policies must hold only the documents that count for the action.
func Evaluate(req Request, p Policies, sameAccount bool) Decision {
	f := newFacts(&req)
	f.bounded = p.Boundary != nil
	var identity, resource, boundary, session finding
	for _, document := range p.Identity {
		identity.search(document, f, false)
	}
	for _, document := range p.Resource {
		resource.search(document, f, true)
	}
	boundary.search(p.Boundary, f, false)
	for _, document := range p.Session {
		session.search(document, f, false)
	}

	for _, denial := range []struct {
		found  *finding
		reason Reason
	}{
		{&identity, DeniedByIdentity}, {&resource, DeniedByResource},
		{&boundary, DeniedByBoundary}, {&session, DeniedBySession},
	} {
		if denial.found.deny.statement != nil {
			return denial.found.deny.decide(denial.reason, f)
		}
	}
	inBoundary := p.Boundary == nil || boundary.allow.statement != nil
	inSession := len(p.Session) == 0 || session.allow.statement != nil
	identityAllows := identity.allow.statement != nil && inBoundary && inSession
	switch {
	case req.anonymous() && resource.allow.statement != nil:
		return resource.allow.decide(AllowedByResource, f)
	case req.anonymous():
		return (&match{}).decide(NoResourceAllow, f)
	case identityAllows && (sameAccount || resource.allow.statement != nil):
		return identity.allow.decide(AllowedByIdentity, f)
	case sameAccount && resource.named > namedAccount && (inBoundary || resource.named >= namedUser) &&
		(inSession || resource.named >= namedSession):
		return resource.allow.decide(AllowedByResource, f)
	case !inBoundary:
		return (&match{}).decide(DeniedByBoundary, f)
	case !inSession:
		return (&match{}).decide(DeniedBySession, f)
	case identity.allow.statement == nil:
		return (&match{}).decide(NoIdentityAllow, f)
	}
	return (&match{}).decide(NoResourceAllow, f)
}

// finding is what the policies of one kind say: their first deny, and their first allow of the strongest naming.
type finding struct {
	deny, allow match
	named       naming
}

// match is a statement that applies to the request.
type match struct {
	policy    *Policy
	statement *statement
	resource  string
}

// search adds what the document says. With principals, only statements that cover the caller count.
func (found *finding) search(document *Policy, f *facts, principals bool) {
	if document == nil {
		return
	}
	for i := range document.statements {
		s := &document.statements[i]
		if s.deny && found.deny.statement != nil || !s.concerns(f.action) {
			continue
		}
		named := namedEveryone
		if principals {
			named = s.covers(f)
		}
		if named == notNamed || !s.deny && named <= found.named {
			continue
		}
		resource, ok := s.matchResource(f)
		if !ok || !s.holds(f) {
			continue
		}
		applies := match{document, s, resource}
		if s.deny {
			found.deny = applies
			continue
		}
		found.allow, found.named = applies, named
	}
}

func (m *match) decide(reason Reason, f *facts) Decision {
	d := Decision{Reason: reason, Resource: m.resource}
	if m.statement == nil {
		d.Resource = f.resources[0]
		return d
	}
	d.Policy, d.Sid, d.Statement = m.policy.Name, m.statement.sid, m.statement.position
	return d
}

// concerns reports whether the statement is about the action, which is in lower case.
func (s *statement) concerns(action string) bool {
	for i := range s.actions {
		if s.actions[i].match(action) {
			return !s.notAction
		}
	}
	return s.notAction
}

// matchResource returns the first of the request's resources the statement is about.
func (s *statement) matchResource(f *facts) (string, bool) {
	switch {
	case s.resources == nil: // a trust policy is about its role
		return f.resources[0], true
	case s.notResource:
		return s.matchOther(f)
	}
	for _, r := range f.resources {
		if s.lists(r, f) {
			return r, true
		}
	}
	if f.request.Under == "" || s.deny {
		return "", false
	}
	for i := range s.resources {
		if g, ok := s.resources[i].resolve(f, maxARN); ok && g.mayBegin(f.request.Under) {
			return f.resources[0], true
		}
	}
	return "", false
}

// matchOther is matchResource for NotResource. An allow applies if it leaves out none of the resources, a deny if there is
// one that it does not leave out. A pattern with a variable that has no value leaves out nothing (guide, "Policy variables
// with no value").
func (s *statement) matchOther(f *facts) (string, bool) {
	other := ""
	for _, r := range f.resources {
		switch left := s.lists(r, f); {
		case left && !s.deny:
			return "", false
		case !left && other == "":
			other = r
		}
	}
	return other, other != ""
}

func (s *statement) lists(resource string, f *facts) bool {
	for i := range s.resources {
		if s.resources[i].match(resource, f) {
			return true
		}
	}
	return false
}

// holds reports whether all conditions are true of the request.
func (s *statement) holds(f *facts) bool {
	for i := range s.conditions {
		if !s.conditions[i].holds(f) {
			return false
		}
	}
	return true
}
