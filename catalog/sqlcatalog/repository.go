package sqlcatalog

import (
	"entrepot/artifact"
	"entrepot/catalog"
)

const repositoryColumns = `SELECT r.id, r.domain, d.owner, d.name, r.name, r.administrator, r.description, r.created_at
	FROM repositories r JOIN domains d ON d.id = r.domain `

func scanRepository(row scanner, r *catalog.Repository) error {
	return row.Scan(&r.ID, &r.Domain, &r.Owner, &r.RepositoryKey.Domain, &r.Name, &r.Administrator, &r.Description,
		instant{&r.CreatedAt})
}

func noRepository(path string) error {
	return artifact.Errorf(artifact.NotFound, "Repository %s does not exist.", path).
		About(artifact.RepositoryResource, path)
}

func noRepositoryID(id catalog.RepositoryID) error { return noRepository("number " + decimal(id)) }

// Repository implements catalog.RepositoryReader.
func (s *session) Repository(key artifact.RepositoryKey) (catalog.Repository, error) {
	r, found, err := one(s, "find a repository", scanRepository,
		repositoryColumns+"WHERE d.owner = ? AND d.name = ? AND r.name = ?", key.Owner, key.Domain, key.Name)
	if err == nil && !found {
		err = noRepository(key.Domain + "/" + key.Name)
	}
	if err != nil {
		return catalog.Repository{}, err
	}
	return s.complete(r)
}

// RepositoryByID implements catalog.RepositoryReader.
func (s *session) RepositoryByID(id catalog.RepositoryID) (catalog.Repository, error) {
	r, found, err := one(s, "find a repository", scanRepository, repositoryColumns+"WHERE r.id = ?", id)
	if err == nil && !found {
		err = noRepositoryID(id)
	}
	if err != nil {
		return catalog.Repository{}, err
	}
	return s.complete(r)
}

// Repositories implements catalog.RepositoryReader.
func (s *session) Repositories(filter catalog.RepositoryFilter, page catalog.Page) (
	catalog.Listing[catalog.Repository], error) {
	var none catalog.Listing[catalog.Repository]
	var where conditions
	if filter.Domain != 0 {
		where.add("r.domain = ?", filter.Domain)
	}
	if filter.Administrator != "" {
		where.add("r.administrator = ?", filter.Administrator)
	}
	where.prefix(s.dialect, "r.name", filter.NamePrefix)
	if page.After != "" {
		after, err := unmark(repositoryList, 2, page.After)
		if err != nil {
			return none, err
		}
		domain, err := number(after[1])
		if err != nil {
			return none, err
		}
		where.add("(r.name, r.domain) > (?, ?)", after[0], domain)
	}
	limit := clamp(page.Limit)
	items, err := all(s, "list repositories", scanRepository,
		repositoryColumns+"WHERE "+where.String()+" ORDER BY r.name, r.domain LIMIT ?", append(where.args, limit+1)...)
	if err != nil {
		return none, err
	}
	l := listing(items, limit, func(r catalog.Repository) string {
		return mark(repositoryList, r.Name, decimal(r.Domain))
	})
	return l, s.connect(l.Items)
}

// complete adds upstreams and connections to one repository.
func (s *session) complete(r catalog.Repository) (catalog.Repository, error) {
	whole := []catalog.Repository{r}
	if err := s.connect(whole); err != nil {
		return catalog.Repository{}, err
	}
	return whole[0], nil
}

// connect fills in the upstreams and connections of repositories, with one query for each kind.
func (s *session) connect(repositories []catalog.Repository) error {
	if len(repositories) == 0 {
		return nil
	}
	ids := make([]catalog.RepositoryID, len(repositories))
	byID := make(map[catalog.RepositoryID]*catalog.Repository, len(repositories))
	for i := range repositories {
		ids[i] = repositories[i].ID
		byID[ids[i]] = &repositories[i]
	}
	in, args := valuesList(ids)
	type upstream struct {
		of catalog.RepositoryID
		catalog.Upstream
	}
	upstreams, err := all(s, "find upstreams", func(row scanner, u *upstream) error {
		return row.Scan(&u.of, &u.ID, &u.Name)
	}, `SELECT u.repository, u.upstream, coalesce(r.name, '')
		FROM repository_upstreams u LEFT JOIN repositories r ON r.id = u.upstream
		WHERE u.repository IN `+in+` ORDER BY u.repository, u.position`, args...)
	if err != nil {
		return err
	}
	for _, u := range upstreams {
		byID[u.of].Upstreams = append(byID[u.of].Upstreams, u.Upstream)
	}
	type connection struct {
		of   catalog.RepositoryID
		name string
	}
	connections, err := all(s, "find external connections", func(row scanner, c *connection) error {
		return row.Scan(&c.of, &c.name)
	}, `SELECT repository, connection FROM repository_connections
		WHERE repository IN `+in+` ORDER BY repository, position`, args...)
	if err != nil {
		return err
	}
	for _, c := range connections {
		byID[c.of].Connections = append(byID[c.of].Connections, c.name)
	}
	return nil
}

