package sqlcatalog

import (
	"fmt"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

// claim names a content that this transaction may refer to.
type claim struct {
	domain  catalog.DomainID
	content artifact.Digest
}

// unclaimed is a fence below all others, so that neither a record of a deletion nor the lack of one lets it pass.
const unclaimed catalog.Fence = -1

// ClaimBlobs implements catalog.BlobWriter.
func (s *session) ClaimBlobs(id catalog.DomainID, since catalog.Fence, contents ...artifact.Digest) error {
	if s.over {
		return fmt.Errorf("claim contents: %w", errOver)
	}
	if s.claims == nil {
		s.claims = make(map[claim]catalog.Fence, len(contents))
	}
	for _, d := range contents {
		s.claims[claim{id, d}] = since
	}
	return nil
}

// refer counts a reference to the content of each asset. The conditions stand in the statements that write, the row of
// the content first and that of the domain second: so a deletion that another transaction begins, finishes or forgets
// at the same time is met whatever the database lets transactions see of each other.
func (s *session) refer(domain catalog.DomainID, assets []artifact.Asset) error {
	const verb = "refer to a content"
	for _, a := range assets {
		if a.Promised {
			continue // there are no bytes to refer to
		}
		fence, claimed := s.claims[claim{domain, a.SHA256}]
		if !claimed {
			fence = unclaimed
		}
		references, counted, err := one(s, verb, scalar[int64],
			`INSERT INTO blobs (domain, sha256, size, assets) VALUES (?, ?, ?, 1)
			ON CONFLICT (domain, sha256) DO UPDATE SET assets = blobs.assets + 1,
			size = CASE WHEN blobs.assets > 0 THEN blobs.size ELSE excluded.size END,
			deletion = NULL, begun_at = NULL, finished_at = NULL
			WHERE blobs.assets > 0 OR (blobs.finished_at IS NOT NULL AND blobs.deletion <= ?) RETURNING assets`,
			domain, a.SHA256[:], a.Size, fence)
		if err != nil {
			return err
		}
		if counted && references > 1 {
			continue // the domain has it: its bytes are there and counted
		}
		if counted {
			n, err := s.exec(verb, "UPDATE domains SET asset_bytes = asset_bytes + ? WHERE id = ? AND forgotten <= ?",
				a.Size, domain, fence)
			if err != nil {
				return err
			}
			counted = n > 0
		}
		if !counted {
			return s.refuse(noBytes(a.Name))
		}
	}
	return nil
}

// noBytes words ErrUnclaimed for the client, who may find the bytes stored again by the next attempt.
func noBytes(asset string) *artifact.Error {
	return &artifact.Error{Kind: artifact.Unavailable, Err: catalog.ErrUnclaimed, RetryAfter: time.Second,
		Reason: fmt.Sprintf("The bytes of asset %q may have been deleted before it was recorded. Try again.", asset)}
}

// The assets with bytes that go with something, by its id.
const (
	assetsOfVersion    = "assets a WHERE NOT a.promised AND a.version = ?"
	assetsOfPackage    = "assets a JOIN versions v ON v.id = a.version WHERE NOT a.promised AND v.package = ?"
	assetsOfRepository = "assets a JOIN versions v ON v.id = a.version JOIN packages p ON p.id = v.package " +
		"WHERE NOT a.promised AND p.repository = ?"
)

// releasing are the statements of release, in their order. Each names the contents that it is about, so that it costs what is
// released and not what the domain holds.
func releasing(which string) (count, subtract, remove string) {
	gone := "SELECT a.sha256 FROM " + which
	const unused = "domain = ? AND assets = 0 AND deletion IS NULL AND sha256 IN "
	count = `UPDATE blobs SET assets = blobs.assets - gone.n
		FROM (SELECT a.sha256 AS sha256, count(*) AS n FROM ` + which + ` GROUP BY a.sha256) AS gone
		WHERE blobs.domain = ? AND blobs.sha256 = gone.sha256 AND blobs.sha256 IN (` + gone + ")"
	subtract = "UPDATE domains SET asset_bytes = asset_bytes - (SELECT coalesce(sum(size), 0) FROM blobs WHERE " + unused +
		"(" + gone + ")) WHERE id = ?"
	remove = "DELETE FROM blobs WHERE " + unused + "(" + gone + ")"
	return count, subtract, remove
}

// release takes back the references of assets about to be removed. What it subtracts is the size that was added,
// blobs.size, so the sum cannot drift and never falls below zero.
func (s *session) release(domain catalog.DomainID, which string, id int64) error {
	const verb = "release assets"
	count, subtract, remove := releasing(which)
	n, err := s.exec(verb, count, id, domain, id)
	if err != nil || n == 0 {
		return err
	}
	if _, err := s.exec(verb, subtract, domain, id, domain); err != nil {
		return err
	}
	_, err = s.exec(verb, remove, domain, id)
	return err
}

// BlobFence implements catalog.BlobReader. It is one statement, made for every publication.
func (s *session) BlobFence(id catalog.DomainID, contents ...artifact.Digest) (catalog.Fence, bool, error) {
	raw := make([][]byte, max(len(contents), 1)) // no content has the digest NULL
	for i := range contents {
		raw[i] = contents[i][:]
	}
	type row struct {
		fence    catalog.Fence
		deleting bool
	}
	in, args := valuesList(raw)
	r, found, err := one(s, "read the fence of a domain", func(from scanner, r *row) error {
		return from.Scan(&r.fence, &r.deleting)
	}, `SELECT deletions, EXISTS (SELECT 1 FROM blobs WHERE domain = domains.id AND sha256 IN `+in+`
		AND assets = 0 AND deletion IS NOT NULL AND finished_at IS NULL) FROM domains WHERE id = ?`, append(args, id)...)
	if err == nil && !found {
		err = noDomainID(id)
	}
	return r.fence, r.deleting, err
}

// BlobInUse implements catalog.BlobReader.
func (s *session) BlobInUse(id catalog.DomainID, d artifact.Digest) (bool, error) {
	return s.exists("find a content", "SELECT 1 FROM blobs WHERE domain = ? AND sha256 = ? AND assets > 0", id, d[:])
}

// BlobsInUse implements catalog.BlobReader.
func (s *session) BlobsInUse(id catalog.DomainID, page catalog.Page) (catalog.Listing[catalog.Blob], error) {
	var where conditions
	where.add("domain = ? AND assets > 0", id)
	if page.After != "" {
		after, err := unmark(blobList, 1, page.After)
		if err != nil {
			return catalog.Listing[catalog.Blob]{}, err
		}
		where.add("sha256 > ?", []byte(after[0]))
	}
	limit := clamp(page.Limit)
	items, err := all(s, "list contents", func(row scanner, b *catalog.Blob) error {
		return row.Scan(fixed(b.Digest[:]), &b.Size, &b.Assets)
	}, "SELECT sha256, size, assets FROM blobs WHERE "+where.String()+" ORDER BY sha256 LIMIT ?", append(where.args, limit+1)...)
	return listing(items, limit, func(b catalog.Blob) string { return mark(blobList, string(b.Digest[:])) }), err
}
