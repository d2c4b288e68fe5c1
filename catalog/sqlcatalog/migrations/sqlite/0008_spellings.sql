-- A format may have several spellings of a version. What they have in common is kept with it, so that whoever publishes
-- another one finds it without reading all versions of the package.

-- +goose Up

-- Empty for the versions of formats that have one spelling of each; no other had any until now.
ALTER TABLE versions ADD COLUMN folded TEXT NOT NULL DEFAULT '';

CREATE INDEX versions_folded ON versions (package, folded) WHERE folded <> '';
