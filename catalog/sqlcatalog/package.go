package sqlcatalog

import (
	"cmp"
	"iter"

	"entrepot/artifact"
	"entrepot/catalog"
)

// packageID is a package's row; no other room sees it.
type packageID int64

// packageRow is a package as it is looked up before something is done to it.
type packageRow struct {
	id         packageID
	repository catalog.RepositoryID
	artifact.Package
}

const packageColumns = `SELECT p.id, p.repository, p.format, p.namespace, p.name, p.publish, p.upstream, p.folded FROM packages p `

// packageKeyIs takes a package key's three parts.
const packageKeyIs = "p.format = ? AND p.namespace = ? AND p.name = ?"

func scanPackage(row scanner, p *packageRow) error {
	return row.Scan(&p.id, &p.repository, &p.Format, &p.Namespace, &p.Name, &p.Controls.Publish, &p.Controls.Upstream,
		&p.Folded)
}

// noPackage tells that the repository does not hold the package, or does not exist.
func (s *session) noPackage(id catalog.RepositoryID, key artifact.PackageKey) error {
	path, err := s.repositoryPath(id)
	if err != nil {
		return err
	}
	return artifact.Errorf(artifact.NotFound, "Package %s does not exist in repository %s", key, path).
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
	return found, nil
}

// PackageIn implements catalog.PackageReader.
func (s *session) PackageIn(ids []catalog.RepositoryID, key artifact.PackageKey) (
	map[catalog.RepositoryID]artifact.Package, error) {
	found := map[catalog.RepositoryID]artifact.Package{}
	if err := checkRepositories(ids); err != nil || len(ids) == 0 {
		return found, err
	}
	in, args := valuesList(ids)
	rows, err := all(s, "find a package", scanPackage, packageColumns+"WHERE p.repository IN "+in+" AND "+packageKeyIs,
		append(args, key.Format, key.Namespace, key.Name)...)
	if err != nil || len(rows) == 0 {
		return found, err
	}
	byID := make(map[packageID]catalog.RepositoryID, len(rows))
	packages := make([]packageID, 0, len(rows))
	for _, p := range rows {
		found[p.repository] = p.Package
		byID[p.id] = p.repository
		packages = append(packages, p.id)
	}
	type label struct {
		of            packageID
		name, version string
	}
	in, args = valuesList(packages)
	labels, err := all(s, "find labels", func(row scanner, l *label) error {
		return row.Scan(&l.of, &l.name, &l.version)
	}, "SELECT package, name, version FROM labels WHERE package IN "+in, args...)
	for _, l := range labels {
		p := found[byID[l.of]]
		if p.Labels == nil {
			p.Labels = map[string]string{}
		}
		p.Labels[l.name] = l.version
		found[byID[l.of]] = p
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
		found[p.repository] = p.Package
	}
	return found, err
}

// Packages implements catalog.PackageReader.
func (s *session) Packages(id catalog.RepositoryID, filter catalog.PackageFilter, page catalog.Page) (
	catalog.Listing[artifact.Package], error) {
	var none catalog.Listing[artifact.Package]
	where := s.packagesWhere(id, filter)
	if page.After != "" {
		after, err := unmark(packageList, 3, page.After)
		if err != nil {
			return none, err
		}
		where.add(packagesAfter, after[0], after[1], after[2])
	}
	limit := clamp(page.Limit)
	rows, err := s.listPackages(where, limit+1)
	if err != nil {
		return none, err
	}
	items := make([]artifact.Package, len(rows))
	for i, p := range rows {
		items[i] = p.Package
	}
	return listing(items, limit, func(p artifact.Package) string {
		return mark(packageList, string(p.Format), p.Namespace, p.Name)
	}), nil
}

// packagesAfter takes the key of the package before, in three parts.
const packagesAfter = "(p.format, p.namespace, p.name) > (?, ?, ?)"

