package sqlcatalog

import (
	"entrepot/artifact"
	"entrepot/catalog"
)

// Document implements catalog.DocumentReader.
func (s *session) Document(key catalog.DocumentKey) (catalog.Document, error) {
	d, found, err := one(s, "find a document", func(row scanner, d *catalog.Document) error {
		d.DocumentKey = key
		return row.Scan(&d.ETag, &d.LastModified, instant{&d.FetchedAt}, instant{&d.CheckedAt}, fixed(d.Digest[:]),
			&d.Size, &d.Form, &d.Gone)
	}, `SELECT etag, last_modified, fetched_at, checked_at, digest, size, form, gone FROM documents
		WHERE connection = ? AND path = ?`, key.Connection, key.Path)
	if err == nil && !found {
		err = artifact.Errorf(artifact.NotFound, "Nothing is remembered of document %s of %s.", key.Path, key.Connection)
	}
	return d, err
}

// DocumentReferenced implements catalog.DocumentReader.
func (s *session) DocumentReferenced(d artifact.Digest) (bool, error) {
	return s.exists("find a document", "SELECT 1 FROM documents WHERE digest = ? LIMIT 1", d[:])
}

// DocumentConnection implements catalog.DocumentReader.
func (s *session) DocumentConnection(after string) (string, error) {
	connection, _, err := one(s, "find a connection with documents", func(row scanner, c *string) error { return row.Scan(c) },
		"SELECT connection FROM documents WHERE connection > ? ORDER BY connection LIMIT 1", after)
	return connection, err
}

// DeleteDocuments implements catalog.DocumentWriter.
func (s *session) DeleteDocuments(connection string, limit int) (int, error) {
	n, err := s.exec("delete documents", `DELETE FROM documents WHERE connection = ? AND path IN
		(SELECT path FROM documents WHERE connection = ? ORDER BY path LIMIT ?)`, connection, connection, clamp(limit))
	return int(n), err
}

// PutDocument implements catalog.DocumentWriter.
func (s *session) PutDocument(d catalog.Document) error {
	_, err := s.exec("put a document", `INSERT INTO documents
		(connection, path, etag, last_modified, fetched_at, checked_at, digest, size, form, gone)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (connection, path) DO UPDATE SET etag = excluded.etag, last_modified = excluded.last_modified,
		fetched_at = excluded.fetched_at, checked_at = excluded.checked_at, digest = excluded.digest, size = excluded.size,
		form = excluded.form, gone = excluded.gone`,
		d.Connection, d.Path, d.ETag, d.LastModified, d.FetchedAt.UnixMicro(), d.CheckedAt.UnixMicro(), d.Digest[:],
		d.Size, d.Form, d.Gone)
	return err
}
