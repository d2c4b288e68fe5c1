package sqlcatalog

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"entrepot/artifact"
	"entrepot/catalog"
)

// versionID is a version's row; no other room sees it.
type versionID int64

// versionRow is a version as it comes out of a query.
type versionRow struct {
	id         versionID
	repository catalog.RepositoryID
	artifact.Version
}

const summaryColumns = "v.version, v.revision, v.status, v.origin_type, v.origin_repository, v.origin_connection, " +
	"v.published_at"

const versionColumns = "v.id, " + summaryColumns + ", coalesce(v.folded, ''), v.upstream_time, v.upstream_status"

func (v *versionRow) columns() []any {
	return []any{&v.id, &v.VersionKey.Version, &v.Revision, &v.Status, &v.Origin.Type, &v.Origin.Repository,
		&v.Origin.Connection, instant{&v.PublishedAt}, &v.Folded, instant{&v.UpstreamTime}, &v.UpstreamStatus}
}

func scanSummary(row scanner, v *catalog.VersionSummary) error {
	return row.Scan(&v.Version, &v.Revision, &v.Status, &v.Origin.Type, &v.Origin.Repository, &v.Origin.Connection,
		instant{&v.PublishedAt})
}

// noVersion tells that the repository does not hold the version, or the package, or does not exist.
func (s *session) noVersion(id catalog.RepositoryID, key artifact.VersionKey) error {
	path, err := s.repositoryPath(id)
	if err != nil {
		return err
	}
	return artifact.Errorf(artifact.NotFound, "Version %s of %s does not exist in repository %s.", key.Version,
		key.Qualified(), path).About(artifact.VersionResource, path+"/"+key.String())
}

// Version implements catalog.VersionReader.
func (s *session) Version(id catalog.RepositoryID, key artifact.VersionKey) (artifact.Version, error) {
	found, err := s.VersionIn([]catalog.RepositoryID{id}, key)
	if err != nil {
		return artifact.Version{}, err
	}
	v, ok := found[id]
	if !ok {
		return artifact.Version{}, s.noVersion(id, key)
	}
	var details []byte
	_, _, err = one(s, "find a version", func(row scanner, _ *struct{}) error {
		return row.Scan(&v.Manifest, &details)
	}, `SELECT d.manifest, d.details FROM packages p
		JOIN versions v ON v.package = p.id JOIN version_documents d ON d.version = v.id
		WHERE p.repository = ? AND `+packageKeyIs+" AND v.version = ?",
		id, key.Format, key.Namespace, key.Name, key.Version)
	if err != nil {
		return artifact.Version{}, err
	}
	if err := json.Unmarshal(details, &v.Details); err != nil {
		return artifact.Version{}, fmt.Errorf("read the details of %s: %w", key, err)
	}
	return v, nil
}

// VersionIn implements catalog.VersionReader.
func (s *session) VersionIn(ids []catalog.RepositoryID, key artifact.VersionKey) (
	map[catalog.RepositoryID]artifact.Version, error) {
	found := map[catalog.RepositoryID]artifact.Version{}
	if err := checkRepositories(ids); err != nil || len(ids) == 0 {
		return found, err
	}
	type row struct {
		versionRow
		asset assetRow
	}
	in, args := valuesList(ids)
	rows, err := all(s, "find a version", func(from scanner, r *row) error {
		return from.Scan(append(append([]any{&r.repository}, r.columns()...), r.asset.columns()...)...)
	}, "SELECT p.repository, "+versionColumns+", "+assetColumns+` FROM packages p
		JOIN versions v ON v.package = p.id LEFT JOIN assets a ON a.version = v.id
		WHERE p.repository IN `+in+" AND "+packageKeyIs+" AND v.version = ? ORDER BY a.position",
		append(args, key.Format, key.Namespace, key.Name, key.Version)...)
	if err != nil {
		return found, err
	}
	for _, r := range rows {
		v, seen := found[r.repository]
		if !seen {
			v = r.Version
			v.PackageKey = key.PackageKey
		}
		asset, ok, err := r.asset.asset()
		if err != nil {
			return nil, s.fail("find a version", err)
		}
		if ok {
			v.Assets = append(v.Assets, asset)
		}
		found[r.repository] = v
	}
	return found, nil
}

