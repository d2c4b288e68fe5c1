// Package iam is the language of permission: ARNs, policy documents and their evaluation. It is pure: no I/O, no clock.
//
// The rules are those of AWS IAM; where CodeArtifact has its own (which policies count for which action,
// CodeArtifact user guide "Repository policies" and "Domain policies") the caller chooses the documents and Evaluate combines them.
package iam

// Principal is who calls, as authentication established it.
type Principal struct {
	Account string            // twelve digits
	ARN     string            // arn:aws:iam::A:user/N, arn:aws:sts::A:assumed-role/R/S, arn:aws:iam::A:root
	Role    string            // of a role session: the role's ARN with its path; derived without path where empty
	ID      string            // unguessable, never reused; aws:userid
	Name    string            // user name; aws:username, empty for roles
	Tags    map[string]string // aws:PrincipalTag/…
	OrgID   string            // aws:PrincipalOrgID, empty outside an organisation
	OrgPath string            // aws:PrincipalOrgPaths: o-…/r-…/, empty outside an organisation
}

// Anonymous reports whether nobody is known to call: the zero principal.
func (p Principal) Anonymous() bool { return p.ARN == "" }

// String is the ARN, or the word for nobody in particular.
func (p Principal) String() string {
	if p.Anonymous() {
		return "anonymous"
	}
	return p.ARN
}

// Request is one question: may this principal do this action on this resource?
type Request struct {
	Principal Principal
	Action    string // service:Operation, such as codeartifact:PublishPackageVersion
	// Resources are the ARNs the action is judged on. Usually there is one. Where AWS accepts a statement on any of
	// several (CreateRepository: the domain, the repository to be, *), an Allow on one suffices and a Deny on any counts.
	// An Allow with NotResource must leave out none of them. Empty means *.
	Resources []string
	// Under is for calls that name no resource but that policies narrow all the same (ListDomains on …:domain/my*): an
	// Allow whose Resource could match something that begins with Under applies too. Empty where that does not arise.
	Under string
	// Owner is whose the resources are; zero where there is nothing in particular.
	Owner Owner
	// Context holds the condition keys of the request, names in lower case (aws:sourceip, aws:requesttag/team,
	// sts:durationseconds …). Keys that follow from Principal and Owner are added by Evaluate and win over what stands here; there
	// is no clock, so aws:currenttime is the caller's to give. A key with an empty list is absent.
	Context map[string][]string
	// Hypothetical says that nobody calls: somebody wants to know what would be decided. What Context holds then wins over what
	// follows from Principal, and without a principal the question is about whoever has the policies.
	Hypothetical bool
}

// anonymous reports whether the request is made by nobody that is known.
func (r *Request) anonymous() bool { return r.Principal.Anonymous() && !r.Hypothetical }

// Owner is an account that has resources, with its organisation.
type Owner struct {
	Account string // aws:ResourceAccount
	OrgID   string // aws:ResourceOrgID, empty outside an organisation
	OrgPath string // aws:ResourceOrgPaths
}

// Policies are the documents that apply to a request.
type Policies struct {
	Identity []*Policy // of the principal: user, group, role; for the root user, one that allows everything
	Boundary *Policy   // permission boundary; nil means none
	Session  []*Policy // passed when the session began, one of which must allow; none of them means none
	Resource []*Policy // of the domain and the repository; an Allow in either counts
}

// Reason says why a decision fell as it did; the doors word it as AWS does.
type Reason uint8

// The reasons, in the order in which they win; an explicit deny wins over every missing allow.
const (
	DeniedByIdentity  Reason = iota // explicit deny in an identity-based policy
	DeniedByResource                // explicit deny in a resource-based policy
	DeniedByBoundary                // explicit deny in, or no allow from, a permission boundary
	DeniedBySession                 // explicit deny in, or no allow from, a session policy
	NoIdentityAllow                 // no identity-based policy allows
	NoResourceAllow                 // another account's principal, and no resource-based policy allows
	AllowedByIdentity               // an identity-based policy allows (and, across accounts, a resource-based one too)
	AllowedByResource               // a resource-based policy names the principal
)

// Decision is the answer to a Request.
type Decision struct {
	Reason Reason
	// Sid and Policy name the statement that decided, where one did: an explicit deny or the first allow.
	Sid, Policy string
	// Statement is the position of that statement in its policy, counted from 1; 0 where none decided, which tells a
	// missing allow of a boundary or session policy from an explicit deny.
	Statement int
	// Resource is the ARN the decision is about: the one the deciding statement matched, else the request's first.
	Resource string
}

// Allowed reports whether the request may go on.
func (d Decision) Allowed() bool { return d.Reason >= AllowedByIdentity }

// ByResource reports whether the statement that decided stands in a policy of the resource.
func (d Decision) ByResource() bool {
	return d.Reason == DeniedByResource || d.Reason == AllowedByResource
}
