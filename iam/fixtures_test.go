package iam

import (
	"testing"
)

// question is one request against a fixture. Its zero values are bob, repository x and no context.
type question struct {
	who     Principal
	action  string
	on      string
	under   string
	context map[string][]string
}

// fixture is a managed or sample policy of AWS's guides, with requests it permits and requests it must not permit.
type fixture struct {
	name     string
	kind     PolicyKind
	document string
	permits  []question
	not      []question
	other    bool // asked by principals of another account, whose identity policies allow everything
}

const sts = "sts:GetServiceBearerToken"

func ask(actions ...string) []question {
	var questions []question
	for _, action := range actions {
		questions = append(questions, question{action: "codeartifact:" + action})
	}
	return questions
}

func (q question) by(p Principal) question        { q.who = p; return q }
func (q question) about(resource string) question { q.on = resource; return q }
func (q question) with(key string, v ...string) question {
	q.context = map[string][]string{key: v}
	return q
}
func (q question) below(resourcePrefix string) question { q.under = resourcePrefix; return q }
func each(qs []question, f func(question) question) (all []question) {
	for _, q := range qs {
		all = append(all, f(q))
	}
	return all
}

func token(service string) question {
	return question{action: sts, on: "*"}.with("sts:awsservicename", service)
}

func lasting(seconds string) question {
	return question{action: sts, on: "*", context: map[string][]string{
		"sts:awsservicename": {"codeartifact.amazonaws.com"}, "sts:durationseconds": {seconds}}}
}

const bearer = `{"Effect": "Allow", "Action": "sts:GetServiceBearerToken", "Resource": "*",
	"Condition": {"StringEquals": {"sts:AWSServiceName": "codeartifact.amazonaws.com"}}}`

const basicActions = `["codeartifact:GetDomainPermissionsPolicy", "codeartifact:ListRepositoriesInDomain",
	"codeartifact:GetAuthorizationToken", "codeartifact:DescribeDomain", "codeartifact:CreateRepository"]`

var (
	domain = prefix + "domain/d"
	carol  = Principal{Account: stranger, ARN: "arn:aws:iam::" + stranger + ":user/carol", ID: "AIDACAROL", OrgID: "o-abc"}
	basics = ask("GetDomainPermissionsPolicy", "ListRepositoriesInDomain", "GetAuthorizationToken", "DescribeDomain",
		"CreateRepository")
	asCarol = func(q question) question { return q.by(carol).about(domain) }
)