// SpelledIn implements catalog.VersionReader.
func (s *session) SpelledIn(ids []catalog.RepositoryID, key artifact.PackageKey, folded string) (
	map[catalog.RepositoryID][]string, error) {
	found := map[catalog.RepositoryID][]string{}
	if err := checkRepositories(ids); err != nil || len(ids) == 0 {
		return found, err
	}
	type row struct {
		repository catalog.RepositoryID
		version    string
	}
	in, args := valuesList(ids)
	rows, err := all(s, "find a version", func(from scanner, r *row) error {
		return from.Scan(&r.repository, &r.version)
	}, spelledIn(in), append(args, key.Format, key.Namespace, key.Name, folded)...)
	for _, r := range rows {
		found[r.repository] = append(found[r.repository], r.version)
	}
	for _, texts := range found {
		slices.Sort(texts)
	}
	return found, err
}

// spelledIn looks versions up in the index of what spellings have in common. It does not ask for an order: that would have
// SQLite go through all versions of the package in theirs.
func spelledIn(repositories string) string {
	return "SELECT p.repository, v.version FROM packages p JOIN versions v ON v.package = p.id WHERE p.repository IN " +
		repositories + " AND " + packageKeyIs + " AND v.folded IN (?, '')"
}

// readAssets fills in the assets of versions.
func (s *session) readAssets(versions []versionRow) error {
	ids := make([]versionID, len(versions))
	byID := make(map[versionID]*versionRow, len(versions))
	for i := range versions {
		ids[i] = versions[i].id
		byID[ids[i]] = &versions[i]
	}
	type row struct {
		of versionID
		assetRow
	}
	in, args := valuesList(ids)
	rows, err := all(s, "read assets", func(from scanner, r *row) error {
		return from.Scan(append([]any{&r.of}, r.columns()...)...)
	}, "SELECT a.version, "+assetColumns+" FROM assets a WHERE a.version IN "+in+" ORDER BY a.version, a.position", args...)
	if err != nil {
		return err
	}
	for _, r := range rows {
		asset, _, err := r.asset()
		if err != nil {
			return s.fail("read assets", err)
		}
		byID[r.of].Assets = append(byID[r.of].Assets, asset)
	}
	return nil
}

// CreateVersion implements catalog.VersionWriter.
func (s *session) CreateVersion(id catalog.RepositoryID, v artifact.Version) error {
	const verb = "create a version"
	details, err := detailsOf(v)
	if err != nil {
		return err
	}
	at, err := s.held(id, v.PackageKey)
	if err != nil {
		return err
	}
	row, created, err := one(s, verb, scalar[versionID],
		`INSERT INTO versions (package, version, revision, status, origin_type, origin_repository, origin_connection,
		folded, published_at, upstream_time, upstream_status, index_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING RETURNING id`,
		at.id, v.VersionKey.Version, v.Revision, v.Status, v.Origin.Type, v.Origin.Repository, v.Origin.Connection,
		sql.NullString{String: v.Folded, Valid: v.Folded != ""}, v.PublishedAt.UnixMicro(), v.UpstreamTime.UnixMicro(),
		v.UpstreamStatus, v.IndexBytes())
	if err != nil {
		return err
	}
	if !created {
		return artifact.Errorf(artifact.Conflict, "Version %s of %s already exists.", v.VersionKey.Version,
			v.Qualified()).About(artifact.VersionResource, v.VersionKey.String())
	}
	s.touchPackage(at.domain, id, v.PackageKey)
	if err := s.count(verb, at.id, catalog.PackageUsage{Versions: 1, IndexBytes: v.IndexBytes()}); err != nil {
		return err
	}
	if _, err := s.exec(verb, "INSERT INTO version_documents (version, manifest, details) VALUES (?, ?, ?)",
		row, v.Manifest, details); err != nil {
		return err
	}
	if err := s.refer(at.domain, v.Assets); err != nil {
		return err
	}
	return s.addAssets(row, v.Assets)
}

