-- Remotes are external connections that domains have given themselves.

-- +goose Up

CREATE TABLE remotes (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    domain         INTEGER NOT NULL REFERENCES domains ON DELETE CASCADE,
    name           TEXT    NOT NULL,
    kind           TEXT    NOT NULL,
    url            TEXT    NOT NULL,
    format         TEXT    NOT NULL,
    region         TEXT    NOT NULL,
    api            TEXT    NOT NULL,
    internal       INTEGER NOT NULL,
    freshness      INTEGER NOT NULL,
    download_hosts BLOB    NOT NULL,
    credential     BLOB,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    UNIQUE (domain, name)
) STRICT;
