package awsapi

import (
	"fmt"
	"strings"

	"entrepot/artifact"
	"entrepot/repository"
)

// arns writes and reads the ARNs of one installation (service authorization reference, "Resource types").
type arns struct {
	partition, region string
	account           artifact.AccountID
}

// domain names a domain.
func (a arns) domain(k artifact.DomainKey) string { return a.named(k.Owner, "domain/"+k.Name) }

// repository names a repository. The account is the domain owner's, whoever administers the repository.
func (a arns) repository(k artifact.RepositoryKey) string {
	return a.named(k.Owner, "repository/"+k.Domain+"/"+k.Name)
}

// target names what holds a policy or tags.
func (a arns) target(t repository.Target) string {
	if t.Repository == "" {
		return a.domain(t.DomainKey)
	}
	return a.repository(t.DomainKey.Repository(t.Repository))
}

func (a arns) named(owner artifact.AccountID, resource string) string {
	return fmt.Sprintf("arn:%s:codeartifact:%s:%s:%s", a.partition, a.region, owner, resource)
}

// bucket is where AWS says a domain's assets are (DescribeDomain, s3BucketArn). There is no bucket here, but Terraform
// wants one to be named, always the same.
func (a arns) bucket() string {
	return fmt.Sprintf("arn:%s:s3:::assets-%s-%s", a.partition, a.account, a.region)
}

// parse reads the ARN of a thing that can hold tags.
func (a arns) parse(arn string) (repository.Target, error) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[1] != a.partition || parts[2] != "codeartifact" ||
		parts[3] != a.region {
		return repository.Target{}, refuse(FieldValidationFailed,
			"The resourceArn %s does not begin with arn:%s:codeartifact:%s:.", quoted(arn), a.partition, a.region)
	}
	owner := artifact.AccountID(parts[4])
	kind, rest, _ := strings.Cut(parts[5], "/")
	domain, name, deeper := strings.Cut(rest, "/")
	target := repository.Target{DomainKey: artifact.DomainKey{Owner: owner, Name: domain}, Repository: name}
	switch {
	case !owner.Valid() || !artifact.ValidDomainName(domain):
	case kind == "domain" && !deeper:
		return target, nil
	case kind == "repository" && artifact.ValidRepositoryName(name):
		return target, nil
	case kind == "package-group" && deeper:
		return repository.Target{}, refuse(UnknownOperation,
			"Tags of package groups are not available yet in this version of Entrepot.")
	}
	return repository.Target{}, refuse(FieldValidationFailed,
		"The resourceArn %s is not the ARN of a domain, a repository or a package group.", quoted(arn))
}
