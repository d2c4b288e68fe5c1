package repository

import (
	"context"
	"maps"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/iam"
)

// level says which resource policies count for an action and on what it is judged (user guide, "Repository policies",
// "Domain policies"). The order matters: first what lies in a repository, then what lies in a domain, then what lies in
// neither yet. At an unowned level the holder's own policy does not count, so that it cannot lock out its owner.
type level uint8

const (
	onPackage           level = iota // domain and repository policy, judged on the package
	onDestination                    // domain and repository policy, judged on the package or its repository
	onRepository                     // domain and repository policy, judged on the repository
	onRepositoryUnowned              // domain policy only, judged on the repository
	onDomain                         // domain policy, judged on the domain
	onDomainUnowned                  // no resource policy, judged on the domain
	onNewRepository                  // domain policy, judged on the domain or on the repository to be
	onNewDomain                      // no resource policy, judged on the domain to be
	onAccount                        // no resource policy, judged on no resource in particular
)

// levels are those of the actions whose subject alone (a package, a repository, a domain) does not tell the level.
var levels = map[string]level{
	"CopyPackageVersions":            onDestination,
	"CreateDomain":                   onNewDomain,
	"ListDomains":                    onAccount,
	"ListRepositories":               onAccount,
	"CreateRepository":               onNewRepository,
	"PutDomainPermissionsPolicy":     onDomainUnowned,
	"PutRepositoryPermissionsPolicy": onRepositoryUnowned,
}

func levelOf(action string, on Subject) level {
	if special, ok := levels[action]; ok {
		return special
	}
	switch {
	case on.Package.Name != "":
		return onPackage
	case on.Repository != "":
		return onRepository
	case on.Domain.Name != "":
		return onDomain
	}
	return onAccount
}

// Authorize asks whether the caller may do the action, an operation's name without its service prefix, to the subject.
// It returns Denied in AWS's words, or nil. tags are those the request brings along. What does not exist is judged
// without policies of its own, so a stranger is Denied whether or not it exists.
//
// Every permission in the system is asked for here.
func (s *Service) Authorize(ctx context.Context, c iam.Caller, action string, on Subject,
	tags map[string]string) error {
	at, err := s.site(ctx, on.Domain, on.Repository)
	if err != nil {
		return err
	}
	return s.authorizeAt(ctx, at, c, action, on, tags)
}

func (s *Service) authorizeAt(ctx context.Context, at *site, c iam.Caller, action string, on Subject,
	tags map[string]string) error {
	judged := levelOf(action, on)
	request := iam.Request{
		Principal: c.Principal,
		Action:    "codeartifact:" + action,
		Resources: s.resources(judged, on),
		Under:     s.under(judged, c),
		Context:   circumstances(c.Context, judged, at, requestTags{tags, action != "UntagResource"}),
	}
	policies := iam.Policies{
		Identity: c.Identity, Boundary: c.Boundary, Session: c.Session, Resource: policiesFor(judged, at),
	}
	decision := iam.Evaluate(request, policies, s.atHome(c, judged, at, on))
	if decision.Allowed() {
		return nil
	}
	denied := &artifact.Error{Kind: artifact.Denied, Reason: decision.Message(request)}
	if mutating(action) {
		if err := s.auditRefusal(ctx, c, action, on, decision); err != nil {
			return err
		}
	}
	return denied
}

// mutating reports whether an action changes something, by the verbs of the service's actions.
func mutating(action string) bool {
	return !slices.ContainsFunc([]string{"Describe", "Get", "List", "Read"}, func(verb string) bool {
		return strings.HasPrefix(action, verb)
	})
}

// resources are the ARNs an action is judged on.
func (s *Service) resources(judged level, on Subject) []string {
	place := iam.Place{Partition: s.Partition, Region: s.Region, Account: string(on.Domain.Owner)}
	domain := place.DomainARN(on.Domain.Name).String()
	repository := place.RepositoryARN(on.Domain.Name, on.Repository).String()
	switch judged {
	case onPackage:
		return []string{packageARN(place, on)}
	case onDestination:
		return []string{repository, packageARN(place, on)}
	case onRepository, onRepositoryUnowned:
		return []string{repository}
	case onNewRepository:
		return []string{domain, repository}
	case onAccount:
		return nil
	}
	return []string{domain}
}

func packageARN(place iam.Place, on Subject) string {
	p := on.Package
	return place.PackageARN(on.Domain.Name, on.Repository, string(p.Format), p.Namespace, p.Name).String()
}

// under is where the resources of an account-level action live: listing domains may be granted on some of them (user
// guide, "Identity-based policy examples").
func (s *Service) under(judged level, c iam.Caller) string {
	if judged != onAccount {
		return ""
	}
	account := iam.ARN{Partition: s.Partition, Service: "codeartifact", Region: s.Region, Account: c.Principal.Account}
	return account.String()
}

// policiesFor are the resource policies that count.
func policiesFor(judged level, at *site) []*iam.Policy {
	var policies []*iam.Policy
	if judged <= onDomain || judged == onNewRepository {
		policies = append(policies, at.domainPolicy)
	}
	if judged <= onRepository {
		policies = append(policies, at.repositoryPolicy)
	}
	return slices.DeleteFunc(policies, func(p *iam.Policy) bool { return p == nil })
}

// atHome reports whether an identity policy suffices: the caller belongs to the account that owns the domain, or to the
// one that administers the repository.
func (s *Service) atHome(c iam.Caller, judged level, at *site, on Subject) bool {
	if judged >= onNewDomain {
		return true
	}
	if c.Principal.Account == string(on.Domain.Owner) {
		return true
	}
	return judged <= onRepositoryUnowned && at.repository != nil &&
		string(at.repository.Administrator) == c.Principal.Account
}

// requestTags are the tags that a request brings along. Untagging brings keys only.
type requestTags struct {
	tags   map[string]string
	values bool
}

// circumstances adds the tags of the request and of the resource to the condition keys. Packages have no tags.
func circumstances(base map[string][]string, judged level, at *site, request requestTags) map[string][]string {
	var owned map[string]string
	switch judged {
	case onRepository, onRepositoryUnowned:
		owned = at.repositoryTags
	case onDomain, onDomainUnowned:
		owned = at.domainTags
	}
	if len(owned) == 0 && len(request.tags) == 0 {
		return base
	}
	keys := maps.Clone(base)
	if keys == nil {
		keys = map[string][]string{}
	}
	for k, v := range owned {
		keys["aws:resourcetag/"+strings.ToLower(k)] = []string{v}
	}
	for k, v := range request.tags {
		keys["aws:tagkeys"] = append(keys["aws:tagkeys"], k)
		if request.values {
			keys["aws:requesttag/"+strings.ToLower(k)] = []string{v}
		}
	}
	return keys
}
