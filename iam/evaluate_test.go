package iam

import (
	"fmt"
	"strings"
	"testing"
)

const (
	owner    = "123456789012"
	stranger = "210987654321"
	repoX    = prefix + "repository/d/x"
	repoY    = prefix + "repository/d/y"
	lodash   = prefix + "package/d/x/npm//lodash"
)

var (
	bob   = Principal{Account: owner, ARN: "arn:aws:iam::" + owner + ":user/bob", ID: "AIDABOB", Name: "bob"}
	alice = Principal{Account: owner, ARN: "arn:aws:iam::" + owner + ":user/alice", ID: "AIDAALICE", Name: "alice"}
	ci    = Principal{Account: owner, ARN: "arn:aws:sts::" + owner + ":assumed-role/ci/build-7", ID: "AROACI:build-7",
		Role: "arn:aws:iam::" + owner + ":role/team/ci"}
	mallory = Principal{Account: stranger, ARN: "arn:aws:iam::" + stranger + ":user/mallory", ID: "AIDAMALLORY",
		Name: "mallory"}
)

func mustParse(t testing.TB, kind PolicyKind, document string) *Policy {
	t.Helper()
	p, err := Parse([]byte(document), kind)
	if err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	return p
}

// documents are the policies of a table row, each a list of JSON statements.
type documents struct {
	identity, resource, boundary, session string
	version                               string // 2012-10-17 if empty, "none" for a document without
}

// policyOf makes a document of statements.
func policyOf(t testing.TB, kind PolicyKind, version, statements string) *Policy {
	t.Helper()
	if statements == "" {
		return nil
	}
	head := `"Version": "2012-10-17", `
	switch version {
	case "":
	case "none":
		head = ""
	default:
		head = fmt.Sprintf(`"Version": %q, `, version)
	}
	return mustParse(t, kind, `{`+head+`"Statement": [`+statements+`]}`)
}

// sessionParts parts the statements of several session policies.
const sessionParts = "\n---\n"

func (d documents) parse(t testing.TB) Policies {
	t.Helper()
	var session []*Policy
	if d.session != "" {
		// Several session policies are as good as one with the statements of all.
		for half := range strings.SplitSeq(d.session, sessionParts) {
			session = append(session, policyOf(t, SessionPolicy, d.version, half))
		}
	}
	return Policies{
		Session:  session,
		Identity: []*Policy{policyOf(t, IdentityPolicy, d.version, d.identity)},
		Resource: []*Policy{policyOf(t, ResourcePolicy, d.version, d.resource)},
		Boundary: policyOf(t, IdentityPolicy, d.version, d.boundary),
	}
}

// statementOf writes a statement; extra are further members, with their leading comma.
func statementOf(effect, action, resource, extra string) string {
	return fmt.Sprintf(`{"Effect": %q, "Action": %q, "Resource": %q%s}`, effect, action, resource, extra)
}

// given writes a statement on everything with a condition.
func given(effect, condition string) string {
	return statementOf(effect, "*", "*", `, "Condition": {`+condition+`}`)
}

func to(principal string) string { return `, "Principal": {"AWS": "` + principal + `"}` }

// except denies everything to all but the names.
func except(names ...string) documents {
	return documents{identity: all, resource: `{"Effect": "Deny", "Action": "*", "Resource": "*", "NotPrincipal": {"AWS": ["` +
		strings.Join(names, `", "`) + `"]}}`}
}

const read, publish = "codeartifact:ReadFromRepository", "codeartifact:PublishPackageVersion"

var (
	all      = statementOf("Allow", "*", "*", "")
	readAll  = statementOf("Allow", read, "*", "")
	noRead   = statementOf("Deny", read, "*", "")
	anyone   = `, "Principal": "*"`
	toBob    = statementOf("Allow", read, "*", to(bob.ARN))
	toRoot   = statementOf("Allow", read, "*", to("arn:aws:iam::"+owner+":root"))
	toOthers = statementOf("Allow", read, "*", to(stranger))
)