var fixtures = []fixture{
	{
		name: "AWSCodeArtifactAdminAccess", kind: IdentityPolicy,
		document: `{"Version": "2012-10-17", "Statement": [
			{"Action": ["codeartifact:*"], "Effect": "Allow", "Resource": "*"}, ` + bearer + `]}`,
		permits: append(ask("CreateDomain", "DeleteDomain", "PublishPackageVersion", "ReadFromRepository", "TagResource"),
			token("codeartifact.amazonaws.com")),
		not: []question{token("codecommit.amazonaws.com"), {action: sts, on: "*"}, {action: "iam:CreateUser", on: "*"}},
	},
	{
		name: "AWSCodeArtifactReadOnlyAccess", kind: IdentityPolicy,
		document: `{"Version": "2012-10-17", "Statement": [{"Action": ["codeartifact:Describe*", "codeartifact:Get*",
			"codeartifact:List*", "codeartifact:ReadFromRepository"], "Effect": "Allow", "Resource": "*"}, ` + bearer + `]}`,
		permits: append(ask("DescribeDomain", "GetAuthorizationToken", "ListPackages", "ReadFromRepository"),
			token("codeartifact.amazonaws.com")),
		not: ask("PublishPackageVersion", "CreateRepository", "DeletePackageVersions", "TagResource",
			"CopyPackageVersions", "PutPackageMetadata", "AssociateExternalConnection"),
	},
	{
		name: "information on repositories that end in test", kind: IdentityPolicy,
		document: `{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Action": ["codeartifact:List*", "codeartifact:Describe*", "codeartifact:Get*",
				"codeartifact:Read*"], "Resource": "arn:aws:codeartifact:*:*:repository/*/*test"},
			{"Effect": "Allow", "Action": ["codeartifact:List*", "codeartifact:Describe*"],
				"Resource": "arn:aws:codeartifact:*:*:package/*/*test/*/*/*"},
			{"Effect": "Allow", "Action": "codeartifact:GetAuthorizationToken", "Resource": "*"}, ` + bearer + `]}`,
		permits: []question{
			{action: read, on: prefix + "repository/d/unittest"},
			{action: "codeartifact:ListPackageVersions", on: prefix + "package/d/test/npm//lodash"},
			{action: "codeartifact:GetAuthorizationToken", on: domain}, token("codeartifact.amazonaws.com"),
		},
		not: []question{
			{action: read, on: prefix + "repository/d/prod"}, {action: read, on: prefix + "repository/d/test2"},
			{action: "codeartifact:GetPackageVersionAsset", on: prefix + "package/d/test/npm//lodash"},
			{action: "codeartifact:ListPackageVersions", on: prefix + "package/d/prod/npm//lodash"},
			{action: publish, on: prefix + "package/d/test/npm//lodash"},
		},
	},
	{
		name: "ListDomains on some domains", kind: IdentityPolicy,
		document: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "codeartifact:ListDomains",
			"Resource": "arn:aws:codeartifact:us-east-2:123456789012:domain/my*"}]}`,
		permits: []question{
			question{action: "codeartifact:ListDomains", on: "*"}.below("arn:aws:codeartifact:us-east-2:123456789012:domain/"),
		},
		not: []question{
			question{action: "codeartifact:ListDomains", on: "*"}.below(prefix + "domain/"),
			{action: "codeartifact:ListDomains", on: "*"},
			question{action: "codeartifact:ListRepositories", on: "*"}.below("arn:aws:codeartifact:us-east-2:123456789012:"),
		},
	},
	{
		name: "domain policy: an account may create repositories", kind: ResourcePolicy, other: true,
		document: `{"Version": "2012-10-17", "Statement": [{"Sid": "ContributorPolicy", "Effect": "Allow",
			"Principal": {"AWS": "arn:aws:iam::` + stranger + `:root"}, "Action": ["codeartifact:CreateRepository"],
			"Resource": "*"}]}`,
		permits: each(ask("CreateRepository"), asCarol),
		not: append(each(ask("DescribeDomain", "GetAuthorizationToken", "DeleteDomain", "ListRepositoriesInDomain"), asCarol),
			question{action: "codeartifact:CreateRepository", on: domain,
				who: Principal{Account: "333333333333", ARN: "arn:aws:iam::333333333333:user/eve"}}),
	},
	{
		name: "domain policy: a token", kind: ResourcePolicy, other: true,
		document: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
			"Principal": {"AWS": "arn:aws:iam::` + stranger + `:root"}, "Action": ["codeartifact:GetAuthorizationToken"],
			"Resource": "*"}]}`,
		permits: each(ask("GetAuthorizationToken"), asCarol),
		not:     []question{{action: read, who: carol}, {action: publish, who: carol, on: lodash}},
	},
	{
		name: "BasicDomainPolicy", kind: ResourcePolicy, other: true,
		document: `{"Version": "2012-10-17", "Statement": [{"Sid": "BasicDomainPolicy", "Action": ` + basicActions + `,
			"Effect": "Allow", "Resource": "*", "Principal": {"AWS": "` + stranger + `"}}]}`,
		permits: each(basics, asCarol),
		not: each(ask("DeleteDomain", "PutDomainPermissionsPolicy", "DeleteDomainPermissionsPolicy",
			"ReadFromRepository"), asCarol),
	},
	{
		name: "organisation policy", kind: ResourcePolicy, other: true,
		document: `{"Version": "2012-10-17", "Statement": {"Sid": "DomainPolicyForOrganization", "Effect": "Allow",
			"Principal": "*", "Action": ` + basicActions + `, "Resource": "*",
			"Condition": {"StringEquals": {"aws:PrincipalOrgID": ["o-abc"]}}}}`,
		permits: each(basics, asCarol),
		not:     each(basics, func(q question) question { return q.by(mallory).about(domain) }),
	},
	{
		name: "repository policy: an account may read", kind: ResourcePolicy, other: true,
		document: `{"Version": "2012-10-17", "Statement": [{"Action": ["codeartifact:ReadFromRepository"],
			"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::` + stranger + `:root"}, "Resource": "*"}]}`,
		permits: []question{{action: read, who: carol}, {action: read, who: mallory}},
		not: each(ask("ListPackages", "DescribeRepository", "PublishPackageVersion"), func(q question) question {
			return q.by(carol)
		}),
	},
	{
		name: "repository policy: one user may read", kind: ResourcePolicy,
		document: `{"Version": "2012-10-17", "Statement": [{"Action": ["codeartifact:ReadFromRepository"],
			"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::` + owner + `:user/bob"}, "Resource": "*"}]}`,
		permits: []question{{action: read}},
		not:     []question{{action: read, who: alice}, {action: read, who: ci}, {action: publish, on: lodash}},
	},
	{
		name: "repository policy: publish one package", kind: ResourcePolicy,
		document: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
			"Principal": {"AWS": "arn:aws:iam::` + owner + `:user/bob"}, "Action": "codeartifact:PublishPackageVersion",
			"Resource": "` + prefix + `package/d/x/npm/parity/ui"}]}`,
		permits: []question{{action: publish, on: prefix + "package/d/x/npm/parity/ui"}},
		not: []question{
			{action: publish, on: prefix + "package/d/x/npm/parity/ui2"},
			{action: publish, on: prefix + "package/d/x/npm//ui"},
			{action: publish, on: prefix + "package/d/y/npm/parity/ui"},
			{action: "codeartifact:PutPackageMetadata", on: prefix + "package/d/x/npm/parity/ui"},
		},
	},
	{
		name: "repository policy: publish everything", kind: ResourcePolicy,
		document: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
			"Principal": {"AWS": "arn:aws:iam::` + owner + `:user/bob"}, "Action": "codeartifact:PublishPackageVersion",
			"Resource": "*"}]}`,
		permits: []question{{action: publish, on: lodash}, {action: publish, on: prefix + "package/d/x/maven/g/a"}},
		not: []question{
			{action: "codeartifact:PutPackageMetadata", on: prefix + "package/d/x/maven/g/a"}, {action: read},
		},
	},
	{
		name: "a token for exactly twelve hours", kind: IdentityPolicy,
		document: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:GetServiceBearerToken",
			"Resource": "*", "Condition": {"NumericEquals": {"sts:DurationSeconds": 43200},
			"StringEquals": {"sts:AWSServiceName": "codeartifact.amazonaws.com"}}}]}`,
		permits: []question{lasting("43200")},
		not:     []question{lasting("3600"), lasting("0"), token("codeartifact.amazonaws.com")},
	},
	{
		name: "a token for an hour at most", kind: IdentityPolicy,
		document: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:GetServiceBearerToken",
			"Resource": "*", "Condition": {"NumericLessThanEquals": {"sts:DurationSeconds": "3600"},
			"StringEquals": {"sts:AWSServiceName": "codeartifact.amazonaws.com"}}}]}`,
		permits: []question{lasting("3600"), lasting("900"), lasting("0")},
		not:     []question{lasting("43200"), lasting("3601")},
	},
	{
		name: "repositories must have a cost center", kind: IdentityPolicy,
		document: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "codeartifact:*", "Resource": "*"},
			{"Effect": "Deny", "Action": "codeartifact:CreateRepository", "Resource": "*",
				"Condition": {"Null": {"aws:RequestTag/costcenter": "true"}}},
			{"Effect": "Deny", "Action": "codeartifact:CreateRepository", "Resource": "*",
				"Condition": {"ForAnyValue:StringNotEquals": {"aws:RequestTag/costcenter": ["1", "2"]}}}]}`,
		permits: append(ask("DeleteRepository"), each(ask("CreateRepository"), func(q question) question {
			return q.with("aws:requesttag/costcenter", "2")
		})...),
		not: append(ask("CreateRepository"), each(ask("CreateRepository"), func(q question) question {
			return q.with("aws:requesttag/costcenter", "3")
		})...),
	},
	{
		name: "a tagged repository only", kind: IdentityPolicy,
		document: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["codeartifact:UpdateRepository",
			"codeartifact:DeleteRepository", "codeartifact:ListPackages"], "Resource": "*", "Condition": {
			"StringEquals": {"aws:ResourceTag/Key1": "Value1"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["Key1"]}}}]}`,
		permits: each(ask("UpdateRepository", "DeleteRepository", "ListPackages"), func(q question) question {
			return q.with("aws:resourcetag/key1", "Value1")
		}),
		not: append(ask("UpdateRepository"), each(ask("UpdateRepository"), func(q question) question {
			return q.with("aws:resourcetag/key1", "value1")
		})...),
	},
}

