-- How much of a package a repository holds is counted in its row, so that whoever writes can be told that it is full at
-- the cost of one row.

-- +goose Up

-- What the version adds to documents about its package, in bytes: its manifest, the names and facts of its assets.
ALTER TABLE versions ADD COLUMN index_bytes INTEGER NOT NULL DEFAULT 0;

UPDATE versions SET index_bytes =
    coalesce((SELECT length(manifest) FROM version_documents d WHERE d.version = versions.id), 0) +
    (SELECT coalesce(sum(octet_length(a.name) + coalesce(length(a.facts), 0)), 0)
        FROM assets a WHERE a.version = versions.id);

-- The number of its labels and versions, and the sum of versions.index_bytes, kept by whoever changes those.
ALTER TABLE packages ADD COLUMN labels INTEGER NOT NULL DEFAULT 0;
ALTER TABLE packages ADD COLUMN versions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE packages ADD COLUMN index_bytes INTEGER NOT NULL DEFAULT 0;

UPDATE packages SET
    labels = (SELECT count(*) FROM labels l WHERE l.package = packages.id),
    versions = (SELECT count(*) FROM versions v WHERE v.package = packages.id),
    index_bytes = (SELECT coalesce(sum(v.index_bytes), 0) FROM versions v WHERE v.package = packages.id);

-- The labels of a version go with it.
CREATE INDEX labels_by_version ON labels (package, version);
