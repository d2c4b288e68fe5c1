-- The role that a rule names: it is kept for who asks, and nobody acts in it.

-- +goose Up

ALTER TABLE event_rules ADD COLUMN role TEXT NOT NULL DEFAULT '';
