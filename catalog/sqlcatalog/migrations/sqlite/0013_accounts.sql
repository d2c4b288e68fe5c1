-- Accounts on record, and the organizations that they belong to.

-- +goose Up

CREATE TABLE organizations (
    id         TEXT    PRIMARY KEY NOT NULL,
    root       TEXT    NOT NULL,
    management TEXT    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    id           TEXT    PRIMARY KEY NOT NULL,
    name         TEXT    NOT NULL,
    email        TEXT    NOT NULL UNIQUE,
    organization TEXT REFERENCES organizations ON DELETE SET NULL,
    created_at   INTEGER NOT NULL,
    closed_at    INTEGER,
    tags         BLOB
) STRICT, WITHOUT ROWID;

CREATE INDEX accounts_by_organization ON accounts (organization, id);

CREATE TABLE account_requests (
    id           TEXT    PRIMARY KEY NOT NULL,
    organization TEXT    NOT NULL REFERENCES organizations ON DELETE CASCADE,
    account_name TEXT    NOT NULL,
    account      TEXT    NOT NULL,
    failure      TEXT    NOT NULL,
    at           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX account_requests_by_organization ON account_requests (organization, id);
