-- What is metered, by the hour. No reference leads out of these tables: figures outlive what they tell of.

-- +goose Up

-- What figures are told of. account and network are empty where something lies.
CREATE TABLE usage_subjects (
    id         INTEGER PRIMARY KEY,
    owner      TEXT NOT NULL,
    domain     TEXT NOT NULL,
    repository TEXT NOT NULL,
    format     TEXT NOT NULL,
    tags       TEXT NOT NULL,
    account    TEXT NOT NULL,
    network    TEXT NOT NULL,
    UNIQUE (owner, domain, repository, format, tags, account, network)
) STRICT;

CREATE INDEX usage_subjects_by_account ON usage_subjects (account, id);

-- Requests of an hour, and bytes that went out in answer.
CREATE TABLE usage_requests (
    hour    INTEGER NOT NULL,
    subject INTEGER NOT NULL REFERENCES usage_subjects,
    reads   INTEGER NOT NULL,
    writes  INTEGER NOT NULL,
    sent    INTEGER NOT NULL,
    PRIMARY KEY (hour, subject)
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_requests_by_subject ON usage_requests (subject, hour);

-- Hours in which the level of a subject changed: when it last did (seconds), what lay until then (bytes times seconds), and
-- the level since.
CREATE TABLE usage_stored (
    subject       INTEGER NOT NULL REFERENCES usage_subjects,
    hour          INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    own_before    INTEGER NOT NULL,
    shared_before INTEGER NOT NULL,
    own           INTEGER NOT NULL,
    shared        INTEGER NOT NULL,
    PRIMARY KEY (subject, hour)
) STRICT, WITHOUT ROWID;

-- Packages and principals, by the day, which is its first hour.
CREATE TABLE usage_drivers (
    hour   INTEGER NOT NULL,
    owner  TEXT    NOT NULL,
    domain TEXT    NOT NULL,
    kind   TEXT    NOT NULL,
    name   TEXT    NOT NULL,
    reads  INTEGER NOT NULL,
    writes INTEGER NOT NULL,
    sent   INTEGER NOT NULL,
    PRIMARY KEY (owner, domain, kind, hour, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_drivers_by_hour ON usage_drivers (hour);

-- The last interval of each meter that was added.
CREATE TABLE usage_meters (
    meter  TEXT    PRIMARY KEY NOT NULL,
    number INTEGER NOT NULL,
    at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
