package iam_test

import (
	"slices"
	"strings"

	"entrepot/iam"
)

// paper is a policy document three times: as text, as its JSON says for the judge, and parsed for Evaluate.
type paper struct {
	text       string
	statements []*statement
	parsed     *iam.Policy
}

// world is one request with everything that is there to decide it.
type world struct {
	request  iam.Request
	same     bool // the principal is on the side of the resource's account
	identity []*paper
	boundary *paper
	session  []*paper
	resource []*paper
}

// judge decides a world by the IAM user guide ("Policy evaluation logic" and what it refers to), from the plain JSON of the
// documents. It knows nothing of the package's own evaluation, so that a mistake in reading the guide has to be made twice.
type judge struct {
	world *world
	keys  map[string][]string // the request's context, names in lower case
	tally *tally
}

// judgement is what the judge found.
type judgement struct {
	allowed bool
	reason  iam.Reason
}

func (j *judge) decide() judgement {
	w := j.world
	j.keys = contextOf(w.request)
	for _, d := range []struct {
		papers []*paper
		reason iam.Reason
	}{
		{w.identity, iam.DeniedByIdentity},
		{w.resource, iam.DeniedByResource},
		{boundaries(w), iam.DeniedByBoundary},
		{w.session, iam.DeniedBySession},
	} {
		if j.any(d.papers, "Deny") {
			return judgement{false, d.reason}
		}
	}
	identity := j.any(w.identity, "Allow")
	boundary := w.boundary == nil || j.any(boundaries(w), "Allow")
	session := len(w.session) == 0 || j.any(w.session, "Allow")
	grant := j.grant()
	switch {
	case w.request.Principal.ARN == "":
		// Nobody has policies of his own; the resource is open to everyone or it is not.
		if grant == toEverything {
			return judgement{true, iam.AllowedByResource}
		}
		return judgement{false, iam.NoResourceAllow}
	case w.same && identity && boundary && session, !w.same && identity && boundary && session && grant != toNobody:
		return judgement{true, iam.AllowedByIdentity}
	case w.same && grant >= toEverything,
		w.same && grant == toUser && session,
		w.same && grant == toRole && boundary && session:
		return judgement{true, iam.AllowedByResource}
	case !boundary:
		return judgement{false, iam.DeniedByBoundary}
	case !session:
		return judgement{false, iam.DeniedBySession}
	case !identity:
		return judgement{false, iam.NoIdentityAllow}
	}
	return judgement{false, iam.NoResourceAllow}
}

func boundaries(w *world) []*paper {
	if w.boundary == nil {
		return nil
	}
	return []*paper{w.boundary}
}

// any reports whether a statement with the effect applies.
func (j *judge) any(papers []*paper, effect string) bool {
	for _, p := range papers {
		for _, s := range p.statements {
			if s.Effect == effect && j.applies(s) {
				return true
			}
		}
	}
	return false
}

// standing is how directly a resource policy names the caller, and with it what still limits the grant within one account
// (guide, "Policy evaluation for requests within a single account"; "Principal", "IAM role principals").
type standing int

const (
	toNobody     standing = iota
	toAccount             // leaves it to the account's own policies
	toRole                // limited by boundary and session policies
	toUser                // not limited by the user's boundary
	toEverything          // a session, or everyone: limited by nothing but explicit denies
)

// grant is the most direct standing that resource policies give the caller.
func (j *judge) grant() standing {
	best := toNobody
	for _, p := range j.world.resource {
		for _, s := range p.statements {
			if s.Effect == "Allow" && j.applies(s) {
				best = max(best, j.named(s.Principal))
			}
		}
	}
	return best
}

// named is the standing that a Principal element gives the caller.
func (j *judge) named(principal values) standing {
	best := toNobody
	for _, name := range principal {
		best = max(best, j.namedBy(name))
	}
	return best
}

func (j *judge) namedBy(name string) standing {
	p := j.world.request.Principal
	switch {
	case name == "*":
		return toEverything
	case p.ARN == "":
		return toNobody
	case isAccount(name, p.Account):
		return toAccount
	case name == p.ARN && strings.HasPrefix(p.ARN, "arn:aws:iam:"):
		return toUser
	case name == p.ARN:
		return toEverything
	case name == roleOf(p):
		return toRole
	}
	return toNobody
}

// spared reports whether a NotPrincipal element leaves the caller out. All that the caller is has to be named, the account
// and the role included, and nobody with a permissions boundary is ever spared (guide, "NotPrincipal").
func (j *judge) spared(notPrincipal values) bool {
	p := j.world.request.Principal
	if p.ARN == "" || j.world.boundary != nil {
		return false
	}
	account := slices.ContainsFunc(notPrincipal, func(name string) bool { return isAccount(name, p.Account) })
	self := strings.HasSuffix(p.ARN, ":root") || slices.Contains(notPrincipal, p.ARN)
	role := roleOf(p)
	return account && self && (role == "" || slices.Contains(notPrincipal, role))
}

// isAccount: an account is named by its number or by the ARN of its root.
func isAccount(name, account string) bool {
	root, found := strings.CutPrefix(name, "arn:aws:iam::")
	return name == account || found && root == account+":root"
}

// roleOf is the ARN of the role whose session the principal is; empty for others.
func roleOf(p iam.Principal) string {
	_, session, found := strings.Cut(p.ARN, ":assumed-role/")
	if !found {
		return ""
	}
	if p.Role != "" {
		return p.Role
	}
	name, _, _ := strings.Cut(session, "/")
	return "arn:aws:iam::" + p.Account + ":role/" + name
}