// TestDecisions are the cases of docs/behaviour.md, by their numbers there.
func TestDecisions(t *testing.T) {
	const variable = "${aws:username}"
	home := prefix + "repository/d/" + variable
	tagged := func(condition string) documents { return documents{identity: given("Allow", condition)} }
	for _, test := range []struct {
		name     string
		who      Principal // bob if empty
		action   string    // ReadFromRepository if empty
		on       string    // repoX if empty
		docs     documents
		context  map[string][]string
		other    bool // another account's resource
		want     Reason
		resource []string // instead of on
	}{
		{name: "I01 deny in the identity policy", docs: documents{identity: all + "," + noRead}, want: DeniedByIdentity},
		{name: "I01 deny before the allow", docs: documents{identity: noRead + "," + all}, want: DeniedByIdentity},
		{name: "I01 deny in the resource policy", want: DeniedByResource,
			docs: documents{identity: all, resource: statementOf("Deny", read, "*", anyone)}},
		{name: "I01 deny of the account in the resource policy", want: DeniedByResource,
			docs: documents{identity: all, resource: statementOf("Deny", read, "*", to(owner))}},
		{name: "I01 deny in the session policy", docs: documents{identity: all, session: all + "," + noRead},
			want: DeniedBySession},
		{name: "I01 deny in the boundary", docs: documents{identity: all, boundary: all + "," + noRead},
			want: DeniedByBoundary},
		{name: "I01 deny in the identity policy against a resource policy's allow",
			docs: documents{identity: noRead, resource: toBob}, want: DeniedByIdentity},
		{name: "I02 no policy", want: NoIdentityAllow},
		{name: "I02 nothing matches", docs: documents{identity: statementOf("Allow", publish, "*", "")},
			want: NoIdentityAllow},

		{name: "I03 NotAction allows the rest", action: publish, want: AllowedByIdentity,
			docs: documents{identity: `{"Effect": "Allow", "NotAction": "codeartifact:Delete*", "Resource": "*"}`}},
		{name: "I03 NotAction does not allow what it lists", action: "codeartifact:DeletePackage", want: NoIdentityAllow,
			docs: documents{identity: `{"Effect": "Allow", "NotAction": "codeartifact:Delete*", "Resource": "*"}`}},
		{name: "I04 NotAction denies the rest", action: publish, want: DeniedByIdentity, docs: documents{
			identity: all + `, {"Effect": "Deny", "NotAction": "codeartifact:Read*", "Resource": "*"}`}},
		{name: "I04 NotAction does not deny what it lists", want: AllowedByIdentity, docs: documents{
			identity: all + `, {"Effect": "Deny", "NotAction": "codeartifact:Read*", "Resource": "*"}`}},
		{name: "I05 NotResource allows another", on: repoY, want: AllowedByIdentity,
			docs: documents{identity: `{"Effect": "Allow", "Action": "*", "NotResource": "` + repoX + `"}`}},
		{name: "I05 NotResource does not allow what it lists", want: NoIdentityAllow,
			docs: documents{identity: `{"Effect": "Allow", "Action": "*", "NotResource": "` + repoX + `"}`}},
		{name: "I05 NotResource does not allow it by another resource of the call", resource: []string{repoX, repoY, "*"},
			docs: documents{identity: `{"Effect": "Allow", "Action": "*", "NotResource": "` + repoX + `"}`},
			want: NoIdentityAllow},
		{name: "I05 NotResource denies by another resource of the call", resource: []string{repoX, repoY},
			docs: documents{identity: all + `,{"Effect": "Deny", "Action": "*", "NotResource": "` + repoX + `"}`},
			want: DeniedByIdentity},

		{name: "I06 case of the policy's action", want: AllowedByIdentity,
			docs: documents{identity: statementOf("Allow", "CODEARTIFACT:readfromrepository", "*", "")}},
		{name: "I06 case of the request's action", action: "codeArtifact:READFROMREPOSITORY", want: AllowedByIdentity,
			docs: documents{identity: statementOf("Allow", "codeartifact:Read*", "*", "")}},
		{name: "I07 case of the resource", on: prefix + "repository/d/X", want: NoIdentityAllow,
			docs: documents{identity: statementOf("Allow", "*", repoX, "")}},
		{name: "I08 a star crosses slashes", on: lodash, want: AllowedByIdentity,
			docs: documents{identity: statementOf("Allow", "*", prefix+"package/d/*lodash", "")}},
		{name: "I08 a star crosses colons in a resource", on: lodash, want: AllowedByIdentity,
			docs: documents{identity: statementOf("Allow", "*", "arn:aws:codeartifact:*lodash", "")}},
		{name: "I08 a question mark is one character", want: AllowedByIdentity,
			docs: documents{identity: statementOf("Allow", "*", prefix+"repository/?/?", "")}},
		{name: "I08 a question mark is not none", want: NoIdentityAllow,
			docs: documents{identity: statementOf("Allow", "*", repoX+"?", "")}},
		{name: "I08 a star of ArnLike does not cross colons", want: NoIdentityAllow,
			docs: tagged(`"ArnLike": {"aws:PrincipalArn": "arn:aws:*:` + owner + `:user:bob:*"}`)},
		{name: "I08 a star of ArnLike ends at its part", want: AllowedByIdentity,
			docs: tagged(`"ArnLike": {"aws:PrincipalArn": "arn:*:iam:*:` + owner + `:user/*"}`)},

		{name: "I09 no version, a variable is text", on: prefix + "repository/d/bob", want: NoIdentityAllow,
			docs: documents{version: "none", identity: statementOf("Allow", "*", home, "")}},
		{name: "I09 old version, a variable is text", on: home, want: AllowedByIdentity,
			docs: documents{version: "2008-10-17", identity: statementOf("Allow", "*", home, "")}},
		{name: "I10 new version, a variable has its value", on: prefix + "repository/d/bob", want: AllowedByIdentity,
			docs: documents{identity: statementOf("Allow", "*", home, "")}},
		{name: "I10 a variable without value, resource", who: ci, on: home, want: NoIdentityAllow,
			docs: documents{identity: statementOf("Allow", "*", home, "")}},
		{name: "I10 a variable without value, NotResource leaves out nothing", who: ci, want: AllowedByIdentity,
			docs: documents{identity: `{"Effect": "Allow", "Action": "*", "NotResource": "` + home + `"}`}},
		{name: "I10 a variable without value, negated condition", who: ci, want: AllowedByIdentity,
			docs:    tagged(`"StringNotEquals": {"aws:ResourceTag/owner": "${aws:username}"}`),
			context: map[string][]string{"aws:resourcetag/owner": {"eve"}}},
		{name: "I10 who is of no team is denied what another team has", want: DeniedByIdentity,
			docs: documents{identity: all + "," +
				given("Deny", `"StringNotEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}`)},
			context: map[string][]string{"aws:resourcetag/team": {"red"}}},
		{name: "I10 a deny of all but a variable without value", who: ci, want: DeniedByIdentity, docs: documents{identity: all +
			`, {"Effect": "Deny", "Action": "*", "NotResource": "` + home + `"}`}},
		{name: "I10 a deny with a variable without value is without effect", who: ci, want: AllowedByIdentity,
			docs: documents{identity: all + "," + statementOf("Deny", "*", home, "")}},
		{name: "I10 a default stands in", who: ci, on: prefix + "repository/d/shared", want: AllowedByIdentity,
			docs: documents{identity: statementOf("Allow", "*", prefix+"repository/d/${aws:username, 'shared'}", "")}},
		{name: "I10 a value wins over the default", on: prefix + "repository/d/shared", want: NoIdentityAllow,
			docs: documents{identity: statementOf("Allow", "*", prefix+"repository/d/${aws:username, 'shared'}", "")}},
		{name: "I10 a key with two values is no variable", want: NoIdentityAllow,
			docs:    documents{identity: statementOf("Allow", "*", prefix+"repository/d/${aws:TagKeys}", "")},
			context: map[string][]string{"aws:tagkeys": {"x", "y"}}},
		{name: "I11 a star in a value is a star", who: Principal{Account: owner, ARN: bob.ARN, Name: "*"},
			docs: documents{identity: statementOf("Allow", "*", home, "")}, want: NoIdentityAllow},
		{name: "I11 a star in a value matches itself", who: Principal{Account: owner, ARN: bob.ARN, Name: "*"},
			on: prefix + "repository/d/*", docs: documents{identity: statementOf("Allow", "*", home, "")},
			want: AllowedByIdentity},
		{name: "I11 a star in a value, ArnLike", who: Principal{Account: owner, ARN: bob.ARN, Name: "*"},
			docs: tagged(`"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::` + owner + `:user/${aws:username}"}`),
			want: NoIdentityAllow},
		{name: "I11 an escaped star is a star", docs: documents{
			identity: statementOf("Allow", "*", prefix+"repository/d/${*}", "")}, want: NoIdentityAllow},

		{name: "I12 StringEquals on an absent key", docs: tagged(`"StringEquals": {"aws:ResourceTag/k": "v"}`),
			want: NoIdentityAllow},
		{name: "I12 StringNotEquals on an absent key", docs: tagged(`"StringNotEquals": {"aws:ResourceTag/k": "v"}`),
			want: AllowedByIdentity},
		{name: "I12 an empty list is absent", docs: tagged(`"StringNotEquals": {"aws:ResourceTag/k": "v"}`),
			context: map[string][]string{"aws:resourcetag/k": {}}, want: AllowedByIdentity},
		{name: "I13 IfExists on an absent key", docs: tagged(`"StringEqualsIfExists": {"aws:ResourceTag/k": "v"}`),
			want: AllowedByIdentity},
		{name: "I13 IfExists on another value", docs: tagged(`"StringEqualsIfExists": {"aws:ResourceTag/k": "v"}`),
			context: map[string][]string{"aws:resourcetag/k": {"w"}}, want: NoIdentityAllow},
		{name: "I13 Null true on an absent key", docs: tagged(`"Null": {"aws:ResourceTag/k": "true"}`),
			want: AllowedByIdentity},
		{name: "I13 Null true on a present key", docs: tagged(`"Null": {"aws:ResourceTag/k": true}`),
			context: map[string][]string{"aws:resourcetag/k": {""}}, want: NoIdentityAllow},
		{name: "I13 Null false on an absent key", docs: tagged(`"Null": {"aws:ResourceTag/k": "false"}`),
			want: NoIdentityAllow},
		{name: "I13 Null false on a present key", docs: tagged(`"Null": {"aws:ResourceTag/k": false}`),
			context: map[string][]string{"aws:resourcetag/k": {""}}, want: AllowedByIdentity},
		{name: "I14 ForAllValues on an absent key", docs: tagged(`"ForAllValues:StringEquals": {"aws:TagKeys": "k"}`),
			want: AllowedByIdentity},
		{name: "I14 ForAllValues with one too many", docs: tagged(`"ForAllValues:StringEquals": {"aws:TagKeys": "k"}`),
			context: map[string][]string{"aws:tagkeys": {"k", "l"}}, want: NoIdentityAllow},
		{name: "I14 ForAnyValue on an absent key", docs: tagged(`"ForAnyValue:StringEquals": {"aws:TagKeys": "k"}`),
			want: NoIdentityAllow},
		{name: "I14 ForAnyValue negated on an absent key", want: NoIdentityAllow,
			docs: tagged(`"ForAnyValue:StringNotEquals": {"aws:TagKeys": "k"}`)},
		{name: "I14 ForAnyValue with one of two", docs: tagged(`"ForAnyValue:StringEquals": {"aws:TagKeys": "k"}`),
			context: map[string][]string{"aws:tagkeys": {"l", "k"}}, want: AllowedByIdentity},
		{name: "I14 ForAnyValue negated with one other", want: AllowedByIdentity,
			docs:    tagged(`"ForAnyValue:StringNotEquals": {"aws:TagKeys": "k"}`),
			context: map[string][]string{"aws:tagkeys": {"k", "l"}}},
		{name: "I15 StringNotEquals one of the list", want: NoIdentityAllow,
			docs:    tagged(`"StringNotEquals": {"aws:ResourceTag/k": ["v", "w"]}`),
			context: map[string][]string{"aws:resourcetag/k": {"w"}}},
		{name: "I15 StringNotEquals none of the list", want: AllowedByIdentity,
			docs:    tagged(`"StringNotEquals": {"aws:ResourceTag/k": ["v", "w"]}`),
			context: map[string][]string{"aws:resourcetag/k": {"x"}}},
		{name: "I16 two operators, one false", want: NoIdentityAllow,
			docs: tagged(`"StringEquals": {"aws:username": "bob"}, "Bool": {"aws:SecureTransport": "true"}`)},
		{name: "I16 two keys of an operator, one false", want: NoIdentityAllow,
			docs: tagged(`"StringEquals": {"aws:username": "bob", "aws:PrincipalAccount": "` + stranger + `"}`)},
		{name: "I16 two operators, both true", want: AllowedByIdentity,
			docs:    tagged(`"StringEquals": {"aws:username": "bob"}, "Bool": {"aws:SecureTransport": "true"}`),
			context: map[string][]string{"aws:securetransport": {"true"}}},
		{name: "I17 IPv6", docs: tagged(`"IpAddress": {"aws:SourceIp": "2001:db8::/32"}`),
			context: map[string][]string{"aws:sourceip": {"2001:db8::7"}}, want: AllowedByIdentity},
		{name: "I17 IPv4 as the peer writes it in IPv6", docs: tagged(`"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}`),
			context: map[string][]string{"aws:sourceip": {"::ffff:192.0.2.9"}}, want: AllowedByIdentity},
		{name: "I17 a mapped deny is not escaped", want: DeniedByIdentity,
			docs:    documents{identity: all + "," + given("Deny", `"IpAddress": {"aws:SourceIp": "::ffff:192.0.2.0/120"}`)},
			context: map[string][]string{"aws:sourceip": {"192.0.2.9"}}},
		{name: "I17 a list of forwarders is no address", docs: tagged(`"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}`),
			context: map[string][]string{"aws:sourceip": {"192.0.2.9, 198.51.100.1"}}, want: NoIdentityAllow},

		{name: "I18 same account, the resource policy names the user", docs: documents{resource: toBob},
			want: AllowedByResource},
		{name: "I18 same account, the resource policy names another user", who: alice, docs: documents{resource: toBob},
			want: NoIdentityAllow},
		{name: "I18 same account, the resource policy names the session's role", who: ci, want: AllowedByResource,
			docs: documents{resource: statementOf("Allow", read, "*", to(ci.Role))}},
		{name: "I18 same account, the resource policy names the session", who: ci, want: AllowedByResource,
			docs: documents{resource: statementOf("Allow", read, "*", to(ci.ARN))}},
		{name: "I18 same account, the resource policy names everyone", want: AllowedByResource,
			docs: documents{resource: statementOf("Allow", read, "*", anyone)}},
		{name: "I19 same account, only the root is named", docs: documents{resource: toRoot}, want: NoIdentityAllow},
		{name: "I19 same account, only the number is named", want: NoIdentityAllow,
			docs: documents{resource: statementOf("Allow", read, "*", to(owner))}},
		{name: "I19 the root is named and the identity allows", docs: documents{identity: readAll, resource: toRoot},
			want: AllowedByIdentity},
		{name: "I19 the caller is the root", docs: documents{resource: toRoot}, want: AllowedByResource,
			who: Principal{Account: owner, ARN: "arn:aws:iam::" + owner + ":root", ID: owner}},
		{name: "I20 other account, only the identity allows", who: mallory, other: true, want: NoResourceAllow,
			docs: documents{identity: all}},
		{name: "I20 other account, only the resource allows", who: mallory, other: true, want: NoIdentityAllow,
			docs: documents{resource: toOthers}},
		{name: "I20 other account, everyone is allowed but the identity is not", who: mallory, other: true,
			docs: documents{resource: statementOf("Allow", read, "*", anyone)}, want: NoIdentityAllow},
		{name: "I20 other account, both allow", who: mallory, other: true, want: AllowedByIdentity,
			docs: documents{identity: readAll, resource: toOthers}},
		{name: "I20 other account, the resource allows another account", who: mallory, other: true, want: NoResourceAllow,
			docs: documents{identity: readAll, resource: toRoot}},
		{name: "I21 same account, everyone is allowed", want: AllowedByResource,
			docs: documents{resource: statementOf("Allow", read, "*", anyone)}},
		{name: "I20 nobody", who: Principal{ARN: "-"}, other: true, want: NoIdentityAllow,
			docs: documents{resource: statementOf("Allow", read, "*", anyone)}},

		{name: "I24 the session policy is narrower", docs: documents{identity: all,
			session: statementOf("Allow", publish, "*", "")}, want: DeniedBySession},
		{name: "I24 the session policy allows what the role does not", want: NoIdentityAllow,
			docs: documents{identity: statementOf("Allow", publish, "*", ""), session: all}},
		{name: "I24 one of several session policies allows", docs: documents{identity: all,
			session: statementOf("Allow", publish, "*", "") + sessionParts + readAll}, want: AllowedByIdentity},
		{name: "I24 one of several session policies denies", docs: documents{identity: all,
			session: readAll + sessionParts + statementOf("Deny", read, "*", "")}, want: DeniedBySession},
		{name: "I24 none of several session policies allows", docs: documents{identity: all,
			session: statementOf("Allow", publish, "*", "") + sessionParts + statementOf("Allow", publish, "*", "")},
			want: DeniedBySession},
		{name: "I24 the boundary is narrower", docs: documents{identity: all,
			boundary: statementOf("Allow", publish, "*", "")}, want: DeniedByBoundary},
		{name: "I24 all three allow", docs: documents{identity: readAll, boundary: all, session: readAll},
			want: AllowedByIdentity},
		{name: "I24 the session policy holds back what the role is granted", who: ci, want: DeniedBySession,
			docs: documents{resource: statementOf("Allow", read, "*", to(ci.Role)),
				session: statementOf("Allow", publish, "*", "")}},
		{name: "I24 the session policy does not hold back what the session is granted", who: ci, want: AllowedByResource,
			docs: documents{resource: statementOf("Allow", read, "*", to(ci.ARN)),
				session: statementOf("Allow", publish, "*", "")}},
		{name: "I24 the boundary does not hold back what the user is granted", want: AllowedByResource,
			docs: documents{resource: toBob, boundary: statementOf("Allow", publish, "*", "")}},
		{name: "I24 the boundary does not hold back what everyone is granted", want: AllowedByResource,
			docs: documents{resource: statementOf("Allow", read, "*", anyone),
				boundary: statementOf("Allow", publish, "*", "")}},
		{name: "I24 the session policy does not hold back what everyone is granted", who: ci, want: AllowedByResource,
			docs: documents{resource: statementOf("Allow", read, "*", anyone),
				session: statementOf("Allow", publish, "*", "")}},
		{name: "I24 across accounts the boundary holds back even so", who: mallory, other: true, want: DeniedByBoundary,
			docs: documents{identity: all, resource: statementOf("Allow", read, "*", to(mallory.ARN)),
				boundary: statementOf("Allow", publish, "*", "")}},

		{name: "the stronger naming counts, whichever comes first", docs: documents{resource: toRoot + "," + toBob},
			want: AllowedByResource},
		{name: "several values, StringEquals one of them", want: AllowedByIdentity,
			docs: tagged(`"StringEquals": {"a:b": "v"}`), context: map[string][]string{"a:b": {"w", "v"}}},
		{name: "several values, StringNotEquals one of them", want: NoIdentityAllow,
			docs: tagged(`"StringNotEquals": {"a:b": "v"}`), context: map[string][]string{"a:b": {"w", "v"}}},
		{name: "NotPrincipal denies others", who: alice, want: DeniedByResource, docs: except(bob.ARN, owner)},
		{name: "NotPrincipal spares a user whose account it names too", want: AllowedByIdentity, docs: except(bob.ARN, owner)},
		{name: "NotPrincipal of a user alone denies the account", want: DeniedByResource, docs: except(bob.ARN)},
		{name: "NotPrincipal of an account does not spare its users", want: DeniedByResource, docs: except(owner)},
		{name: "NotPrincipal of an account spares its root", want: AllowedByIdentity, docs: except(owner),
			who: Principal{Account: owner, ARN: "arn:aws:iam::" + owner + ":root", ID: owner}},
		{name: "NotPrincipal spares a session that it names with role and account", who: ci, want: AllowedByIdentity,
			docs: except(ci.ARN, ci.Role, owner)},
		{name: "NotPrincipal of a role and its account does not spare its sessions", who: ci, want: DeniedByResource,
			docs: except(ci.Role, owner)},
		{name: "NotPrincipal of a session without its role", who: ci, want: DeniedByResource, docs: except(ci.ARN, owner)},
		{name: "NotPrincipal spares nobody who has a boundary", want: DeniedByResource,
			docs: documents{identity: all, boundary: all, resource: except(bob.ARN, owner).resource}},
		{name: "nobody is no service and does not say so", who: Principal{Account: "-"}, other: true, want: AllowedByResource,
			docs: documents{resource: statementOf("Allow", read, "*", anyone+
				`, "Condition": {"Null": {"aws:PrincipalIsAWSService": "true"}}`)}},
		{name: "an allow on one of several resources suffices", resource: []string{prefix + "domain/d", repoX, "*"},
			docs: documents{identity: statementOf("Allow", "*", repoX, "")}, want: AllowedByIdentity},
		{name: "a deny on one of several resources counts", resource: []string{prefix + "domain/d", repoX, "*"},
			docs: documents{identity: all + "," + statementOf("Deny", "*", repoX, "")}, want: DeniedByIdentity},
	} {
		t.Run(test.name, func(t *testing.T) {
			req := Request{Principal: test.who, Action: test.action, Resources: test.resource, Context: test.context}
			if req.Principal.ARN == "" && req.Principal.Account == "" {
				req.Principal = bob
			}
			if req.Action == "" {
				req.Action = read
			}
			if req.Resources == nil {
				req.Resources = []string{repoX}
			}
			if test.on != "" {
				req.Resources = []string{test.on}
			}
			got := Evaluate(req, test.docs.parse(t), !test.other)
			if got.Reason != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if got.Allowed() != (test.want >= AllowedByIdentity) {
				t.Errorf("Allowed() = %v with reason %v", got.Allowed(), got.Reason)
			}
		})
	}
}

