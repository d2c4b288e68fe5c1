package sqlcatalog

import (
	"iter"

	"entrepot/artifact"
	"entrepot/catalog"
)

// Versions implements catalog.VersionReader.
func (s *session) Versions(id catalog.RepositoryID, key artifact.PackageKey, filter catalog.VersionFilter,
	page catalog.Page) (catalog.Listing[catalog.VersionSummary], error) {
	if filter.NewestFirst {
		return s.newestVersions(id, key, filter, page)
	}
	var none catalog.Listing[catalog.VersionSummary]
	where, err := s.versionsWhere(id, key, filter)
	if err != nil {
		return none, err
	}
	if page.After != "" {
		after, err := unmark(versionList, 1, page.After)
		if err != nil {
			return none, err
		}
		where.add("v.version > ?", after[0])
	}
	limit := clamp(page.Limit)
	items, err := all(s, "list versions", scanSummary,
		"SELECT "+summaryColumns+" FROM versions v WHERE "+where.String()+" ORDER BY v.version LIMIT ?",
		append(where.args, limit+1)...)
	return listing(items, limit, func(v catalog.VersionSummary) string { return mark(versionList, v.Version) }), err
}

// newestVersions is Versions ordered by PublishedAt descending, then by version.
func (s *session) newestVersions(id catalog.RepositoryID, key artifact.PackageKey, filter catalog.VersionFilter,
	page catalog.Page) (catalog.Listing[catalog.VersionSummary], error) {
	var none catalog.Listing[catalog.VersionSummary]
	where, err := s.versionsWhere(id, key, filter)
	if err != nil {
		return none, err
	}
	if page.After != "" {
		after, err := unmark(newestList, 2, page.After)
		if err != nil {
			return none, err
		}
		published, err := number(after[0])
		if err != nil {
			return none, err
		}
		where.add("v.published_at <= ?", published)
		where.add("(v.published_at < ? OR v.version > ?)", published, after[1])
	}
	limit := clamp(page.Limit)
	items, err := all(s, "list versions", scanSummary,
		"SELECT "+summaryColumns+" FROM versions v WHERE "+where.String()+" ORDER BY v.published_at DESC, v.version LIMIT ?",
		append(where.args, limit+1)...)
	return listing(items, limit, func(v catalog.VersionSummary) string {
		return mark(newestList, decimal(v.PublishedAt.UnixMicro()), v.Version)
	}), err
}

// versionsWhere starts the conditions of a list of versions; NotFound without the package.
func (s *session) versionsWhere(id catalog.RepositoryID, key artifact.PackageKey, filter catalog.VersionFilter) (
	conditions, error) {
	var where conditions
	at, err := s.held(id, key)
	if err != nil {
		return where, err
	}
	where.add("v.package = ?", at.id)
	if filter.Status != "" {
		where.add("v.status = ?", filter.Status)
	}
	if filter.OriginType != "" {
		where.add("v.origin_type = ?", filter.OriginType)
	}
	return where, nil
}

// LatestPublished implements catalog.VersionReader.
func (s *session) LatestPublished(id catalog.RepositoryID, key artifact.PackageKey) (catalog.VersionSummary, error) {
	v, found, err := one(s, "find the latest version", scanSummary,
		"SELECT "+summaryColumns+` FROM packages p JOIN versions v ON v.package = p.id
		WHERE p.repository = ? AND `+packageKeyIs+` AND v.status = ?
		ORDER BY v.published_at DESC, v.version LIMIT 1`, id, key.Format, key.Namespace, key.Name, artifact.Published)
	if err != nil || found {
		return v, err
	}
	if _, err := s.held(id, key); err != nil {
		return v, err
	}
	return v, artifact.Errorf(artifact.NotFound, "Package %s has no published version.", key.Qualified()).
		About(artifact.PackageResource, key.String())
}

// EachVersion implements catalog.VersionReader. It holds one chunk of versions for each repository at a time and no
// cursor while it yields, so the loop's body may use the same Reader or Writer.
func (s *session) EachVersion(ids []catalog.RepositoryID, key artifact.PackageKey) iter.Seq2[catalog.HeldVersion, error] {
	return func(yield func(catalog.HeldVersion, error) bool) {
		streams, err := s.streams(ids, key)
		if err != nil {
			yield(catalog.HeldVersion{}, err)
			return
		}
		for {
			var least *stream
			for _, st := range streams {
				if err := st.fill(s); err != nil {
					yield(catalog.HeldVersion{}, err)
					return
				}
				if len(st.chunk) > 0 && (least == nil || st.chunk[0].VersionKey.Version < least.chunk[0].VersionKey.Version) {
					least = st
				}
			}
			if least == nil {
				return
			}
			v := least.chunk[0]
			least.chunk = least.chunk[1:]
			if !yield(catalog.HeldVersion{Repository: least.repository, Version: v.Version}, nil) {
				return
			}
		}
	}
}

// chunkSize is how many versions a stream reads at once; after chunkBytes of manifests it reads no further.
const (
	chunkSize  = 64
	chunkBytes = 1 << 20
)

// stream reads the versions of one package of one repository in the order of their texts.
type stream struct {
	repository catalog.RepositoryID
	key        artifact.PackageKey
	id         packageID
	chunk      []versionRow
	last       string // text of the last version read
	started    bool
	ended      bool
}

// streams makes a stream for each of the repositories that holds the package, in the order of ids.
func (s *session) streams(ids []catalog.RepositoryID, key artifact.PackageKey) ([]*stream, error) {
	if err := checkRepositories(ids); err != nil || len(ids) == 0 {
		return nil, err
	}
	in, args := valuesList(ids)
	rows, err := all(s, "find a package", scanPackage, packageColumns+"WHERE p.repository IN "+in+" AND "+packageKeyIs,
		append(args, key.Format, key.Namespace, key.Name)...)
	if err != nil {
		return nil, err
	}
	held := make(map[catalog.RepositoryID]packageID, len(rows))
	for _, p := range rows {
		held[p.Repository] = p.id
	}
	var streams []*stream
	for _, id := range ids {
		if p, ok := held[id]; ok {
			streams = append(streams, &stream{repository: id, key: key, id: p})
			delete(held, id) // an id given twice counts once
		}
	}
	return streams, nil
}

// fill reads the next chunk if the last one is used up.
func (st *stream) fill(s *session) error {
	if len(st.chunk) > 0 || st.ended {
		return nil
	}
	var where conditions
	where.add("v.package = ?", st.id)
	if st.started {
		where.add("v.version > ?", st.last)
	}
	left := chunkBytes
	chunk, full, err := some(s, "read versions", func(row scanner, v *versionRow) (bool, error) {
		v.PackageKey = st.key
		err := row.Scan(append(v.columns(), &v.Manifest)...)
		left -= len(v.Manifest)
		return left > 0, err
	}, "SELECT "+versionColumns+", d.manifest FROM versions v JOIN version_documents d ON d.version = v.id WHERE "+
		where.String()+" ORDER BY v.version LIMIT ?", append(where.args, chunkSize)...)
	if err != nil {
		return err
	}
	st.started = true
	st.ended = !full && len(chunk) < chunkSize
	if len(chunk) == 0 {
		return nil
	}
	st.last = chunk[len(chunk)-1].VersionKey.Version
	st.chunk = chunk
	return s.readAssets(chunk)
}
