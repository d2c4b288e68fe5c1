-- Certificates of authorities that are believed at the other side of a remote, PEM, beside those that the system believes.

-- +goose Up

ALTER TABLE remotes ADD COLUMN certificates TEXT NOT NULL DEFAULT '';