func TestKeysOfThePrincipal(t *testing.T) {
	bob := bob
	bob.Tags, bob.OrgID, bob.OrgPath = map[string]string{"Team": "Web"}, "o-1", "o-1/r-1/"
	for _, test := range []struct {
		name, key, value string
		who              Principal
		want             bool
	}{
		{"a user's ARN", "aws:PrincipalArn", bob.ARN, bob, true},
		{"a session's ARN is its role's", "aws:PrincipalArn", ci.Role, ci, true},
		{"a session's ARN is not its own", "aws:PrincipalArn", ci.ARN, ci, false},
		{"a role without path", "aws:PrincipalArn", "arn:aws:iam::" + owner + ":role/ci",
			Principal{Account: owner, ARN: ci.ARN}, true},
		{"the account", "aws:PrincipalAccount", owner, bob, true},
		{"a user", "aws:PrincipalType", "User", bob, true},
		{"a session", "aws:PrincipalType", "AssumedRole", ci, true},
		{"the id", "aws:userid", "AROACI:build-7", ci, true},
		{"the name", "aws:username", "bob", bob, true},
		{"a session has no name", "aws:username", "", ci, false},
		{"the organisation", "aws:PrincipalOrgID", "o-1", bob, true},
		{"no organisation", "aws:PrincipalOrgID", "o-1", ci, false},
		{"the path in the organisation", "aws:PrincipalOrgPaths", "o-1/r-1/", bob, true},
		{"no path", "aws:PrincipalOrgPaths", "o-1/r-1/", ci, false},
		{"the resource's account", "aws:ResourceAccount", owner, ci, true},
		{"the resource's organisation", "aws:ResourceOrgID", "o-2", ci, true},
		{"the resource's path", "aws:ResourceOrgPaths", "o-2/r-2/", ci, true},
		{"a tag, its name in any case", "aws:principaltag/TEAM", "Web", bob, true},
		{"a tag's value has case", "aws:PrincipalTag/Team", "web", bob, false},
		{"not a service", "aws:PrincipalIsAWSService", "false", bob, true},
		{"the referer is unsupported", "aws:Referer", "forged", bob, false},
		{"the user agent is unsupported", "aws:UserAgent", "forged", bob, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := mustParse(t, IdentityPolicy, `{"Statement": `+
				given("Allow", fmt.Sprintf(`"StringEquals": {%q: %q}`, test.key, test.value))+`}`)
			req := Request{Principal: test.who, Action: read, Resources: []string{repoX}, Owner: Owner{owner, "o-2", "o-2/r-2/"},
				// What the caller sends under a derived key must not count.
				Context: map[string][]string{strings.ToLower(test.key): {"forged"}}}
			if got := Evaluate(req, Policies{Identity: []*Policy{p}}, true); got.Allowed() != test.want {
				t.Errorf("got %v, want allowed = %v", got, test.want)
			}
		})
	}
}

