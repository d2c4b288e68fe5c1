-- +goose Up

-- A token says which access key asked for it, so that what is done with it is on record under that key. The key may be deleted
-- meanwhile. Empty: it was not written down.
ALTER TABLE tokens ADD COLUMN access_key TEXT NOT NULL DEFAULT '';
