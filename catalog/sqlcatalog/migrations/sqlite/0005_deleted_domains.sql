-- A catalog knows which domains were its own, so that nothing is ever deleted that another catalog has stored
-- (docs/decisions/0048-whole-data-folders.md).

-- +goose Up

CREATE TABLE deleted_domains (
    id INTEGER PRIMARY KEY
) STRICT;

-- Until now every number that was given out and has no domain was that of a deleted one.
INSERT INTO deleted_domains (id)
WITH RECURSIVE numbers (id) AS (
    SELECT 1 WHERE EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'domains')
    UNION ALL
    SELECT id + 1 FROM numbers WHERE id < (SELECT seq FROM sqlite_sequence WHERE name = 'domains')
)
SELECT id FROM numbers WHERE id <= (SELECT seq FROM sqlite_sequence WHERE name = 'domains')
    AND id NOT IN (SELECT id FROM domains);

-- SQLite adds this row with the first domain; numbers may have to be passed over before.
INSERT INTO sqlite_sequence (name, seq)
SELECT 'domains', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'domains');