// CreateRepository implements catalog.RepositoryWriter.
func (s *session) CreateRepository(r catalog.Repository) (catalog.RepositoryID, error) {
	d, err := s.DomainByID(r.Domain)
	if err != nil {
		return 0, err
	}
	id, created, err := one(s, "create a repository", scalar[catalog.RepositoryID],
		`INSERT INTO repositories (domain, name, administrator, description, created_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING RETURNING id`,
		r.Domain, r.Name, r.Administrator, r.Description, r.CreatedAt.UnixMicro())
	if err != nil {
		return 0, err
	}
	if !created {
		return 0, artifact.Errorf(artifact.Conflict, "Repository %s already exists in domain %s.", r.Name, d.Name).
			About(artifact.RepositoryResource, d.Name+"/"+r.Name)
	}
	s.touch(catalog.DomainTopic(r.Domain))
	r.ID = id
	return id, s.putConnections(r)
}

// UpdateRepository implements catalog.RepositoryWriter.
func (s *session) UpdateRepository(r catalog.Repository) error {
	domain, found, err := one(s, "update a repository", scalar[catalog.DomainID],
		"UPDATE repositories SET description = ? WHERE id = ? RETURNING domain", r.Description, r.ID)
	if err != nil {
		return err
	}
	if !found {
		return noRepositoryID(r.ID)
	}
	s.touch(catalog.DomainTopic(domain))
	for _, table := range []string{"repository_upstreams", "repository_connections"} {
		if _, err := s.exec("update a repository", "DELETE FROM "+table+" WHERE repository = ?", r.ID); err != nil {
			return err
		}
	}
	return s.putConnections(r)
}

// putConnections stores upstreams and connections of a repository that has none.
func (s *session) putConnections(r catalog.Repository) error {
	for i, u := range r.Upstreams {
		if _, err := s.exec("add an upstream",
			"INSERT INTO repository_upstreams (repository, position, upstream) VALUES (?, ?, ?)", r.ID, i, u.ID); err != nil {
			return err
		}
	}
	for i, c := range r.Connections {
		if _, err := s.exec("add an external connection",
			"INSERT INTO repository_connections (repository, position, connection) VALUES (?, ?, ?)", r.ID, i, c); err != nil {
			return err
		}
	}
	return nil
}

// DeleteRepository implements catalog.RepositoryWriter.
func (s *session) DeleteRepository(id catalog.RepositoryID) error {
	domain, found, err := one(s, "delete a repository", scalar[catalog.DomainID],
		"SELECT domain FROM repositories WHERE id = ?", id)
	if err != nil {
		return err
	}
	if !found {
		return noRepositoryID(id)
	}
	s.touch(catalog.DomainTopic(domain))
	for _, f := range artifact.Formats() {
		s.touch(catalog.RepositoryTopic(id, f))
	}
	// A full repository has more packages than should be in memory at once; their topics are a bounded set.
	for filter, page := (catalog.PackageFilter{}), (catalog.Page{Limit: catalog.MaxPage}); ; {
		l, err := s.Packages(id, filter, page)
		if err != nil {
			return err
		}
		for _, p := range l.Items {
			s.touchPackage(domain, id, p.PackageKey)
		}
		if l.Next == "" {
			break
		}
		page.After = l.Next
	}
	if err := s.release(domain, assetsOfRepository, int64(id)); err != nil {
		return err
	}
	s.placed = placed{}
	if err := s.writeIndex(); err != nil {
		return err
	}
	if _, err := s.exec("delete a repository", s.dialect.indexSearch.deleteRepository, id); err != nil {
		return err
	}
	if _, err := s.exec("delete a repository", "DELETE FROM repositories WHERE id = ?", id); err != nil {
		return err
	}
	return s.groupsChanged(domain) // it is in none of their lists any more
}