func TestTrustPolicy(t *testing.T) {
	const idp = "arn:aws:iam::" + owner + ":oidc-provider/issuer.example.test"
	p := mustParse(t, TrustPolicy, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
		"Principal": {"AWS": "`+bob.ARN+`", "Federated": "`+idp+`"},
		"Action": ["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"]}}`)
	for _, test := range []struct {
		name string
		who  Principal
		want bool
	}{
		{"the user it names", bob, true},
		{"another user", alice, false},
		{"the identity provider it names", Principal{Account: owner, ARN: idp}, true},
		{"another identity provider", Principal{Account: owner, ARN: idp + "/x"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			req := Request{Principal: test.who, Action: "sts:AssumeRole", Resources: []string{ci.Role}}
			if got := Evaluate(req, Policies{Resource: []*Policy{p}}, true); got.Allowed() != test.want {
				t.Errorf("got %v, want allowed = %v", got, test.want)
			}
		})
	}
}

func BenchmarkEvaluate(b *testing.B) {
	docs := documents{
		identity: given("Deny", `"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "2001:db8::/32"]}`) + "," +
			statementOf("Allow", "codeartifact:Publish*", prefix+"package/d/*/npm/acme/*", "") + "," +
			statementOf("Allow", "codeartifact:Read*", prefix+"repository/d/*", ""),
		resource: statementOf("Allow", read, "*", to(stranger)) + "," +
			statementOf("Deny", "codeartifact:Delete*", "*", anyone),
	}
	policies := docs.parse(b)
	req := Request{Principal: bob, Action: read, Resources: []string{repoX},
		Context: map[string][]string{"aws:sourceip": {"192.0.2.9"}}}
	b.ReportAllocs()
	for b.Loop() {
		if !Evaluate(req, policies, true).Allowed() {
			b.Fatal("denied")
		}
	}
}

