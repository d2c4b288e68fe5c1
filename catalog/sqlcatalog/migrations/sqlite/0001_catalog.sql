-- The first shape of the catalog.
--
-- Migrations expand, then contract: a column or table is added and filled in one release and the old one is removed in
-- a later one, so that the binary before still runs on the schema after. A migration that was released never changes.
--
-- Times are microseconds since 1970-01-01 UTC. Text compares byte by byte (SQLite's BINARY collation).
-- AUTOINCREMENT stands where an id must never be used twice.

-- +goose Up

CREATE TABLE domains (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    owner          TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    encryption_key TEXT    NOT NULL,
    data_key       BLOB,
    created_at     INTEGER NOT NULL,
    -- Sum of blobs.size of the domain, kept by whoever changes blobs.
    asset_bytes    INTEGER NOT NULL DEFAULT 0 CHECK (asset_bytes >= 0),
    UNIQUE (owner, name)
) STRICT;

CREATE TABLE repositories (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    domain        INTEGER NOT NULL REFERENCES domains,
    name          TEXT    NOT NULL,
    administrator TEXT    NOT NULL,
    description   TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    UNIQUE (domain, name)
) STRICT;

CREATE INDEX repositories_by_name ON repositories (name, domain);
CREATE INDEX repositories_by_administrator ON repositories (administrator, name, domain);

-- upstream is no foreign key: a reference outlives the repository it points to and then dangles.
CREATE TABLE repository_upstreams (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    upstream   INTEGER NOT NULL,
    PRIMARY KEY (repository, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE repository_connections (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    connection TEXT    NOT NULL,
    PRIMARY KEY (repository, position)
) STRICT, WITHOUT ROWID;

-- A policy or a tag belongs to the domain where repository is NULL.
CREATE TABLE policies (
    domain     INTEGER NOT NULL REFERENCES domains ON DELETE CASCADE,
    repository INTEGER REFERENCES repositories ON DELETE CASCADE,
    document   TEXT    NOT NULL,
    revision   TEXT    NOT NULL,
    put_at     INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX policies_holder ON policies (domain, coalesce(repository, 0));
CREATE INDEX policies_by_repository ON policies (repository);

CREATE TABLE tags (
    domain     INTEGER NOT NULL REFERENCES domains ON DELETE CASCADE,
    repository INTEGER REFERENCES repositories ON DELETE CASCADE,
    key        TEXT    NOT NULL,
    value      TEXT    NOT NULL
) STRICT;

CREATE UNIQUE INDEX tags_holder ON tags (domain, coalesce(repository, 0), key);
CREATE INDEX tags_by_repository ON tags (repository);

CREATE TABLE packages (
    id         INTEGER PRIMARY KEY,
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    format     TEXT    NOT NULL,
    namespace  TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    publish    TEXT    NOT NULL,
    upstream   TEXT    NOT NULL,
    UNIQUE (repository, format, namespace, name)
) STRICT;

-- Search answers in the order of names across repositories.
CREATE INDEX packages_by_name ON packages (format, name, namespace, repository);

CREATE TABLE labels (
    package INTEGER NOT NULL REFERENCES packages ON DELETE CASCADE,
    name    TEXT    NOT NULL,
    version TEXT    NOT NULL,
    PRIMARY KEY (package, name)
) STRICT, WITHOUT ROWID;

-- What search compares terms with: namespace, name and description in lower case, parted by the byte FF, which is in no
-- UTF-8 text. A table of its own, because it is long and no look-up of a package needs it.
CREATE TABLE package_texts (
    package INTEGER PRIMARY KEY REFERENCES packages ON DELETE CASCADE,
    folded  BLOB    NOT NULL
) STRICT;

-- The index of search. Its rows have the ids of packages and hold words made by the program: one for the repository, one
-- for the format, and one for every run of one, two or three characters of the package's text.
CREATE VIRTUAL TABLE package_search USING fts5 (
    grams, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii'
);

-- The key is what makes a version immutable: of two that create it, one fails.
CREATE TABLE versions (
    id                INTEGER PRIMARY KEY,
    package           INTEGER NOT NULL REFERENCES packages ON DELETE CASCADE,
    version           TEXT    NOT NULL,
    revision          TEXT    NOT NULL,
    status            TEXT    NOT NULL,
    origin_type       TEXT    NOT NULL,
    origin_repository TEXT    NOT NULL,
    origin_connection TEXT    NOT NULL,
    published_at      INTEGER NOT NULL,
    upstream_time     INTEGER NOT NULL,
    UNIQUE (package, version)
) STRICT;

CREATE INDEX versions_newest ON versions (package, published_at DESC, version);

-- The long parts of a version, apart, so that looking up a version reads little.
CREATE TABLE version_documents (
    version  INTEGER PRIMARY KEY REFERENCES versions ON DELETE CASCADE,
    manifest BLOB,
    details  TEXT NOT NULL
) STRICT;

CREATE TABLE assets (
    version  INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
    name     TEXT    NOT NULL,
    position INTEGER NOT NULL,
    size     INTEGER NOT NULL CHECK (size >= 0),
    md5      BLOB    NOT NULL,
    sha1     BLOB    NOT NULL,
    sha256   BLOB    NOT NULL,
    sha512   BLOB    NOT NULL,
    PRIMARY KEY (version, name)
) STRICT, WITHOUT ROWID;

-- One row for each distinct asset of a domain with the number of assets rows that name it. A row with no references lives
-- only within a transaction.
CREATE TABLE blobs (
    domain     INTEGER NOT NULL REFERENCES domains ON DELETE CASCADE,
    sha256     BLOB    NOT NULL,
    size       INTEGER NOT NULL,
    assets     INTEGER NOT NULL CHECK (assets >= 0),
    PRIMARY KEY (domain, sha256)
) STRICT, WITHOUT ROWID;

CREATE INDEX blobs_unused ON blobs (domain) WHERE assets = 0;

CREATE TABLE principals (
    id         TEXT    PRIMARY KEY NOT NULL,
    account    TEXT    NOT NULL,
    arn        TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    root       INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE identity_policies (
    principal TEXT NOT NULL REFERENCES principals ON DELETE CASCADE,
    name      TEXT NOT NULL,
    document  TEXT NOT NULL,
    PRIMARY KEY (principal, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE access_keys (
    id         TEXT    PRIMARY KEY NOT NULL,
    principal  TEXT    NOT NULL REFERENCES principals ON DELETE CASCADE,
    secret     BLOB,
    active     INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX access_keys_by_principal ON access_keys (principal, created_at);

CREATE TABLE tokens (
    hash       BLOB    PRIMARY KEY NOT NULL,
    domain     INTEGER NOT NULL REFERENCES domains ON DELETE CASCADE,
    principal  TEXT    NOT NULL REFERENCES principals ON DELETE CASCADE,
    issued_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX tokens_by_domain ON tokens (domain);
CREATE INDEX tokens_by_principal ON tokens (principal);
CREATE INDEX tokens_by_expiry ON tokens (expires_at);

CREATE TABLE documents (
    connection    TEXT    NOT NULL,
    path          TEXT    NOT NULL,
    etag          TEXT    NOT NULL,
    last_modified TEXT    NOT NULL,
    fetched_at    INTEGER NOT NULL,
    checked_at    INTEGER NOT NULL,
    digest        BLOB    NOT NULL,
    size          INTEGER NOT NULL,
    form          TEXT    NOT NULL,
    gone          INTEGER NOT NULL,
    PRIMARY KEY (connection, path)
) STRICT, WITHOUT ROWID;

CREATE INDEX documents_by_digest ON documents (digest);

-- No reference leads out of an event: it outlives everything it tells of.
CREATE TABLE events (
    sequence   INTEGER PRIMARY KEY AUTOINCREMENT,
    time       INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    request_id TEXT    NOT NULL,
    account    TEXT    NOT NULL,
    principal  TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    resource   TEXT    NOT NULL,
    detail     BLOB
) STRICT;
