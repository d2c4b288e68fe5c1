package sqlcatalog

import (
	"entrepot/artifact"
	"entrepot/catalog"
)

// packageID is a package's row; no other room sees it.
type packageID int64

// packageRow is a package as it is looked up before something is done to it.
type packageRow struct {
	id packageID
	catalog.HeldPackage
}

const packageColumns = `SELECT p.id, p.repository, p.format, p.namespace, p.name, p.publish, p.upstream, p.folded,
	p.versions, p.labels, p.index_bytes FROM packages p `

// packageKeyIs takes a package key's three parts.
const packageKeyIs = "p.format = ? AND p.namespace = ? AND p.name = ?"

func scanPackage(row scanner, p *packageRow) error {
	return row.Scan(&p.id, &p.Repository, &p.Format, &p.Namespace, &p.Name, &p.Controls.Publish, &p.Controls.Upstream,
		&p.Folded, &p.Usage.Versions, &p.Usage.Labels, &p.Usage.IndexBytes)
}

// noPackage tells that the repository does not hold the package, or does not exist.
func (s *session) noPackage(id catalog.RepositoryID, key artifact.PackageKey) error {
	path, err := s.repositoryPath(id)
	if err != nil {
		return err
	}
	return artifact.Errorf(artifact.NotFound, "Package %s does not exist in repository %s.", key.Qualified(), path).
		About(artifact.PackageResource, path+"/"+key.String())
}

// repositoryPath returns domain/repository, or NotFound.
func (s *session) repositoryPath(id catalog.RepositoryID) (string, error) {
	path, found, err := one(s, "find a repository", scalar[string],
		"SELECT d.name || '/' || r.name FROM repositories r JOIN domains d ON d.id = r.domain WHERE r.id = ?", id)
	if err == nil && !found {
		err = noRepositoryID(id)
	}
	return path, err
}

// Package implements catalog.PackageReader.
func (s *session) Package(id catalog.RepositoryID, key artifact.PackageKey) (artifact.Package, error) {
	p, err := s.PackageIn([]catalog.RepositoryID{id}, key)
	if err != nil {
		return artifact.Package{}, err
	}
	found, ok := p[id]
	if !ok {
		return artifact.Package{}, s.noPackage(id, key)
	}
	return found.Package, nil
}

// PackageIn implements catalog.PackageReader.
func (s *session) PackageIn(ids []catalog.RepositoryID, key artifact.PackageKey) (
	map[catalog.RepositoryID]catalog.HeldPackage, error) {
	found := map[catalog.RepositoryID]catalog.HeldPackage{}
	if err := checkRepositories(ids); err != nil || len(ids) == 0 {
		return found, err
	}
	in, args := valuesList(ids)
	rows, err := all(s, "find a package", scanPackage, packageColumns+"WHERE p.repository IN "+in+" AND "+packageKeyIs,
		append(args, key.Format, key.Namespace, key.Name)...)
	for _, p := range rows {
		found[p.Repository] = p.HeldPackage
	}
	return found, err
}

// FoldedIn implements catalog.PackageReader.
func (s *session) FoldedIn(ids []catalog.RepositoryID, format artifact.Format, folded string) (
	map[catalog.RepositoryID]artifact.Package, error) {
	found := map[catalog.RepositoryID]artifact.Package{}
	if err := checkRepositories(ids); err != nil || len(ids) == 0 {
		return found, err
	}
	in, args := valuesList(ids)
	rows, err := all(s, "find a package", scanPackage,
		packageColumns+"WHERE p.repository IN "+in+" AND p.format = ? AND p.folded = ? AND p.folded <> ''", append(args, format, folded)...)
	for _, p := range rows {
		found[p.Repository] = p.Package
	}
	return found, err
}

// place is where a package is, or would be.
type place struct {
	domain catalog.DomainID
	id     packageID // 0 if the repository does not hold the package
	usage  catalog.PackageUsage
}

// placed is a place with what it is the place of.
type placed struct {
	repository catalog.RepositoryID // 0 for none
	key        artifact.PackageKey
	place
}

