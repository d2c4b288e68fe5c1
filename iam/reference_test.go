package iam

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestEvaluateAgreesWithReference draws policies and requests from a small world, where much matches, and compares
// Evaluate with reference, a second evaluator that shares no code with it and was written for reading only.
func TestEvaluateAgreesWithReference(t *testing.T) {
	for range 20 { // a hundred draws each
		rapid.Check(t, agree)
	}
}

func agree(t *rapid.T) {
	document := func(label string, kind PolicyKind) (*Policy, map[string]any) {
		source := drawDocument(t, label, kind == ResourcePolicy)
		p, err := Parse(source, kind)
		if err != nil {
			t.Fatalf("%v\n%s", err, source)
		}
		var plain map[string]any
		if err := json.Unmarshal(source, &plain); err != nil {
			t.Fatal(err)
		}
		return p, plain
	}
	r := reference{
		who:    rapid.SampledFrom([]Principal{bob, alice, ci, mallory}).Draw(t, "who"),
		action: rapid.SampledFrom([]string{"s:Read", "s:Write"}).Draw(t, "action"),
		on:     rapid.SampledFrom([]string{"arn:a:s:::x", "arn:a:s:::bob", "arn:a:s:::x/y"}).Draw(t, "on"),
		tags:   rapid.SampledFrom([][]string{nil, {"a"}, {"b"}, {"a", "b"}, {"bob"}}).Draw(t, "tags"),
	}
	same := r.who.Account == owner
	req := Request{Principal: r.who, Action: r.action, Resources: []string{r.on},
		Context: map[string][]string{"aws:tagkeys": r.tags}}
	identity, plainIdentity := document("identity", IdentityPolicy)
	resource, plainResource := document("resource", ResourcePolicy)
	policies := Policies{Identity: []*Policy{identity}, Resource: []*Policy{resource}}
	limit := map[string]any(nil)
	if rapid.Bool().Draw(t, "bounded") {
		policies.Boundary, limit = document("boundary", IdentityPolicy)
	}
	got, want := Evaluate(req, policies, same), r.allowed(plainIdentity, plainResource, limit, same)
	if got.Allowed() != want {
		t.Fatalf("got %v, want allowed = %v", got, want)
	}
}

func drawDocument(t *rapid.T, label string, principals bool) []byte {
	draw := func(from ...any) any { return rapid.SampledFrom(from).Draw(t, label) }
	var statements []any
	for range rapid.IntRange(1, 3).Draw(t, label+" statements") {
		s := map[string]any{"Effect": draw("Allow", "Allow", "Deny")}
		s[draw("Action", "Action", "NotAction").(string)] = draw("*", "s:read", "S:W*", "s:?ead", []string{"s:Write", "t:*"})
		s[draw("Resource", "Resource", "NotResource").(string)] = draw("*", "arn:a:s:::x", "arn:a:s:::?", "arn:a:s:::*y",
			"arn:a:s:::${aws:username}", []string{"arn:a:s:::x", "arn:a:s:::${aws:username}"})
		if principals {
			element := "Principal"
			if s["Effect"] == "Deny" {
				element = draw("Principal", "NotPrincipal").(string)
			}
			s[element] = map[string]any{"AWS": draw(owner, stranger, bob.ARN, ci.ARN, ci.Role, mallory.ARN,
				[]string{alice.ARN, owner}, []string{bob.ARN, ci.Role})}
			if element == "Principal" && rapid.Bool().Draw(t, label+" everyone") {
				s[element] = "*"
			}
		}
		if rapid.Bool().Draw(t, label+" conditional") {
			operator := draw("", "ForAllValues:", "ForAnyValue:").(string) +
				draw("StringEquals", "StringNotEquals", "StringLike", "StringNotLike").(string) +
				draw("", "IfExists").(string)
			s["Condition"] = map[string]any{
				operator: map[string]any{"aws:TagKeys": draw("a", "?", []string{"a", "b"}, "${aws:username}",
					[]string{"a", "${aws:username}"})},
			}
		}
		statements = append(statements, s)
	}
	version := draw("2012-10-17", "2012-10-17", "2008-10-17")
	source, err := json.Marshal(map[string]any{"Version": version, "Statement": statements})
	if err != nil {
		t.Fatal(err)
	}
	return source
}

type reference struct {
	who        Principal
	action, on string
	tags       []string
}

// list returns a string, or the strings of a list, as json decodes them.
func list(v any) (all []string) {
	if s, ok := v.(string); ok {
		return []string{s}
	}
	for _, item := range v.([]any) {
		all = append(all, item.(string))
	}
	return all
}

