package iam

import "fmt"

// wording is how a reason is told to the caller and to the operator.
type wording struct {
	policy string // what kind of policy decided
	denial string // why, where no statement did; empty for an allow
}

var wordings = [...]wording{
	DeniedByIdentity:  {"identity-based policy", "no identity-based policy allows"},
	DeniedByResource:  {"resource-based policy", "no resource-based policy allows"},
	DeniedByBoundary:  {"permissions boundary", "no permissions boundary allows"},
	DeniedBySession:   {"session policy", "no session policy allows"},
	NoIdentityAllow:   {"identity-based policy", "no identity-based policy allows"},
	NoResourceAllow:   {"resource-based policy", "no resource-based policy allows"},
	AllowedByIdentity: {policy: "identity-based policy"},
	AllowedByResource: {policy: "resource-based policy"},
}

func (r Reason) wording() wording {
	if int(r) < len(wordings) {
		return wordings[r]
	}
	return wording{policy: fmt.Sprintf("policy (reason %d)", r)}
}

// String names the reason in a few words.
func (r Reason) String() string {
	switch w := r.wording(); {
	case r >= AllowedByIdentity:
		return "allowed by " + w.policy
	case r <= DeniedByResource:
		return "explicit deny in " + w.policy
	case r < NoIdentityAllow:
		return "denied by " + w.policy
	default:
		return w.denial
	}
}

// Message tells the caller why the request was denied, word for word as AWS does: who, what, on which resource, and which
// kind of policy decided, but not which policy. It is empty for a decision that allows.
func (d Decision) Message(req Request) string {
	if d.Allowed() {
		return ""
	}
	w := d.Reason.wording()
	text := fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s",
		req.Principal, req.Action, d.Resource)
	if d.Statement > 0 {
		article := "a"
		if w.policy[0] == 'i' {
			article = "an"
		}
		return fmt.Sprintf("%s with an explicit deny in %s %s", text, article, w.policy)
	}
	return fmt.Sprintf("%s because %s the %s action", text, w.denial, req.Action)
}

// String tells the operator which statement decided. It names policies, so it is not for the caller.
func (d Decision) String() string {
	if d.Statement == 0 {
		return fmt.Sprintf("%v, on %s", d.Reason, d.Resource)
	}
	where := fmt.Sprintf("statement %d", d.Statement)
	if d.Sid != "" {
		where += fmt.Sprintf(" (%s)", d.Sid)
	}
	if d.Policy != "" {
		where += " of " + d.Policy
	}
	return fmt.Sprintf("%v, %s, on %s", d.Reason, where, d.Resource)
}
