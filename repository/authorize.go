package repository

import (
	"context"
	"maps"
	"strings"

	"entrepot/artifact"
	"entrepot/iam"
	"entrepot/packagegroup"
	"entrepot/usage"
)

// noCredential is told to those who came without one and need one. Package managers then ask for it, or send what they
// have: a refusal would end it.
func noCredential() error {
	return artifact.Errorf(artifact.Unauthenticated, "The request carries no authorization token.")
}

// Authorize asks whether the caller may do the action, by its name in the table of actions, to the subject. It returns
// Denied in AWS's words, or nil. tags are those the request brings along. What does not exist is judged
// without policies of its own, so a stranger is Denied whether or not it exists. An anonymous caller may do nothing but
// read, whatever policies say of everybody, and is Unauthenticated where he may not.
//
// What needs the domain's encryption key is Denied while that cannot be used, see KeyUnusable. Nothing may be done with the
// domains of a closed account.
//
// An action that is not in the table, or not one that is done to such a subject, is an error of the program.
func (s *Service) Authorize(ctx context.Context, c iam.Caller, action string, on Subject,
	tags map[string]string) error {
	on, err := s.withItsGroup(ctx, on)
	if err != nil {
		return err
	}
	at, err := s.surroundings(ctx, configurationKey{on.Domain, on.Repository, on.Group})
	if err != nil {
		return err
	}
	return s.authorizeAt(ctx, at, c, action, on, tags)
}

// withItsGroup names the group of a subject that is the group of a package. Where there is none to find, as without the
// domain, it is the one of all packages.
func (s *Service) withItsGroup(ctx context.Context, on Subject) (Subject, error) {
	if on.Group != "" || on.depth() != toGroup {
		return on, nil
	}
	info, _, err := s.AssociatedGroup(ctx, on.Domain, on.Package)
	if artifact.Is(err, artifact.NotFound) {
		info.Pattern, err = packagegroup.Root, nil
	}
	on.Group = info.Pattern
	return on, err
}

func (s *Service) authorizeAt(ctx context.Context, at *configuration, c iam.Caller, action string, on Subject,
	tags map[string]string) error {
	asked, judged, err := judgedAt(action, on)
	if err != nil {
		return err
	}
	if c.Principal.Anonymous() && asked.Name != readFromRepository {
		return noCredential()
	}
	request, decision := s.decide(at, c, asked, judged, on, tags)
	if !asked.readOnly() || asked.Name == readFromRepository {
		c.Rulings.Keep(request.Action, decision) // for the record of what is done; reading may have something kept
	}
	switch {
	case decision.Allowed() && at.ownerClosed != nil:
		return s.auditRefusal(ctx, at, c, asked, judged, on, nil, at.ownerClosed)
	case decision.Allowed() && judged.decrypts && at.keyUnusable != nil:
		usage.Admit(ctx)
		return s.auditRefusal(ctx, at, c, asked, judged, on, nil, at.keyUnusable)
	case decision.Allowed():
		usage.Admit(ctx)
		return nil
	case c.Principal.Anonymous():
		return noCredential()
	}
	denied := &artifact.Error{Kind: artifact.Denied, Reason: decision.Message(request), Err: &refusal{decision, on}}
	return s.auditRefusal(ctx, at, c, asked, judged, on, &decision, denied)
}

// decide asks whether the caller may do the action to the subject, which is judged at this level.
func (s *Service) decide(at *configuration, c iam.Caller, asked Action, judged *level, on Subject,
	tags map[string]string) (iam.Request, iam.Decision) {
	request := iam.Request{
		Principal: c.Principal,
		Action:    asked.Permission(),
		Resources: judged.resources(s, on),
		Under:     s.under(judged, c),
		Owner:     ownerOf(at, c, on),
		Context:   circumstances(c.Context, judged, at, requestTags{tags, asked.Name != "UntagResource"}),
	}
	policies := iam.Policies{
		Identity: c.Identity, Boundary: c.Boundary, Session: c.Session, Resource: judged.policies(at),
	}
	return request, iam.Evaluate(request, policies, judged.identityIsEnough(c, at, on))
}

// mayDo reports whether the caller could do the action to the subject. Nothing is done with it, so nothing is recorded.
func (s *Service) mayDo(at *configuration, c iam.Caller, action string, on Subject) bool {
	asked, judged, err := judgedAt(action, on)
	if err != nil || c.Principal.Anonymous() && asked.Name != readFromRepository {
		return false
	}
	_, decision := s.decide(at, c, asked, judged, on, nil)
	return decision.Allowed() && at.ownerClosed == nil
}

// ownerOf is whose the subject is. Of an account whose domain is not there nothing more is known, unless it is the caller's own.
func ownerOf(at *configuration, c iam.Caller, on Subject) iam.Owner {
	switch {
	case at.domain != nil:
		return at.owner
	case string(on.Domain.Owner) == c.Principal.Account:
		return iam.Owner{Account: c.Principal.Account, OrgID: c.Principal.OrgID, OrgPath: c.Principal.OrgPath}
	}
	return iam.Owner{Account: string(on.Domain.Owner)}
}

// under is where the resources of an account-level action live: listing domains may be granted on some of them (user
// guide, "Identity-based policy examples").
func (s *Service) under(judged *level, c iam.Caller) string {
	if judged != onAccount {
		return ""
	}
	account := iam.ARN{Partition: s.Partition, Service: "codeartifact", Region: s.Region, Account: c.Principal.Account}
	return account.String()
}

// requestTags are the tags that a request brings along. Untagging brings keys only.
type requestTags struct {
	tags   map[string]string
	values bool
}

// circumstances adds the tags of the request and of the resource to the condition keys. Packages have no tags.
func circumstances(base map[string][]string, judged *level, at *configuration, request requestTags) map[string][]string {
	var owned map[string]string
	if judged.tags != nil {
		owned = judged.tags(at)
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