// TestAnonymousCallers is case I28 of docs/behaviour.md: only a resource policy that names everybody is for nobody in
// particular.
func TestAnonymousCallers(t *testing.T) {
	toAll := statementOf("Allow", read, "*", anyone)
	given := func(effect, condition string) string {
		return statementOf(effect, read, "*", anyone+`, "Condition": {`+condition+`}`)
	}
	home := map[string][]string{"aws:sourceip": {"192.0.2.9"}}
	for _, test := range []struct {
		name, resource string
		want           Reason
	}{
		{"I28 no policy", "", NoResourceAllow},
		{"I28 everyone is allowed", toAll, AllowedByResource},
		{"I28 a user and an account are allowed", toBob + "," + toRoot, NoResourceAllow},
		{"I28 everyone of an organisation is allowed", given("Allow", `"StringEquals": {"aws:PrincipalOrgID": "o-1"}`),
			NoResourceAllow},
		{"I28 everyone of a network is allowed", given("Allow", `"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}`),
			AllowedByResource},
		{"I28 everyone of another network is allowed", given("Allow", `"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}`),
			NoResourceAllow},
		{"I28 everyone is allowed and denied", toAll + "," + noRead[:len(noRead)-1] + anyone + "}", DeniedByResource},
		{"I28 all but one user are denied", toAll + `,{"Effect": "Deny", "NotPrincipal": {"AWS": "` + bob.ARN +
			`"}, "Action": "*", "Resource": "*"}`, DeniedByResource},
		{"I28 the anonymous are denied", toAll + "," + given("Deny", `"StringEquals": {"aws:PrincipalType": "Anonymous"}`),
			DeniedByResource},
	} {
		t.Run(test.name, func(t *testing.T) {
			req := Request{Action: read, Resources: []string{repoX}, Context: home}
			for _, sameAccount := range []bool{false, true} {
				if got := Evaluate(req, documents{resource: test.resource}.parse(t), sameAccount); got.Reason != test.want {
					t.Errorf("got %v, want %v", got, test.want)
				}
			}
		})
	}
}
