-- Who is told of events, and how far (docs/decisions/0088-events-are-told-from-the-record.md).

-- +goose Up

CREATE TABLE event_rules (
    account     TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    pattern     TEXT    NOT NULL,
    description TEXT    NOT NULL,
    enabled     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    tags        BLOB,
    -- JSON: few, and always read with their rule.
    targets     BLOB    NOT NULL,
    PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE event_targets (
    name          TEXT    PRIMARY KEY NOT NULL,
    cursor        INTEGER NOT NULL,
    disabled      INTEGER NOT NULL,
    -- NULL while the last attempt succeeded.
    failing_since INTEGER,
    problem       TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE event_deliveries (
    target    TEXT    NOT NULL REFERENCES event_targets ON DELETE CASCADE,
    sequence  INTEGER NOT NULL,
    lane      TEXT    NOT NULL,
    event     BLOB    NOT NULL,
    attempts  INTEGER NOT NULL,
    due_at    INTEGER NOT NULL,
    -- NULL before an attempt has failed.
    failed_at INTEGER,
    -- NULL while it is to be told.
    dead_at   INTEGER,
    problem   TEXT    NOT NULL,
    PRIMARY KEY (target, sequence)
) STRICT, WITHOUT ROWID;

CREATE INDEX event_deliveries_dead ON event_deliveries (dead_at) WHERE dead_at IS NOT NULL;
