package sqlcatalog

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"entrepot/catalog"
)

// recount is a query that finds something wrong for each row it returns, with a sentence about a row.
type recount struct {
	kind         catalog.FaultKind
	derived      bool
	wrong, query string
}

// realBlobs counts the kept assets of each content of each domain.
const realBlobs = `SELECT r.domain AS domain, a.sha256 AS sha256, count(*) AS n, max(a.size) AS size FROM assets a
	JOIN versions v ON v.id = a.version JOIN packages p ON p.id = v.package
	JOIN repositories r ON r.id = p.repository WHERE NOT a.promised GROUP BY r.domain, a.sha256`

// What is counted of versions and packages, as it is by their rows (catalog.PackageUsage).
const (
	realIndexBytes = `coalesce((SELECT length(d.manifest) FROM version_documents d WHERE d.version = versions.id), 0) +
		coalesce((SELECT sum(octet_length(a.name) + coalesce(length(a.facts), 0)) FROM assets a WHERE a.version = versions.id), 0)`
	realVersions     = "(SELECT count(*) FROM versions v WHERE v.package = packages.id)"
	realLabels       = "(SELECT count(*) FROM labels l WHERE l.package = packages.id)"
	realPackageBytes = "(SELECT coalesce(sum(v.index_bytes), 0) FROM versions v WHERE v.package = packages.id)"
)

var recounts = []recount{
	{catalog.FaultyCounts, true, "domain %s counts other bytes than its blobs have",
		`SELECT id FROM domains WHERE asset_bytes <> (SELECT coalesce(sum(size), 0) FROM blobs WHERE domain = domains.id)`},
	{catalog.FaultyCounts, true, "a blob of domain %s is counted other than its assets are",
		`SELECT b.domain FROM blobs b LEFT JOIN (` + realBlobs + `) AS real ON real.domain = b.domain AND
		real.sha256 = b.sha256 WHERE b.assets <> coalesce(real.n, 0)`},
	{catalog.FaultyCounts, true, "a blob of domain %s is in use and being deleted",
		`SELECT domain FROM blobs WHERE assets > 0 AND deletion IS NOT NULL`},
	{catalog.FaultyCounts, true, "a blob of domain %s is neither in use nor deleted",
		`SELECT domain FROM blobs WHERE assets = 0 AND deletion IS NULL`},
	{catalog.FaultyCounts, true, "a blob of domain %s is not in use and has a size",
		`SELECT domain FROM blobs WHERE assets = 0 AND size <> 0`},
	{catalog.FaultyCounts, true, "a blob of domain %s is deleted under a number that was not given out",
		`SELECT b.domain FROM blobs b JOIN domains d ON d.id = b.domain WHERE b.deletion > d.deletions`},
	{catalog.FaultyCounts, true, "an asset of version row %s has no blob",
		`SELECT v.id FROM assets a JOIN versions v ON v.id = a.version JOIN packages p ON p.id = v.package
		JOIN repositories r ON r.id = p.repository
		WHERE NOT a.promised
		AND NOT EXISTS (SELECT 1 FROM blobs b WHERE b.domain = r.domain AND b.sha256 = a.sha256 AND b.assets > 0)`},
	{catalog.FaultyCounts, true, "version row %s counts other bytes of index than it has",
		"SELECT id FROM versions WHERE index_bytes <> " + realIndexBytes},
	{catalog.FaultyCounts, true, "package row %s counts other versions than it has",
		"SELECT id FROM packages WHERE versions <> " + realVersions},
	{catalog.FaultyCounts, true, "package row %s counts other labels than it has",
		"SELECT id FROM packages WHERE labels <> " + realLabels},
	{catalog.FaultyCounts, true, "package row %s counts other bytes of index than its versions have",
		"SELECT id FROM packages WHERE index_bytes <> " + realPackageBytes},
	{catalog.FaultyRows, false, "version row %s has no documents",
		`SELECT id FROM versions WHERE NOT EXISTS (SELECT 1 FROM version_documents d WHERE d.version = versions.id)`},
	{catalog.FaultyIndex, true, "package row %s has no text to search",
		`SELECT id FROM packages WHERE NOT EXISTS (SELECT 1 FROM package_texts t WHERE t.package = packages.id)`},
	{catalog.FaultyRows, false, "a policy has repository %s of another domain",
		`SELECT h.repository FROM policies h JOIN repositories r ON r.id = h.repository WHERE r.domain <> h.domain`},
	{catalog.FaultyRows, false, "a tag has repository %s of another domain",
		`SELECT h.repository FROM tags h JOIN repositories r ON r.id = h.repository WHERE r.domain <> h.domain`},
}

var _ catalog.Inspector = (*Store)(nil)

// Faults implements catalog.Inspector.
func (s *Store) Faults(ctx context.Context) (found []catalog.Fault, err error) {
	// A fresh connection: SQLite checks the search index by what the connection remembers of it, which may be out of
	// date, and then reports damage that is not there.
	err = s.engine.read(ctx, true, func(session *session) error {
		if found, err = session.dialect.integrity(session); err != nil {
			return err
		}
		for _, c := range slices.Concat(recounts, session.dialect.recounts) {
			rows, err := all(session, "recount", scalar[string], c.query+" LIMIT 10")
			if err != nil {
				return err
			}
			for _, row := range rows {
				found = append(found, catalog.Fault{Kind: c.kind, Text: fmt.Sprintf(c.wrong, row), Derived: c.derived})
			}
		}
		return nil
	})
	return found, err
}

// Check returns all that Faults finds as an error.
func (s *Store) Check(ctx context.Context) error {
	found, err := s.Faults(ctx)
	errs := []error{err}
	for _, f := range found {
		errs = append(errs, errors.New(f.Text))
	}
	return errors.Join(errs...)
}