// place looks up a package to change it; NotFound without the repository. The latest one is remembered: the verbs of one
// publication all ask for the same.
func (s *session) place(id catalog.RepositoryID, key artifact.PackageKey) (place, error) {
	if s.placed.repository == id && id != 0 && s.placed.key == key {
		return s.placed.place, nil
	}
	at, found, err := one(s, "find a package", func(row scanner, at *place) error {
		return row.Scan(append([]any{&at.domain, &at.id}, usageColumns(&at.usage)...)...)
	}, `SELECT r.domain, coalesce(p.id, 0), coalesce(p.versions, 0), coalesce(p.labels, 0), coalesce(p.index_bytes, 0)
		FROM repositories r
		LEFT JOIN packages p ON p.repository = r.id AND `+packageKeyIs+` WHERE r.id = ?`,
		key.Format, key.Namespace, key.Name, id)
	if err == nil && !found {
		err = noRepositoryID(id)
	}
	if err == nil {
		s.placed = placed{id, key, at}
	}
	return at, err
}

func usageColumns(u *catalog.PackageUsage) []any { return []any{&u.Versions, &u.Labels, &u.IndexBytes} }

// PackageUsage implements catalog.PackageReader.
func (s *session) PackageUsage(id catalog.RepositoryID, key artifact.PackageKey) (catalog.PackageUsage, error) {
	at, err := s.place(id, key)
	if artifact.Is(err, artifact.NotFound) {
		err = nil
	}
	return at.usage, err
}

// count adds to what is counted of a package that is there.
func (s *session) count(verb string, id packageID, more catalog.PackageUsage) error {
	now, found, err := one(s, verb, func(row scanner, u *catalog.PackageUsage) error {
		return row.Scan(usageColumns(u)...)
	}, `UPDATE packages SET versions = versions + ?, labels = labels + ?, index_bytes = index_bytes + ? WHERE id = ?
		RETURNING versions, labels, index_bytes`, more.Versions, more.Labels, more.IndexBytes, id)
	if found && s.placed.id == id {
		s.placed.usage = now
	}
	return err
}

// held is place for a package that must be there.
func (s *session) held(id catalog.RepositoryID, key artifact.PackageKey) (place, error) {
	at, err := s.place(id, key)
	if err == nil && at.id == 0 {
		err = s.noPackage(id, key)
	}
	return at, err
}

// PutPackage implements catalog.PackageWriter.
func (s *session) PutPackage(id catalog.RepositoryID, p artifact.Package) error {
	const verb = "put a package"
	at, err := s.place(id, p.PackageKey)
	if err != nil {
		return err
	}
	if at.id == 0 {
		var created bool
		at.id, created, err = one(s, verb, scalar[packageID],
			`INSERT INTO packages (repository, format, namespace, name, publish, upstream, folded)
			VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`,
			id, p.Format, p.Namespace, p.Name, p.Controls.Publish, p.Controls.Upstream, p.Folded)
		if err != nil {
			return err
		}
		if !created {
			return artifact.Errorf(artifact.Conflict, "Package %s cannot be beside another whose name means the same.",
				p.Qualified()).About(artifact.PackageResource, p.String())
		}
		s.placed.place = at
		folded := foldPackage(p.PackageKey, "")
		_, err = s.exec(verb, "INSERT INTO package_texts (package, folded) VALUES (?, ?)", at.id, []byte(folded))
		if err == nil {
			err = s.indexPackage(at.id, false, id, p.Format, folded)
		}
	} else {
		_, err = s.exec(verb, "UPDATE packages SET publish = ?, upstream = ? WHERE id = ?",
			p.Controls.Publish, p.Controls.Upstream, at.id)
	}
	if err != nil {
		return err
	}
	s.touchPackage(at.domain, id, p.PackageKey)
	if p.Folded != "" {
		s.touch(catalog.FoldedTopic(at.domain, p.Format, p.Folded))
	}
	return nil
}

// DeletePackage implements catalog.PackageWriter.
func (s *session) DeletePackage(id catalog.RepositoryID, key artifact.PackageKey) error {
	at, err := s.held(id, key)
	if err != nil {
		return err
	}
	s.touchPackage(at.domain, id, key)
	folded, _, err := one(s, "delete a package", scalar[string], "SELECT folded FROM packages WHERE id = ?", at.id)
	if err != nil {
		return err
	}
	if folded != "" {
		s.touch(catalog.FoldedTopic(at.domain, key.Format, folded))
	}
	if err := s.release(at.domain, assetsOfPackage, int64(at.id)); err != nil {
		return err
	}
	s.placed = placed{}
	if _, err := s.exec("delete a package", "DELETE FROM packages WHERE id = ?", at.id); err != nil {
		return err
	}
	return s.noteIndexing(indexing{id: at.id, known: true})
}
