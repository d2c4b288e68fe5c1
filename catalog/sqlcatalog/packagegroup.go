package sqlcatalog

import (
	"entrepot/artifact"
	"entrepot/catalog"
)

const packageGroupColumns = `SELECT g.id, g.domain, g.pattern, g.contact_info, g.description, g.external_upstream,
	g.internal_upstream, g.publish, g.created_at FROM package_groups g `

func scanPackageGroup(row scanner, g *catalog.PackageGroup) error {
	var external, internal, publish artifact.RestrictionMode
	err := row.Scan(&g.ID, &g.Domain, &g.Pattern, &g.ContactInfo, &g.Description, &external, &internal, &publish,
		instant{&g.CreatedAt})
	g.Restrictions = map[artifact.RestrictionType]catalog.Restriction{artifact.ExternalUpstream: {Mode: external},
		artifact.InternalUpstream: {Mode: internal}, artifact.Publishing: {Mode: publish}}
	return err
}

func noPackageGroup(pattern string) error {
	return artifact.Errorf(artifact.NotFound, "Package group %s does not exist.", pattern)
}

// PackageGroup implements catalog.PackageGroupReader.
func (s *session) PackageGroup(id catalog.DomainID, pattern string) (catalog.PackageGroup, error) {
	g, found, err := one(s, "find a package group", scanPackageGroup,
		packageGroupColumns+"WHERE g.domain = ? AND g.pattern = ?", id, pattern)
	if err == nil && !found {
		err = noPackageGroup(pattern)
	}
	if err != nil {
		return catalog.PackageGroup{}, err
	}
	return g, s.listRepositories([]catalog.PackageGroup{g}, "l.package_group = ?", g.ID)
}

// PackageGroups implements catalog.PackageGroupReader.
func (s *session) PackageGroups(id catalog.DomainID) ([]catalog.PackageGroup, error) {
	groups, err := all(s, "list package groups", scanPackageGroup,
		packageGroupColumns+"WHERE g.domain = ? ORDER BY g.pattern", id)
	if err != nil {
		return nil, err
	}
	return groups, s.listRepositories(groups, "l.package_group IN (SELECT id FROM package_groups WHERE domain = ?)", id)
}

// listRepositories fills in the lists of groups, with one query for all of them.
func (s *session) listRepositories(groups []catalog.PackageGroup, which string, of any) error {
	type listed struct {
		group       catalog.PackageGroupID
		restriction artifact.RestrictionType
		catalog.AllowedRepository
	}
	rows, err := all(s, "list allowed repositories", func(row scanner, l *listed) error {
		return row.Scan(&l.group, &l.restriction, &l.ID, &l.Name)
	}, `SELECT l.package_group, l.restriction, r.id, r.name FROM package_group_repositories l
		JOIN repositories r ON r.id = l.repository WHERE `+which+" ORDER BY r.name", of)
	byID := make(map[catalog.PackageGroupID]catalog.PackageGroup, len(groups))
	for _, g := range groups {
		byID[g.ID] = g
	}
	for _, l := range rows {
		restrictions := byID[l.group].Restrictions
		restriction := restrictions[l.restriction]
		restriction.Repositories = append(restriction.Repositories, l.AllowedRepository)
		restrictions[l.restriction] = restriction
	}
	return err
}

// PackageGroupsRevision implements catalog.PackageGroupReader.
func (s *session) PackageGroupsRevision(id catalog.DomainID) (int64, error) {
	revision, found, err := one(s, "find the revision of package groups", scalar[int64],
		"SELECT group_changes FROM domains WHERE id = ?", id)
	if err == nil && !found {
		err = noDomainID(id)
	}
	return revision, err
}

// CreatePackageGroup implements catalog.PackageGroupWriter.
func (s *session) CreatePackageGroup(g catalog.PackageGroup) (catalog.PackageGroupID, error) {
	if _, err := s.DomainByID(g.Domain); err != nil {
		return 0, err
	}
	if err := s.repositoriesOf(g); err != nil {
		return 0, err
	}
	id, created, err := one(s, "create a package group", scalar[catalog.PackageGroupID],
		`INSERT INTO package_groups (domain, pattern, contact_info, description, external_upstream, internal_upstream,
		publish, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`,
		g.Domain, g.Pattern, g.ContactInfo, g.Description, g.Restrictions[artifact.ExternalUpstream].Mode,
		g.Restrictions[artifact.InternalUpstream].Mode, g.Restrictions[artifact.Publishing].Mode, g.CreatedAt.UnixMicro())
	if err != nil {
		return 0, err
	}
	if !created {
		return 0, artifact.Errorf(artifact.Conflict, "Package group %s already exists.", g.Pattern)
	}
	g.ID = id
	if err := s.putLists(g); err != nil {
		return 0, err
	}
	return id, s.groupsChanged(g.Domain)
}

// repositoriesOf is NotFound if a repository in a list of the group is not one of its domain.
func (s *session) repositoriesOf(g catalog.PackageGroup) error {
	for _, restriction := range g.Restrictions {
		for _, r := range restriction.Repositories {
			if err := s.holds(catalog.Holder{Domain: g.Domain, Repository: r.ID}); err != nil {
				return err
			}
		}
	}
	return nil
}

// putLists stores the lists of a group that has none.
func (s *session) putLists(g catalog.PackageGroup) error {
	for _, t := range artifact.RestrictionTypes() {
		for _, r := range g.Restrictions[t].Repositories {
			if _, err := s.exec("allow a repository", `INSERT INTO package_group_repositories (package_group, restriction, repository)
				VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, g.ID, t, r.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// UpdatePackageGroup implements catalog.PackageGroupWriter.
func (s *session) UpdatePackageGroup(g catalog.PackageGroup) error {
	domain, found, err := one(s, "find a package group", scalar[catalog.DomainID],
		"SELECT domain FROM package_groups WHERE id = ?", g.ID)
	if err == nil && !found {
		err = noPackageGroup("number " + decimal(g.ID))
	}
	if err != nil {
		return err
	}
	g.Domain = domain
	if err := s.repositoriesOf(g); err != nil {
		return err
	}
	if _, err := s.exec("update a package group", `UPDATE package_groups SET contact_info = ?, description = ?,
		external_upstream = ?, internal_upstream = ?, publish = ? WHERE id = ?`, g.ContactInfo, g.Description,
		g.Restrictions[artifact.ExternalUpstream].Mode, g.Restrictions[artifact.InternalUpstream].Mode,
		g.Restrictions[artifact.Publishing].Mode, g.ID); err != nil {
		return err
	}
	if _, err := s.exec("update a package group", "DELETE FROM package_group_repositories WHERE package_group = ?",
		g.ID); err != nil {
		return err
	}
	if err := s.putLists(g); err != nil {
		return err
	}
	return s.groupsChanged(domain)
}

// DeletePackageGroup implements catalog.PackageGroupWriter.
func (s *session) DeletePackageGroup(id catalog.PackageGroupID) error {
	domain, found, err := one(s, "delete a package group", scalar[catalog.DomainID],
		"DELETE FROM package_groups WHERE id = ? RETURNING domain", id)
	if err == nil && !found {
		err = noPackageGroup("number " + decimal(id))
	}
	if err != nil {
		return err
	}
	return s.groupsChanged(domain)
}

// groupsChanged tells those who made something of the domain's groups.
func (s *session) groupsChanged(id catalog.DomainID) error {
	s.touch(catalog.DomainTopic(id))
	_, err := s.exec("count a change of package groups", "UPDATE domains SET group_changes = group_changes + 1 WHERE id = ?", id)
	return err
}
