package sqlcatalog

import (
	"context"

	"entrepot/artifact"
)

// recomputations derive what is counted from what is there, in this order: the rows of blobs from the assets. What is in
// use keeps no trace of a deletion: its bytes are there, or missing in any case.
var recomputations = []string{
	`INSERT INTO blobs (domain, sha256, size, assets) SELECT domain, sha256, size, n FROM (` + realBlobs + `) AS real
		WHERE true ON CONFLICT (domain, sha256) DO UPDATE SET assets = excluded.assets,
		size = CASE WHEN blobs.assets > 0 THEN blobs.size ELSE excluded.size END,
		deletion = NULL, begun_at = NULL, finished_at = NULL`,
	`UPDATE blobs SET assets = 0, size = 0 WHERE NOT EXISTS (SELECT 1 FROM (` + realBlobs + `) AS real
		WHERE real.domain = blobs.domain AND real.sha256 = blobs.sha256)`,
	`DELETE FROM blobs WHERE assets = 0 AND deletion IS NULL`,
	`UPDATE domains SET deletions = (SELECT max(deletion) FROM blobs WHERE domain = domains.id)
		WHERE deletions < (SELECT coalesce(max(deletion), 0) FROM blobs WHERE domain = domains.id)`,
	`UPDATE domains SET asset_bytes = (SELECT coalesce(sum(size), 0) FROM blobs WHERE domain = domains.id)`,
	"UPDATE versions SET index_bytes = " + realIndexBytes,
	"UPDATE packages SET versions = " + realVersions + ", labels = " + realLabels + ", index_bytes = " + realPackageBytes,
}

// Recompute implements catalog.Inspector.
func (s *Store) Recompute(ctx context.Context) error {
	return s.engine.write(ctx, func(w *session) error {
		for _, statement := range recomputations {
			if _, err := w.exec("recount contents", statement); err != nil {
				return err
			}
		}
		return w.reindex()
	})
}

// reindex makes the index of search anew, from the texts of packages; one without a text gets that of its name.
func (s *session) reindex() error {
	const verb = "make the search index anew"
	s.unindexed = nil
	for _, statement := range s.dialect.indexSearch.remake {
		if _, err := s.exec(verb, statement); err != nil {
			return err
		}
	}
	type row struct {
		indexing
		namespace, name string
		text            *[]byte
	}
	for after := packageID(0); ; {
		rows, err := all(s, verb, func(from scanner, r *row) error {
			return from.Scan(&r.id, &r.repository, &r.format, &r.namespace, &r.name, &r.text)
		}, `SELECT p.id, p.repository, p.format, p.namespace, p.name, t.folded FROM packages p
			LEFT JOIN package_texts t ON t.package = p.id WHERE p.id > ? ORDER BY p.id LIMIT ?`, after, maxUnindexed)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			if after = r.id; r.text == nil {
				key := artifact.PackageKey{Format: r.format, Namespace: r.namespace, Name: r.name}
				r.text = new([]byte(foldPackage(key, "")))
				if _, err := s.exec(verb, "INSERT INTO package_texts (package, folded) VALUES (?, ?)", r.id, *r.text); err != nil {
					return err
				}
			}
			r.folded = string(*r.text)
			if err := s.noteIndexing(r.indexing); err != nil {
				return err
			}
		}
		if err := s.writeIndex(); err != nil {
			return err
		}
	}
}
