package iam

import "testing"

// TestPublic is case I21 of docs/behaviour.md, as far as it is the policy's: what opens reading to everyone is told.
func TestPublic(t *testing.T) {
	open := func(condition string) string {
		return `{"Version": "2012-10-17", "Statement": ` +
			statementOf("Allow", read, "*", anyone+`, "Condition": {`+condition+`}`) + `}`
	}
	for _, test := range []struct {
		name, document string
		want           bool
	}{
		{"I21 everyone", `{"Statement": ` + statementOf("Allow", read, "*", anyone) + `}`, true},
		{"I21 everyone, as a list", `{"Statement": ` +
			statementOf("Allow", read, "*", `, "Principal": {"AWS": ["`+bob.ARN+`", "*"]}`) + `}`, true},
		{"I21 everyone in the second statement", `{"Statement": [` + toBob + `,` + statementOf("Allow", read, "*", anyone) + `]}`,
			true},
		{"everyone, for something else", `{"Statement": ` + statementOf("Allow", publish, "*", anyone) + `}`, false},
		{"everyone, for all reads", `{"Statement": ` + statementOf("Allow", "codeartifact:Read*", "*", anyone) + `}`, true},
		{"one user", `{"Statement": ` + toBob + `}`, false},
		{"a deny to everyone", `{"Statement": ` + statementOf("Deny", read, "*", anyone) + `}`, false},
		{"an organisation", open(`"StringEquals": {"aws:PrincipalOrgID": "o-1"}`), false},
		{"what is in an organisation", open(`"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}`), false},
		{"what is in any organisation", open(`"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-*"}`), true},
		{"any organisation", open(`"StringLike": {"aws:PrincipalOrgID": "o-*"}`), true},
		{"not an organisation", open(`"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}`), true},
		{"an organisation if there is one", open(`"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}`), true},
		{"the organisation the caller has", open(`"StringEquals": {"aws:PrincipalOrgID": "${aws:PrincipalOrgID}"}`), true},
		{"a key of the caller's choice", open(`"StringEquals": {"aws:username": "bob"}`), true},
		{"a key that must be there", open(`"Null": {"aws:PrincipalOrgID": "false"}`), true},
		{"a network", open(`"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}`), false},
		{"a network and half the world", open(`"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "128.0.0.0/1"]}`), true},
		{"an account's roles", open(`"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/*"}`), false},
		{"an account's roles as text", open(`"StringLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/*"}`), false},
		{"anybody's role", open(`"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}`), true},
		{"one character of an account", open(`"StringLike": {"aws:PrincipalAccount": "?"}`), true},
		{"encryption in transit", open(`"Bool": {"aws:SecureTransport": "true"}`), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := mustParse(t, ResourcePolicy, test.document)
			if statement, got := p.Public(read); got != test.want || got != (statement > 0) {
				t.Errorf("got %v at statement %d, want %v", got, statement, test.want)
			}
		})
	}
}
