-- Users, groups and roles have paths, tags and boundaries; managed policies are attached to them, and users are in groups.

-- +goose Up

CREATE TABLE managed_policies (
    arn             TEXT    PRIMARY KEY NOT NULL,
    id              TEXT    NOT NULL UNIQUE,
    account         TEXT    NOT NULL,
    path            TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    description     TEXT    NOT NULL,
    default_version INTEGER NOT NULL,
    last_version    INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    tags            BLOB
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX managed_policies_by_name ON managed_policies (account, lower(name));

CREATE TABLE managed_versions (
    policy     TEXT    NOT NULL REFERENCES managed_policies ON DELETE CASCADE,
    number     INTEGER NOT NULL,
    document   TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (policy, number)
) STRICT, WITHOUT ROWID;

ALTER TABLE principals ADD COLUMN kind TEXT NOT NULL DEFAULT 'user';
ALTER TABLE principals ADD COLUMN path TEXT NOT NULL DEFAULT '/';
ALTER TABLE principals ADD COLUMN tags BLOB;
ALTER TABLE principals ADD COLUMN boundary TEXT REFERENCES managed_policies (arn);
UPDATE principals SET kind = 'root' WHERE root = 1;

CREATE UNIQUE INDEX principals_by_name ON principals (account, kind, lower(name));
CREATE INDEX principals_by_boundary ON principals (boundary) WHERE boundary IS NOT NULL;

CREATE TABLE policy_attachments (
    principal TEXT NOT NULL REFERENCES principals ON DELETE CASCADE,
    policy    TEXT NOT NULL REFERENCES managed_policies,
    PRIMARY KEY (principal, policy)
) STRICT, WITHOUT ROWID;

CREATE INDEX policy_attachments_by_policy ON policy_attachments (policy);

CREATE TABLE group_members (
    member   TEXT NOT NULL REFERENCES principals ON DELETE CASCADE,
    in_group TEXT NOT NULL REFERENCES principals ON DELETE CASCADE,
    PRIMARY KEY (member, in_group)
) STRICT, WITHOUT ROWID;

CREATE INDEX group_members_by_group ON group_members (in_group);

ALTER TABLE access_keys ADD COLUMN used_at INTEGER;
ALTER TABLE access_keys ADD COLUMN used_service TEXT NOT NULL DEFAULT '';
ALTER TABLE access_keys ADD COLUMN used_region TEXT NOT NULL DEFAULT '';

CREATE TABLE account_aliases (
    account TEXT PRIMARY KEY NOT NULL,
    alias   TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;