// packagesWhere starts the conditions of a list of one repository's packages.
func (s *session) packagesWhere(id catalog.RepositoryID, filter catalog.PackageFilter) conditions {
	var where conditions
	where.add("p.repository = ?", id)
	for _, equal := range []struct{ column, value string }{
		{"p.format", string(filter.Format)},
		{"p.publish", string(filter.Controls.Publish)},
		{"p.upstream", string(filter.Controls.Upstream)},
	} {
		if equal.value != "" {
			where.add(equal.column+" = ?", equal.value)
		}
	}
	where.prefix(s.dialect, "p.namespace", filter.NamespacePrefix)
	where.prefix(s.dialect, "p.name", filter.NamePrefix)
	return where
}

func (s *session) listPackages(where conditions, limit int) ([]packageRow, error) {
	return all(s, "list packages", scanPackage,
		packageColumns+"WHERE "+where.String()+" ORDER BY p.format, p.namespace, p.name LIMIT ?",
		append(where.args, limit)...)
}

// packageStream reads the packages of one repository in the order of their keys.
type packageStream struct {
	repository catalog.RepositoryID
	chunk      []packageRow
	last       *artifact.PackageKey // of what was read, nil before the first chunk
	ended      bool
}

// fill reads the next chunk if the last one is used up.
func (st *packageStream) fill(s *session, filter catalog.PackageFilter) (err error) {
	if len(st.chunk) > 0 || st.ended {
		return nil
	}
	where := s.packagesWhere(st.repository, filter)
	if st.last != nil {
		where.add(packagesAfter, st.last.Format, st.last.Namespace, st.last.Name)
	}
	if st.chunk, err = s.listPackages(where, chunkSize); err != nil {
		return err
	}
	st.ended = len(st.chunk) < chunkSize
	if len(st.chunk) > 0 {
		st.last = &st.chunk[len(st.chunk)-1].PackageKey
	}
	return nil
}

func compareKeys(a, b artifact.PackageKey) int {
	return cmp.Or(cmp.Compare(a.Format, b.Format), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

// EachPackage implements catalog.PackageReader. Like EachVersion it holds one chunk for each repository and no cursor
// while it yields.
func (s *session) EachPackage(ids []catalog.RepositoryID,
	filter catalog.PackageFilter) iter.Seq2[catalog.HeldPackage, error] {
	return func(yield func(catalog.HeldPackage, error) bool) {
		if err := checkRepositories(ids); err != nil {
			yield(catalog.HeldPackage{}, err)
			return
		}
		var streams []*packageStream
		seen := make(map[catalog.RepositoryID]bool, len(ids))
		for _, id := range ids {
			if !seen[id] {
				streams = append(streams, &packageStream{repository: id})
			}
			seen[id] = true
		}
		for {
			var least *packageStream
			for _, st := range streams {
				if err := st.fill(s, filter); err != nil {
					yield(catalog.HeldPackage{}, err)
					return
				}
				if len(st.chunk) > 0 && (least == nil || compareKeys(st.chunk[0].PackageKey, least.chunk[0].PackageKey) < 0) {
					least = st
				}
			}
			if least == nil {
				return
			}
			p := least.chunk[0]
			least.chunk = least.chunk[1:]
			if !yield(catalog.HeldPackage{Repository: least.repository, Package: p.Package}, nil) {
				return
			}
		}
	}
}

// place is where a package is, or would be.
type place struct {
	domain catalog.DomainID
	id     packageID // 0 if the repository does not hold the package
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
		return row.Scan(&at.domain, &at.id)
	}, `SELECT r.domain, coalesce(p.id, 0) FROM repositories r
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
			return artifact.Errorf(artifact.Conflict, "Package %s cannot be beside another whose name means the same",
				p.PackageKey).About(artifact.PackageResource, p.String())
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
		if err == nil {
			_, err = s.exec(verb, "DELETE FROM labels WHERE package = ?", at.id)
		}
	}
	if err != nil {
		return err
	}
	s.touchPackage(at.domain, id, p.PackageKey)
	if p.Folded != "" {
		s.touch(catalog.FoldedTopic(at.domain, p.Format, p.Folded))
	}
	for name, version := range p.Labels {
		if _, err := s.exec(verb, "INSERT INTO labels (package, name, version) VALUES (?, ?, ?)",
			at.id, name, version); err != nil {
			return err
		}
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
