-- Roles are assumed, by those whom their accounts or an identity provider vouch for, and sessions are what comes of it.

-- +goose Up

CREATE TABLE roles (
    principal   TEXT    PRIMARY KEY NOT NULL REFERENCES principals ON DELETE CASCADE,
    trust       TEXT    NOT NULL,
    description TEXT    NOT NULL,
    max_session INTEGER NOT NULL, -- microseconds
    last_used   INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE identity_providers (
    arn         TEXT    PRIMARY KEY NOT NULL,
    account     TEXT    NOT NULL,
    url         TEXT    NOT NULL,
    client_ids  BLOB    NOT NULL, -- JSON, as thumbprints and tags
    thumbprints BLOB    NOT NULL,
    tags        BLOB    NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX identity_providers_by_account ON identity_providers (account, arn);

CREATE TABLE sessions (
    id         TEXT    PRIMARY KEY NOT NULL,
    principal  TEXT    NOT NULL REFERENCES principals ON DELETE CASCADE,
    kind       TEXT    NOT NULL,
    secret     BLOB,
    token      BLOB    NOT NULL,
    issued_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    details    BLOB    NOT NULL -- JSON
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_principal ON sessions (principal);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- A token that was issued with a session goes with it.
ALTER TABLE tokens ADD COLUMN session TEXT REFERENCES sessions ON DELETE CASCADE;

CREATE INDEX tokens_by_session ON tokens (session) WHERE session IS NOT NULL;
