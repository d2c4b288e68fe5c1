package sqlcatalog

import (
	"cmp"
	"iter"

	"entrepot/artifact"
	"entrepot/catalog"
)

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
			if !yield(p.HeldPackage, nil) {
				return
			}
		}
	}
}

// domainPackages takes the domain, the format, the key of the package before and how many. The plus keeps the database
// from going through the repositories and sorting what it finds: the index of names has the order.
const domainPackages = `SELECT DISTINCT p.format, p.namespace, p.name FROM packages p
	WHERE +p.repository IN (SELECT id FROM repositories WHERE domain = ?) AND p.format = ? AND (p.name, p.namespace) > (?, ?)
	ORDER BY p.name, p.namespace LIMIT ?`

// DomainPackages implements catalog.PackageReader.
func (s *session) DomainPackages(id catalog.DomainID, format artifact.Format,
	after artifact.PackageKey) iter.Seq2[artifact.PackageKey, error] {
	return func(yield func(artifact.PackageKey, error) bool) {
		for {
			chunk, err := all(s, "list packages of a domain", func(row scanner, p *artifact.PackageKey) error {
				return row.Scan(&p.Format, &p.Namespace, &p.Name)
			}, domainPackages, id, format, after.Name, after.Namespace, chunkSize)
			if err != nil {
				yield(artifact.PackageKey{}, err)
				return
			}
			for _, p := range chunk {
				if !yield(p, nil) {
					return
				}
			}
			if len(chunk) < chunkSize {
				return
			}
			after = chunk[len(chunk)-1]
		}
	}
}
