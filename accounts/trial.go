package accounts

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// trial is a simulation, ready to be evaluated.
type trial struct {
	request   iam.Request // without action and resource
	owner     string      // account of the resources whose ARN does not say so
	resources []string    // none means "*"
	identity  []*iam.Policy
	boundary  *iam.Policy
	resource  *iam.Policy // nil means none
	texts     map[*iam.Policy]text
	places    map[iam.Applying]MatchedStatement // of statements that have matched
}

// text is where a policy comes from.
type text struct{ id, kind, document string }

// The types of policies, as the service tells them; its model has others.
const (
	identityType = "IAM Policy"
	boundaryType = "Permissions Boundary Policy"
	resourceType = "Resource Policy"
)

// actionName is the name of an operation, without wildcards.
var actionName = regexp.MustCompile(`^[A-Za-z0-9-]+:[A-Za-z0-9]+$`)

// trial checks a simulation and makes it ready.
func (a *reading) trial(in Simulation, from source) (*trial, error) {
	t := &trial{resources: in.Resources, places: map[iam.Applying]MatchedStatement{}}
	for _, action := range in.Actions {
		if !actionName.MatchString(action) {
			return nil, InvalidInput.errorf("Invalid Input Action: %.128s; want service:Operation, without wildcards.", action)
		}
	}
	if in.ResourceHandling != "" {
		return nil, InvalidInput.errorf("Invalid Input ResourceHandlingOption: %.64s is about instances of EC2, which there are none of. "+
			"Leave it out.", in.ResourceHandling)
	}
	if slices.Equal(in.Resources, []string{"*"}) {
		t.resources = nil
	}
	for _, arn := range t.resources {
		if _, err := iam.ParseARN(arn); err != nil {
			return nil, InvalidInput.errorf("Invalid Input ResourceArns: %v.", err)
		}
	}
	if err := t.policies(from, in.Policies); err != nil {
		return nil, err
	}
	if err := t.bound(from, in.Boundary); err != nil {
		return nil, err
	}
	if err := a.calling(t, in, from); err != nil {
		return nil, err
	}
	if err := t.owned(in); err != nil {
		return nil, err
	}
	keys, err := contextOf(in.Context)
	t.request.Context = keys
	return t, err
}

// policies adds the policies of a principal, and others beside them.
func (t *trial) policies(from source, more []string) error {
	for _, p := range from.policies {
		id := p.Name
		if holder := from.holders[p.Holder]; p.ARN == "" {
			id = string(holder.Kind) + "_" + holder.Name + "_" + p.Name
		}
		policy, err := t.parse(text{id, identityType, p.Document}, iam.IdentityPolicy)
		if err != nil {
			return err
		}
		t.identity = append(t.identity, policy)
	}
	for i, document := range more {
		policy, err := t.parse(text{"PolicyInputList." + strconv.Itoa(i+1), identityType, document}, iam.IdentityPolicy)
		if err != nil {
			return err
		}
		t.identity = append(t.identity, policy)
	}
	return nil
}

// bound sets the boundary that was handed in, else that of the principal.
func (t *trial) bound(from source, given []string) (err error) {
	switch {
	case len(given) > 1:
		return InvalidInput.errorf("Invalid Input PermissionsBoundaryPolicyInputList: there can be one permissions boundary.")
	case len(given) == 1:
		t.boundary, err = t.parse(text{"PermissionsBoundaryPolicyInputList.1", boundaryType, given[0]}, iam.IdentityPolicy)
	case from.boundary != "":
		name := from.Boundary[strings.LastIndexByte(from.Boundary, '/')+1:]
		t.boundary, err = t.parse(text{name, boundaryType, from.boundary}, iam.IdentityPolicy)
	}
	return err
}

func (t *trial) parse(from text, kind iam.PolicyKind) (*iam.Policy, error) {
	policy, err := iam.Parse([]byte(from.document), kind)
	if err != nil {
		return nil, InvalidInput.errorf("Invalid Input %s: %v", from.id, err)
	}
	if t.texts == nil {
		t.texts = map[*iam.Policy]text{}
	}
	t.texts[policy] = from
	return policy, nil
}

