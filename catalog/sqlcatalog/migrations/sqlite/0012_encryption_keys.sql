-- Keys of accounts under which data keys of domains are wrapped.

-- +goose Up

CREATE TABLE encryption_keys (
    id          TEXT    PRIMARY KEY NOT NULL,
    account     TEXT    NOT NULL,
    description TEXT    NOT NULL,
    policy      TEXT    NOT NULL,
    material    BLOB,
    enabled     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    -- NULL unless the key is to be destroyed, or is rotated.
    deletes_at  INTEGER,
    waiting     INTEGER NOT NULL,
    rotates_at  INTEGER,
    rotation    INTEGER NOT NULL,
    tags        BLOB
) STRICT;

CREATE INDEX encryption_keys_by_account ON encryption_keys (account, id);
CREATE INDEX encryption_keys_by_deletion ON encryption_keys (deletes_at) WHERE deletes_at IS NOT NULL;
CREATE INDEX encryption_keys_by_rotation ON encryption_keys (rotates_at) WHERE rotates_at IS NOT NULL;

CREATE TABLE key_aliases (
    account        TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    encryption_key TEXT    NOT NULL REFERENCES encryption_keys ON DELETE CASCADE,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX key_aliases_by_key ON key_aliases (encryption_key);

-- The key under which data_key is wrapped, empty for the master key. It stays when that key was destroyed, for then
-- nothing opens the data key any more.
ALTER TABLE domains ADD COLUMN wrapped_under TEXT NOT NULL DEFAULT '';

CREATE INDEX domains_by_key ON domains (wrapped_under) WHERE wrapped_under <> '';
