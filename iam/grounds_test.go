package iam

import (
	"slices"
	"testing"
)

// placed is a policy of several lines, whose statements stand where the comments of TestGroundsTell… say.
const placed = `{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "codeartifact:*", "Resource": "*",
     "Condition": {"StringEquals": {"aws:PrincipalTag/team": "core", "aws:RequestTag/Cost": ["1", "${aws:SourceVpc}"]}}},
    {"Effect": "Allow", "Action": "codeartifact:Read*", "Resource": "*"},
    {"Effect": "Deny", "Action": "codeartifact:Delete*", "Resource": "*", "Condition": {"Null": {"aws:MultiFactorAuthAge": "true"}}}
  ]
}`

func TestGroundsTellEveryStatementThatAppliesAndWhatIsMissing(t *testing.T) {
	identity := mustParse(t, IdentityPolicy, placed)
	boundary := mustParse(t, IdentityPolicy, `{"Statement":{"Effect":"Allow","Action":"codeartifact:Read*","Resource":"*"}}`)
	trusting := mustParse(t, ResourcePolicy, `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Principal":{"AWS":"`+bob.ARN+`"}},
		{"Effect":"Deny","Action":"*","Resource":"*","Principal":{"AWS":"210987654321"}}]}`)
	ask := func(action string, keys map[string][]string, resource ...*Policy) Grounds {
		return GroundsOf(Request{Principal: bob, Action: action, Resources: []string{repoX}, Context: keys},
			Policies{Identity: []*Policy{identity}, Boundary: boundary, Resource: resource})
	}
	begins := func(g Grounds) (at []int64) {
		for _, a := range g.Applying {
			at = append(at, a.Begin)
		}
		return at
	}
	first, second, third := identity.statements[0].begin, identity.statements[1].begin, identity.statements[2].begin
	both := map[string][]string{"aws:principaltag/team": {"core"}, "aws:requesttag/cost": {"1"}}

	g := ask("codeartifact:ReadFromRepository", nil)
	if want := []string{"aws:PrincipalTag/team", "aws:RequestTag/Cost", "aws:SourceVpc"}; !slices.Equal(g.Missing, want) {
		t.Errorf("missing: got %q, want %q", g.Missing, want)
	}
	if got := begins(g); !slices.Equal(got, []int64{second}) || g.Identity != SaysAllow || g.Boundary != SaysAllow || g.Resource != SaysNothing {
		t.Errorf("read: got %d, %+v", got, g)
	}
	tagged := bob
	tagged.Tags = map[string]string{"Team": "core"}
	g = GroundsOf(Request{Principal: tagged, Action: "codeartifact:DeleteRepository", Context: both},
		Policies{Identity: []*Policy{identity}, Boundary: boundary})
	if got := begins(g); !slices.Equal(got, []int64{third, first}) || g.Identity != SaysDeny || g.Boundary != SaysNothing {
		t.Errorf("delete: got %d, %+v", got, g)
	}
	g = ask("codeartifact:ReadFromRepository", nil, trusting)
	if len(g.Applying) != 2 || g.Applying[1].Policy != trusting || g.Resource != SaysAllow {
		t.Errorf("with a resource policy: got %+v", g)
	}
	if d := Evaluate(Request{Principal: bob, Action: read}, Policies{}, true); d.Allowed() {
		t.Error("nothing allows")
	}
}

func TestWhereAStatementStandsIsToldAsAWSDoes(t *testing.T) {
	// The numbers are those of the examples in the AWS CLI reference, simulate-custom-policy and simulate-principal-policy, less
	// one: columns count from 1.
	single := mustParse(t, IdentityPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*",`+
		`"Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}`)
	if s := single.statements[0]; s.begin != 37 || s.end != 166 {
		t.Errorf("got %d to %d, want 37 to 166", s.begin, s.end)
	}
	list := `{"Statement": [ {"Effect":"Deny","Action":"*","Resource":"*"} , {"Effect":"Allow","Action":"*","Resource":"*"}]}`
	p := mustParse(t, IdentityPolicy, list)
	for i, want := range []string{` {"Effect":"Deny","Action":"*","Resource":"*"}`, ` , {"Effect":"Allow","Action":"*","Resource":"*"}`} {
		if got := list[p.statements[i].begin:p.statements[i].end]; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAHypotheticalRequestSaysItselfWhoCalls(t *testing.T) {
	p := mustParse(t, IdentityPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*",
		"Resource":"arn:aws:codeartifact:us-east-1:123456789012:repository/${aws:username}/*",
		"Condition":{"StringEquals":{"aws:PrincipalTag/team":"core"},"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/*"}}}}`)
	ask := func(r Request) bool {
		r.Action, r.Resources = read, []string{"arn:aws:codeartifact:us-east-1:123456789012:repository/ann/r"}
		return Evaluate(r, Policies{Identity: []*Policy{p}}, true).Allowed()
	}
	given := map[string][]string{"aws:username": {"ann"}, "aws:principaltag/team": {"core"},
		"aws:principalarn": {"arn:aws:iam::123456789012:user/ann"}}
	for name, c := range map[string]struct {
		request Request
		allowed bool
	}{
		"nobody in particular, of whom everything is said": {Request{Hypothetical: true, Context: given}, true},
		"somebody, of whom something else is said":         {Request{Hypothetical: true, Principal: bob, Context: given}, true},
		"nobody in particular, of whom nothing is said":    {Request{Hypothetical: true}, false},
		"nobody": {Request{Context: given}, false},
		"somebody who says of himself what he likes": {Request{Principal: bob, Context: given}, false},
	} {
		if got := ask(c.request); got != c.allowed {
			t.Errorf("%s: allowed is %v", name, got)
		}
	}
	g := GroundsOf(Request{Hypothetical: true, Action: read}, Policies{Identity: []*Policy{p}})
	if want := []string{"aws:username"}; !slices.Equal(g.Missing, want) {
		t.Errorf("got %q, want %q", g.Missing, want)
	}
}

func TestValuesOfContextAreOfTheirType(t *testing.T) {
	for _, c := range []struct {
		typ, text, held string
		good            bool
	}{
		{"string", "anything", "anything", true}, {"numeric", "1.5", "1.5", true}, {"numeric", "one", "", false},
		{"boolean", "TRUE", "TRUE", true}, {"boolean", "yes", "", false}, {"ip", "10.0.0.1", "10.0.0.1", true}, {"ip", "10.0.0.256", "", false},
		{"date", "2026-11-29T20:00:00Z", "2026-11-29T20:00:00Z", true}, {"date", "1700000000", "1700000000", true}, {"date", "soon", "", false},
		{"binary", "aGVsbG8=", "hello", true}, {"binary", "?", "", false},
	} {
		held, err := ContextValue(c.typ, c.text)
		if (err == nil) != c.good || c.good && held != c.held {
			t.Errorf("%s %q: got %q, %v", c.typ, c.text, held, err)
		}
	}
}
