package sqlcatalog

import (
	"slices"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

// nextDeletion gives out the domain's next number. A claim is judged by the number under which a deletion was finished,
// not by that under which it began: a fence read between the two is older than the removal of the bytes.
func (s *session) nextDeletion(id catalog.DomainID) (int64, error) {
	n, found, err := one(s, "number a deletion", scalar[int64],
		"UPDATE domains SET deletions = deletions + 1 WHERE id = ? RETURNING deletions", id)
	if err == nil && !found {
		err = noDomainID(id)
	}
	return n, err
}

// BeginDeletion implements catalog.BlobWriter.
func (s *session) BeginDeletion(id catalog.DomainID, contents []artifact.Digest, now, stale time.Time) (
	catalog.Deletion, error) {
	n, err := s.nextDeletion(id)
	if err != nil {
		return catalog.Deletion{}, err
	}
	begun := catalog.Deletion{Domain: id, Number: n}
	for _, d := range contents {
		marked, err := s.exec("begin a deletion",
			`INSERT INTO blobs (domain, sha256, size, assets, deletion, begun_at) VALUES (?, ?, 0, 0, ?, ?)
			ON CONFLICT (domain, sha256) DO UPDATE SET size = 0, deletion = excluded.deletion,
			begun_at = excluded.begun_at, finished_at = NULL
			WHERE blobs.assets = 0 AND (blobs.finished_at IS NOT NULL OR blobs.begun_at <= ?)`,
			id, d[:], n, now.UnixMicro(), stale.UnixMicro())
		if err != nil {
			return catalog.Deletion{}, err
		}
		if marked > 0 {
			begun.Contents = append(begun.Contents, d)
		}
	}
	return begun, nil
}

// FinishDeletion implements catalog.BlobWriter.
func (s *session) FinishDeletion(d catalog.Deletion, now time.Time) error {
	n, err := s.nextDeletion(d.Domain)
	if err != nil {
		return err
	}
	for _, content := range d.Contents {
		if _, err := s.exec("finish a deletion", `UPDATE blobs SET deletion = ?, finished_at = ?
			WHERE domain = ? AND sha256 = ? AND assets = 0 AND deletion = ? AND finished_at IS NULL`,
			n, now.UnixMicro(), d.Domain, content[:], d.Number); err != nil {
			return err
		}
	}
	return nil
}

// UnfinishedDeletions implements catalog.BlobReader.
func (s *session) UnfinishedDeletions(id catalog.DomainID, begun time.Time, limit int) ([]artifact.Digest, error) {
	return all(s, "find unfinished deletions", func(row scanner, d *artifact.Digest) error {
		return row.Scan(fixed(d[:]))
	}, `SELECT sha256 FROM blobs WHERE domain = ? AND deletion IS NOT NULL AND finished_at IS NULL AND begun_at <= ?
		AND assets = 0 ORDER BY begun_at, sha256 LIMIT ?`, id, begun.UnixMicro(), limit)
}

// ForgetDeletions implements catalog.BlobWriter.
func (s *session) ForgetDeletions(id catalog.DomainID, finished time.Time, limit int) (int, error) {
	const verb = "forget deletions"
	numbers, err := all(s, verb, scalar[int64], `DELETE FROM blobs WHERE domain = ? AND sha256 IN (
			SELECT sha256 FROM blobs WHERE domain = ? AND deletion IS NOT NULL AND finished_at < ? AND assets = 0
			ORDER BY finished_at LIMIT ?)
		AND deletion IS NOT NULL AND finished_at < ? AND assets = 0 RETURNING deletion`,
		id, id, finished.UnixMicro(), limit, finished.UnixMicro())
	if err != nil || len(numbers) == 0 {
		return 0, err
	}
	highest := slices.Max(numbers)
	_, err = s.exec(verb, "UPDATE domains SET forgotten = ? WHERE id = ? AND forgotten < ?", highest, id, highest)
	return len(numbers), err
}
