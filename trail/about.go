package trail

import (
	"maps"
	"strings"

	"entrepot/iam"
)

// subject is what a record says of the ARN that a call was about.
type subject struct {
	kind       string // as AWS names types of resources; empty for those that have none
	parameters map[string]any
}

// subjectOf reads the ARN of the subject of a call of a service. CodeArtifact's parameters are called here as in its records, not as in its API
// (user guide, "Logging CodeArtifact API calls with AWS CloudTrail").
func subjectOf(service, arn string) subject {
	a, err := iam.ParseARN(arn)
	if err != nil {
		return subject{}
	}
	if a.Service == "codeartifact" {
		return artifactSubject(a)
	}
	kind, rest, _ := strings.Cut(a.Resource, "/")
	row, known := subjects[a.Service+" "+kind]
	if !known {
		return subject{}
	}
	value := arn
	switch {
	case service == "sts" && kind == "role":
		row.parameter = "roleArn"
	case service == "sts":
		return subject{kind: row.kind} // it is who calls
	case !row.whole:
		value = rest[strings.LastIndexByte(rest, '/')+1:]
	}
	return subject{row.kind, map[string]any{row.parameter: value}}
}

// subjects are the kinds of resources of the other services: their types, and the parameter that names them.
var subjects = map[string]struct {
	kind, parameter string
	whole           bool // the parameter is the ARN
}{
	"iam user":                   {"AWS::IAM::User", "userName", false},
	"iam group":                  {"AWS::IAM::Group", "groupName", false},
	"iam role":                   {"AWS::IAM::Role", "roleName", false},
	"iam policy":                 {"AWS::IAM::Policy", "policyArn", true},
	"iam oidc-provider":          {"AWS::IAM::OIDCProvider", "openIDConnectProviderArn", true},
	"events rule":                {"AWS::Events::Rule", "name", false},
	"kms key":                    {"AWS::KMS::Key", "keyId", true},
	"kms alias":                  {"AWS::KMS::Alias", "aliasName", false},
	"events event-bus":           {"AWS::Events::EventBus", "eventBusName", false},
	"organizations account":      {"AWS::Organizations::Account", "accountId", false},
	"organizations organization": {"AWS::Organizations::Organization", "organizationId", false},
}

var artifactKinds = map[iam.ResourceKind]string{
	iam.DomainResource: "AWS::CodeArtifact::Domain", iam.RepositoryResource: "AWS::CodeArtifact::Repository",
	iam.PackageResource: "AWS::CodeArtifact::Package", iam.PackageGroupResource: "AWS::CodeArtifact::PackageGroup",
}

func artifactSubject(a iam.ARN) subject {
	r, err := iam.ParseResource(a)
	if err != nil {
		return subject{}
	}
	s := subject{artifactKinds[r.Kind], map[string]any{"domainName": r.Domain, "domainOwner": a.Account}}
	for name, value := range map[string]string{"repositoryName": r.Repository, "packageFormat": r.Format, "packageNamespace": r.Namespace,
		"packageName": r.Name, "packageGroup": r.Pattern} {
		if value != "" {
			s.parameters[name] = value
		}
	}
	return s
}

// hidden stands in records where a secret was in the answer.
const hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"

// answers are the parameters on record that were in the answer of an action and not in its request, and where they stood. What was
// secret beside them was never written down; its name shows that there was such a thing.
var answers = map[string]struct {
	members []string
	within  string // a member of the answer; empty for the answer itself
	secret  string // the name of the secret; empty if the service's own records leave it out
}{
	"codeartifact:GetAuthorizationToken": {[]string{"expiration"}, "", "sessionToken"},
	"sts:AssumeRole":                     {[]string{"accessKeyId", "expiration"}, "credentials", "sessionToken"},
	"sts:AssumeRoleWithWebIdentity":      {[]string{"accessKeyId", "expiration"}, "credentials", "sessionToken"},
	"sts:GetSessionToken":                {[]string{"accessKeyId", "expiration"}, "credentials", "sessionToken"},
	"sts:GetFederationToken":             {[]string{"accessKeyId", "expiration"}, "credentials", "sessionToken"},
	"kms:CreateKey":                      {[]string{"keyId"}, "keyMetadata", ""},
	"iam:CreateAccessKey":                {[]string{"accessKeyId"}, "accessKey", ""},
}

// sorted parts what is on record of a call that succeeded into what was in its request and what in its answer.
func sorted(action string, all map[string]any) (request, response map[string]any) {
	row, known := answers[action]
	if !known {
		return all, nil
	}
	request, answer := maps.Clone(all), map[string]any{}
	for _, name := range row.members {
		if value, there := request[name]; there {
			answer[name] = value
			delete(request, name)
		}
	}
	if row.secret != "" {
		answer[row.secret] = hidden
	}
	if row.within != "" {
		return request, map[string]any{row.within: answer}
	}
	return request, answer
}