// detailsOf checks what a writer hands in and writes its details as JSON.
func detailsOf(v artifact.Version) (string, error) {
	if err := checkAssets(v); err != nil {
		return "", err
	}
	details, err := json.Marshal(v.Details)
	if err != nil {
		return "", fmt.Errorf("write the details of %s: %w", v.VersionKey, err)
	}
	return string(details), nil
}

// changing is a version that is there, as it is looked up to change it.
type changing struct {
	id         versionID
	indexBytes int64
}

// heldVersion looks up a version to change it.
func (s *session) heldVersion(id catalog.RepositoryID, key artifact.VersionKey) (place, changing, error) {
	at, err := s.place(id, key.PackageKey)
	if err != nil {
		return at, changing{}, err
	}
	row, found, err := one(s, "find a version", func(row scanner, c *changing) error {
		return row.Scan(&c.id, &c.indexBytes)
	}, "SELECT id, index_bytes FROM versions WHERE package = ? AND version = ?", at.id, key.Version)
	if err == nil && !found {
		err = s.noVersion(id, key)
	}
	return at, row, err
}

// UpdateVersion implements catalog.VersionWriter.
func (s *session) UpdateVersion(id catalog.RepositoryID, v artifact.Version) error {
	const verb = "update a version"
	details, err := detailsOf(v)
	if err != nil {
		return err
	}
	at, row, err := s.heldVersion(id, v.VersionKey)
	if err != nil {
		return err
	}
	s.touchPackage(at.domain, id, v.PackageKey)
	if _, err := s.exec(verb, `UPDATE versions SET revision = ?, status = ?, origin_type = ?, origin_repository = ?,
		origin_connection = ?, published_at = ?, upstream_time = ?, upstream_status = ?, index_bytes = ? WHERE id = ?`,
		v.Revision, v.Status, v.Origin.Type, v.Origin.Repository, v.Origin.Connection,
		v.PublishedAt.UnixMicro(), v.UpstreamTime.UnixMicro(), v.UpstreamStatus, v.IndexBytes(), row.id); err != nil {
		return err
	}
	if more := v.IndexBytes() - row.indexBytes; more != 0 {
		if err := s.count(verb, at.id, catalog.PackageUsage{IndexBytes: more}); err != nil {
			return err
		}
	}
	if _, err := s.exec(verb, "UPDATE version_documents SET manifest = ?, details = ? WHERE version = ?",
		v.Manifest, details, row.id); err != nil {
		return err
	}
	// In this order a content that stays is in use all the time.
	if err := s.refer(at.domain, v.Assets); err != nil {
		return err
	}
	if err := s.release(at.domain, assetsOfVersion, int64(row.id)); err != nil {
		return err
	}
	if _, err := s.exec(verb, "DELETE FROM assets WHERE version = ?", row.id); err != nil {
		return err
	}
	return s.addAssets(row.id, v.Assets)
}

// SetStatus implements catalog.VersionWriter.
func (s *session) SetStatus(id catalog.RepositoryID, key artifact.VersionKey, status artifact.Status) error {
	at, row, err := s.heldVersion(id, key)
	if err != nil {
		return err
	}
	s.touchPackage(at.domain, id, key.PackageKey)
	_, err = s.exec("set a status", "UPDATE versions SET status = ? WHERE id = ?", status, row.id)
	return err
}

// DeleteVersion implements catalog.VersionWriter.
func (s *session) DeleteVersion(id catalog.RepositoryID, key artifact.VersionKey) error {
	const verb = "delete a version"
	at, row, err := s.heldVersion(id, key)
	if err != nil {
		return err
	}
	s.touchPackage(at.domain, id, key.PackageKey)
	if err := s.release(at.domain, assetsOfVersion, int64(row.id)); err != nil {
		return err
	}
	if _, err := s.exec(verb, "DELETE FROM versions WHERE id = ?", row.id); err != nil {
		return err
	}
	labels, err := s.exec(verb, "DELETE FROM labels WHERE package = ? AND version = ?", at.id, key.Version)
	if err != nil {
		return err
	}
	return s.count(verb, at.id, catalog.PackageUsage{Versions: -1, Labels: -int(labels), IndexBytes: -row.indexBytes})
}
