package iam

import (
	"errors"
	"fmt"
	"strings"
)

// Place is where an account's resources live; its methods write the ARNs of CodeArtifact's resources.
type Place struct {
	Partition string // aws
	Region    string
	Account   string // owner of the domain, also for a repository that another account administers
}

// ResourceKind says what a CodeArtifact ARN names, in the word the ARN begins its resource with.
type ResourceKind string

// The four kinds of resource that have an ARN. Versions and assets have none.
const (
	DomainResource       ResourceKind = "domain"
	RepositoryResource   ResourceKind = "repository"
	PackageResource      ResourceKind = "package"
	PackageGroupResource ResourceKind = "package-group"
)

// Resource is the resource part of a CodeArtifact ARN, taken apart. What its Kind does not have stays empty.
type Resource struct {
	Kind                    ResourceKind
	Domain                  string
	Repository              string // repository, package
	Format, Namespace, Name string // package; Namespace may be empty, an npm scope stands without its @
	Pattern                 string // package group, with its leading slash and decoded: /npm/*
}

// DomainARN returns the ARN of a domain.
func (p Place) DomainARN(domain string) ARN {
	return p.arn("domain/" + domain)
}

// RepositoryARN returns the ARN of a repository.
func (p Place) RepositoryARN(domain, repository string) ARN {
	return p.arn("repository/" + domain + "/" + repository)
}

// PackageARN returns the ARN of a package, which need not exist. An empty namespace leaves an empty segment. Nothing in
// it is encoded.
func (p Place) PackageARN(domain, repository, format, namespace, name string) ARN {
	return p.arn("package/" + strings.Join([]string{domain, repository, format, namespace, name}, "/"))
}

// PackageGroupARN returns the ARN of the package group with the pattern, which begins with a slash. The characters *, $
// and % are percent-encoded in lower case (guide, "Package group ARNs"), so that no pattern is a wildcard in a policy.
// ParseResource reads what this writes.
func (p Place) PackageGroupARN(domain, pattern string) ARN {
	return p.arn("package-group/" + domain + encodePattern.Replace(pattern))
}

func (p Place) arn(resource string) ARN {
	return ARN{p.Partition, "codeartifact", p.Region, p.Account, resource}
}

var (
	encodePattern = strings.NewReplacer("*", "%2a", "$", "%24", "%", "%25")
	decodePattern = strings.NewReplacer("%2a", "*", "%24", "$", "%25", "%")
)

// ParseResource says what a CodeArtifact ARN names. It refuses ARNs of other services, missing or empty parts (only a
// package's namespace may be empty) and package groups that are encoded in any other way than PackageGroupARN does. It
// does not check the parts against the field grammar of the service.
func ParseResource(a ARN) (Resource, error) {
	r, err := splitResource(a)
	if err != nil {
		return Resource{}, fmt.Errorf("ARN %q: %w", clip(a.String()), err)
	}
	return r, nil
}

func splitResource(a ARN) (Resource, error) {
	if a.Service != "codeartifact" || a.Region == "" || !isAccount(a.Account) {
		return Resource{}, errors.New("does not name a CodeArtifact resource of a region and an account")
	}
	kind, rest, _ := strings.Cut(a.Resource, "/")
	split, known := resourceForms[ResourceKind(kind)]
	if !known {
		return Resource{}, fmt.Errorf("unknown resource type %q", kind)
	}
	return split(rest)
}

var resourceForms = map[ResourceKind]func(rest string) (Resource, error){
	DomainResource:       splitDomain,
	RepositoryResource:   splitRepository,
	PackageResource:      splitPackage,
	PackageGroupResource: splitPackageGroup,
}

func splitDomain(rest string) (Resource, error) {
	if rest == "" || strings.Contains(rest, "/") {
		return Resource{}, errors.New("want domain/DOMAIN")
	}
	return Resource{Kind: DomainResource, Domain: rest}, nil
}

func splitRepository(rest string) (Resource, error) {
	domain, name, _ := strings.Cut(rest, "/")
	if domain == "" || name == "" || strings.Contains(name, "/") {
		return Resource{}, errors.New("want repository/DOMAIN/REPOSITORY")
	}
	return Resource{Kind: RepositoryResource, Domain: domain, Repository: name}, nil
}

func splitPackage(rest string) (Resource, error) {
	parts := strings.Split(rest, "/")
	if len(parts) != 5 || parts[0] == "" || parts[1] == "" || parts[2] == "" || parts[4] == "" {
		return Resource{}, errors.New("want package/DOMAIN/REPOSITORY/FORMAT/NAMESPACE/NAME")
	}
	return Resource{Kind: PackageResource, Domain: parts[0], Repository: parts[1],
		Format: parts[2], Namespace: parts[3], Name: parts[4]}, nil
}

func splitPackageGroup(rest string) (Resource, error) {
	domain, encoded, _ := strings.Cut(rest, "/")
	if domain == "" || encoded == "" {
		return Resource{}, errors.New("want package-group/DOMAIN/PATTERN")
	}
	pattern := "/" + decodePattern.Replace(encoded)
	if encodePattern.Replace(pattern) != "/"+encoded {
		return Resource{}, errors.New(
			"a package group's *, $ and % are written %2a, %24 and %25, and nothing else is encoded")
	}
	return Resource{Kind: PackageGroupResource, Domain: domain, Pattern: pattern}, nil
}
