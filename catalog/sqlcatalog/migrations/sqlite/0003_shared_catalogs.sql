-- Several processes may share a catalog, and work that one of them does at a time is under a lease.

-- +goose Up

-- One row: the number of the last commit of a shared catalog. It is counted up in every such commit, which puts commits
-- in line.
CREATE TABLE revisions (
    last INTEGER NOT NULL
) STRICT;

INSERT INTO revisions (last) VALUES (0);

-- When topics were last touched, by the number of their stripe. What a number means is the scheme's to say.
CREATE TABLE touched (
    scheme   INTEGER NOT NULL,
    stripe   INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (scheme, stripe)
) STRICT, WITHOUT ROWID;

CREATE INDEX touched_by_revision ON touched (revision);

CREATE TABLE leases (
    name    TEXT    NOT NULL PRIMARY KEY,
    holder  TEXT    NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
