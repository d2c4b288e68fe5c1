-- Audit events say what is known of their call, and are found by the accounts that they concern.

-- +goose Up

ALTER TABLE events ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN administrator TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN call BLOB;

-- An event is found by its caller's account; those of the owner and of the administrator have an entry of their own only
-- where they are other accounts.
CREATE INDEX events_by_account ON events (account, time) WHERE kind = 'audit';
CREATE INDEX events_by_owner ON events (owner, time)
    WHERE kind = 'audit' AND owner <> account AND owner <> '';
CREATE INDEX events_by_administrator ON events (administrator, time)
    WHERE kind = 'audit' AND administrator <> account AND administrator <> owner AND administrator <> '';
