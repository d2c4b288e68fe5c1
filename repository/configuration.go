package repository

import (
	"context"
	"errors"
	"fmt"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// configuration is a repository with all that stands around it: its domain, the policies and tags that decide who may do what,
// and the graph of its upstreams. It is read once and kept until the domain's configuration changes.
type configuration struct {
	domain     *catalog.Domain     // nil if there is none
	repository *catalog.Repository // nil if there is none, or none was asked for

	owner       iam.Owner // the domain's, with its organization
	ownerClosed error     // why nobody may do anything with the domain, whose account is closed; nil if it is open
	keyUnusable error     // why the domain's encryption key cannot be used; nil if it can

	domainPolicy, repositoryPolicy *iam.Policy // nil if there is none
	domainTags, repositoryTags     map[string]string
	groupTags                      map[string]string // of the package group, where one was asked for

	graph graph
}

type configurationKey struct {
	domain     artifact.DomainKey
	repository string // empty for the domain itself, or the package group
	group      string // the pattern of one
}

// configuration returns what is known around a domain (name empty) or a repository. What does not exist is nil in it, and that
// is remembered as well.
func (s *Service) configuration(ctx context.Context, domain artifact.DomainKey, name string) (*configuration, error) {
	return s.surroundings(ctx, configurationKey{domain: domain, repository: name})
}

// surroundings is configuration for what may be a package group as well.
func (s *Service) surroundings(ctx context.Context, key configurationKey) (*configuration, error) {
	return s.configurations.Get(ctx, key, func(ctx context.Context, on *catalog.Basis) (*configuration, error) {
		on.Topics(catalog.DomainsTopic())
		found := &configuration{}
		err := s.Catalog.Read(ctx, func(r catalog.Reader) (err error) {
			found.domain, err = optional(r.Domain(key.domain))
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("find domain %s: %w", key.domain, err)
		}
		if found.domain == nil {
			return found, nil
		}
		on.Topics(catalog.DomainTopic(found.domain.ID), catalog.EncryptionKeyTopic(found.domain.WrappedUnder))
		err = s.Catalog.Read(ctx, func(r catalog.Reader) error { return s.load(r, found, key) })
		if err != nil {
			return nil, fmt.Errorf("load %s/%s%s: %w", key.domain, key.repository, key.group, err)
		}
		return found, nil
	})
}

// load fills in everything about it but its domain.
func (s *Service) load(r catalog.Reader, found *configuration, key configurationKey) error {
	holder := catalog.Holder{Domain: found.domain.ID}
	standing, err := catalog.StandingOf(r, found.domain.Owner)
	if err != nil {
		return err
	}
	found.owner = iam.Owner{Account: string(found.domain.Owner), OrgID: standing.Organization.ID, OrgPath: standing.Organization.Path()}
	if standing.Closed {
		found.ownerClosed = artifact.Errorf(artifact.Denied, "Account %s, which owns the domain %s, is closed.", found.domain.Owner,
			found.domain.Name)
	}
	found.keyUnusable = keyUnusable(r, *found.domain)
	if found.keyUnusable != nil && !errors.Is(found.keyUnusable, ErrKeyUnusable) {
		return found.keyUnusable
	}
	if found.domainPolicy, found.domainTags, err = policyAndTags(r, holder, domainsPolicy); err != nil {
		return err
	}
	if key.group != "" {
		found.groupTags, err = tagsOfGroup(r, found.domain.ID, key.group)
		return err
	}
	if key.repository == "" {
		return nil
	}
	found.repository, err = optional(r.Repository(found.domain.Repository(key.repository)))
	if err != nil || found.repository == nil {
		return err
	}
	holder.Repository = found.repository.ID
	if found.repositoryPolicy, found.repositoryTags, err = policyAndTags(r, holder, repositorysPolicy); err != nil {
		return err
	}
	if found.graph, err = walk(r, *found.repository, s.Quotas.SearchedUpstreams); err != nil {
		return err
	}
	found.graph.remotes, err = s.remotesByConnection(r, *found.domain)
	return err
}

// tagsOfGroup reads the tags of a package group, if there is one of the pattern.
func tagsOfGroup(r catalog.Reader, id catalog.DomainID, pattern string) (map[string]string, error) {
	g, err := optional(r.PackageGroup(id, pattern))
	if err != nil || g == nil {
		return nil, err
	}
	return r.Tags(catalog.Holder{Domain: id, Group: g.ID})
}

// policyAndTags reads the policy of a holder, which decisions call by name, and its tags.
func policyAndTags(r catalog.Reader, h catalog.Holder, name string) (*iam.Policy, map[string]string, error) {
	tags, err := r.Tags(h)
	if err != nil {
		return nil, nil, err
	}
	put, err := optional(r.Policy(h))
	if err != nil || put == nil {
		return nil, tags, err
	}
	policy, err := iam.Parse([]byte(put.Document), iam.ResourcePolicy)
	if err != nil {
		return nil, nil, fmt.Errorf("stored policy: %w", err)
	}
	policy.Name = name
	return policy, tags, nil
}

// optional turns NotFound into nil.
func optional[T any](value T, err error) (*T, error) {
	if artifact.Is(err, artifact.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &value, nil
}

// existing returns the configuration of a repository that must exist.
func (s *Service) existing(ctx context.Context, key artifact.RepositoryKey) (*configuration, error) {
	at, err := s.configuration(ctx, key.DomainKey(), key.Name)
	if err != nil {
		return nil, err
	}
	return at, at.exists(key)
}

// exists returns NotFound if it lacks the domain or the repository.
func (at *configuration) exists(key artifact.RepositoryKey) error {
	switch {
	case at.domain == nil:
		return noDomain(key.DomainKey())
	case at.repository == nil:
		return noRepository(key)
	}
	return nil
}

// existingDomain returns the configuration of a domain that must exist.
func (s *Service) existingDomain(ctx context.Context, key artifact.DomainKey) (*configuration, error) {
	at, err := s.configuration(ctx, key, "")
	if err == nil && at.domain == nil {
		err = noDomain(key)
	}
	return at, err
}