// calling sets who would call: the user who is named, else the principal whose policies they are. Nobody is called by the name of
// a group.
func (a *reading) calling(t *trial, in Simulation, from source) error {
	t.request.Hypothetical = true
	if in.CallerARN == "" {
		if in.ResourcePolicy != "" && from.Kind != catalog.UserPrincipal {
			return InvalidInput.errorf("CallerArn must be given with ResourcePolicy: whom that names can only be told of a user.")
		}
		if from.Kind == catalog.UserPrincipal || from.Kind == catalog.RolePrincipal {
			t.request.Principal = a.principalOf(from.Principal)
		}
		return nil
	}
	kind, name := namedBy(in.CallerARN)
	if kind != catalog.UserPrincipal || name == "" {
		return InvalidInput.errorf("Invalid Input CallerArn: %.2048s is not the ARN of an IAM user.", in.CallerARN)
	}
	p, err := a.PrincipalByARN(in.CallerARN)
	if artifact.Is(err, artifact.NotFound) || err == nil && p.Account != a.account() {
		named, err := iam.ParseARN(in.CallerARN)
		t.request.Principal = iam.Principal{Account: named.Account, ARN: in.CallerARN, Name: name}
		return err
	}
	t.request.Principal = a.principalOf(p)
	return err
}

// principalOf is a user or a role of the caller's account as one who calls. The id of whoever plays a role has the session's name in it, which nobody knows.
func (a *reading) principalOf(p catalog.Principal) iam.Principal {
	who := iam.Principal{Account: string(p.Account), ARN: p.ARN, ID: p.ID, Name: p.Name, Tags: p.Tags,
		OrgID: a.caller.Principal.OrgID, OrgPath: a.caller.Principal.OrgPath}
	if p.Kind == catalog.RolePrincipal {
		who.ID, who.Name = "", ""
	}
	return who
}

// owned sets the policy of the resources and whose they are.
func (t *trial) owned(in Simulation) (err error) {
	t.owner = t.request.Principal.Account
	if in.ResourceOwner != "" {
		t.owner = in.ResourceOwner
		if arn, err := iam.ParseARN(in.ResourceOwner); err == nil && arn.Service == "iam" && arn.Resource == "root" {
			t.owner = arn.Account
		}
		if !artifact.AccountID(t.owner).Valid() {
			return InvalidInput.errorf("Invalid Input ResourceOwner: %.2048s is neither the number of an account nor the ARN of its root.",
				in.ResourceOwner)
		}
	}
	if in.ResourcePolicy != "" {
		t.resource, err = t.parse(text{"ResourcePolicy", resourceType, in.ResourcePolicy}, iam.ResourcePolicy)
	}
	return err
}

// maxContextValue is the longest value of a condition key in a simulation, in bytes.
const maxContextValue = 8192

// contextOf are the condition keys of a simulation.
func contextOf(entries []ContextEntry) (map[string][]string, error) {
	keys := make(map[string][]string, len(entries))
	for _, e := range entries {
		key := strings.ToLower(e.Key)
		if _, twice := keys[key]; twice {
			return nil, InvalidInput.errorf("Invalid Input ContextEntries: %.256s stands there twice.", e.Key)
		}
		keys[key] = nil
		for _, text := range e.Values {
			if len(text) > maxContextValue {
				return nil, InvalidInput.errorf("Invalid Input ContextEntries: %.256s has a value of more than %d bytes.", e.Key, maxContextValue)
			}
			value, err := iam.ContextValue(strings.TrimSuffix(e.Type, "List"), text)
			if err != nil {
				return nil, InvalidInput.errorf("Invalid Input ContextEntries: %.256s: %v.", e.Key, err)
			}
			keys[key] = append(keys[key], value)
		}
	}
	return keys, nil
}

// terms is how many terms of policies there are to look at.
func (t *trial) terms() (n int) {
	for policy := range t.texts {
		n += policy.Terms()
	}
	return n
}

