package awsapi

import (
	"fmt"
	"strings"

	"entrepot/artifact"
	"entrepot/iam"
	"entrepot/repository"
)

// arns writes and reads the ARNs of one installation.
type arns struct {
	partition, region string
	account           artifact.AccountID
}

// of is where an account's resources live.
func (a arns) of(owner artifact.AccountID) iam.Place {
	return iam.Place{Partition: a.partition, Region: a.region, Account: string(owner)}
}

// domain names a domain.
func (a arns) domain(k artifact.DomainKey) string { return a.of(k.Owner).DomainARN(k.Name).String() }

// repository names a repository. The account is the domain owner's, whoever administers the repository.
func (a arns) repository(k artifact.RepositoryKey) string {
	return a.of(k.Owner).RepositoryARN(k.Domain, k.Name).String()
}

// group names a package group.
func (a arns) group(k repository.GroupKey) string {
	return a.of(k.Owner).PackageGroupARN(k.Name, k.Pattern).String()
}

// target names what holds a policy.
func (a arns) target(t repository.Target) string {
	if t.Repository == "" {
		return a.domain(t.DomainKey)
	}
	return a.repository(t.DomainKey.Repository(t.Repository))
}

// bucket is where AWS says a domain's assets are (DescribeDomain, s3BucketArn). There is no bucket here, but Terraform
// wants one to be named, always the same.
func (a arns) bucket() string {
	return iam.ARN{Partition: a.partition, Service: "s3",
		Resource: fmt.Sprintf("assets-%s-%s", a.account, a.region)}.String()
}

// parse reads the ARN of a thing that can hold tags.
func (a arns) parse(text string) (repository.Target, error) {
	if begin := fmt.Sprintf("arn:%s:codeartifact:%s:", a.partition, a.region); !strings.HasPrefix(text, begin) {
		return repository.Target{}, refuse(FieldValidationFailed,
			"The resourceArn %s does not begin with %s.", quoted(text), begin)
	}
	unknown := refuse(FieldValidationFailed,
		"The resourceArn %s is not the ARN of a domain, a repository or a package group.", quoted(text))
	arn, err := iam.ParseARN(text)
	if err != nil {
		return repository.Target{}, unknown
	}
	named, err := iam.ParseResource(arn)
	if err != nil || !artifact.ValidDomainName(named.Domain) {
		return repository.Target{}, unknown
	}
	domain := artifact.DomainKey{Owner: artifact.AccountID(arn.Account), Name: named.Domain}
	switch {
	case named.Kind == iam.DomainResource:
		return repository.Target{DomainKey: domain}, nil
	case named.Kind == iam.RepositoryResource && artifact.ValidRepositoryName(named.Repository):
		return repository.Target{DomainKey: domain, Repository: named.Repository}, nil
	case named.Kind == iam.PackageGroupResource:
		return repository.Target{DomainKey: domain, Group: named.Pattern}, nil
	}
	return repository.Target{}, unknown
}
