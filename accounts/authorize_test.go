package accounts

import (
	"errors"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/iam"
)

const account = "123456789012"

// caller is a user of the account with one policy.
func caller(t *testing.T, document string) iam.Caller {
	t.Helper()
	return iam.Caller{Circumstances: iam.Circumstances{RequestID: "request-1"}, Identity: []*iam.Policy{parsed(t, document, iam.IdentityPolicy)},
		Principal: iam.Principal{Account: account, ARN: "arn:aws:iam::" + account + ":user/ann", ID: "AIDAANN", Name: "ann"}}
}

func parsed(t *testing.T, document string, kind iam.PolicyKind) *iam.Policy {
	t.Helper()
	policy, err := iam.Parse([]byte(document), kind)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

func allow(action, resource, condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"` +
		condition + `}]}`
}

const (
	bobARN   = "arn:aws:iam::" + account + ":user/bob"
	everyone = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`
)

func TestPermissionRestsOnTheSubjectItsTagsAndThoseOfTheRequest(t *testing.T) {
	tagged := `{"StringEquals":{"aws:ResourceTag/Team":"core"}}`
	asked := `{"StringEquals":{"aws:RequestTag/team":"core"},"ForAllValues:StringEquals":{"aws:TagKeys":["Team","cost"]}}`
	attached := `{"ArnEquals":{"iam:PolicyARN":"arn:aws:iam::aws:policy/ReadOnly"}}`
	rows := []struct {
		name, document string
		on             Subject
		allowed        bool
	}{
		{"the subject", allow("iam:*", bobARN, ""), Subject{ARN: bobARN}, true},
		{"another subject", allow("iam:*", bobARN, ""), Subject{ARN: bobARN + "2"}, false},
		{"nothing in particular", allow("iam:*", "*", ""), Subject{}, true},
		{"nothing in particular, where one is named", allow("iam:*", bobARN, ""), Subject{}, false},
		{"a tag of it", allow("iam:*", "*", tagged), Subject{ARN: bobARN, Tags: map[string]string{"team": "core"}}, true},
		{"another tag of it", allow("iam:*", "*", tagged), Subject{ARN: bobARN, Tags: map[string]string{"team": "x"}}, false},
		{"a tag that is given", allow("iam:*", "*", asked), Subject{Given: map[string]string{"Team": "core"}}, true},
		{"a tag too many", allow("iam:*", "*", asked), Subject{Given: map[string]string{"Team": "core", "x": ""}}, false},
		{"a tag that is taken", allow("iam:*", "*", `{"ForAnyValue:StringEquals":{"aws:TagKeys":"cost"}}`),
			Subject{Taken: []string{"cost"}}, true},
		{"a key of the action", allow("iam:*", "*", attached),
			Subject{Keys: map[string][]string{"iam:policyarn": {"arn:aws:iam::aws:policy/ReadOnly"}}}, true},
		{"another account's", allow("iam:*", "*", ""), Subject{ARN: bobARN, Owner: "999999999999"}, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			err := Authorize(caller(t, row.document), "iam:TagUser", row.on)
			if got := err == nil; got != row.allowed {
				t.Fatalf("got %v, want allowed %v", err, row.allowed)
			}
		})
	}
}

func TestAnotherAccountsTakesBothSides(t *testing.T) {
	on := Subject{ARN: "arn:aws:iam::999999999999:role/deploy", Owner: "999999999999",
		Policies: []*iam.Policy{parsed(t, everyone, iam.ResourcePolicy)}}
	if err := Authorize(caller(t, allow("sts:AssumeRole", "*", "")), "sts:AssumeRole", on); err != nil {
		t.Errorf("got %v where both sides allow", err)
	}
	if err := Authorize(caller(t, allow("s3:*", "*", "")), "sts:AssumeRole", on); !artifact.Is(err, artifact.Denied) {
		t.Errorf("got %v where everybody is let in but the caller's account does not allow it", err)
	}
}

func TestARefusalTellsWhatAndHowItWasDecided(t *testing.T) {
	err := Authorize(caller(t, allow("s3:*", "*", "")), "iam:DeleteUser", Subject{ARN: bobARN})
	const want = "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: iam:DeleteUser on resource: " +
		"arn:aws:iam::123456789012:user/bob because no identity-based policy allows the iam:DeleteUser action"
	if !artifact.Is(err, artifact.Denied) || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
	refused, ok := errors.AsType[*Refusal](err)
	if !ok || refused.Action != "iam:DeleteUser" || refused.Decision.Reason != iam.NoIdentityAllow {
		t.Errorf("got %+v", refused)
	}
	if err := Authorize(iam.Caller{}, "iam:DeleteUser", Subject{}); !artifact.Is(err, artifact.Unauthenticated) {
		t.Errorf("got %v for nobody in particular", err)
	}
}

func TestWhoMayNotLearnsNoPathAndNoHolder(t *testing.T) {
	f := newFixture(t)
	_, err := f.CreateUser(f.Context(), f.root, NewPrincipal{Name: "bob", Path: "/team/"})
	f.must(err)
	_, key, _, err := f.CreateAccessKey(f.Context(), f.root, "bob")
	f.must(err)
	ann := f.callerOf(f.user("ann", "").ID)
	said := func(err error, of string) string {
		told, _ := errors.AsType[*artifact.Error](err)
		if told == nil || told.Kind != artifact.Denied {
			t.Fatalf("got %v, want it denied", err)
		}
		return strings.ReplaceAll(told.Reason, of, "X")
	}
	_, there := f.GetUser(f.Context(), ann, "bob")
	_, gone := f.GetUser(f.Context(), ann, "eve")
	if a, b := said(there, "bob"), said(gone, "eve"); a != b {
		t.Errorf("a user: got %q and %q", a, b)
	}
	_, _, there = f.GetAccessKeyLastUsed(f.Context(), ann, key.ID)
	_, _, gone = f.GetAccessKeyLastUsed(f.Context(), ann, "AKIAIOSFODNN7EXAMPLE")
	if a, b := said(there, key.ID), said(gone, "AKIAIOSFODNN7EXAMPLE"); a != b {
		t.Errorf("an access key: got %q and %q", a, b)
	}
	// The record has what was refused.
	err = f.DeleteUser(f.Context(), ann, "bob")
	said(err, "bob")
	if e, _ := f.last(); e.Resource != "arn:aws:iam::"+account+":user/team/bob" {
		t.Errorf("recorded %+v", e)
	}
}