// simulate tells what would be decided of an action. It fails when ctx is over.
func (t *trial) simulate(ctx context.Context, action string) (Simulated, error) {
	if len(t.resources) == 0 {
		outcome := t.decide(action, "*")
		outcome.Details = nil
		return Simulated{Action: action, Resource: "*", Outcome: outcome}, ctx.Err()
	}
	s := Simulated{Action: action}
	for _, arn := range t.resources {
		if err := ctx.Err(); err != nil {
			return s, err
		}
		s.Resources = append(s.Resources, ResourceOutcome{arn, t.decide(action, arn)})
	}
	if len(s.Resources) == 1 {
		s.Resource = s.Resources[0].Resource
	}
	s.Outcome = strictest(s.Resources)
	return s, nil
}

// strictest is the most restrictive of some outcomes, with what all that are as restrictive rest on.
func strictest(all []ResourceOutcome) Outcome {
	worst := slices.MaxFunc(all, func(a, b ResourceOutcome) int { return restriction[a.Decision] - restriction[b.Decision] }).Outcome
	worst.Matched, worst.Missing, worst.Details = nil, nil, map[string]Verdict{}
	matched := map[MatchedStatement]bool{}
	for _, o := range all {
		worst.Missing = append(worst.Missing, o.Missing...)
		if o.Bounded != nil && !*o.Bounded {
			worst.Bounded = o.Bounded
		}
		for kind, verdict := range o.Details {
			if restriction[verdict] >= restriction[worst.Details[kind]] {
				worst.Details[kind] = verdict
			}
		}
		for _, m := range o.Matched {
			if o.Decision == worst.Decision && !matched[m] {
				matched[m] = true
				worst.Matched = append(worst.Matched, m)
			}
		}
	}
	slices.Sort(worst.Missing)
	worst.Missing = slices.Compact(worst.Missing)
	return worst
}

// decide tells what would be decided of an action on a resource. Policies of another account's resources count only where they are
// handed in: what is not known of them cannot be told.
func (t *trial) decide(action, resource string) Outcome {
	request := t.request
	request.Action, request.Resources = action, []string{resource}
	policies := iam.Policies{Identity: t.identity, Boundary: t.boundary}
	own := true
	if t.resource != nil {
		policies.Resource = []*iam.Policy{t.resource}
		own = t.ownerOf(resource) == request.Principal.Account
	}
	evaluate := iam.Evaluate
	if t.resource != nil && strings.HasPrefix(strings.ToLower(action), "kms:") {
		evaluate = iam.EvaluateDelegated
	}
	decision, grounds := evaluate(request, policies, own), iam.GroundsOf(request, policies)
	o := Outcome{Decision: ImplicitDeny, Missing: grounds.Missing, Details: map[string]Verdict{}}
	denied := len(grounds.Applying) > 0 && grounds.Applying[0].Deny
	switch {
	case decision.Allowed():
		o.Decision = Allowed
	case denied:
		o.Decision = ExplicitDeny
	}
	for _, statement := range grounds.Applying {
		if o.Decision != ImplicitDeny && statement.Deny == denied {
			o.Matched = append(o.Matched, t.matched(statement))
		}
	}
	if t.boundary != nil {
		allows := grounds.Boundary == iam.SaysAllow
		o.Bounded = &allows
	}
	if !own {
		o.Details[identityType], o.Details[resourceType] = verdicts[grounds.Identity], verdicts[grounds.Resource]
	}
	return o
}

var verdicts = map[iam.Verdict]Verdict{iam.SaysAllow: Allowed, iam.SaysDeny: ExplicitDeny, iam.SaysNothing: ImplicitDeny}

func (t *trial) ownerOf(resource string) string {
	if arn, err := iam.ParseARN(resource); err == nil && artifact.AccountID(arn.Account).Valid() {
		return arn.Account
	}
	return t.owner
}

// matched tells where a statement stands.
func (t *trial) matched(s iam.Applying) MatchedStatement {
	at, known := t.places[s]
	if !known {
		from := t.texts[s.Policy]
		at = MatchedStatement{from.id, from.kind, positionIn(from.document, s.Begin), positionIn(from.document, s.End)}
		t.places[s] = at
	}
	return at
}

// positionIn is the place behind so many bytes of a text.
func positionIn(document string, offset int64) Position {
	before := document[:offset]
	line := strings.LastIndexByte(before, '\n') + 1
	return Position{Line: strings.Count(before, "\n") + 1, Column: utf8.RuneCountInString(before[line:]) + 1}
}
