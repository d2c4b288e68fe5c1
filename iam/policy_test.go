package iam

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// with puts a member into an otherwise good statement of a resource policy.
func with(member string) string {
	return `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", ` +
		member + `}]}`
}

const good = `{"Version": "2012-10-17", "Id": "p", "Statement": [{"Sid": "a", "Effect": "Allow", "Principal": "*",` +
	` "Action": "codeartifact:*", "Resource": "*"}]}`

// replacing makes a good resource policy and replaces one part of it.
func replacing(part, by string) string {
	if !strings.Contains(good, part) {
		panic("no " + part)
	}
	return strings.Replace(good, part, by, 1)
}

// TestParseRefuses is case I22 of docs/behaviour.md: what Parse does not understand, nobody may rely on.
func TestParseRefuses(t *testing.T) {
	const effect, principal, action, resource = `"Effect": "Allow"`, `"Principal": "*"`, `"Action": "codeartifact:*"`,
		`"Resource": "*"`
	long := strings.Repeat("x", 7168)
	for _, test := range []struct {
		name, document, element, problem string
		kind                             PolicyKind
	}{
		{"empty", "", "", "not JSON", ResourcePolicy},
		{"no object", `[]`, "", "want an object, got a list", ResourcePolicy},
		{"cut short", `{"Statement": [`, "", "not JSON", ResourcePolicy},
		{"trailing data", replacing("]}", "]} {}"), "", "after top-level value", ResourcePolicy},
		{"not UTF-8", "{\"Id\": \"\xff\"}", "", "not UTF-8", ResourcePolicy},
		{"half a surrogate pair", replacing(`"p"`, `"\ud800"`), "Id", "not Unicode", ResourcePolicy},
		{"too deep", strings.Repeat("[", 100) + strings.Repeat("]", 100),
			strings.Repeat("value 1, ", 7) + "value 1", "nested deeper than 8", ResourcePolicy},
		{"duplicate key", replacing(effect, effect+`, "Effect": "Deny"`), "statement 1, Effect", "twice", ResourcePolicy},
		{"duplicate key in another case", replacing(effect, `"Effect": "Deny", "eFFECT": "Allow"`),
			"statement 1, eFFECT", "twice", ResourcePolicy},
		{"duplicate condition key in another case",
			with(`"Condition": {"StringEquals": {"aws:SourceVpc": "a", "aws:sourcevpc": "b"}}`),
			"statement 1, Condition, StringEquals, aws:sourcevpc", "twice", ResourcePolicy},
		{"unknown element of the document", replacing(`"Id"`, `"ID"`), "ID", "unknown element", ResourcePolicy},
		{"unknown element of a statement", replacing(`"Sid"`, `"sid"`), "statement 1, sid", "unknown", ResourcePolicy},
		{"unknown version", replacing("2012-10-17", "2012-10-18"), "Version", "not a version", ResourcePolicy},
		{"version as a number", replacing(`"2012-10-17"`, "2012"), "Version", "want a string, got a number",
			ResourcePolicy},
		{"no statement", `{"Version": "2012-10-17"}`, "", "no Statement", ResourcePolicy},
		{"no statements", `{"Statement": []}`, "Statement", "empty", ResourcePolicy},
		{"a statement that is none", `{"Statement": ["x"]}`, "statement 1", "want an object", ResourcePolicy},
		{"the second statement", `{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}, {}]}`,
			"statement 2", "no Effect", ResourcePolicy},
		{"effect in lower case", replacing(`"Allow"`, `"allow"`), "statement 1, Effect", "neither Allow nor Deny",
			ResourcePolicy},
		{"two statements of one id", `{"Statement": [` +
			`{"Sid": "a", "Effect": "Deny", "Action": "*", "Resource": "*"},` +
			`{"Sid": "a", "Effect": "Deny", "Action": "*", "Resource": "*"}]}`, "statement 2, Sid", "another statement",
			IdentityPolicy},
		{"a spaced id in an identity policy",
			`{"Statement": {"Sid": "a b", "Effect": "Deny", "Action": "*", "Resource": "*"}}`, "statement 1, Sid",
			"letters and digits", IdentityPolicy},

		{"no principal", replacing(principal+",", ""), "statement 1", "neither Principal nor NotPrincipal", ResourcePolicy},
		{"both principals", with(`"NotPrincipal": "*"`), "statement 1", "both", ResourcePolicy},
		{"a principal in an identity policy", good, "statement 1, Principal", "has no Principal",
			IdentityPolicy},
		{"a principal in a session policy", good, "statement 1, Principal", "has no Principal",
			SessionPolicy},
		{"NotPrincipal with Allow", replacing(principal, `"NotPrincipal": {"AWS": "123456789012"}`),
			"statement 1, NotPrincipal", "with Deny only", ResourcePolicy},
		{"NotPrincipal everyone", `{"Statement": {"Effect": "Deny", "NotPrincipal": "*", "Action": "*", "Resource": "*"}}`,
			"statement 1, NotPrincipal", "nobody", ResourcePolicy},
		{"NotPrincipal in a trust policy",
			`{"Statement": {"Effect": "Deny", "NotPrincipal": {"AWS": "123456789012"}, "Action": "*"}}`,
			"statement 1, NotPrincipal", "a trust policy has no", TrustPolicy},
		{"a bare account", replacing(principal, `"Principal": "123456789012"`), "statement 1, Principal", "not a principal",
			ResourcePolicy},
		{"an empty principal", replacing(principal, `"Principal": {}`), "statement 1, Principal", "want", ResourcePolicy},
		{"an empty list of principals", replacing(principal, `"Principal": {"AWS": []}`), "statement 1, Principal, AWS",
			"empty", ResourcePolicy},
		{"an unknown type of principal", replacing(principal, `"Principal": {"Aws": "*"}`), "statement 1, Principal, Aws",
			"unknown type", ResourcePolicy},
		{"a wildcard in a principal", replacing(principal, `"Principal": {"AWS": ["*", "arn:aws:iam::123456789012:user/*"]}`),
			"statement 1, Principal, AWS, value 2", "without wildcards", ResourcePolicy},
		{"a wildcard session", replacing(principal,
			`"Principal": {"AWS": "arn:aws:sts::123456789012:assumed-role/r/*"}`), "statement 1, Principal, AWS",
			"without wildcards", ResourcePolicy},
		{"a group as principal", replacing(principal, `"Principal": {"AWS": "arn:aws:iam::123456789012:group/g"}`),
			"statement 1, Principal, AWS", "not a principal", ResourcePolicy},
		{"an account of eleven digits", replacing(principal, `"Principal": {"AWS": "12345678901"}`),
			"statement 1, Principal, AWS", "not a principal", ResourcePolicy},
		{"a service as a star", replacing(principal, `"Principal": {"Service": "*"}`), "statement 1, Principal, Service",
			"DNS name", ResourcePolicy},
		{"a provider that is a user", replacing(principal,
			`"Principal": {"Federated": "arn:aws:iam::123456789012:user/u"}`), "statement 1, Principal, Federated",
			"identity provider", ResourcePolicy},

		{"no action", replacing(action+",", ""), "statement 1", "neither Action", ResourcePolicy},
		{"both actions", with(`"NotAction": "*"`), "statement 1", "both Action", ResourcePolicy},
		{"no actions", replacing(action, `"Action": []`), "statement 1, Action", "empty", ResourcePolicy},
		{"an action without service", replacing(action, `"Action": "ReadFromRepository"`), "statement 1, Action",
			"not an action", ResourcePolicy},
		{"a wildcard service", replacing(action, `"Action": ["*", "code*:Read"]`), "statement 1, Action, value 2",
			"not an action", ResourcePolicy},
		{"an action that is a number", replacing(action, `"Action": [1]`), "statement 1, Action, value 1", "got a number",
			ResourcePolicy},
		{"no resource", replacing(`, `+resource, ""), "statement 1", "neither Resource", ResourcePolicy},
		{"both resources", with(`"NotResource": "*"`), "statement 1", "both Resource", ResourcePolicy},
		{"a resource that is no ARN", replacing(resource, `"Resource": "domain/d"`), "statement 1, Resource",
			"not a resource", ResourcePolicy},
		{"a resource that is half an ARN", replacing(resource, `"Resource": "arn:aws:codeartifact"`),
			"statement 1, Resource", "not a resource", ResourcePolicy},
		{"a resource in a trust policy", good, "statement 1, Resource", "has no Resource", TrustPolicy},
		{"a variable without end", replacing(resource, `"Resource": "arn:aws:s3:::${aws:username"`),
			"statement 1, Resource", "does not end", ResourcePolicy},
		{"a variable in a variable", replacing(resource, `"Resource": "arn:aws:s3:::${aws:${aws:username}}"`),
			"statement 1, Resource", "policy variable", ResourcePolicy},
		{"a default without quotes", replacing(resource, `"Resource": "arn:aws:s3:::${aws:username, x}"`),
			"statement 1, Resource", "single quotes", ResourcePolicy},

		{"a condition that is a list", with(`"Condition": []`), "statement 1, Condition", "want an object", ResourcePolicy},
		{"an unknown operator", with(`"Condition": {"StringEqualz": {"aws:SourceVpc": "v"}}`),
			"statement 1, Condition, StringEqualz", "unknown condition operator", ResourcePolicy},
		{"an operator in lower case", with(`"Condition": {"stringequals": {"aws:SourceVpc": "v"}}`),
			"statement 1, Condition, stringequals", "unknown condition operator", ResourcePolicy},
		{"an unknown prefix", with(`"Condition": {"ForSomeValues:StringEquals": {"aws:SourceVpc": "v"}}`),
			"statement 1, Condition, ForSomeValues:StringEquals", "unknown prefix", ResourcePolicy},
		{"Null with IfExists", with(`"Condition": {"NullIfExists": {"aws:SourceVpc": "true"}}`),
			"statement 1, Condition, NullIfExists", "Null takes neither", ResourcePolicy},
		{"an operator with a string", with(`"Condition": {"StringEquals": "x"}`), "statement 1, Condition, StringEquals",
			"want an object", ResourcePolicy},
		{"a key without service", with(`"Condition": {"StringEquals": {"SourceVpc": "v"}}`),
			"statement 1, Condition, StringEquals, SourceVpc", "a colon", ResourcePolicy},
		{"no condition values", with(`"Condition": {"StringEquals": {"aws:SourceVpc": []}}`),
			"statement 1, Condition, StringEquals, aws:SourceVpc", "empty", ResourcePolicy},
		{"a null value", with(`"Condition": {"StringEquals": {"aws:SourceVpc": [null]}}`),
			"statement 1, Condition, StringEquals, aws:SourceVpc, value 1", "got null", ResourcePolicy},
		{"not a number", with(`"Condition": {"NumericEquals": {"sts:DurationSeconds": "0x10"}}`),
			"statement 1, Condition, NumericEquals, sts:DurationSeconds", "not a number", ResourcePolicy},
		{"too large a number", with(`"Condition": {"NumericEquals": {"sts:DurationSeconds": 1e999}}`),
			"statement 1, Condition, NumericEquals, sts:DurationSeconds", "not a number", ResourcePolicy},
		{"not a date", with(`"Condition": {"DateLessThan": {"aws:CurrentTime": "tomorrow"}}`),
			"statement 1, Condition, DateLessThan, aws:CurrentTime", "neither an ISO 8601", ResourcePolicy},
		{"not a boolean", with(`"Condition": {"Bool": {"aws:SecureTransport": "yes"}}`),
			"statement 1, Condition, Bool, aws:SecureTransport", "neither true nor false", ResourcePolicy},
		{"not base64", with(`"Condition": {"BinaryEquals": {"x:y": "%"}}`), "statement 1, Condition, BinaryEquals, x:y",
			"not base64", ResourcePolicy},
		{"not a network", with(`"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/33"}}`),
			"statement 1, Condition, IpAddress, aws:SourceIp", "CIDR", ResourcePolicy},
		{"a variable where there are none", with(`"Condition": {"NumericEquals": {"x:y": "${aws:userid}"}}`),
			"statement 1, Condition, NumericEquals, x:y", "not a number", ResourcePolicy},
		{"not an ARN", with(`"Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*"}}`),
			"statement 1, Condition, ArnLike, aws:PrincipalArn", "not an ARN", ResourcePolicy},

		{"a resource policy of 7169 characters", replacing(`"p"`, `"`+long+`"`), "", "at most 7168", ResourcePolicy},
		{"a resource policy with white space up to 7169", replacing(`"p"`, strings.Repeat(" ", 7100)+`"p"`), "",
			"at most 7168", ResourcePolicy},
		{"a session policy of 2049 characters", replacing(`"p"`, `"`+long[:2048]+`"`), "", "at most 2048", SessionPolicy},
		{"white space without end", strings.Repeat(" ", maxDocument+1), "", "bytes", IdentityPolicy},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(test.document), test.kind)
			var refusal *DocumentError
			if !errors.As(err, &refusal) {
				t.Fatalf("got %v, want a DocumentError about %q", err, test.problem)
			}
			if refusal.Element != test.element || !strings.Contains(refusal.Problem, test.problem) {
				t.Errorf("got %v\nwant element %q and a problem with %q", err, test.element, test.problem)
			}
		})
	}
}

