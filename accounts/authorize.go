package accounts

import (
	"maps"
	"strings"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// Subject is what an action is done to, and under which circumstances.
type Subject struct {
	ARN   string               // empty means nothing in particular
	Named string               // what whoever is refused is told of it; empty means the ARN
	Owner artifact.AccountID   // of what the ARN names; empty means the caller's own account
	Of    catalog.Organization // the owner's, where that is another account; zero if it has none or it is not known
	Tags  map[string]string    // of what the ARN names: aws:ResourceTag/…
	// Given are the tags that the request brings along (aws:RequestTag/…, aws:TagKeys), Taken the keys of those it takes
	// away (aws:TagKeys).
	Given map[string]string
	Taken []string
	// Keys are the condition keys of the action itself, with names in lower case: iam:policyarn …
	Keys map[string][]string
	// Policies are those of the resource, if it has any. They count beside the caller's own.
	Policies []*iam.Policy
	// Delegated says that the caller's own policies count only as far as those of the resource leave it to his account, as
	// a role's trust policy and the policy of an encryption key do: see iam.EvaluateDelegated.
	Delegated bool
}

// Refusal is the cause of the Denied of Authorize: what was asked and how it was decided.
type Refusal struct {
	Action   string
	Decision iam.Decision
}

// Error tells the operator which statement decided.
func (r *Refusal) Error() string { return r.Action + ": " + r.Decision.String() }

// Authorize asks whether the caller may do the action, named as service:Operation, to the subject. It returns Denied in
// AWS's words, caused by a *Refusal, or nil; nobody in particular is Unauthenticated. It is the one place where permission is asked for what this package does, and
// for what others do to accounts, sessions and keys. It reads nothing: whoever calls it brings what is known of the
// subject, from the transaction in which the action is done.
//
// What is another account's takes a resource policy that allows it, beside the caller's own. In IAM nobody may do anything in a
// session of a user (STS API reference, GetSessionToken, for one without a device).
func Authorize(c iam.Caller, action string, on Subject) error {
	if c.Principal.Anonymous() {
		return artifact.Errorf(artifact.Unauthenticated, "The request is not signed.")
	}
	if t := c.Temporary; t.ID != "" && !t.Role && strings.HasPrefix(action, "iam:") {
		return artifact.Errorf(artifact.Denied, "Cannot call %s with the session credentials of a user", action)
	}
	request := iam.Request{Principal: c.Principal, Action: action, Context: on.circumstances(c.Context)}
	if on.ARN != "" {
		request.Resources = []string{on.ARN}
		request.Owner = iam.Owner{Account: string(on.Owner), OrgID: on.Of.ID, OrgPath: on.Of.Path()}
	}
	policies := iam.Policies{Identity: c.Identity, Boundary: c.Boundary, Session: c.Session, Resource: on.Policies}
	own := on.Owner == "" || string(on.Owner) == c.Principal.Account
	if own && on.ARN != "" {
		request.Owner = iam.Owner{Account: c.Principal.Account, OrgID: c.Principal.OrgID, OrgPath: c.Principal.OrgPath}
	}
	evaluate := iam.Evaluate
	if on.Delegated {
		evaluate = iam.EvaluateDelegated
	}
	decision := evaluate(request, policies, own)
	c.Rulings.Keep(action, decision) // for the record of what is done
	if decision.Allowed() {
		return nil
	}
	told := decision
	if on.Named != "" {
		told.Resource = on.Named
	}
	return artifact.Errorf(artifact.Denied, "%s", told.Message(request)).Causing(&Refusal{action, decision})
}

// circumstances adds to the condition keys of the request those that follow from the subject.
func (on Subject) circumstances(base map[string][]string) map[string][]string {
	keys := maps.Clone(base)
	if keys == nil {
		keys = map[string][]string{}
	}
	for key, value := range on.Tags {
		keys["aws:resourcetag/"+strings.ToLower(key)] = []string{value}
	}
	if len(on.Given)+len(on.Taken) > 0 {
		keys["aws:tagkeys"] = append([]string(nil), on.Taken...)
	}
	for key, value := range on.Given {
		keys["aws:requesttag/"+strings.ToLower(key)] = []string{value}
		keys["aws:tagkeys"] = append(keys["aws:tagkeys"], key)
	}
	maps.Copy(keys, on.Keys)
	return keys
}
