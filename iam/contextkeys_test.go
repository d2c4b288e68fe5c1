package iam

import (
	"slices"
	"testing"
)

func TestContextKeysAreThoseOfConditionsAndVariables(t *testing.T) {
	p, err := Parse([]byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"*","Resource":"arn:aws:iam::123456789012:user/${aws:username}/*",
		 "Condition":{"StringEquals":{"aws:PrincipalTag/team":["${aws:ResourceTag/team}","core"],"aws:UserName":"x"},
			"StringEqualsIgnoreCase":{"sts:ExternalId":"${aws:userid, 'none'}"},
			"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::${aws:PrincipalAccount}:role/*"},
			"ArnEquals":{"aws:SourceArn":"${aws:PrincipalArn}"},
			"Null":{"aws:TokenIssueTime":"true"},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}},
		{"Effect":"Deny","Action":"*","Resource":"*"}]}`), IdentityPolicy)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalTag/team", "aws:ResourceTag/team",
		"aws:SourceArn", "aws:SourceIp", "aws:TokenIssueTime", "aws:userid", "aws:username", "sts:ExternalId"}
	if got := ContextKeys(p); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