func TestParseAccepts(t *testing.T) {
	const every = `"Action": "*", "Resource": "*"`
	for _, test := range []struct {
		name, document string
		kind           PolicyKind
	}{
		{"a single statement", `{"Statement": {"Effect": "Deny", ` + every + `}}`, IdentityPolicy},
		{"no version", `{"Statement": [{"Effect": "Deny", ` + every + `}]}`, IdentityPolicy},
		{"two empty ids", `{"Statement": [{"Sid": "", "Effect": "Deny", ` + every + `},
			{"Sid": "", "Effect": "Allow", ` + every + `}]}`, IdentityPolicy},
		{"all forms of principal", `{"Statement": {"Effect": "Allow", "Principal": {
			"AWS": ["*", "123456789012", "arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:user/a/b/bob",
				"arn:aws:iam::123456789012:role/service-role/r+=,.@_-", "arn:aws:sts::123456789012:assumed-role/r/s",
				"arn:aws:sts::123456789012:federated-user/f"],
			"Service": "codeartifact.example.test",
			"Federated": ["arn:aws:iam::123456789012:oidc-provider/issuer.example.test/id/7",
				"arn:aws:iam::123456789012:saml-provider/corp", "login.example.test"]}, ` + every + `}}`, ResourcePolicy},
		{"a spaced id in a resource policy",
			`{"Statement": {"Sid": "Allow a & b", "Effect": "Allow", "Principal": "*", ` + every + `}}`, ResourcePolicy},
		{"a foreign action", `{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:GetServiceBearerToken",
			"Resource": "*"}}`, ResourcePolicy},
		{"a resource that goes on", `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:codeartifact:*"}}`,
			IdentityPolicy},
		{"numbers and booleans", with(`"Condition": {"NumericEquals": {"a:b": [1, -2.5e3, "3"]},
			"Bool": {"a:c": [true, "false"]}, "StringEquals": {"a:d": [1, true]}}`), ResourcePolicy},
		{"dates", with(`"Condition": {"DateEquals": {"aws:CurrentTime": ["2026", "2026-01", "2026-01-02",
			"2026-01-02T03:04Z", "2026-01-02T03:04:05+02:00", "2026-01-02T03:04:05.678Z", "1767225600", 1767225600]}}`),
			ResourcePolicy},
		{"the largest resource policy", replacing(`"p"`, `"`+strings.Repeat("é", 7168-len(replacing(`"p"`, `""`)))+`"`),
			ResourcePolicy},
		{"white space does not count", replacing(`"Principal": "*",`, strings.Repeat(" ", 20_000)), IdentityPolicy},
		{"a trust policy", `{"Statement": {"Effect": "Allow", "Principal": {"AWS": "123456789012"},
			"Action": "sts:AssumeRole"}}`, TrustPolicy},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := Parse([]byte(test.document), test.kind); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestParseKnowsEveryOperator(t *testing.T) {
	values := map[string]string{"String": "a", "Numeric": "1", "Date": "2026", "Bool": "true", "Binary": "YQ==",
		"Ip": "192.0.2.1", "NotIp": "192.0.2.1", "Arn": "arn:aws:iam::123456789012:root"}
	for name := range operators {
		for family, value := range values {
			if !strings.HasPrefix(name, family) {
				continue
			}
			for _, form := range []string{"%s", "%sIfExists", "ForAllValues:%s", "ForAnyValue:%sIfExists"} {
				operator := fmt.Sprintf(form, name)
				document := with(fmt.Sprintf(`"Condition": {%q: {"a:b": [%q, %q]}}`, operator, value, value))
				if _, err := Parse([]byte(document), ResourcePolicy); err != nil {
					t.Errorf("%s: %v", operator, err)
				}
			}
		}
	}
	if want := 26; len(operators) != want {
		t.Errorf("%d operators, the guide has %d and Null", len(operators), want)
	}
}

func TestSize(t *testing.T) {
	const document = `{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}`
	for kind, want := range map[PolicyKind]int{
		IdentityPolicy: len(strings.ReplaceAll(document, " ", "")),
		SessionPolicy:  len(document),
	} {
		if got := mustParse(t, kind, document).Size(); got != want {
			t.Errorf("kind %d: got %d, want %d", kind, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, fixture := range fixtures {
		f.Add([]byte(fixture.document), uint8(fixture.kind))
	}
	for _, document := range []string{
		replacing(`"Resource": "*"`, `"Resource": "arn:aws:s3:::${aws:username, 'x'}/${*}?*"`),
		with(`"Condition": {"ForAnyValue:ArnNotLikeIfExists": {"aws:PrincipalArn": "arn:*:iam::${aws:userid}:?"}}`),
		with(`"Condition": {"DateLessThan": {"a:b": [1, "2026-01"]}, "Null": {"a:c": true}}`),
	} {
		f.Add([]byte(document), uint8(ResourcePolicy))
	}
	f.Fuzz(func(t *testing.T, document []byte, kind uint8) {
		p, err := Parse(document, PolicyKind(kind%4))
		if err != nil {
			var refusal *DocumentError
			if !errors.As(err, &refusal) || refusal.Problem == "" {
				t.Fatalf("%v is no DocumentError", err)
			}
			return
		}
		p.Public(read)
		for _, who := range []Principal{bob, ci, mallory, {}} {
			req := Request{Principal: who, Action: read, Resources: []string{repoX, "*"}, Under: prefix,
				Context: map[string][]string{"aws:sourceip": {"192.0.2.1"}, "a:b": {"1"}, "aws:tagkeys": {"a", "b"}}}
			first := Evaluate(req, Policies{Identity: []*Policy{p}, Resource: []*Policy{p}, Boundary: p, Session: []*Policy{p}}, true)
			again := Evaluate(req, Policies{Identity: []*Policy{p}, Resource: []*Policy{p}, Boundary: p, Session: []*Policy{p}}, true)
			if first != again {
				t.Fatalf("%v, then %v", first, again)
			}
			if deny := slices.IndexFunc(p.statements, func(s statement) bool { return s.deny }); deny < 0 &&
				first.Reason <= DeniedByResource {
				t.Fatalf("%v without a deny", first)
			}
		}
	})
}
