-- A format may have several spellings of a version. What they have in common is kept with it, so that whoever publishes
-- another one finds it without reading all versions of the package.

-- +goose Up

-- NULL where the format has one spelling of each version. Empty where it is not known: a version was written before this
-- was kept, or by a release that does not keep it.
ALTER TABLE versions ADD COLUMN folded TEXT DEFAULT '';

CREATE INDEX versions_folded ON versions (package, folded) WHERE folded IS NOT NULL;