func TestSamplePolicies(t *testing.T) {
	admin := mustParse(t, IdentityPolicy, `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`)
	for _, fixture := range fixtures {
		t.Run(fixture.name, func(t *testing.T) {
			sample := mustParse(t, fixture.kind, fixture.document)
			policies := Policies{Identity: []*Policy{sample}}
			if fixture.kind == ResourcePolicy {
				policies = Policies{Resource: []*Policy{sample}}
			}
			if fixture.other {
				policies.Identity = []*Policy{admin}
			}
			check := func(questions []question, want bool) {
				for _, q := range questions {
					req := Request{Principal: q.who, Action: q.action, Resources: []string{q.on}, Under: q.under,
						Context: q.context}
					if q.who.ARN == "" {
						req.Principal = bob
					}
					if q.on == "" {
						req.Resources = []string{repoX}
					}
					if got := Evaluate(req, policies, !fixture.other); got.Allowed() != want {
						t.Errorf("%+v: got %v, want allowed = %v", req, got, want)
					}
				}
			}
			check(fixture.permits, true)
			check(fixture.not, false)
		})
	}
}

func TestUnderDoesNotWidenADeny(t *testing.T) {
	p := mustParse(t, IdentityPolicy, `{"Statement": [`+all+`,`+
		statementOf("Deny", "codeartifact:ListDomains", prefix+"domain/secret*", "")+`]}`)
	req := Request{Principal: bob, Action: "codeartifact:ListDomains", Resources: []string{"*"}, Under: prefix + "domain/"}
	if got := Evaluate(req, Policies{Identity: []*Policy{p}}, true); !got.Allowed() {
		t.Errorf("got %v, want an allow: the call names no domain that is denied", got)
	}
}
