-- Package groups say from where the packages of a domain may come.

-- +goose Up

-- Counted up with every change of the domain's groups: what was made of them is good while the number is the same.
ALTER TABLE domains ADD COLUMN group_changes INTEGER NOT NULL DEFAULT 0;

CREATE TABLE package_groups (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    domain            INTEGER NOT NULL REFERENCES domains ON DELETE CASCADE,
    pattern           TEXT    NOT NULL,
    contact_info      TEXT    NOT NULL,
    description       TEXT    NOT NULL,
    external_upstream TEXT    NOT NULL,
    internal_upstream TEXT    NOT NULL,
    publish           TEXT    NOT NULL,
    created_at        INTEGER NOT NULL,
    UNIQUE (domain, pattern)
) STRICT;

-- The lists of the restrictions.
CREATE TABLE package_group_repositories (
    package_group INTEGER NOT NULL REFERENCES package_groups ON DELETE CASCADE,
    restriction   TEXT    NOT NULL,
    repository    INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    PRIMARY KEY (package_group, restriction, repository)
) STRICT, WITHOUT ROWID;

CREATE INDEX package_group_repositories_by_repository ON package_group_repositories (repository);

-- A table of its own: to a release that knows no groups a row of tags without a repository is the domain's.
CREATE TABLE package_group_tags (
    package_group INTEGER NOT NULL REFERENCES package_groups ON DELETE CASCADE,
    key           TEXT    NOT NULL,
    value         TEXT    NOT NULL,
    PRIMARY KEY (package_group, key)
) STRICT, WITHOUT ROWID;

-- Every domain has the group of all packages, which allows everything until somebody changes it.
INSERT INTO package_groups (domain, pattern, contact_info, description, external_upstream, internal_upstream, publish, created_at)
SELECT id, '/*', '', '', 'ALLOW', 'ALLOW', 'ALLOW', created_at FROM domains;
