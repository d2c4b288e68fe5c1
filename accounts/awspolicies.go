package accounts

import (
	"context"
	"fmt"

	"entrepot/artifact"
	"entrepot/catalog"
)

// awsPolicies are the managed policies that come with the server, under AWS's names (AWS managed policy reference). They
// grant what those of AWS grant as far as there is something of it here.
var awsPolicies = []struct{ name, description, document string }{
	{"AdministratorAccess", "Provides full access to AWS services and resources.",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`},
	{"PowerUserAccess", "Provides full access to AWS services and resources, but does not allow management of Users and groups.",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":["iam:*","organizations:*"],"Resource":"*"},` +
			`{"Effect":"Allow","Action":["iam:ListRoles","organizations:DescribeOrganization"],"Resource":"*"}]}`},
	{"AWSCodeArtifactAdminAccess", "Provides full access to AWS CodeArtifact via the AWS Management Console.",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"codeartifact:*","Resource":"*"},` + bearer + `]}`},
	{"AWSCodeArtifactReadOnlyAccess", "Provides read only access to AWS CodeArtifact via the AWS Management Console.",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["codeartifact:Describe*","codeartifact:Get*",` +
			`"codeartifact:List*","codeartifact:ReadFromRepository"],"Resource":"*"},` + bearer + `]}`},
	{"IAMFullAccess", "Provides full access to IAM via the AWS Management Console.",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:*","organizations:DescribeAccount",` +
			`"organizations:DescribeOrganization","organizations:ListAccounts","organizations:ListParents",` +
			`"organizations:ListRoots"],"Resource":"*"}]}`},
	{"IAMReadOnlyAccess", "Provides read only access to IAM via the AWS Management Console.",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:Get*","iam:List*","iam:SimulateCustomPolicy",` +
			`"iam:SimulatePrincipalPolicy"],"Resource":"*"}]}`},
	{"AWSCloudTrail_ReadOnlyAccess", "Provides read only access to AWS CloudTrail.",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["cloudtrail:Describe*","cloudtrail:Get*","cloudtrail:List*",` +
			`"cloudtrail:LookupEvents"],"Resource":"*"}]}`},
	{"AWSOrganizationsFullAccess", "Provides full access to AWS Organizations.",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"organizations:*","Resource":"*"}]}`},
	{"AWSOrganizationsReadOnlyAccess", "Provides read-only access to AWS Organizations.",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["organizations:Describe*","organizations:List*"],` +
			`"Resource":"*"}]}`},
}

// bearer is what it takes to get an authorization token, beside the permission on the domain.
const bearer = `{"Effect":"Allow","Action":"sts:GetServiceBearerToken","Resource":"*",` +
	`"Condition":{"StringEquals":{"sts:AWSServiceName":"codeartifact.amazonaws.com"}}}`

// InstallPolicies sees to it that the policies of AWS are there as this release has them. It writes nothing if they are.
func (s *Service) InstallPolicies(ctx context.Context) error {
	stale := false
	err := s.Catalog.Read(ctx, func(r catalog.Reader) (err error) {
		stale, err = s.stale(r)
		return err
	})
	if err != nil || !stale {
		return err
	}
	err = s.Catalog.Write(ctx, func(w catalog.Writer) error {
		for _, p := range awsPolicies {
			if err := s.install(w, p.name, p.description, p.document); err != nil {
				return fmt.Errorf("install %s: %w", p.name, err)
			}
		}
		return nil
	})
	return err
}

// stale reports whether a policy of AWS is missing or other than it should be.
func (s *Service) stale(r catalog.Reader) (bool, error) {
	for _, p := range awsPolicies {
		document, err := r.ManagedDocument(s.awsARN(p.name))
		if artifact.Is(err, artifact.NotFound) || err == nil && document != p.document {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
	return false, nil
}

func (s *Service) awsARN(name string) string {
	return s.arnOf(catalog.AWSAccount, "policy", rootPath, name)
}

// install makes a policy of AWS, or puts its document in force as a new version. The versions before make room.
func (s *Service) install(w catalog.Writer, name, description, document string) error {
	arn, now := s.awsARN(name), s.Now().UTC()
	have, err := w.ManagedDocument(arn)
	if artifact.Is(err, artifact.NotFound) {
		return w.CreateManagedPolicy(catalog.ManagedPolicy{ID: newID(policyPrefix), Account: catalog.AWSAccount, Path: rootPath,
			Name: name, ARN: arn, Description: description, CreatedAt: now, UpdatedAt: now}, document)
	}
	if err != nil || have == document {
		return err
	}
	before, err := w.ManagedVersions(arn)
	if err != nil {
		return err
	}
	if _, err := w.CreateManagedVersion(arn, document, now, true); err != nil {
		return err
	}
	for _, v := range before[min(len(before), s.Quotas.PolicyVersions-1):] {
		if err := w.DeleteManagedVersion(arn, v.Number); err != nil {
			return err
		}
	}
	return nil
}
