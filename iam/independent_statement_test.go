package iam_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"entrepot/iam"
)

// statement is a statement as it is written.
type statement struct {
	Effect       string
	Principal    values
	NotPrincipal values
	Action       values
	NotAction    values
	Resource     values
	NotResource  values
	Condition    map[string]map[string]values

	variables bool // the document's Version knows policy variables
}

// values is an element that may be one value or several, as texts: strings, numbers and truths; of principals, their names.
type values []string

func (v *values) UnmarshalJSON(source []byte) error {
	var element any
	decoder := json.NewDecoder(bytes.NewReader(source))
	decoder.UseNumber()
	if err := decoder.Decode(&element); err != nil {
		return err
	}
	*v = values{} // not nil, for the element is there though it may name nobody whom Evaluate knows
	v.add(element)
	return nil
}

func (v *values) add(element any) {
	switch e := element.(type) {
	case []any:
		for _, one := range e {
			v.add(one)
		}
	case map[string]any:
		if names, has := e["AWS"]; has {
			v.add(names)
		}
	default:
		*v = append(*v, fmt.Sprint(e))
	}
}

// applies reports whether a statement concerns the request: its principal, action, resource and conditions.
func (j *judge) applies(s *statement) bool {
	return j.action(s) && j.principal(s) && j.resources(s) && j.conditions(s)
}

// principal: an identity's own policies name nobody, for they are about whom they belong to.
func (j *judge) principal(s *statement) bool {
	switch {
	case s.NotPrincipal != nil:
		return !j.spared(s.NotPrincipal)
	case s.Principal != nil:
		return j.named(s.Principal) != toNobody
	}
	return true
}

// action: names of actions are compared without regard to case, and * and ? are wild.
func (j *judge) action(s *statement) bool {
	asked := strings.ToLower(j.world.request.Action)
	matches := func(patterns values) bool {
		return slices.ContainsFunc(patterns, func(pattern string) bool {
			return like(marksOf(strings.ToLower(pattern), true), asked)
		})
	}
	if s.NotAction != nil {
		return !matches(s.NotAction)
	}
	return matches(s.Action)
}

// resources: what the request's documentation says of several ARNs, the guide of one.
func (j *judge) resources(s *statement) bool {
	asked := j.world.request.Resources
	if len(asked) == 0 {
		asked = []string{"*"}
	}
	concerned := 0
	for _, arn := range asked {
		if s.NotResource != nil && !j.lists(s, s.NotResource, arn) || s.Resource != nil && j.lists(s, s.Resource, arn) {
			concerned++
		}
	}
	if s.Effect == "Allow" && s.NotResource != nil {
		return concerned == len(asked)
	}
	return concerned > 0 || s.Effect == "Allow" && j.under(s)
}

func (j *judge) lists(s *statement, patterns values, arn string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		marks, ok := j.expand(s, pattern, true)
		return ok && like(marks, arn)
	})
}

// under reports whether a Resource matches anything that begins with the request's Under.
func (j *judge) under(s *statement) bool {
	return j.world.request.Under != "" && slices.ContainsFunc(s.Resource, func(pattern string) bool {
		marks, ok := j.expand(s, pattern, true)
		return ok && begins(marks, j.world.request.Under)
	})
}

// contextOf is the request's context with the keys that follow from the principal and the resource, which nobody else may set
// (guide, "AWS global condition context keys"; "Principal key values").
func contextOf(r iam.Request) map[string][]string {
	keys := map[string][]string{}
	for key, values := range r.Context {
		if !ofPrincipal(key) && len(values) > 0 {
			keys[key] = values
		}
	}
	p := r.Principal
	set := func(key, value string) {
		if value != "" {
			keys[key] = []string{value}
		}
	}
	set("aws:resourceaccount", r.Owner.Account)
	set("aws:resourceorgid", r.Owner.OrgID)
	set("aws:resourceorgpaths", r.Owner.OrgPath)
	set("aws:principaltype", kindOf(p))
	if p.ARN == "" {
		return keys
	}
	set("aws:principalisawsservice", "false")
	set("aws:principalarn", p.ARN)
	set("aws:principalarn", roleOf(p))
	set("aws:principalaccount", p.Account)
	set("aws:principalorgid", p.OrgID)
	set("aws:principalorgpaths", p.OrgPath)
	set("aws:userid", p.ID)
	set("aws:username", p.Name)
	for tag, value := range p.Tags {
		keys["aws:principaltag/"+strings.ToLower(tag)] = []string{value}
	}
	return keys
}

func ofPrincipal(key string) bool {
	return strings.HasPrefix(key, "aws:principal") || strings.HasPrefix(key, "aws:resource") && !strings.HasPrefix(key, "aws:resourcetag/") ||
		key == "aws:userid" || key == "aws:username"
}

func kindOf(p iam.Principal) string {
	switch {
	case p.ARN == "":
		return "Anonymous"
	case strings.HasSuffix(p.ARN, ":root"):
		return "Account"
	case strings.Contains(p.ARN, ":assumed-role/"):
		return "AssumedRole"
	case strings.Contains(p.ARN, ":federated-user/"):
		return "FederatedUser"
	}
	return "User"
}
