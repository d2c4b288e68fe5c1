package repository

import (
	"entrepot/artifact"
	"entrepot/iam"
)

// level says on what an action is judged and which resource policies count for it (user guide, "Repository policies",
// "Domain policies"). Where the holder's own policy does not count, it cannot lock out its owner.
type level struct {
	judgedOn string // as the documentation says it
	reaches  depth  // what a subject must name
	// arns are those the action is judged on; the last one is what is recorded. None means no resource in particular.
	arns             func(iam.Place, Subject) []string
	domainPolicy     bool
	repositoryPolicy bool
	enough           sufficiency
	tags             func(*configuration) map[string]string // of the resource, for aws:ResourceTag; nil means none
	decrypts         bool                                   // whether what is done needs the domain's encryption key
}

// depth is how far down a subject reaches.
type depth uint8

const (
	toAccount depth = iota
	toDomain
	toRepository
	toPackage
	toGroup
)

func (s Subject) depth() depth {
	switch {
	case s.Group != "" || s.Package.Name != "" && s.Repository == "":
		return toGroup
	case s.Package.Name != "":
		return toPackage
	case s.Repository != "":
		return toRepository
	case s.Domain.Name != "":
		return toDomain
	}
	return toAccount
}

// sufficiency is whose principals need no resource policy: an identity policy is enough for them.
type sufficiency uint8

const (
	forOwner         sufficiency = iota // principals of the account that owns the domain
	forAdministrator                    // those, and principals of the account that administers the repository
	forEverybody                        // all, in their own account
)

// The levels, from what lies in a repository to what lies nowhere.
var (
	onPackage = &level{judgedOn: "package", reaches: toPackage, arns: ofPackage, decrypts: true,
		domainPolicy: true, repositoryPolicy: true, enough: forAdministrator}
	// onDestination is for copies: policies in the wild name the repository as well as the packages in it.
	onDestination = &level{judgedOn: "package or its repository", reaches: toPackage, arns: ofRepositoryAndPackage,
		decrypts: true, domainPolicy: true, repositoryPolicy: true, enough: forAdministrator}
	onRepository = &level{judgedOn: "repository", reaches: toRepository, arns: ofRepository,
		domainPolicy: true, repositoryPolicy: true, enough: forAdministrator, tags: repositoryTags}
	// onContents is for what shows packages. The configuration of a repository is no secret of the key's.
	onContents = &level{judgedOn: "repository", reaches: toRepository, arns: ofRepository,
		domainPolicy: true, repositoryPolicy: true, enough: forAdministrator, tags: repositoryTags, decrypts: true}
	onRepositoryUnowned = &level{judgedOn: "repository", reaches: toRepository, arns: ofRepository,
		domainPolicy: true, enough: forAdministrator, tags: repositoryTags}
	onNewRepository = &level{judgedOn: "repository to be or its domain", reaches: toRepository, arns: ofDomainAndRepository,
		domainPolicy: true, enough: forOwner}
	onGroup = &level{judgedOn: "package group", reaches: toGroup, arns: ofGroup,
		domainPolicy: true, enough: forOwner, tags: groupTags}
	// onGroupContents is for what shows packages.
	onGroupContents = &level{judgedOn: "package group", reaches: toGroup, arns: ofGroup,
		domainPolicy: true, enough: forOwner, tags: groupTags, decrypts: true}
	onNewGroup = &level{judgedOn: "package group to be", reaches: toGroup, arns: ofGroup,
		domainPolicy: true, enough: forOwner}
	onDomain = &level{judgedOn: "domain", reaches: toDomain, arns: ofDomain,
		domainPolicy: true, enough: forOwner, tags: domainTags}
	onDomainUnowned = &level{judgedOn: "domain", reaches: toDomain, arns: ofDomain, enough: forOwner, tags: domainTags}
	onNewDomain     = &level{judgedOn: "domain to be", reaches: toDomain, arns: ofDomain, enough: forEverybody}
	onAccount       = &level{judgedOn: "account", reaches: toAccount, arns: ofNothing, enough: forEverybody}
)

func ofNothing(iam.Place, Subject) []string { return nil }

func ofDomain(in iam.Place, on Subject) []string {
	return []string{in.DomainARN(on.Domain.Name).String()}
}

func ofRepository(in iam.Place, on Subject) []string {
	return []string{in.RepositoryARN(on.Domain.Name, on.Repository).String()}
}

func ofPackage(in iam.Place, on Subject) []string {
	p := on.Package
	return []string{in.PackageARN(on.Domain.Name, on.Repository, string(p.Format), p.Namespace, p.Name).String()}
}

func ofGroup(in iam.Place, on Subject) []string {
	return []string{in.PackageGroupARN(on.Domain.Name, on.Group).String()}
}

func ofDomainAndRepository(in iam.Place, on Subject) []string {
	return append(ofDomain(in, on), ofRepository(in, on)...)
}

func ofRepositoryAndPackage(in iam.Place, on Subject) []string {
	return append(ofRepository(in, on), ofPackage(in, on)...)
}

func domainTags(at *configuration) map[string]string     { return at.domainTags }
func groupTags(at *configuration) map[string]string      { return at.groupTags }
func repositoryTags(at *configuration) map[string]string { return at.repositoryTags }

// resources are the ARNs that a subject is judged on.
func (l *level) resources(s *Service, on Subject) []string {
	return l.arns(iam.Place{Partition: s.Partition, Region: s.Region, Account: string(on.Domain.Owner)}, on)
}

// policies are the resource policies that count.
func (l *level) policies(at *configuration) []*iam.Policy {
	var counting []*iam.Policy
	if l.domainPolicy && at.domainPolicy != nil {
		counting = append(counting, at.domainPolicy)
	}
	if l.repositoryPolicy && at.repositoryPolicy != nil {
		counting = append(counting, at.repositoryPolicy)
	}
	return counting
}

// identityIsEnough reports whether the caller's own policies may allow alone.
func (l *level) identityIsEnough(c iam.Caller, at *configuration, on Subject) bool {
	switch l.enough {
	case forEverybody:
		if on.Domain.Owner == "" {
			return true
		}
	case forAdministrator:
		if at.repository != nil && at.repository.Administrator == artifact.AccountID(c.Principal.Account) {
			return true
		}
	}
	return on.Domain.Owner == artifact.AccountID(c.Principal.Account)
}

// countingPolicies names the resource policies that count, for the documentation.
func (l *level) countingPolicies() string {
	switch {
	case l.repositoryPolicy:
		return "domain's, repository's"
	case l.domainPolicy:
		return "domain's"
	}
	return "none"
}
