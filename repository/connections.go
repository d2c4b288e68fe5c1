package repository

import (
	"context"
	"slices"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/upstream"
)

// AssociateExternalConnection connects a repository to a public registry, named as AWS names it, or to remote:NAME, a remote of
// the domain. Invalid for an unknown name, a second connection, or a repository with upstreams; Conflict if it has this one
// already.
func (s *Service) AssociateExternalConnection(ctx context.Context, c iam.Caller, key artifact.RepositoryKey,
	connection string) (repo catalog.Repository, err error) {
	remote, isRemote := upstream.RemoteName(connection)
	if _, known := upstream.ConnectionNamed(connection); !known && !isRemote {
		return repo, artifact.Errorf(artifact.Invalid, "'%s' is not an external connection. The names are: %s.",
			connection, connectionNames())
	}
	return s.reconnect(ctx, c, "AssociateExternalConnection", key, connection, func(w catalog.Reader, repo *catalog.Repository) error {
		if isRemote {
			d, err := heldDomain(w, key.DomainKey())
			if err != nil {
				return err
			}
			if _, err := s.remoteOf(w, d, remote); err != nil {
				return err
			}
		}
		switch {
		case slices.Contains(repo.Connections, connection):
			return artifact.Errorf(artifact.Conflict,
				"Repository '%s' already has the external connection %s.", key.Name, connection).
				About(artifact.RepositoryResource, key.Domain+"/"+key.Name)
		case len(repo.Connections) >= s.Quotas.ExternalConnections:
			return artifact.Errorf(artifact.Invalid, "ExternalConnections for repositories are currently limited to %d",
				s.Quotas.ExternalConnections)
		case len(repo.Upstreams) > 0:
			return artifact.Errorf(artifact.Invalid,
				"Repository '%s' has upstream repositories, so it cannot have an external connection. "+
					"Remove its upstreams first.", key.Name)
		}
		repo.Connections = append(repo.Connections, connection)
		return nil
	})
}

// DisassociateExternalConnection ends a connection. What was stored through it stays. NotFound if it is not there.
func (s *Service) DisassociateExternalConnection(ctx context.Context, c iam.Caller, key artifact.RepositoryKey,
	connection string) (catalog.Repository, error) {
	return s.reconnect(ctx, c, "DisassociateExternalConnection", key, connection, func(_ catalog.Reader, repo *catalog.Repository) error {
		at := slices.Index(repo.Connections, connection)
		if at < 0 {
			return artifact.Errorf(artifact.NotFound,
				"Repository '%s' has no external connection '%s'.", key.Name, connection).
				About(artifact.RepositoryResource, key.Domain+"/"+key.Name)
		}
		repo.Connections = slices.Delete(repo.Connections, at, at+1)
		return nil
	})
}

func (s *Service) reconnect(ctx context.Context, c iam.Caller, action string, key artifact.RepositoryKey,
	connection string, change func(catalog.Reader, *catalog.Repository) error) (repo catalog.Repository, err error) {
	err = s.Catalog.Write(ctx, func(w catalog.Writer) error {
		if repo, err = heldRepository(w, key); err != nil {
			return err
		}
		repo = withoutHoles(repo)
		if err := change(w, &repo); err != nil {
			return err
		}
		if err := w.UpdateRepository(repo); err != nil {
			return err
		}
		return s.audit(w, c, action, OnRepository(key), map[string]any{"externalConnection": connection})
	})
	return repo, err
}

// ConnectionFormat returns the format of the external connection of that name, and whether there is one. A remote is there for
// packages of every format, and clients want to be told one: it is the one that no package manager speaks.
func ConnectionFormat(name string) (artifact.Format, bool) {
	if _, remote := upstream.RemoteName(name); remote {
		return artifact.Generic, true
	}
	c, known := upstream.ConnectionNamed(name)
	return c.Format, known
}

func connectionNames() string {
	text := ""
	for i, c := range upstream.Connections() {
		if i > 0 {
			text += ", "
		}
		text += c.Name
	}
	return text
}
