package iam

import "testing"

func TestMessage(t *testing.T) {
	const who = "User: arn:aws:sts::123456789012:assumed-role/ci/build-7 is not authorized to perform: " +
		"codeartifact:ReadFromRepository on resource: " + repoX
	deny := statementOf("Deny", read, "*", "")
	narrow := statementOf("Allow", publish, "*", "")
	for _, test := range []struct {
		name    string
		docs    documents
		other   bool
		message string
	}{
		{"no identity policy", documents{}, false,
			who + " because no identity-based policy allows the codeartifact:ReadFromRepository action"},
		{"no resource policy", documents{identity: all}, true,
			who + " because no resource-based policy allows the codeartifact:ReadFromRepository action"},
		{"a deny of the resource", documents{identity: all, resource: statementOf("Deny", read, "*", anyone)}, false,
			who + " with an explicit deny in a resource-based policy"},
		{"a deny of the identity", documents{identity: deny}, false,
			who + " with an explicit deny in an identity-based policy"},
		{"a deny of the boundary", documents{identity: all, boundary: deny}, false,
			who + " with an explicit deny in a permissions boundary"},
		{"a deny of the session", documents{identity: all, session: deny}, false,
			who + " with an explicit deny in a session policy"},
		{"a deny of the session against a narrow boundary", documents{identity: all, boundary: narrow, session: deny}, false,
			who + " with an explicit deny in a session policy"},
		{"a narrow boundary", documents{identity: all, boundary: narrow}, false,
			who + " because no permissions boundary allows the codeartifact:ReadFromRepository action"},
		{"a narrow session", documents{identity: all, session: narrow}, false,
			who + " because no session policy allows the codeartifact:ReadFromRepository action"},
		{"an allow", documents{identity: all}, false, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			req := Request{Principal: ci, Action: read, Resources: []string{repoX}}
			if got := Evaluate(req, test.docs.parse(t), !test.other).Message(req); got != test.message {
				t.Errorf("got  %s\nwant %s", got, test.message)
			}
		})
	}
}

func TestDecisionNamesTheStatement(t *testing.T) {
	p := mustParse(t, IdentityPolicy, `{"Id": "guard", "Statement": [`+all+`,
		{"Sid": "NoRead", "Effect": "Deny", "Action": "*", "Resource": "`+repoX+`"},
		{"Sid": "Again", "Effect": "Allow", "Action": "*", "Resource": "*"}]}`)
	evaluate := func(on ...string) Decision {
		return Evaluate(Request{Principal: bob, Action: read, Resources: on}, Policies{Identity: []*Policy{p}}, true)
	}
	for _, test := range []struct {
		name string
		got  Decision
		want Decision
		text string
	}{
		{"the deny", evaluate("*", repoX), Decision{DeniedByIdentity, "NoRead", "guard", 2, repoX},
			"explicit deny in identity-based policy, statement 2 (NoRead) of guard, on " + repoX},
		{"the allow", evaluate(repoY), Decision{AllowedByIdentity, "", "guard", 1, repoY},
			"allowed by identity-based policy, statement 1 of guard, on " + repoY},
		{"none", Evaluate(Request{Principal: bob, Action: read}, Policies{}, true),
			Decision{Reason: NoIdentityAllow, Resource: "*"}, "no identity-based policy allows, on *"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.got != test.want {
				t.Errorf("got %+v, want %+v", test.got, test.want)
			}
			if got := test.got.String(); got != test.text {
				t.Errorf("got %q, want %q", got, test.text)
			}
		})
	}
}
