-- Assets become a dimension of their own, versions remember what their registry says of them, and a format may fold the
-- names of its packages.

-- +goose Up

-- The format's own about the file; when the repository first knew of it; whether a registry only promises it.
ALTER TABLE assets ADD COLUMN facts BLOB;
ALTER TABLE assets ADD COLUMN added_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE assets ADD COLUMN promised INTEGER NOT NULL DEFAULT 0;

UPDATE assets SET added_at = (SELECT published_at FROM versions v WHERE v.id = assets.version);

ALTER TABLE versions ADD COLUMN upstream_status TEXT NOT NULL DEFAULT '';

-- What may be there only once in a repository where the format folds names; empty where it does not.
ALTER TABLE packages ADD COLUMN folded TEXT NOT NULL DEFAULT '';

CREATE UNIQUE INDEX packages_folded ON packages (repository, format, folded) WHERE folded <> '';
