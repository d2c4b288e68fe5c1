package accounts

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// AssumeRequest asks for a session of a role.
type AssumeRequest struct {
	Role           string // its ARN
	Name           string // of the session
	ExternalID     string // empty means none
	SourceIdentity string // empty means that of the caller's own session
	Transitive     []string
	Narrowing
}

// AssumeRole begins a session of a role for a caller whom the role trusts and whose own policies let him. What he is asked for, beside
// sts:AssumeRole, is sts:TagSession where the session has tags and sts:SetSourceIdentity where it has a source identity.
//
// A session that is begun with another role's lasts an hour at most, keeps its source identity, and has its transitive tags
// (IAM user guide, "Role chaining", "Passing session tags", "Monitor and control actions taken with assumed roles").
//
// Denied, in the same words, for a role that does not exist.
func (s *Service) AssumeRole(ctx context.Context, c iam.Caller, in AssumeRequest) (begun Begun, err error) {
	err = s.change(ctx, c, "sts:AssumeRole", func(a *changing) (err error) {
		begun, err = a.assumeRole(in)
		return err
	})
	return begun, err
}

func (a *changing) assumeRole(in AssumeRequest) (Begun, error) {
	switch callerKind(a.caller) {
	case "root":
		return Begun{}, artifact.Errorf(artifact.Denied, "Roles may not be assumed by root accounts.")
	case "federated-user":
		return Begun{}, artifact.Errorf(artifact.Denied, "Cannot call AssumeRole with the credentials of a federated user.")
	}
	session, err := a.described(in) // before it is known whether there is such a role
	if err != nil {
		return Begun{}, err
	}
	r, err := a.trusted(in.Role)
	if artifact.Is(err, artifact.NotFound) {
		nobody := &Refusal{a.action, iam.Decision{Reason: iam.NoResourceAllow, Resource: in.Role}}
		return Begun{}, notAssumable(a.caller, a.action, in.Role, nobody)
	}
	if err != nil {
		return Begun{}, err
	}
	subject := r.assumed(session)
	if in.ExternalID != "" {
		subject.Keys["sts:externalid"] = []string{in.ExternalID}
	}
	for _, action := range actionsOf(a.action, session) {
		if err := Authorize(a.caller, action, subject); err != nil {
			return Begun{}, notAssumable(a.caller, action, in.Role, err)
		}
	}
	most := int(r.MaxSession.Seconds())
	if a.caller.Temporary.Role {
		most = min(most, chainedRole)
		if in.Seconds > chainedRole {
			return Begun{}, artifact.Errorf(artifact.Invalid,
				"The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
		}
	}
	return a.play(r, session, in.Narrowing, most)
}

// described is the session that the request asks for, with what it has from the caller's own.
func (a *changing) described(in AssumeRequest) (d catalog.SessionDetails, err error) {
	own := a.caller.Temporary
	d.Name, d.SourceIdentity, d.Transitive = in.Name, cmp.Or(own.SourceIdentity, in.SourceIdentity), in.Transitive
	if in.SourceIdentity != "" && in.SourceIdentity != d.SourceIdentity {
		return d, artifact.Errorf(artifact.Denied, "The source identity of a session cannot be changed.")
	}
	if strings.HasPrefix(strings.ToLower(in.SourceIdentity), "aws:") {
		return d, InvalidInput.errorf("A source identity may not begin with aws:.")
	}
	if d.Tags, err = a.sessionTags(in.Tags); err != nil {
		return d, err
	}
	for _, key := range in.Transitive {
		if _, there := d.Tags[key]; !there {
			return d, InvalidInput.errorf("The transitive tag %.128q is not among the tags of the session.", key)
		}
	}
	for _, key := range own.Transitive {
		if _, given := keyOf(d.Tags, key); given {
			return d, InvalidInput.errorf("The tag %.128q is transitive in the session that the role is assumed with, and cannot "+
				"be given again.", key)
		}
		d.Tags[key] = a.caller.Principal.Tags[key]
		d.Transitive = append(slices.Clone(d.Transitive), key)
	}
	return d, nil
}

// actionsOf are the permissions that a session takes.
func actionsOf(action string, d catalog.SessionDetails) []string {
	actions := []string{action}
	if len(d.Tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if d.SourceIdentity != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	return actions
}

// trusting is a role with its trust policy, parsed.
type trusting struct {
	RoleAbout
	trust *iam.Policy
	of    catalog.Organization // its account's
}

// trusted finds a role by its ARN, or NotFound. A role of a closed account is nobody's to play.
func (a *reading) trusted(arn string) (trusting, error) {
	p, err := a.PrincipalByARN(arn)
	if err != nil {
		return trusting{}, err
	}
	standing, err := catalog.StandingOf(a, p.Account)
	if err != nil {
		return trusting{}, err
	}
	if standing.Closed {
		return trusting{}, artifact.Errorf(artifact.NotFound, "The account of %s is closed.", arn)
	}
	r, err := a.Role(p.ID)
	if err != nil {
		return trusting{}, err
	}
	trust, err := iam.Parse([]byte(r.Trust), iam.TrustPolicy)
	if err != nil {
		return trusting{}, err
	}
	trust.Name = "trust policy"
	return trusting{RoleAbout{p, r}, trust, standing.Organization}, nil
}

// assumed is what is asked about when a session of the role is to begin.
func (r trusting) assumed(d catalog.SessionDetails) Subject {
	on := about(r.Principal, Subject{Given: d.Tags, Policies: []*iam.Policy{r.trust}, Delegated: true, Of: r.of})
	on.Keys["sts:rolesessionname"] = []string{d.Name}
	if d.SourceIdentity != "" {
		on.Keys["sts:sourceidentity"] = []string{d.SourceIdentity}
	}
	if len(d.Transitive) > 0 {
		on.Keys["sts:transitivetagkeys"] = d.Transitive
	}
	return on
}

// notAssumable is told to those who may not assume a role, and to those who name one that does not exist.
func notAssumable(c iam.Caller, action, role string, why error) error {
	return artifact.Errorf(artifact.Denied, "User: %s is not authorized to perform: %s on resource: %.2048s", c.Principal, action,
		role).Causing(why)
}

// play begins a session of a role that lasts most seconds at most.
func (a *changing) play(r trusting, d catalog.SessionDetails, n Narrowing, most int) (Begun, error) {
	if n.Seconds > int(r.MaxSession.Seconds()) && n.Seconds <= longestRole {
		return Begun{}, artifact.Errorf(artifact.Invalid,
			"The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	lasts, err := life(n.Seconds, standardRole, most)
	if err != nil {
		return Begun{}, err
	}
	if d.Policies, err = a.sessionPolicies(n, r.Account); err != nil {
		return Begun{}, err
	}
	at := a.from()
	begun, err := a.begin(catalog.Session{Principal: r.ID, Kind: catalog.RoleSession, IssuedAt: at, ExpiresAt: at.Add(lasts),
		SessionDetails: d}, r.ARN, map[string]any{"roleSessionName": d.Name})
	if err != nil {
		return Begun{}, err
	}
	begun.ARN, begun.ID = sessionARN(r.Principal, d.Name), r.ID+":"+d.Name
	return begun, a.write.SetRoleUse(r.ID, at)
}

// sessionARN is the ARN of a session of a role, in which the role's path does not stand.
func sessionARN(role catalog.Principal, session string) string {
	partition := strings.SplitN(role.ARN, ":", 3)[1]
	return "arn:" + partition + ":sts::" + string(role.Account) + ":assumed-role/" + role.Name + "/" + session
}

// longestRole is the longest that any session of a role may last, in seconds.
const longestRole = int(12 * time.Hour / time.Second)
