-- Which contents of a domain's byte store are in use and which are being deleted is known here, so that whoever stores
-- bytes and whoever deletes them need no lock in common (docs/decisions/0029-bytes-in-use-are-rows.md).
--
-- A row of blobs is one of three:
--
--   in use         assets > 0, deletion is NULL
--   being deleted  assets = 0, deletion is the number under which it began, finished_at is NULL
--   deleted        assets = 0, deletion is the number under which it was finished, finished_at is when
--
-- Rows that are not in use have size 0, so the sum over a domain stays what its assets take.

-- +goose Up

ALTER TABLE domains ADD COLUMN deletions INTEGER NOT NULL DEFAULT 0; -- the last number that was given out
ALTER TABLE domains ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0; -- the highest number of a row that was forgotten

ALTER TABLE blobs ADD COLUMN deletion    INTEGER;
ALTER TABLE blobs ADD COLUMN begun_at    INTEGER;
ALTER TABLE blobs ADD COLUMN finished_at INTEGER;

-- What a transaction has released and not removed yet; rows of deletions are not among it any more.
DROP INDEX blobs_unused;
CREATE INDEX blobs_released ON blobs (domain) WHERE assets = 0 AND deletion IS NULL;
CREATE INDEX blobs_deletions ON blobs (domain, finished_at, begun_at) WHERE deletion IS NOT NULL;