// allowed decides by the kinds of policy alone: any deny wins; across accounts identity and resource policies must both
// allow, within one either; and a boundary must allow what the identity policies do (IAM user guide, "Policy evaluation
// logic").
func (r reference) allowed(identity, resource, boundary map[string]any, same bool) bool {
	idAllow, idDeny := r.read(identity)
	resAllow, resDeny := r.read(resource)
	limAllow, limDeny := []string{"*"}, []string(nil)
	if boundary != nil {
		limAllow, limDeny = r.read(boundary)
	}
	if len(idDeny)+len(resDeny)+len(limDeny) > 0 {
		return false
	}
	byIdentity := len(idAllow) > 0 && len(limAllow) > 0
	if !same {
		return byIdentity && len(resAllow) > 0
	}
	for _, how := range resAllow {
		free := how == "user" || how == "session"
		if how != "account" && (free || len(limAllow) > 0) {
			return true
		}
	}
	return byIdentity
}

// read returns, for every statement that applies, how it names the caller.
func (r reference) read(document map[string]any) (allows, denies []string) {
	variables := document["Version"] == "2012-10-17"
	for _, item := range document["Statement"].([]any) {
		s := item.(map[string]any)
		how := r.named(s)
		if how == "" || !r.about(s, variables) || !r.conditions(s, variables) {
			continue
		}
		if s["Effect"] == "Deny" {
			denies = append(denies, how)
		} else {
			allows = append(allows, how)
		}
	}
	return allows, denies
}

func (r reference) named(s map[string]any) string {
	if s["Principal"] == "*" {
		return "everyone"
	}
	best := func(names []string) string {
		switch {
		case slices.Contains(names, r.who.ARN) && r.who.Name != "":
			return "user"
		case slices.Contains(names, r.who.ARN):
			return "session"
		case r.who.Role != "" && slices.Contains(names, r.who.Role):
			return "role"
		case slices.Contains(names, r.who.Account):
			return "account"
		}
		return ""
	}
	if p, ok := s["Principal"].(map[string]any); ok {
		return best(list(p["AWS"]))
	}
	if p, ok := s["NotPrincipal"].(map[string]any); ok {
		if how := best(list(p["AWS"])); how != "" && how != "account" {
			return ""
		}
	}
	return "everyone"
}

// same compares a value with its wildcards and variables; known is false where a variable has no value.
func (r reference) same(pattern, text string, variables bool) (match, known bool) {
	if variables && strings.Contains(pattern, "${aws:username}") {
		if r.who.Name == "" {
			return false, false
		}
		pattern = strings.ReplaceAll(pattern, "${aws:username}", r.who.Name)
	}
	return simpleMatch([]rune(pattern), []rune(text)), true
}

func (r reference) about(s map[string]any, variables bool) bool {
	covers := func(patterns []string, text string) (found, unknown bool) {
		for _, p := range patterns {
			match, known := r.same(p, text, variables)
			found, unknown = found || match, unknown || !known
		}
		return found, unknown
	}
	action := strings.ToLower(r.action)
	if v, ok := s["Action"]; ok {
		if found, _ := covers(lowered(v), action); !found {
			return false
		}
	} else if found, _ := covers(lowered(s["NotAction"]), action); found {
		return false
	}
	if v, ok := s["Resource"]; ok {
		found, _ := covers(list(v), r.on)
		return found
	}
	found, unknown := covers(list(s["NotResource"]), r.on)
	return !found && !unknown
}

func lowered(v any) (all []string) {
	for _, s := range list(v) {
		all = append(all, strings.ToLower(s))
	}
	return all
}

func (r reference) conditions(s map[string]any, variables bool) bool {
	block, ok := s["Condition"].(map[string]any)
	if !ok {
		return true
	}
	for operator, keys := range block {
		for _, v := range keys.(map[string]any) {
			if !r.condition(operator, list(v), variables) {
				return false
			}
		}
	}
	return true
}

func (r reference) condition(operator string, values []string, variables bool) bool {
	name, optional := strings.CutSuffix(operator, "IfExists")
	name, every := strings.CutPrefix(name, "ForAllValues:")
	name, some := strings.CutPrefix(name, "ForAnyValue:")
	negated, wild := strings.Contains(name, "Not"), strings.HasSuffix(name, "Like")
	matches := func(held string) bool {
		for _, v := range values {
			if !wild {
				v = strings.ReplaceAll(v, "?", "literal question mark")
			}
			if match, _ := r.same(v, held, variables); match {
				return true
			}
		}
		return false
	}
	if negated {
		for _, v := range values {
			if _, known := r.same(v, "", variables); !known {
				return false
			}
		}
	}
	if len(r.tags) == 0 {
		return optional || every || negated && !some
	}
	good := 0
	for _, held := range r.tags {
		if matches(held) != negated {
			good++
		}
	}
	if every || negated && !some {
		return good == len(r.tags)
	}
	return good > 0
}
