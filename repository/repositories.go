package repository

import (
	"context"
	"slices"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// CreateRepository makes a repository in a domain, administered by the caller's account. It asks for
// AssociateWithDownstreamRepository on each upstream. Conflict if the name is taken; NotFound for the domain or an
// upstream; Quota above the numbers of repositories or of upstreams.
func (s *Service) CreateRepository(ctx context.Context, c iam.Caller,
	spec RepositorySpec) (repo catalog.Repository, err error) {
	if err := s.mayTag(ctx, c, OnRepository(spec.RepositoryKey), spec.Tags); err != nil {
		return repo, err
	}
	if err := s.mayAssociate(ctx, c, spec.RepositoryKey, spec.Upstreams); err != nil {
		return repo, err
	}
	err = s.Catalog.Write(ctx, func(w catalog.Writer) error {
		d, err := w.Domain(spec.DomainKey())
		if artifact.Is(err, artifact.NotFound) {
			return noDomain(spec.DomainKey())
		} else if err != nil {
			return err
		}
		if _, err := w.Repository(spec.RepositoryKey); err == nil {
			return repositoryExists(spec.RepositoryKey)
		}
		usage, err := w.Usage(d.ID)
		if err != nil {
			return err
		}
		if usage.Repositories >= s.Quotas.Repositories {
			return artifact.Errorf(artifact.Quota,
				"Domain '%s' has reached its limit of %d repositories.", d.Name, s.Quotas.Repositories).
				About(artifact.DomainResource, d.Name)
		}
		repo = catalog.Repository{
			Domain: d.ID, RepositoryKey: spec.RepositoryKey, Administrator: artifact.AccountID(c.Principal.Account),
			Description: spec.Description, CreatedAt: s.Now(),
		}
		if repo.Upstreams, err = s.upstreams(w, repo, spec.Upstreams); err != nil {
			return err
		}
		if repo.ID, err = w.CreateRepository(repo); artifact.Is(err, artifact.Conflict) {
			return repositoryExists(spec.RepositoryKey)
		} else if err != nil {
			return err
		}
		if err := w.PutTags(catalog.Holder{Domain: d.ID, Repository: repo.ID}, spec.Tags); err != nil {
			return err
		}
		return s.audit(w, c, "CreateRepository", OnRepository(spec.RepositoryKey),
			withTags(map[string]any{"upstreams": spec.Upstreams}, spec.Tags))
	})
	return repo, err
}

func repositoryExists(key artifact.RepositoryKey) error {
	return artifact.Errorf(artifact.Conflict, "Repository '%s' already exists in domain '%s'.", key.Name, key.Domain).
		About(artifact.RepositoryResource, key.Domain+"/"+key.Name)
}

// mayAssociate asks for the permission to put each of the repositories upstream of another. What does not exist is
// passed over here: the transaction that follows says so.
func (s *Service) mayAssociate(ctx context.Context, c iam.Caller, of artifact.RepositoryKey, upstreams []string) error {
	for _, name := range upstreams {
		if err := s.Authorize(ctx, c, "AssociateWithDownstreamRepository",
			OnRepository(of.DomainKey().Repository(name)), nil); err != nil {
			return err
		}
	}
	return nil
}

// upstreams resolves the names of a repository's future upstreams, in order. The names must be distinct repositories of
// its domain, none of which leads back to it.
func (s *Service) upstreams(r catalog.Reader, of catalog.Repository, names []string) ([]catalog.Upstream, error) {
	if len(names) > s.Quotas.DirectUpstreams {
		return nil, artifact.Errorf(artifact.Quota, "A repository can have at most %d direct upstream repositories.",
			s.Quotas.DirectUpstreams).
			About(artifact.RepositoryResource, of.RepositoryKey.Domain+"/"+of.Name)
	}
	found := make([]catalog.Upstream, 0, len(names))
	for i, name := range names {
		if name == of.Name {
			return nil, artifact.Errorf(artifact.Invalid, "Repository '%s' cannot be its own upstream.", name)
		}
		if slices.Contains(names[:i], name) {
			return nil, artifact.Errorf(artifact.Invalid,
				"Repository '%s' is listed more than once in upstreams.", name)
		}
		key := of.DomainKey().Repository(name)
		up, err := r.Repository(key)
		if artifact.Is(err, artifact.NotFound) {
			return nil, noRepository(key)
		} else if err != nil {
			return nil, err
		}
		if err := noCycle(r, up, of); err != nil {
			return nil, err
		}
		found = append(found, catalog.Upstream{ID: up.ID, Name: up.Name})
	}
	return found, nil
}

// noCycle refuses an upstream from which the repository itself can be reached.
func noCycle(r catalog.Reader, up, of catalog.Repository) error {
	if of.ID == 0 {
		return nil // not made yet, so nothing can lead to it
	}
	reach, err := walk(r, up, 1<<20)
	if err != nil {
		return err
	}
	if slices.Contains(reach.ids(), of.ID) {
		return artifact.Errorf(artifact.Invalid,
			"Repository '%s' cannot be upstream of '%s': it has '%s' among its own upstreams.",
			up.Name, of.Name, of.Name)
	}
	return nil
}

// Repository describes a repository. Upstreams that no longer exist are left out.
func (s *Service) Repository(ctx context.Context, key artifact.RepositoryKey) (catalog.Repository, error) {
	at, err := s.existing(ctx, key)
	if err != nil {
		return catalog.Repository{}, err
	}
	return withoutHoles(*at.repository), nil
}

func withoutHoles(repo catalog.Repository) catalog.Repository {
	repo.Upstreams = slices.DeleteFunc(slices.Clone(repo.Upstreams),
		func(u catalog.Upstream) bool { return u.Name == "" })
	return repo
}

// UpdateRepository changes what the change names and keeps the rest. Any call drops upstreams that no longer exist. It
// asks for AssociateWithDownstreamRepository on each upstream that is new. NotFound for the repository or an upstream;
// Quota above the number of upstreams; Invalid for upstreams that lead back to the repository, and for any, even none,
// while it has an external connection.
func (s *Service) UpdateRepository(ctx context.Context, c iam.Caller, key artifact.RepositoryKey,
	change RepositoryChange) (repo catalog.Repository, err error) {
	if change.Upstreams != nil {
		at, err := s.existing(ctx, key)
		if err != nil {
			return repo, err
		}
		added := slices.DeleteFunc(slices.Clone(*change.Upstreams), func(name string) bool {
			return slices.ContainsFunc(at.repository.Upstreams, func(u catalog.Upstream) bool { return u.Name == name })
		})
		if err := s.mayAssociate(ctx, c, key, added); err != nil {
			return repo, err
		}
	}
	err = s.Catalog.Write(ctx, func(w catalog.Writer) error {
		if repo, err = heldRepository(w, key); err != nil {
			return err
		}
		repo = withoutHoles(repo)
		detail := map[string]any{}
		if change.Description != nil {
			repo.Description = *change.Description
			detail["description"] = repo.Description
		}
		if change.Upstreams != nil {
			if len(repo.Connections) > 0 {
				return artifact.Errorf(artifact.Invalid,
					"Repository '%s' has the external connection %s, so it cannot have upstreams. "+
						"Disassociate the connection first.", repo.Name, repo.Connections[0])
			}
			if repo.Upstreams, err = s.upstreams(w, repo, *change.Upstreams); err != nil {
				return err
			}
			detail["upstreams"] = *change.Upstreams
		}
		if err := w.UpdateRepository(repo); err != nil {
			return err
		}
		return s.audit(w, c, "UpdateRepository", OnRepository(key), detail)
	})
	return repo, err
}

// heldRepository finds a repository inside a transaction, in the service's words if it is not there.
func heldRepository(r catalog.Reader, key artifact.RepositoryKey) (catalog.Repository, error) {
	if _, err := r.Domain(key.DomainKey()); artifact.Is(err, artifact.NotFound) {
		return catalog.Repository{}, noDomain(key.DomainKey())
	}
	repo, err := r.Repository(key)
	if artifact.Is(err, artifact.NotFound) {
		err = noRepository(key)
	}
	return repo, err
}

// DeleteRepository removes a repository with all it holds, even while it is an upstream of others: those keep a
// dangling reference until they are updated. A repository that is not there, in a domain that is, is no error: ok is
// false then.
func (s *Service) DeleteRepository(ctx context.Context, c iam.Caller,
	key artifact.RepositoryKey) (repo catalog.Repository, ok bool, err error) {
	err = s.Catalog.Write(ctx, func(w catalog.Writer) error {
		ok = false
		if _, err := w.Domain(key.DomainKey()); artifact.Is(err, artifact.NotFound) {
			return noDomain(key.DomainKey())
		}
		repo, err = w.Repository(key)
		if artifact.Is(err, artifact.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.audit(w, c, "DeleteRepository", OnRepository(key), nil); err != nil {
			return err
		}
		ok = true
		return w.DeleteRepository(repo.ID)
	})
	return withoutHoles(repo), ok && err == nil, err
}

// RepositoriesOf lists the repositories that an account administers, in every domain.
func (s *Service) RepositoriesOf(ctx context.Context, administrator artifact.AccountID, namePrefix string,
	page catalog.Page) (catalog.Listing[catalog.Repository], error) {
	return s.repositories(ctx, catalog.RepositoryFilter{Administrator: administrator, NamePrefix: namePrefix}, page)
}

// RepositoriesIn lists the repositories of a domain, those of one administrator if it is given.
func (s *Service) RepositoriesIn(ctx context.Context, key artifact.DomainKey, administrator artifact.AccountID,
	namePrefix string, page catalog.Page) (l catalog.Listing[catalog.Repository], err error) {
	at, err := s.existingDomain(ctx, key)
	if err != nil {
		return l, err
	}
	return s.repositories(ctx,
		catalog.RepositoryFilter{Domain: at.domain.ID, Administrator: administrator, NamePrefix: namePrefix}, page)
}

func (s *Service) repositories(ctx context.Context, filter catalog.RepositoryFilter,
	page catalog.Page) (l catalog.Listing[catalog.Repository], err error) {
	err = s.Catalog.Read(ctx, func(r catalog.Reader) error {
		l, err = r.Repositories(filter, page)
		return err
	})
	return l, err
}

// Endpoint returns the base URL of a repository that exists, ending in a slash.
func (s *Service) Endpoint(ctx context.Context, key artifact.RepositoryKey, f artifact.Format) (string, error) {
	if _, err := s.existing(ctx, key); err != nil {
		return "", err
	}
	return s.Options.Endpoint(key, f), nil
}
